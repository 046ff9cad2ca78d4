public import Domain
public import Logging
import NIOConcurrencyHelpers
public import ServiceLifecycle
import Shop

/// Runs a shop, and runs it anew on a backup when the owner asks for that.
public struct RestartingServer: Service {
    private let configuration: ServeConfiguration
    private let first: ShopServer
    private let logger: Logger
    private let onReady: @Sendable (_ url: String) -> Void
    private let onSetUp: @Sendable (_ link: String) -> Void

    /// Opens the shop that the configuration means.
    ///
    /// - Parameters:
    ///   - onReady: told the address once requests are accepted, each time the shop has begun
    ///   - onSetUp: told where the owner's account can be made, when there is none
    /// - Throws: *internal* or *busy* that says why it cannot be opened.
    public static func open(
        _ configuration: ServeConfiguration, logger: Logger, onReady: @escaping @Sendable (_ url: String) -> Void,
        onSetUp: @escaping @Sendable (_ link: String) -> Void
    ) async throws(ShopError) -> RestartingServer {
        let first = try await ShopServer.open(configuration, logger: logger, onReady: onReady, onSetUp: onSetUp)
        return RestartingServer(
            configuration: configuration, first: first, logger: logger, onReady: onReady, onSetUp: onSetUp)
    }

    /// Returns when the shop has stopped for good.
    public func run() async throws {
        var (configuration, server) = (configuration, first)
        while true {
            try await server.run()
            guard let wish = server.restoreAsked, let data = configuration.data, !Task.isShuttingDownGracefully else {
                return
            }
            // Buyers and the owner come to the same address again, also where the system chose the port.
            configuration = server.boundConfiguration.withLockedValue { $0 } ?? configuration
            let (outcome, replaced) = await restore(wish, in: data, configuration)
            configuration.lastRestore = outcome
            do throws(ShopError) {
                server = try await open(configuration)
            } catch {
                guard let replaced else { throw error }
                logger.note("the restored ledger does not open; the one before it takes its place again", error)
                try LedgerRestore.takeBack(replaced, in: data)
                configuration.lastRestore = RestoreOutcome(
                    name: wish.name, at: SystemClock().now(), fault: error.detail, isClean: false)
                server = try await open(configuration)
            }
        }
    }

    private func open(_ configuration: ServeConfiguration) async throws(ShopError) -> ShopServer {
        try await ShopServer.open(configuration, logger: logger, onReady: onReady, onSetUp: onSetUp)
    }

    /// Whatever goes wrong here leaves the ledger as it was, and the shop begins anew on that.
    private func restore(
        _ wish: RestoreRequest.Wish, in data: String, _ configuration: ServeConfiguration
    ) async -> (outcome: RestoreOutcome, replaced: String?) {
        logger.notice("restoring a backup", metadata: ["backup": "\(wish.name)"])
        let secrets = OwnerSecrets(adminToken: nil, masterKey: configuration.masterKey, newMasterKey: nil)
        do throws(ShopError) {
            let outcome = try await LedgerRestore.run(
                data: data, from: wish.file, replaces: true, secrets: secrets, by: wish.note)
            logger.notice("a backup is the ledger now", metadata: ["outcome": "\(outcome.json)"])
            let now = SystemClock().now()
            return (
                RestoreOutcome(name: wish.name, at: now, fault: nil, isClean: outcome.isClean), outcome.replaced
            )
        } catch {
            logger.note("the backup was not restored", error)
            let now = SystemClock().now()
            return (RestoreOutcome(name: wish.name, at: now, fault: error.detail, isClean: false), nil)
        }
    }
}

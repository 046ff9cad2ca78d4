import Domain
import Foundation
import Hummingbird
import HummingbirdCore
public import Logging
import NIOConcurrencyHelpers
import NIOCore
public import ServiceLifecycle
import Shop
import WebAPI
import WebSupport

/// Runs an embedded shop: its listeners and its upkeep, until it is told to stop.
public struct ShopServer: Service {
    private let configuration: ServeConfiguration
    private let shop: EmbeddedShop
    private let logger: Logger
    private let onReady: @Sendable (_ url: String) -> Void

    /// - Parameter onReady: told the address once requests are accepted
    public init(
        _ configuration: ServeConfiguration, shop: EmbeddedShop, logger: Logger,
        onReady: @escaping @Sendable (_ url: String) -> Void
    ) {
        self.configuration = configuration
        self.shop = shop
        self.logger = logger
        self.onReady = onReady
    }

    /// Services start in order and stop in reverse: the listeners stop first and answer what they owe, then upkeep,
    /// then the ledger writes what waits and closes.
    public func run() async throws {
        var services: [any Service] = [
            LedgerService(shop: shop), UpkeepService(shop: shop, logger: logger),
            PaymentQueryService(shop: shop, logger: logger),
        ]
        let listeners = listeners()
        let bound = BoundListeners(count: listeners.count) { urls in
            guard let url = urls[0] else { return }
            shop.accept(listenURL: url)
            onReady(url)
        }
        for (index, listener) in listeners.enumerated() {
            services.append(application(listener, index: index, bound: bound, listenerCount: listeners.count))
        }
        services.append(StopNotice(shop: shop))
        var group = ServiceGroupConfiguration(services: services, logger: logger)
        group.maximumGracefulShutdownDuration = .seconds(configuration.limits.drainSeconds)
        try await ServiceGroup(configuration: group).run()
    }

    private struct Listener {
        let address: ListenAddress
        var audiences: Set<Audience>
    }

    private func listeners() -> [Listener] {
        var main = Listener(address: configuration.listen, audiences: Set(Audience.allCases))
        var others: [Listener] = []
        for (address, audience) in [
            (configuration.listenCallbacks, Audience.providers), (configuration.listenAdmin, .owner),
        ] {
            guard let address else { continue }
            main.audiences.remove(audience)
            others.append(Listener(address: address, audiences: [audience]))
        }
        return [main] + others
    }

    private func application(
        _ listener: Listener, index: Int, bound: BoundListeners, listenerCount: Int
    ) -> some Service {
        let limits = configuration.limits
        let routes = shop.api.routes.filter {
            listener.audiences.contains($0.audience) || ["/healthz", "/readyz"].contains($0.path)
        }
        let isHot = configuration.usesHotRoute && listener.audiences.contains(.visitors)
        return Application(
            responder: RouteResponder(routes: routes),
            server: .http1(
                configuration: HTTP1Channel.Configuration(
                    additionalChannelHandlers: handlers(isHot: isHot),
                    httpDecoderConfiguration: HTTP1Channel.Configuration.DecoderConfiguration(
                        maxHeaderFieldSize: limits.headerBytes, maxHeaderListSize: limits.headerBytes,
                        maxHeaderFieldCount: limits.headerCount))),
            configuration: ApplicationConfiguration(
                address: .hostname(listener.address.host, port: listener.address.port), backlog: limits.backlog,
                availableConnectionsDelegate: MaximumAvailableConnections(
                    FileDescriptors.connections(atMost: limits.connections, listeners: listenerCount))),
            onServerRunning: { channel in
                bound.set(index, listener.address.url(port: channel.localAddress?.port ?? listener.address.port))
            },
            logger: logger)
    }

    /// The handlers of one connection in front of Hummingbird's.
    private func handlers(isHot: Bool) -> [any RemovableChannelHandler] {
        let deadlines = ConnectionDeadlineHandler(limits: configuration.limits)
        return isHot ? [deadlines, HotRouteHandler(endpoint: shop.api.orderEndpoint, logger: logger)] : [deadlines]
    }
}

/// What the system lets the process open.
enum FileDescriptors {
    /// Kept for the ledger, its readers, logs and pipes.
    private static let reserve = 128

    /// Connections of one listener, so that all listeners together leave the reserve. Raises the process's soft limit
    /// to its hard limit first.
    static func connections(atMost maximum: Int, listeners: Int) -> Int {
        var limit = rlimit()
        guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return maximum }
        limit.rlim_cur = limit.rlim_max
        _ = setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
        _ = getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
        let available = Int(clamping: limit.rlim_cur) - reserve
        return max(1, min(maximum, available / listeners))
    }
}

/// Collects the addresses of the listeners and tells when all are bound.
private final class BoundListeners: Sendable {
    private let urls: NIOLockedValueBox<[String?]>
    private let onAll: @Sendable ([String?]) -> Void

    init(count: Int, onAll: @escaping @Sendable ([String?]) -> Void) {
        urls = NIOLockedValueBox(Array(repeating: nil, count: count))
        self.onAll = onAll
    }

    func set(_ index: Int, _ url: String) {
        let all = urls.withLockedValue { urls in
            urls[index] = url
            return urls
        }
        if all.allSatisfy({ $0 != nil }) { onAll(all) }
    }
}

/// Closes the ledger when everything that uses it has ended.
private struct LedgerService: Service {
    let shop: EmbeddedShop

    func run() async throws {
        try? await gracefulShutdown()
        await shop.finishWriting()
        await withCheckedContinuation { continuation in
            // The ledger waits for its writer, which must not hold up a thread of the pool.
            Thread.detachNewThread {
                shop.close()
                continuation.resume()
            }
        }
    }
}

/// First to hear that the shop stops.
private struct StopNotice: Service {
    let shop: EmbeddedShop

    func run() async throws {
        try? await gracefulShutdown()
        shop.beginStopping()
    }
}

/// Ends holds until the shop stops.
private struct UpkeepService: Service {
    let shop: EmbeddedShop
    let logger: Logger

    func run() async throws {
        let ports = shop.ports
        let upkeep = Upkeep(
            ledger: ports.ledger, announcer: shop.useCases.announcer, clock: ports.clock, limits: ports.limits
        ) { [logger] error in
            logger.error(
                "upkeep failed", metadata: ["code": "\(error.code.rawValue)", "cause": "\(error.cause ?? "")"])
        }
        await cancelWhenGracefulShutdown {
            await upkeep.run { milliseconds in try await Task.sleep(for: .milliseconds(milliseconds)) }
        }
    }
}

/// Asks providers about silent attempts until the shop stops.
private struct PaymentQueryService: Service {
    let shop: EmbeddedShop
    let logger: Logger

    func run() async throws {
        let ports = shop.ports
        let queries = PaymentQueries(
            ledger: ports.ledger, catalog: ports.cache, caller: ports.caller,
            receiveCallback: shop.useCases.receiveCallback, clock: ports.clock, limits: ports.limits
        ) { [logger] error in
            logger.warning(
                "a provider was asked in vain",
                metadata: ["code": "\(error.code.rawValue)", "cause": "\(error.cause ?? "")"])
        }
        await cancelWhenGracefulShutdown {
            await queries.run { milliseconds in try await Task.sleep(for: .milliseconds(milliseconds)) }
        }
    }
}

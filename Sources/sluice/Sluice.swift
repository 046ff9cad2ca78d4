import ArgumentParser
import Domain
import Foundation
import Logging
import NIOCore
import Server
import ServiceLifecycle
import Shop
import UnixSignals
import WebAPI

/// The command line.
@main
struct Sluice: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "sluice", abstract: "Sells digital keys and delivers them the moment they are paid for.",
        subcommands: [Serve.self, Audit.self])
}

/// Runs a shop.
struct Serve: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Run a shop.")

    @Option(help: "The folder of the shop; made if it is missing.")
    var data: String

    @Option(help: "Where buyers come, as HOST:PORT.")
    var listen = "127.0.0.1:8080"

    @Option(help: "Where payment providers call, if not on --listen.")
    var listenCallbacks: String?

    @Option(help: "Where the owner works, if not on --listen.")
    var listenAdmin: String?

    @Option(help: "Which roles run here, separated by commas; on one machine all of them.")
    var roles = ServeConfiguration.Role.allCases.map(\.rawValue).joined(separator: ",")

    @Flag(help: "Put a demo product, cards and a sandbox channel into an empty shop.")
    var demo = false

    func run() async throws {
        LoggingSystem.bootstrap { JSONLogHandler(label: $0) }
        let logger = Logger(label: "sluice")
        await exitOnError {
            let configuration = try configuration()
            let shop = try await EmbeddedShop.open(configuration, logger: logger)
            let server = ShopServer(configuration, shop: shop, logger: logger) { url in
                try? FileHandle.standardOutput.write(contentsOf: Data("ready \(url)\n".utf8))
            }
            let group = ServiceGroup(
                configuration: ServiceGroupConfiguration(
                    services: [ServiceGroupConfiguration.ServiceConfiguration(service: server)],
                    gracefulShutdownSignals: [.sigterm, .sigint], logger: logger))
            try await group.run()
        }
    }

    private func configuration() throws(ShopError) -> ServeConfiguration {
        var configuration = ServeConfiguration(data: data, listen: try Self.address(listen, "--listen"))
        configuration.listenCallbacks = try listenCallbacks.map { text throws(ShopError) in
            try Self.address(text, "--listen-callbacks")
        }
        configuration.listenAdmin = try listenAdmin.map { text throws(ShopError) in
            try Self.address(text, "--listen-admin")
        }
        configuration.isDemo = demo
        configuration.roles = []
        for name in roles.split(separator: ",") {
            guard let role = ServeConfiguration.Role(rawValue: String(name)) else {
                throw .invalid("--roles", "\(name) is not a role")
            }
            configuration.roles.insert(role)
        }
        guard configuration.roles == Set(ServeConfiguration.Role.allCases) else {
            throw .invalid("--roles", "a shop on one machine runs all roles")
        }
        try configuration.readEnvironment()
        return configuration
    }

    private static func address(_ text: String, _ option: String) throws(ShopError) -> ListenAddress {
        guard let address = ListenAddress(text: text) else { throw .invalid(option, "must be HOST:PORT") }
        return address
    }
}

/// Checks the books of a shop that is not running.
struct Audit: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Check the invariants of a stopped shop; exits 1 on any violation.")

    @Option(help: "The folder of the shop.")
    var data: String

    func run() async throws {
        var isClean = false
        await exitOnError {
            let report = try await OfflineAudit.run(data: data)
            var json = AuditJSON.write(report)
            json.writeString("\n")
            try FileHandle.standardOutput.write(contentsOf: Data(json.readableBytesView))
            isClean = report.ok
        }
        if !isClean { throw ExitCode(1) }
    }
}

/// Says what is wrong in one line and ends with 1.
private func exitOnError(_ body: () async throws -> Void) async {
    do {
        try await body()
    } catch let error as ShopError {
        try? FileHandle.standardError.write(contentsOf: Data("sluice: \(error.detail)\n".utf8))
        Foundation.exit(1)
    } catch {
        try? FileHandle.standardError.write(contentsOf: Data("sluice: \(error)\n".utf8))
        Foundation.exit(1)
    }
}

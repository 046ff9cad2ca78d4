import ArgumentParser
import Domain
import Foundation
import Logging
import Server
import ServiceLifecycle
import UnixSignals

/// Runs a shop.
struct Serve: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Run a shop.")

    @Option(help: "The folder of the shop; made if it is missing. A node of a cluster needs none.")
    var data: String?

    @Option(help: "Where buyers come, as HOST:PORT.")
    var listen = "127.0.0.1:8080"

    @Option(help: "Where payment providers call, if not on --listen.")
    var listenCallbacks: String?

    @Option(help: "Where the owner works, if not on --listen.")
    var listenAdmin: String?

    @Option(help: "Which roles run here, separated by commas; on one machine all of them, in a cluster any.")
    var roles = ServeConfiguration.Role.allCases.map(\.rawValue).joined(separator: ",")

    @Flag(help: "Put a demo product, cards and a sandbox channel into an empty shop.")
    var demo = false

    func run() async throws {
        LoggingSystem.bootstrap { JSONLogHandler(label: $0) }
        let logger = Logger(label: "sluice")
        await exitOnError {
            let configuration = try configuration()
            let server = try await RestartingServer.open(
                configuration, logger: logger,
                onReady: { url in try? FileHandle.standardOutput.write(contentsOf: Data("ready \(url)\n".utf8)) },
                onSetUp: { link in
                    let line = "there is no owner yet: make the account at \(link)\n"
                    try? FileHandle.standardError.write(contentsOf: Data(line.utf8))
                })
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
        try configuration.readEnvironment()
        return configuration
    }

    private static func address(_ text: String, _ option: String) throws(ShopError) -> ListenAddress {
        guard let address = ListenAddress(text: text) else { throw .invalid(option, "must be HOST:PORT") }
        return address
    }
}

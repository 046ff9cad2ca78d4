import ArgumentParser
import Server

/// Replaces the admin token of a stopped shop.
struct RotateAdminToken: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Replace the admin token of a stopped shop.")

    @Option(help: "The folder of the shop.")
    var data: String

    func run() async throws {
        await exitOnError { try say(try AdminTokenRotation.run(data: data, secrets: .fromEnvironment())) }
    }
}

import ArgumentParser
import Server

/// Replaces the master key of a stopped shop.
struct RotateKey: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Replace the master key of a stopped shop.",
        discussion: """
            The new key comes from SLUICE_NEW_MASTER_KEY (32 bytes in base64). A key that is kept in the folder as \
            master.key is replaced there, by a fresh one if none is given. Backups made before need the old key.
            """)

    @Option(help: "The folder of the shop.")
    var data: String

    func run() async throws {
        await exitOnError { try say(try await KeyRotation.run(data: data, secrets: .fromEnvironment())) }
    }
}

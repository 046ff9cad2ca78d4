import ArgumentParser
import Server

/// Copies the ledger, also while the shop is running.
struct Backup: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Copy the ledger to a file; the shop may go on selling.",
        discussion: "The master key is not in the copy. Keep it somewhere else: without it the cards cannot be read.")

    @Option(help: "The folder of the shop.")
    var data: String

    @Option(help: "Where the copy goes; must not be there yet.")
    var to: String

    func run() async throws {
        await exitOnError { try say(try LedgerBackup.run(data: data, to: to)) }
    }
}

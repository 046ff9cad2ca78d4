import ArgumentParser
import Server

/// Makes a backup the ledger of a stopped shop.
struct Restore: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Make a backup the ledger of a stopped shop.",
        discussion: "The master key must be there already: in SLUICE_MASTER_KEY, or in the folder as master.key.")

    @Option(help: "The folder of the shop; made if it is missing.")
    var data: String

    @Option(help: "The backup.")
    var from: String

    @Flag(help: "Replace a ledger that is there; it is kept under another name.")
    var replace = false

    func run() async throws {
        var isClean = false
        await exitOnError {
            let outcome = try await LedgerRestore.run(
                data: data, from: from, replaces: replace, secrets: .fromEnvironment())
            try say(outcome.json)
            isClean = outcome.isClean
        }
        if !isClean {
            complain("the backup is restored, but its books do not balance; look at sluice audit before you sell")
            throw ExitCode(1)
        }
    }
}

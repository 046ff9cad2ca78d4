import ArgumentParser
import Domain
import NIOCore
import Server
import Shop
import WebAPI

/// Checks the books of a shop that is not running, or of a cluster.
struct Audit: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Check the invariants of a stopped shop, or of a cluster; exits 1 on any violation.",
        discussion:
            "With the three variables of a cluster set, it checks the databases of all shards, and needs no folder.")

    @Option(help: "The folder of the shop; not needed in a cluster.")
    var data: String?

    func run() async throws {
        var isClean = false
        await exitOnError {
            let report = try await OfflineAudit.run(data: data)
            try say(String(buffer: AuditJSON.write(report)))
            isClean = report.ok
        }
        if !isClean { throw ExitCode(1) }
    }
}

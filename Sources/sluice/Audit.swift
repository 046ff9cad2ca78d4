import ArgumentParser
import Domain
import NIOCore
import Server
import Shop
import WebAPI

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
            try say(String(buffer: AuditJSON.write(report)))
            isClean = report.ok
        }
        if !isClean { throw ExitCode(1) }
    }
}

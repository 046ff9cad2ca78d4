import CoreMetrics
import Domain
import Foundation
import PostgresClient
import PostgresLedger
import SQLiteLedger
import Shop
import TestKit
import Testing

@Suite("The ledger's contract")
struct LedgerContractTests {
    @Test("on SQLite", arguments: LedgerContract.cases)
    func sqlite(contract: ContractCase<LedgerBench>) async throws {
        try await withSQLiteLedger { bench in try await contract.run(bench) }
    }

    @Test("on SQLite that files every few orders", arguments: LedgerContract.cases)
    func sqliteFiling(contract: ContractCase<LedgerBench>) async throws {
        var limits = LedgerContract.limits
        limits.filingOrders = 2
        limits.filingSliceOrders = 1
        limits.recentOrders = 6
        try await withSQLiteLedger(limits: limits) { bench in try await contract.run(bench) }
    }
}

/// Runs a test with a ledger in a folder of its own.
func withSQLiteLedger(limits: Limits = LedgerContract.limits, _ body: (LedgerBench) async throws -> Void) async throws {
    let folder = try ShopProcess.makeFolder()
    defer { try? FileManager.default.removeItem(at: folder) }
    var limits = limits
    limits.writerJobs = 10_000
    let ledger = try SQLiteLedger(
        path: folder.appendingPathComponent(SQLiteLedger.fileName).path, limits: limits,
        metrics: NOOPMetricsHandler.instance)
    defer { ledger.close() }
    try await body(LedgerBench(ledger, clock: MockClock()))
}

extension LedgerContractTests {
    @Test("on PostgreSQL", arguments: LedgerContract.cases)
    func postgres(contract: ContractCase<LedgerBench>) async throws {
        try await withPostgresLedger { bench in try await contract.run(bench) }
    }
}

extension SharedPostgres.Kind {
    /// One with the schema of a ledger, and nothing else.
    static let ledger = SharedPostgres.Kind(name: "ledger", reset: emptyTables) { url in
        try await PostgresLedger.open(
            PostgresSettings(url: url), readers: 1, limits: Limits(), metrics: NOOPMetricsHandler.instance
        ).close()
    }
}

/// Runs a test with a ledger that nobody else has.
func withPostgresLedger(_ body: @Sendable (LedgerBench) async throws -> Void) async throws {
    try await SharedPostgres.instance.withDatabase(.ledger) { server, database in
        var settings = try PostgresSettings(url: server.url(database))
        settings.connections = 2
        let ledger = try await PostgresLedger.open(
            settings, readers: 2, limits: LedgerContract.limits, metrics: NOOPMetricsHandler.instance)
        defer { ledger.close() }
        try await body(LedgerBench(ledger, clock: MockClock()))
    }
}

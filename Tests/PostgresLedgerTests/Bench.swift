import CoreMetrics
import Domain
import PostgresClient
import PostgresLedger
import Shop
import TestKit

extension SharedPostgres.Kind {
    /// One with the schema of a ledger, and nothing else.
    static let ledger = SharedPostgres.Kind(name: "postgres_ledger", reset: emptyTables) { url in
        try await openLedger(url).close()
    }
}

/// Opens a ledger with short time-outs.
func openLedger(_ url: String, connections: Int = 2, migrates: Bool = true) async throws -> PostgresLedger {
    var settings = try PostgresSettings(url: url)
    settings.connections = connections
    settings.connectSeconds = 2
    return try await PostgresLedger.open(
        settings, readers: 1, limits: Limits(), metrics: NOOPMetricsHandler.instance, migrates: migrates)
}

/// A ledger in a database of its own.
struct PostgresBench: Sendable {
    let server: PostgresServer
    let database: String
    let ledger: PostgresLedger
    let bench: LedgerBench
}

/// Runs a test with a ledger.
func withLedger(connections: Int = 2, _ body: @Sendable (PostgresBench) async throws -> Void) async throws {
    try await SharedPostgres.instance.withDatabase(.ledger) { server, database in
        let ledger = try await openLedger(server.url(database), connections: connections)
        defer { ledger.close() }
        let bench = LedgerBench(ledger, clock: MockClock())
        try await body(PostgresBench(server: server, database: database, ledger: ledger, bench: bench))
    }
}

/// Runs a test with a ledger behind a proxy. One connection writes: another that is being made anew would take the
/// fault that is meant for it.
func withProxy(_ body: @Sendable (PostgresBench, FaultProxy) async throws -> Void) async throws {
    try await SharedPostgres.instance.withDatabase(.ledger) { server, database in
        let proxy = try await FaultProxy(to: server.port)
        let ledger = try await openLedger(server.url(database, port: proxy.port), connections: 1)
        defer { ledger.close() }
        let bench = LedgerBench(ledger, clock: MockClock())
        try await body(PostgresBench(server: server, database: database, ledger: ledger, bench: bench), proxy)
        try await proxy.close()
    }
}

extension Placement {
    var order: Order? {
        if case .placed(let order) = self { order } else { nil }
    }
}

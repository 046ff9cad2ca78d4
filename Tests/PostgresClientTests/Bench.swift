import Dispatch
import Foundation
import PostgresClient
import TestKit

/// A client of a database of its own on the shared server.
struct ClientBench: Sendable {
    let server: PostgresServer
    let database: String
    let client: PostgresClient

    /// Values of the only row.
    func row(_ sql: String, _ values: [PostgresValue] = []) async throws -> [PostgresValue] {
        try await client.transaction(.readWrite, .urgent) { try $0.row(sql, values) }
    }

    /// Prepares a table of numbers.
    func makeTable() async throws {
        try await client.transaction(.readWrite, .urgent) { session in
            try session.script("CREATE TABLE things (id bigint PRIMARY KEY, value bigint NOT NULL DEFAULT 0)")
        }
    }

    func count() async throws -> Int64 {
        guard case .integer(let count) = try await row("SELECT count(*) FROM things")[0] else { return -1 }
        return count
    }
}

extension PostgresSession {
    /// Values of the only row.
    func row(_ sql: String, _ values: [PostgresValue] = []) throws -> [PostgresValue] {
        var found: [[PostgresValue]] = []
        try rows(sql, values) { row in
            var columns: [PostgresValue] = []
            for column in 0..<row.count { columns.append(try row.value(column)) }
            found.append(columns)
        }
        return try unwrap(found.first)
    }
}

/// Runs a test with a client.
func withClient(
    _ change: @Sendable (inout PostgresSettings) -> Void = { _ in },
    _ body: @Sendable (ClientBench) async throws -> Void
) async throws {
    try await SharedPostgres.instance.withDatabase { server, database in
        try await withClient(of: server, server.url(database), database, change, body)
    }
}

/// Runs a test with a client behind a proxy.
/// With one connection unless told otherwise: a second one that is being made would take the fault in its place.
func withProxy(
    _ change: @Sendable (inout PostgresSettings) -> Void = { $0.connections = 1 },
    _ body: @Sendable (ClientBench, FaultProxy) async throws -> Void
) async throws {
    try await SharedPostgres.instance.withDatabase { server, database in
        let proxy = try await FaultProxy(to: server.port)
        try await withClient(of: server, server.url(database, port: proxy.port), database, change) { bench in
            try await body(bench, proxy)
        }
        try await proxy.close()
    }
}

func withClient(
    of server: PostgresServer, _ url: String, _ database: String,
    _ change: @Sendable (inout PostgresSettings) -> Void, _ body: @Sendable (ClientBench) async throws -> Void
) async throws {
    var settings = try PostgresSettings(url: url)
    settings.connections = 2
    settings.connectSeconds = 2
    change(&settings)
    let client = PostgresClient(settings)
    let bench = ClientBench(server: server, database: database, client: client)
    do {
        try await body(bench)
    } catch {
        client.close()
        throw error
    }
    client.close()
}

/// What a transaction failed with.
func failure<Value: Sendable>(
    of body: () async throws(PostgresFailure) -> Value
) async throws -> PostgresFailure {
    do throws(PostgresFailure) {
        _ = try await body()
    } catch {
        return error
    }
    throw ContractViolation.timeOut("a failure")
}

/// A door that a body waits before, on its own thread.
final class Door: Sendable {
    private let semaphore = DispatchSemaphore(value: 0)

    func open() { semaphore.signal() }

    /// False when nobody opens within so many milliseconds.
    @discardableResult
    func pass(milliseconds: Int = 10_000) -> Bool {
        semaphore.wait(timeout: .now() + .milliseconds(milliseconds)) == .success
    }
}

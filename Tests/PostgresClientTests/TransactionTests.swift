import Foundation
import NIOConcurrencyHelpers
import PostgresClient
import TestKit
import Testing

@Suite("PostgreSQL: transactions")
struct TransactionTests {
    private struct Spoilt: Error {}

    @Test("what the body throws undoes everything")
    func rollback() async throws {
        try await withClient { bench in
            try await bench.makeTable()
            let failure = try await failure { () async throws(PostgresFailure) in
                try await bench.client.transaction(.readWrite, .urgent) { session in
                    try session.run("INSERT INTO things VALUES (1)")
                    throw Spoilt()
                }
            }
            guard case .body(let error) = failure, error is Spoilt else { throw failure }
            #expect(try await bench.count() == 0)
        }
    }

    @Test("a broken constraint is named, and a savepoint keeps the rest")
    func savepoint() async throws {
        try await withClient { bench in
            try await bench.makeTable()
            let constraint = try await bench.client.transaction(.readWrite, .urgent) { session -> String? in
                try session.run("INSERT INTO things VALUES ($1)", [.integer(1)])
                do {
                    try session.savepoint {
                        try session.run("INSERT INTO things VALUES ($1)", [.integer(2)])
                        try session.run("INSERT INTO things VALUES ($1)", [.integer(1)])
                    }
                    return nil
                } catch PostgresFailure.server(let error) where error.breaksConstraint {
                    return error.constraint
                }
            }
            #expect(constraint == "things_pkey")
            #expect(try await bench.count() == 1)
        }
    }

    @Test("a body that swallows a failed statement commits nothing")
    func swallowed() async throws {
        try await withClient { bench in
            try await bench.makeTable()
            let failure = try await failure { () async throws(PostgresFailure) in
                try await bench.client.transaction(.readWrite, .urgent) { session in
                    try session.run("INSERT INTO things VALUES (1)")
                    _ = try? session.run("SELECT 1 / 0")
                }
            }
            guard case .invalid = failure else { throw failure }
            #expect(try await bench.count() == 0)
        }
    }

    @Test("a statement is prepared once, and no more are kept than allowed")
    func prepared() async throws {
        try await withClient({
            $0.connections = 1
            $0.preparedStatements = 10
        }) { bench in
            let count = "SELECT count(*) FROM pg_prepared_statements"
            for _ in 0..<5 {
                let row = try await bench.row(count)
                #expect(row == [.integer(1)])
            }
            for number in 0..<25 { _ = try await bench.row("SELECT \(number)") }
            guard case .integer(let kept) = try await bench.row(count)[0] else { return }
            #expect(kept <= 10)
        }
    }

    @Test("rows come one by one, and a body may stop in the middle")
    func streaming() async throws {
        try await withClient { bench in
            let sum = try await bench.client.transaction(.snapshot, .patient) { session in
                var sum: Int64 = 0
                try session.rows("SELECT generate_series(1, 300000)::int8") { sum += try $0.integer(0) }
                return sum
            }
            #expect(sum == 45_000_150_000)
            let failure = try await failure { () async throws(PostgresFailure) in
                try await bench.client.transaction(.readWrite, .urgent) { session in
                    try session.rows("SELECT generate_series(1, 1000)::int8") { row in
                        if try row.integer(0) == 3 { throw Spoilt() }
                    }
                }
            }
            guard case .body = failure else { throw failure }
            #expect(try await bench.row("SELECT 1") == [.integer(1)])
        }
    }

    @Test("a statement inside another one's rows is refused")
    func nested() async throws {
        try await withClient { bench in
            let failure = try await failure { () async throws(PostgresFailure) in
                try await bench.client.transaction(.readWrite, .urgent) { session in
                    try session.rows("SELECT 1") { _ in try session.run("SELECT 2") }
                }
            }
            guard case .invalid = failure else { throw failure }
        }
    }

    @Test("a snapshot sees one moment, and writes nothing")
    func snapshot() async throws {
        try await withClient { bench in
            try await bench.makeTable()
            let (seen, written) = (Door(), Door())
            async let counts = bench.client.transaction(.snapshot, .urgent) { session in
                let before = try session.row("SELECT count(*) FROM things")
                seen.open()
                written.pass()
                return [before, try session.row("SELECT count(*) FROM things")]
            }
            try await bench.client.transaction(.readWrite, .urgent) { session in
                seen.pass()
                try session.run("INSERT INTO things VALUES (1)")
            }
            written.open()
            #expect(try await counts == [[.integer(0)], [.integer(0)]])
            let failure = try await failure { () async throws(PostgresFailure) in
                try await bench.client.transaction(.snapshot, .urgent) { try $0.run("DELETE FROM things") }
            }
            guard case .server(let error) = failure else { throw failure }
            #expect(error.sqlState == "25006")
        }
    }

    @Test("two transactions that lock each other out both come through")
    func deadlock() async throws {
        try await withClient { bench in
            try await bench.makeTable()
            _ = try await bench.client.transaction(.readWrite, .urgent) {
                try $0.run("INSERT INTO things VALUES (1), (2)")
            }
            let runs = NIOLockedValueBox(0)
            let (first, second) = (Door(), Door())
            @Sendable func add(_ one: Int64, _ other: Int64, _ own: Door, _ others: Door) async throws {
                try await bench.client.transaction(.readWrite, .urgent) { session in
                    let number = runs.withLockedValue { runs in
                        runs += 1
                        return runs
                    }
                    let sql = "UPDATE things SET value = value + 1 WHERE id = $1"
                    try session.run(sql, [.integer(one)])
                    own.open()
                    if number <= 2 { others.pass() }
                    try session.run(sql, [.integer(other)])
                }
            }
            async let one: Void = add(1, 2, first, second)
            async let two: Void = add(2, 1, second, first)
            _ = try await (one, two)
            #expect(runs.withLockedValue { $0 } == 3)
            #expect(try await bench.row("SELECT min(value), max(value) FROM things") == [.integer(2), .integer(2)])
        }
    }

    @Test("what waits beyond the bound is refused, and what waits at the end too")
    func exhausted() async throws {
        try await withClient({
            $0.connections = 1
            $0.waiting = 2
        }) { bench in
            let (entered, door) = (Door(), Door())
            async let first: Void = bench.client.transaction(.readWrite, .urgent) { _ in
                entered.open()
                door.pass()
            }
            let results = NIOLockedValueBox<[String]>([])
            @Sendable func add(_ lane: PostgresLane, _ name: String) {
                bench.client.transaction(.snapshot, lane, { _ in }) { result in
                    var sign = "+"
                    if case .failure(.refused) = result { sign = "-" }
                    results.withLockedValue { $0.append(name + sign) }
                }
            }
            entered.pass()
            for name in ["p1", "p2", "p3"] { add(.patient, name) }
            for name in ["u1", "u2", "u3"] { add(.urgent, name) }
            #expect(results.withLockedValue { $0 } == ["p3-", "u3-"])
            door.open()
            try await first
            try await eventually("all have run") { results.withLockedValue { $0.count } == 6 }
            #expect(results.withLockedValue { $0 } == ["p3-", "u3-", "u1+", "u2+", "p1+", "p2+"])
            bench.client.close()
            add(.urgent, "late")
            #expect(results.withLockedValue { $0.last } == "late-")
        }
    }

    @Test("answers are freed")
    func memory() async throws {
        try await withClient { bench in
            @Sendable func run(_ count: Int) async throws {
                try await bench.client.transaction(.readWrite, .urgent) { session in
                    for _ in 0..<count { try session.run("SELECT 1") }
                }
            }
            try await run(1000)
            let before = try residentBytes()
            try await run(100_000)
            // Each answer takes two kilobytes, and the other tests of the process take some, too.
            #expect(try residentBytes() - before < 120 << 20)
        }
    }

    private func residentBytes() throws -> Int {
        let fields = try String(contentsOfFile: "/proc/self/statm", encoding: .utf8).split(separator: " ")
        return try unwrap(Int(fields[1])) * 4096
    }

    @Test("what the server remarks is handed on")
    func notices() async throws {
        try await SharedPostgres.instance.withDatabase { server, database in
            let heard = NIOLockedValueBox<[String]>([])
            let client = PostgresClient(try PostgresSettings(url: server.url(database))) { notice in
                heard.withLockedValue { $0.append(notice) }
            }
            try await client.transaction(.readWrite, .urgent) { try $0.script("ROLLBACK; ROLLBACK; BEGIN") }
            client.close()
            #expect(heard.withLockedValue { $0.contains { $0.contains("no transaction") } })
        }
    }
}

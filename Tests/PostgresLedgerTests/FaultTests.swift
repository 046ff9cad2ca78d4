import Domain
import PostgresClient
import SQLLedger
import Shop
import TestKit
import Testing

@testable import PostgresLedger

@Suite("PostgreSQL ledger: what goes wrong")
struct FaultTests {
    /// The disk of the tests cannot be filled, so the server is told to say that it is full.
    private static let fill = """
        CREATE FUNCTION be_full() RETURNS trigger LANGUAGE plpgsql AS $$
            BEGIN RAISE EXCEPTION 'could not extend file: No space left on device' USING ERRCODE = '53100'; END $$;
        CREATE TRIGGER full_orders BEFORE INSERT ON orders EXECUTE FUNCTION be_full();
        CREATE TRIGGER full_probe BEFORE INSERT ON probe EXECUTE FUNCTION be_full()
        """

    @Test("a full disk stops writes visibly, and is noticed when there is room again")
    func diskFull() async throws {
        try await withLedger { postgres in
            let (ledger, bench) = (postgres.ledger, postgres.bench)
            let product = try await bench.product(cards: 5)
            try postgres.server.run(Self.fill, in: postgres.database)
            try await refuses(.busy) { try await bench.place(bench.draft(product, buyer: 1)) }
            let stopped = LedgerHealth.stopped(reason: "the disk of the database is full", recovers: true)
            #expect(ledger.health == stopped)
            await ledger.probe()
            #expect(ledger.health == stopped)
            #expect(try await bench.stock().available == 5)
            try postgres.server.run("DROP FUNCTION be_full CASCADE", in: postgres.database)
            await ledger.probe()
            #expect(ledger.health == .writable)
            _ = try await bench.placed(bench.draft(product, buyer: 1))
            try await bench.audit()
        }
    }

    @Test("a database that cannot be reached is busy, and found again")
    func unreachable() async throws {
        try await withProxy { postgres, proxy in
            let (ledger, bench) = (postgres.ledger, postgres.bench)
            let product = try await bench.product(cards: 5)
            proxy.set(.refuse)
            try await refuses(.busy) { try await bench.place(bench.draft(product, buyer: 1)) }
            #expect(ledger.health == .stopped(reason: "the database cannot be reached", recovers: true))
            proxy.set(.none)
            try await eventually("writes are taken again") {
                await ledger.probe()
                return ledger.health == .writable
            }
            _ = try await bench.placed(bench.draft(product, buyer: 1))
        }
    }

    @Test("the journals cannot be changed", arguments: ["journal", "owner_journal"])
    func journals(table: String) async throws {
        try await withLedger { postgres in
            let product = try await postgres.bench.product(cards: 1)
            _ = try await postgres.bench.placed(postgres.bench.draft(product, buyer: 1))
            for statement in ["DELETE FROM \(table)", "UPDATE \(table) SET at = 0", "TRUNCATE \(table)"] {
                #expect(throws: (any Error).self) { try postgres.server.run(statement, in: postgres.database) }
            }
        }
    }

    @Test(
        "the audit finds references to what is not there",
        arguments: [
            "UPDATE cards SET order_id = '\\x00'", "UPDATE orders SET product_id = 99",
            "UPDATE orders SET coupon_id = 99",
        ])
    func references(damage: String) async throws {
        try await withLedger { postgres in
            let product = try await postgres.bench.product(cards: 1)
            _ = try await postgres.bench.placed(postgres.bench.draft(product, buyer: 1))
            try await postgres.bench.audit()
            try postgres.server.run(damage, in: postgres.database)
            let check = try unwrap(try await postgres.ledger.audit().checks.first { $0.id == "I2" })
            #expect(check.violations > 0)
        }
    }

    // MARK: Migrations

    @Test("the schema is made once, whoever comes first")
    func migrations() async throws {
        try await SharedPostgres.instance.withDatabase { server, database in
            let url = server.url(database)
            try await refuses(.internalFault) { try await openLedger(url, migrates: false) }
            async let first = openLedger(url)
            async let second = openLedger(url)
            for ledger in try await [first, second] { ledger.close() }
            let third = try await openLedger(url, migrates: false)
            let bench = LedgerBench(third, clock: MockClock())
            _ = try await bench.product(cards: 1)
            third.close()
            let applied = try server.run("SELECT count(*) FROM migrations", in: database)
            #expect(applied.trimmingPrefix { $0 == " " }.hasPrefix("\(Migrations.all.count)"))
        }
    }

    @Test("the schema of a newer release is refused")
    func newer() async throws {
        try await SharedPostgres.instance.withDatabase { server, database in
            let url = server.url(database)
            try await openLedger(url).close()
            try server.run("INSERT INTO migrations (name) VALUES ('9999_later')", in: database)
            for migrates in [true, false] {
                do {
                    try await openLedger(url, migrates: migrates).close()
                    throw ContractViolation.timeOut("a refusal")
                } catch let error as ShopError {
                    #expect(error.code == .internalFault && error.detail.contains("newer"))
                }
            }
        }
    }

    // MARK: Statements

    @Test(
        "placeholders are numbered, and quotes and comments left alone",
        arguments: [
            ("a = ? AND b = ?", "a = $1 AND b = $2"), ("a = ?2 OR b = ?1 OR c = ?2", "a = $2 OR b = $1 OR c = $2"),
            ("'?' || ? || '''?' || \"?\"", "'?' || $1 || '''?' || \"?\""), ("? -- what?\n+ ?", "$1 -- what?\n+ $2"),
            ("", ""), ("?", "$1"), ("a - ?", "a - $1"),
        ])
    func placeholders(given: String, expected: String) {
        #expect(TranslatedStatements.translate(given) == expected)
    }
}

import CoreMetrics
import Domain
import Foundation
import GRDB
import SQLLedger
import Shop
import TestKit
import Testing

@testable import SQLiteLedger

@Suite("The SQLite ledger")
struct SQLiteLedgerTests {
    private func withLedger(
        maximumPages: Int? = nil, _ body: (SQLiteLedger, LedgerBench) async throws -> Void
    ) async throws {
        let folder = try ShopProcess.makeFolder()
        defer { try? FileManager.default.removeItem(at: folder) }
        let ledger = try SQLiteLedger(
            path: folder.appendingPathComponent("ledger.sqlite").path, limits: Limits(),
            metrics: NOOPMetricsHandler.instance, maximumPages: maximumPages)
        defer { ledger.close() }
        try await body(ledger, LedgerBench(ledger, clock: MockClock()))
    }

    // MARK: Settings

    @Test("syncs every commit to a write-ahead log")
    func settings() async throws {
        try await withLedger { ledger, _ in
            // Asked of the connection that writes; the readers' settings do not matter.
            let settings = try await ledger.pool.writeWithoutTransaction { database in
                [
                    try String.fetchOne(database, sql: "PRAGMA journal_mode"),
                    try String.fetchOne(database, sql: "PRAGMA synchronous"),
                ]
            }
            #expect(settings == ["wal", "2"])
        }
    }

    @Test("the journal is append-only")
    func journal() async throws {
        try await withLedger { ledger, bench in
            _ = try await bench.placed(bench.draft(try await bench.product(cards: 1), buyer: 1))
            for sql in ["UPDATE journal SET event = 'x'", "DELETE FROM journal"] {
                await #expect(throws: DatabaseError.self) {
                    try await ledger.pool.write { database in try database.execute(sql: sql) }
                }
            }
        }
    }

    @Test("a ledger of a newer release is refused")
    func newerSchema() async throws {
        let folder = try ShopProcess.makeFolder()
        defer { try? FileManager.default.removeItem(at: folder) }
        let path = folder.appendingPathComponent("ledger.sqlite").path
        let ledger = try SQLiteLedger(path: path, limits: Limits(), metrics: NOOPMetricsHandler.instance)
        try await ledger.pool.write { database in
            try database.execute(sql: "INSERT INTO grdb_migrations VALUES ('9999_later')")
        }
        ledger.close()
        #expect(throws: ShopError.self) {
            _ = try SQLiteLedger(path: path, limits: Limits(), metrics: NOOPMetricsHandler.instance)
        }
    }

    // MARK: Guards

    @Test("a change that was decided on an older version is refused")
    func staleVersion() async throws {
        try await withLedger { ledger, bench in
            let order = try await bench.placed(bench.draft(try await bench.product(cards: 1), buyer: 1))
            _ = try await bench.ledger.cancel(order.id, at: bench.clock.now())
            let now = bench.clock.now()
            let error = await #expect(throws: ShopError.self) {
                try await ledger.onWriter(.urgent) { database in
                    _ = try SQLiteTransaction(database).move(order, .expire, at: now)
                }
            }
            // By the guard itself, not only by the journal's unique versions behind it.
            #expect(error?.detail == "a guarded write found another state than expected")
            #expect(try await bench.ledger.order(order.id)?.state == .cancelled)
            try await bench.audit()
        }
    }

    @Test("a write that fails leaves no trace and spoils no other of its transaction")
    func savepoints() async throws {
        try await withLedger { ledger, bench in
            let product = try await bench.product(cards: 2)
            let order = try await bench.placed(bench.draft(product, buyer: 1))
            async let failing = Self.fails(ledger, releasing: order)
            async let working = bench.place(bench.draft(product, buyer: 2))
            let (hasFailed, placement) = try await (failing, working)
            #expect(hasFailed)
            if case .placed = placement {} else { Issue.record("the other was spoiled") }
            #expect(try await bench.stock().held == 2)
            try await bench.audit()
        }
    }

    private static func fails(_ ledger: SQLiteLedger, releasing order: Order) async -> Bool {
        do {
            try await ledger.onWriter(.urgent) { database in
                try SQLiteTransaction(database).release(order)
                throw ShopError(.internalFault, "half done")
            }
            return false
        } catch {
            return true
        }
    }

    @Test("a hold that cannot be ended keeps no other from ending, and the audit finds it")
    func damagedHold() async throws {
        try await withLedger { ledger, bench in
            let product = try await bench.product(cards: 2, holdSeconds: 10)
            let damaged = try await bench.placed(bench.draft(product, buyer: 1))
            let sound = try await bench.placed(bench.draft(product, buyer: 2))
            try await ledger.pool.write { database in
                try database.execute(
                    sql: "DELETE FROM recent_buyer_orders WHERE contact = ?", arguments: [damaged.buyer.contact])
                try database.execute(sql: "UPDATE filed_orders SET through = (SELECT max(id) FROM orders)")
            }
            bench.clock.advance(seconds: 10)
            let ended = try await bench.ledger.expire(at: bench.clock.now(), limit: 10)
            #expect(ended.map(\.id) == [sound.id])
            #expect(try await bench.ledger.order(damaged.id)?.state == .awaitingPayment)
            #expect(try await bench.stock().held == 1)
            #expect(try await bench.ledger.audit().ok == false)
        }
    }

    // MARK: A full disk

    @Test("a full disk refuses orders, keeps what was accepted, and is left when there is room")
    func fullDisk() async throws {
        try await withLedger(maximumPages: 220) { ledger, bench in
            let product = try await bench.product(cards: 3000)
            var accepted: [OrderID] = []
            var refusal: ShopError?
            for number in 1...3000 where refusal == nil {
                do {
                    accepted.append(try await bench.placed(bench.draft(product, buyer: number)).id)
                } catch let error as ShopError {
                    refusal = error
                }
            }
            #expect(refusal?.code == .busy)
            #expect(!accepted.isEmpty)
            #expect(ledger.health == .stopped(reason: "the disk is full", recovers: true))
            for id in accepted { #expect(try await bench.ledger.order(id) != nil) }
            try await bench.audit()
            try await ledger.pool.writeWithoutTransaction { try $0.execute(sql: "PRAGMA max_page_count = 100000") }
            await ledger.probe()
            #expect(ledger.health == .writable)
            _ = try await bench.placed(bench.draft(product, buyer: 9999))
        }
    }

    // MARK: Query plans

    @Test("no hot statement scans, with 99 % of a large product sold")
    func queryPlans() async throws {
        try await withLedger { ledger, bench in
            let product = try await bench.product()
            let number = product.id.number
            try await ledger.pool.write { database in
                try Self.fill(database, product: number)
                try database.execute(sql: "ANALYZE")
            }
            // On the writing connection, which alone has the temporary tables.
            let plans = try await ledger.pool.write { database in
                try Statements.hot.merging(SQLiteStatements.hot) { $1 }.mapValues { sql in
                    let statement = try database.makeStatement(sql: "EXPLAIN QUERY PLAN " + sql)
                    statement.arguments = StatementArguments(
                        Array(repeating: DatabaseValue.null, count: statement.arguments.isEmpty ? Self.count(sql) : 0))
                    return try Row.fetchAll(statement).map { $0["detail"] as String }
                }
            }
            for (name, plan) in plans {
                // "b" are the few orders that a subquery found, "one" is a single row; they are no tables.
                let isSmall = ["SCAN b", "SCAN one", "SCAN CONSTANT ROW"]
                let scans = plan.filter {
                    $0.hasPrefix("SCAN") && !isSmall.contains($0) || $0.contains("TEMP B-TREE")
                }
                #expect(scans.isEmpty, "\(name): \(plan)")
            }
            #expect(plans["availableCards"]?.first?.contains("cards_available") == true)
            #expect(plans["dueOrders"]?.first?.contains("orders_due") == true)
        }
    }

    /// Placeholders of a statement: question marks, or the highest number after one.
    private static func count(_ sql: String) -> Int {
        let numbered = (1...9).filter { sql.contains("?\($0)") }.max()
        return numbered ?? sql.filter { $0 == "?" }.count
    }

    /// 100,000 cards, of which every hundredth is available.
    private static func fill(_ database: Database, product: Int64) throws {
        let order = Data(repeating: 7, count: 16)
        try database.execute(
            sql: "INSERT INTO batches (id, product_id, created_at, imported) VALUES (99, ?, 0, 100000)",
            arguments: [product])
        try database.execute(
            sql: """
                INSERT INTO orders (id, product_id, quantity, contact, channel, amount, currency, state, version,
                    created_at) VALUES (?, ?, 99000, 'a@example.com', 'sandbox', 1, 'CNY', 'delivered', 1, 0)
                """, arguments: [order, product])
        try database.execute(
            sql: """
                WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < 200)
                INSERT INTO products (slug, title, amount, currency, max_per_order, max_per_buyer,
                    max_held_per_buyer, hold_seconds, fields)
                SELECT 'product-' || n, 'x', 1, 'CNY', 1, 1, 1, 1, '[]' FROM numbers
                """)
        try database.execute(
            sql: """
                WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < 20000)
                INSERT INTO orders (id, product_id, quantity, contact, channel, amount, currency, state, version,
                    created_at, expires_at, idempotency_key, query_tag)
                SELECT CAST('order-' || n AS BLOB), ?1, 1, n || '@example.com', 'sandbox', 1, 'CNY',
                    iif(n % 10 = 0, 'awaiting_payment', 'delivered'), 1, 0, n, 'key-' || n, CAST(n AS BLOB)
                FROM numbers
                """, arguments: [product])
        try database.execute(
            sql: """
                WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < 100000)
                INSERT INTO cards (product_id, batch_id, state, order_id, fingerprint, secret)
                SELECT ?1, 99, iif(n % 100 = 0, 'available', 'sold'), iif(n % 100 = 0, NULL, ?2), CAST(n AS BLOB), x'00'
                FROM numbers
                """, arguments: [product, order])
    }

    @Test("an order whose price cannot be read is paid into review, and the others go on")
    func unreadablePrice() async throws {
        try await withLedger { ledger, bench in
            let product = try await bench.product(cards: 3, holdSeconds: 10)
            let damaged = try await bench.placed(bench.draft(product, buyer: 1, key: "key"))
            let expiring = try await bench.placed(bench.draft(product, buyer: 2))
            let attempt = try await bench.attempt(damaged.id)
            let free = try await bench.placed(bench.draft(product, buyer: 3))
            try await ledger.pool.write { database in
                try database.execute(
                    sql: "UPDATE orders SET price_lines = 'what' WHERE id = ?",
                    arguments: [Data(damaged.id.identifier.bytes)])
                try database.execute(
                    sql: "UPDATE orders SET price_lines = '', amount = 0 WHERE id = ?",
                    arguments: [Data(free.id.identifier.bytes)])
            }
            #expect(try await bench.ledger.order(damaged.id)?.addsUp == false)
            #expect(try await bench.ledger.order(free.id)?.addsUp == false)
            let record = try await bench.ledger.record(bench.receipt(attempt))
            #expect(record.verdict == .mismatched && record.order?.state == .review)
            bench.clock.advance(seconds: 10)
            let ended = try await bench.ledger.expire(at: bench.clock.now(), limit: 10)
            #expect(ended.map(\.id).contains(expiring.id))
            let again = try await bench.find(bench.draft(product, buyer: 1, key: "key"))
            #expect(again == .existing(try #require(record.order)))
        }
    }

    // MARK: The audit can fail

    @Test(
        "the audit finds what is broken",
        arguments: [
            ("I1", "DELETE FROM cards WHERE id = (SELECT min(id) FROM cards WHERE state = 'available')"),
            ("I2", "UPDATE cards SET state = 'available', order_id = NULL WHERE state = 'held'"),
            ("I2", "UPDATE orders SET state = 'cancelled' WHERE state = 'awaiting_payment'"),
            ("I2", "UPDATE cards SET state = 'held' WHERE state = 'sold'"),
            ("I6", "UPDATE products SET most_per_buyer = 1; UPDATE orders SET quantity = 2"),
            ("I6", "UPDATE filed_orders SET through = (SELECT max(id) FROM orders)"),
            ("I6", "INSERT INTO buyer_orders SELECT product_id, contact, 1, id FROM orders"),
            ("I6", "INSERT INTO buyer_orders VALUES (1, 'nobody@example.com', 0, x'00')"),
            ("I6", "UPDATE orders SET idempotency_key = 'twice'"),
            ("I6", "INSERT INTO order_keys VALUES (1, 'none', x'00')"),
            ("I7", "UPDATE payments SET amount = amount - 1"),
            ("I8", "UPDATE payments SET resolution = NULL"),
            ("I12", "UPDATE orders SET version = version + 1"),
            (
                "I12",
                "INSERT INTO journal VALUES (x'00', 1, 'claim', 'refunded', 'awaiting_payment', 0, NULL, NULL)"
            ),
            ("I13", "DELETE FROM outbox"),
            ("I15", "INSERT INTO order_fences SELECT id, 0 FROM orders"),
            ("I21", "UPDATE coupons SET uses = uses - 1"),
            ("I21", "UPDATE orders SET coupon_id = NULL"),
            ("I21", "UPDATE orders SET contact = 'buyer-1@example.com'"),
            ("I22", "UPDATE orders SET price_lines = 'goods=1990,1'"),
            ("I22", "UPDATE orders SET price_lines = 'what'"),
            ("I22", "UPDATE cards SET preview = 'x', surcharge = 0; UPDATE orders SET price_lines = NULL"),
            ("I22", "UPDATE orders SET price_lines = 'goods=1791,1;pick=0,1'"),
        ])
    func auditFinds(id: String, damage: String) async throws {
        try await withLedger { ledger, bench in
            let product = try await bench.product(cards: 3)
            let coupon = try await bench.coupon(Fixtures.terms(perBuyer: 1))
            _ = try await bench.placed(bench.draft(product, buyer: 1, coupon: coupon))
            _ = try await bench.pay(try await bench.placed(bench.draft(product, buyer: 2, coupon: coupon)).id)
            try await bench.audit()
            try await ledger.pool.write { try $0.execute(sql: damage) }
            let broken = try await ledger.audit().checks.filter { !$0.ok }.map(\.id)
            #expect(broken.contains(id), "\(broken)")
        }
    }
}

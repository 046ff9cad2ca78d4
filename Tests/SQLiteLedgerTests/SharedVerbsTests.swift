import CoreMetrics
import Domain
import Foundation
import GRDB
import SQLLedger
import Shop
import TestKit
import Testing

@testable import SQLiteLedger

/// What an engine on which several transactions write relies on, shown on SQLite, where nothing would go wrong.
@Suite("The shared verbs")
struct SharedVerbsTests {
    private func withLedger(_ body: (SQLiteLedger, LedgerBench) async throws -> Void) async throws {
        let folder = try ShopProcess.makeFolder()
        defer { try? FileManager.default.removeItem(at: folder) }
        let ledger = try SQLiteLedger(
            path: folder.appendingPathComponent("ledger.sqlite").path, limits: Limits(),
            metrics: NOOPMetricsHandler.instance)
        defer { ledger.close() }
        try await body(ledger, LedgerBench(ledger, clock: MockClock()))
    }

    // MARK: Locks

    /// Notes what is locked, and when cards are looked for or change.
    private final class Recorder: SQLTransaction {
        private let base: SQLiteTransaction
        private(set) var steps: [String] = []

        init(_ database: Database) { base = SQLiteTransaction(database) }

        /// A comment for SQLite, and something to be found here.
        let dialect = SQLDialect(forUpdate: "-- FOR UPDATE")

        private func note(_ sql: String) {
            let tables = ["FROM orders": "order", "FROM coupons": "coupon", "FROM refunds": "refund"]
            if sql.contains("FOR UPDATE") {
                steps.append(tables.first { sql.contains($0.key) }?.value ?? "card")
            } else if sql.contains("UPDATE cards") || sql.contains("state = 'available'") {
                steps.append("cards")
            }
        }

        func run(_ sql: String, _ arguments: [SQLValue]) throws -> Int {
            note(sql)
            return try base.run(sql, arguments)
        }

        func each(_ sql: String, _ arguments: [SQLValue], _ body: (SQLRow) throws -> Void) throws {
            note(sql)
            try base.each(sql, arguments, body)
        }

        func attempting<Value>(_ body: () throws -> Value?) throws -> Value? { try base.attempting(body) }
        func lock(_ product: ProductID) throws { steps.append("product") }
        func units(of buyer: Buyer, product: ProductID) throws -> BuyerUnits {
            try base.units(of: buyer, product: product)
        }
        func uses(of coupon: CouponID, by buyer: Buyer) throws -> Int { try base.uses(of: coupon, by: buyer) }
        func file(_ order: Order, counts: Bool) throws { try base.file(order, counts: counts) }
    }

    @Test("late money locks the order, the product and the coupon before it looks for cards")
    func lateMoney() async throws {
        try await withLedger { ledger, bench in
            let product = try await bench.product(cards: 1, holdSeconds: 10)
            let coupon = try await bench.coupon(Fixtures.terms(perBuyer: 1))
            let order = try await bench.placed(bench.draft(product, buyer: 1, coupon: coupon))
            let attempt = try await bench.attempt(order.id)
            bench.clock.advance(seconds: 10)
            _ = try await bench.ledger.expire(at: bench.clock.now(), limit: 10)
            let receipt = bench.receipt(attempt)
            let steps = try await ledger.onWriter(.urgent) { database in
                let recorder = Recorder(database)
                let record = try RecordPayment(recorder, limits: ledger.limits).record(receipt)
                #expect(record.order?.state == .delivered)
                return recorder.steps
            }
            #expect(steps.prefix(4) == ["order", "product", "coupon", "cards"])
            #expect(steps.filter { $0 != "cards" } == ["order", "product", "coupon"])
            try await bench.audit()
        }
    }

    @Test("a refund case is locked after its order")
    func refund() async throws {
        try await withLedger { ledger, bench in
            let product = try await bench.product(cards: 1)
            let order = try await bench.placed(bench.draft(product, buyer: 1))
            _ = try await bench.pay(order.id)
            let (note, now) = (bench.owner, bench.clock.now())
            _ = try await bench.ledger.requestRefund(order.id, by: note, at: now)
            let id = try #require(try await bench.ledger.refunds(RefundFilter(limit: 1)).first?.id)
            let steps = try await ledger.onWriter(.urgent) { database in
                let recorder = Recorder(database)
                _ = try RefundCases(recorder).finish(id, outcome: "given back", by: note, at: now)
                return recorder.steps
            }
            #expect(steps == ["order", "refund"])
            try await bench.audit()
        }
    }

    // MARK: Rows

    @Test("a column that is missing, empty or of another kind is a damaged ledger")
    func damagedRows() async throws {
        try await withLedger { ledger, _ in
            let row = try #require(
                try await ledger.read { try $0.first("SELECT 7 AS seven, 'a' AS word, NULL AS none") })
            #expect(try row["seven"] as Int == 7)
            #expect(try row["word"] as String? == "a")
            #expect(try row["none"] as String? == nil)
            let wrong: [(SQLRow) throws -> Void] = [
                { _ = try $0["eight"] as Int }, { _ = try $0["eight"] as Int? }, { _ = try $0["none"] as Int },
                { _ = try $0["word"] as Int }, { _ = try $0["word"] as Int? }, { _ = try $0["word"] as OrderState },
            ]
            for read in wrong {
                let error = #expect(throws: ShopError.self) { try read(row) }
                #expect(error?.code == .internalFault)
            }
        }
    }

    // MARK: Refused orders of a log

    @Test("the audit allows an order that was refused at its first step, and no other step from nothing")
    func refusedOrder() async throws {
        try await withLedger { ledger, bench in
            _ = try await bench.product(cards: 1)
            try await ledger.pool.write { database in
                try database.execute(
                    sql: """
                        INSERT INTO orders (id, product_id, quantity, contact, channel, amount, currency, state,
                            version, created_at)
                        VALUES (x'ffffffffffffffffffffffffffffffff', 1, 9, 'a@example.com', 'sandbox', 17910, 'CNY',
                            'rejected', 1, 0);
                        INSERT INTO journal VALUES (x'ffffffffffffffffffffffffffffffff', 1, 'reject', NULL, 'rejected',
                            0, NULL, NULL);
                        """)
            }
            try await bench.audit()
            try await ledger.pool.write { database in
                try database.execute(
                    sql: """
                        UPDATE orders SET state = 'awaiting_payment', id = x'fe' WHERE state = 'rejected';
                        INSERT INTO journal VALUES (x'fe', 1, 'reject', NULL, 'awaiting_payment', 0, NULL, NULL);
                        """)
            }
            let broken = try await ledger.audit().checks.filter { !$0.ok }.map(\.id)
            #expect(broken.contains("I12"))
        }
    }
}

import CoreMetrics
import Domain
import Foundation
import GRDB
import SQLLedger
import Shop
import TestKit
import Testing

@testable import SQLiteLedger

@Suite("SQLite ledger: plans of pages")
struct PagePlanTests {
    /// 20,000 orders, nearly all of them delivered, with a payment each: as the planner sees a million.
    private static let filling = """
        INSERT INTO products (slug, title, amount, currency, max_per_order, max_per_buyer, max_held_per_buyer,
                hold_seconds, fields)
            WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < 200)
            SELECT 'p' || n, '', 1, 'CNY', 1, 1, 1, 1, '[]' FROM numbers;
        INSERT INTO orders (id, product_id, quantity, contact, channel, amount, currency, state, version, created_at,
                expires_at)
            WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < 20000)
            SELECT CAST(printf('%016d', n) AS BLOB), 1 + n % 200, 1, 'buyer-' || (n % 5000), 'sandbox', 1, 'CNY',
                CASE WHEN n % 1000 = 0 THEN 'review' WHEN n % 1000 = 1 THEN 'awaiting_payment' ELSE 'delivered' END,
                1, 0, n FROM numbers;
        INSERT INTO buyer_orders SELECT product_id, contact, 0, id FROM orders;
        INSERT INTO payments (channel, provider_event, order_id, amount, currency, verdict, resolution, received_at,
                raw)
            SELECT 'sandbox', hex(id), id, 1, 'CNY', CASE state WHEN 'review' THEN 'late' ELSE 'accepted' END,
                CASE state WHEN 'review' THEN 'refunded' ELSE 'delivered' END, 0, '' FROM orders;
        INSERT INTO refunds (order_id, payment_id, amount, currency, state, created_at, changed_at)
            SELECT order_id, id, 1, 'CNY', 'done', 0, 0 FROM payments WHERE id % 2 = 0;
        INSERT INTO owner_journal (at, actor, action, subject)
            SELECT 0, 'owner', 'product', hex(id) FROM orders;
        ANALYZE;
        """

    /// Pages with a word that must be in their plan: of the index, or of the key that is gone along.
    private static func pages() throws -> [(name: String, sql: String, word: String)] {
        let order = OrderID(Identifier(high: 1, low: 1))
        func orders(_ filter: OrderFilter) -> String { PageStatements.orders(filter, ofBuyer: SQLiteLedger.ofBuyer).0 }
        func payments(_ filter: PaymentFilter) -> String { PageStatements.payments(filter).0 }
        func refunds(_ filter: RefundFilter) -> String { PageStatements.refunds(filter).0 }
        let buyer = Fixtures.buyer(1)
        return [
            ("orders", orders(OrderFilter(limit: 9)), "o"),
            ("orders after", orders(OrderFilter(after: order, limit: 9)), "PRIMARY KEY (id<?)"),
            ("orders delivered", orders(OrderFilter(state: .delivered, limit: 9)), "o"),
            ("orders awaiting", orders(OrderFilter(state: .awaitingPayment, limit: 9)), "orders_due"),
            ("orders in review", orders(OrderFilter(state: .review, after: order, limit: 9)), "orders_by_state"),
            ("orders of a buyer", orders(OrderFilter(buyer: buyer, after: order, limit: 9)), "buyer_orders"),
            ("payments", payments(PaymentFilter(after: 9, limit: 9)), "PRIMARY KEY (rowid<?)"),
            (
                "payments accepted", payments(PaymentFilter(verdict: .accepted, after: 9, limit: 9)),
                "PRIMARY KEY (rowid<?)"
            ),
            ("payments late", payments(PaymentFilter(verdict: .late, after: 9, limit: 9)), "payments_unusual"),
            ("payments review", payments(PaymentFilter(resolution: .review, limit: 9)), "payments_in_review"),
            ("payments refunded", payments(PaymentFilter(resolution: .refunded, limit: 9)), "payments_unsettled"),
            ("payments of an order", payments(PaymentFilter(order: order, limit: 9)), "payments_by_order"),
            ("refunds", refunds(RefundFilter(after: 9, limit: 9)), "PRIMARY KEY (rowid<?)"),
            ("refunds by state", refunds(RefundFilter(state: .open, limit: 9)), "refunds_by_state"),
            ("refunds of an order", refunds(RefundFilter(order: order, limit: 9)), "refunds_by_order"),
            ("journal", PageStatements.journal, "PRIMARY KEY (rowid<?)"),
            ("figures", Statements.figures(ofProduct: false), "PRIMARY KEY (id>? AND id<?)"),
            ("figures of a product", Statements.figures(ofProduct: true), "PRIMARY KEY (id>? AND id<?)"),
        ]
    }

    @Test("every page of the back office goes along an index, however much is stored")
    func plans() throws {
        let folder = try ShopProcess.makeFolder()
        defer { try? FileManager.default.removeItem(at: folder) }
        let ledger = try SQLiteLedger(
            path: folder.appendingPathComponent(SQLiteLedger.fileName).path, limits: Limits(),
            metrics: NOOPMetricsHandler.instance)
        defer { ledger.close() }
        try ledger.pool.writeWithoutTransaction { try $0.execute(sql: Self.filling) }
        for (name, sql, word) in try Self.pages() {
            let plan = try ledger.pool.read { database in
                let statement = try database.makeStatement(sql: "EXPLAIN QUERY PLAN " + sql)
                let count = sql.count { $0 == "?" }
                statement.arguments = StatementArguments(Array(repeating: DatabaseValue.null, count: count))
                return try Row.fetchAll(statement).map { $0["detail"] as String }
            }
            let text = plan.joined(separator: "; ")
            #expect(text.contains(word), "\(name): \(text)")
            // A page of what is not rare goes along the key from its end, and stops when it is full.
            let walks = ["orders", "orders delivered"].contains(name) ? ["SCAN o"] : []
            // Indexes that hold only what is asked for, and a table of one row.
            let isSmall = [
                "SCAN orders USING INDEX orders_due", "SCAN payments USING INDEX payments_in_review",
                "SCAN filed_orders",
            ]
            let scans = plan.filter { $0.hasPrefix("SCAN") && !walks.contains($0) && !isSmall.contains($0) }
            #expect(scans.isEmpty, "\(name): \(text)")
            if !name.hasPrefix("figures") {
                #expect(!text.contains("TEMP B-TREE FOR ORDER BY"), "\(name): \(text)")
            }
        }
    }
}

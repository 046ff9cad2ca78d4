import Domain
import PostgresClient
import SQLLedger
import Shop
import TestKit
import Testing

@testable import PostgresLedger

@Suite("PostgreSQL ledger: query plans")
struct PlanTests {
    /// 100,000 cards of which every hundredth is free, and as much of all else.
    private static func fill(_ bench: PostgresBench, _ product: Product) throws {
        let id = product.id.number
        try bench.server.run(
            "INSERT INTO batches (product_id, created_at, imported) VALUES (\(id), 0, 100000)",
            """
            INSERT INTO orders (id, product_id, quantity, contact, channel, amount, currency, query_tag,
                idempotency_key, state, version, created_at, expires_at)
            SELECT decode(lpad(to_hex(n), 32, '0'), 'hex'), \(id), 1, 'buyer-' || n, 'sandbox', 1, 'CNY',
                decode(md5(n::text), 'hex'), 'key-' || n,
                CASE WHEN n % 100 = 0 THEN 'awaiting_payment' WHEN n % 100 = 1 THEN 'paid' ELSE 'delivered' END, 1, 0, n
            FROM generate_series(1, 99000) AS n
            """,
            """
            INSERT INTO cards (product_id, batch_id, state, order_id, fingerprint, secret, preview, surcharge)
            SELECT \(id), 1, CASE WHEN n <= 99000 THEN 'sold' ELSE 'available' END,
                CASE WHEN n <= 99000 THEN decode(lpad(to_hex(n), 32, '0'), 'hex') END, decode(md5(n::text), 'hex'), '',
                CASE WHEN n % 20 = 0 THEN 'fine' END, CASE WHEN n % 20 = 0 THEN 1 END
            FROM generate_series(1, 100000) AS n
            """,
            """
            INSERT INTO attempts (id, order_id, channel, amount, currency, created_at, next_query_at)
            SELECT id, id, 'sandbox', 1, 'CNY', 0, CASE WHEN created_at % 1000 = 0 THEN 1 END FROM orders
            """,
            """
            INSERT INTO payments (channel, provider_event, attempt, order_id, amount, currency, verdict, resolution,
                received_at, raw)
            SELECT 'sandbox', 'event-' || n, 'a' || n, decode(lpad(to_hex(n), 32, '0'), 'hex'), 1, 'CNY', 'accepted',
                'delivered', 0, '' FROM generate_series(1, 99000) AS n
            """,
            """
            INSERT INTO refunds (order_id, payment_id, amount, currency, state, created_at, changed_at)
            SELECT order_id, id, 1, 'CNY', 'done', 0, 0 FROM payments WHERE id % 2 = 0
            """,
            "ANALYZE", in: bench.database)
    }

    @Test("what places a batch goes by an index although the planner remembers empty tables, as in a first sale")
    func emptyStatistics() async throws {
        try await withLedger { postgres in
            let product = try await postgres.bench.product(cards: 1)
            _ = try await postgres.bench.placed(postgres.bench.draft(product, buyer: 1, key: "key"))
            try postgres.server.run("VACUUM ANALYZE", in: postgres.database)
            var settings = try PostgresSettings(url: postgres.server.url(postgres.database))
            settings.session = PostgresLedger.planning
            let client = PostgresClient(settings)
            defer { client.close() }
            let placing = [
                "orders": PlaceStatements.ordersByID, "keys": PlaceStatements.ordersByKey,
                "units": PlaceStatements.units, "uses": PlaceStatements.uses, "picks": PlaceStatements.picks,
                "available": PlaceStatements.available, "claim": PlaceStatements.claim,
            ]
            let plans = try await client.transaction(.readWrite, .urgent) { session in
                try session.script("SET LOCAL plan_cache_mode = force_generic_plan")
                return try placing.mapValues { try Self.plan($0, session) }
            }
            for (name, plan) in plans {
                #expect(!plan.contains("Materialize") && !plan.contains("Seq Scan on"), "\(name): \(plan)")
                #expect(!plan.contains("Join Filter"), "\(name): \(plan)")
            }
            for (name, condition) in [
                ("units", "contact = "), ("uses", "contact = "), ("keys", "idempotency_key = "),
                ("claim", "id = ANY"), ("orders", "id = k.id"),
            ] {
                let found = plans[name]?.split(separator: "\n").contains {
                    $0.contains("Index Cond") && $0.contains(condition)
                }
                #expect(found == true, "\(name): \(plans[name] ?? "")")
            }
        }
    }

    /// What the planner makes of a statement that it has planned once for all parameters.
    private static func plan(_ sql: String, _ session: PostgresSession) throws -> String {
        let count = (1...20).last { sql.contains("$\($0)") } ?? 0
        try session.script("PREPARE hot AS \(sql)")
        let nulls = count == 0 ? "" : "(" + Array(repeating: "NULL", count: count).joined(separator: ", ") + ")"
        var lines: [String] = []
        try session.rows("EXPLAIN EXECUTE hot\(nulls)") { lines.append(try $0.text(0)) }
        try session.script("DEALLOCATE hot")
        return lines.joined(separator: "\n")
    }

    @Test("pages of the back office go by an index to what is rare, and figures to their range")
    func pages() async throws {
        try await withLedger { postgres in
            let product = try await postgres.bench.product()
            try Self.fill(postgres, product)
            func orders(_ state: OrderState?) -> String {
                PageStatements.orders(OrderFilter(state: state, limit: 9), ofBuyer: "o.contact = ?").0
            }
            let buyer = OrderFilter(buyer: Fixtures.buyer(1), limit: 9)
            let pages = [
                "orders": (orders(nil), "orders_pkey"), "awaiting": (orders(.awaitingPayment), "orders_due"),
                "paid": (orders(.paid), "orders_by_state"),
                "buyer": (PageStatements.orders(buyer, ofBuyer: "o.contact = ?").0, "orders_by_contact"),
                "late": (PageStatements.payments(PaymentFilter(verdict: .late, limit: 9)).0, "payments_unusual"),
                "unsettled": (
                    PageStatements.payments(PaymentFilter(resolution: .refunded, limit: 9)).0, "payments_unsettled"
                ),
                "refunds": (PageStatements.refunds(RefundFilter(state: .open, limit: 9)).0, "refunds_by_state"),
                "figures": (Statements.figures(ofProduct: false), "orders_pkey"),
            ]
            let client = PostgresClient(try PostgresSettings(url: postgres.server.url(postgres.database)))
            defer { client.close() }
            let plans = try await client.transaction(.readWrite, .urgent) { session in
                try session.script("SET LOCAL plan_cache_mode = force_generic_plan")
                return try pages.mapValues { try Self.plan(TranslatedStatements.translate($0.0), session) }
            }
            for (name, plan) in plans {
                #expect(plan.contains(pages[name]?.1 ?? "no page"), "\(name): \(plan)")
                #expect(
                    !plan.contains("Seq Scan on orders") && !plan.contains("Seq Scan on payments"), "\(name): \(plan)")
            }
        }
    }

    @Test("no hot statement goes through a large table or sorts it, with 99 % of a product sold")
    func hot() async throws {
        try await withLedger { postgres in
            let product = try await postgres.bench.product()
            try Self.fill(postgres, product)
            let dialect = PostgresTransaction.dialect
            var statements = Statements.hot.mapValues { TranslatedStatements.translate($0) }
            statements["availableCards"] = TranslatedStatements.translate(
                Statements.availableCards(orderedBy: dialect.cardOrder))
            let placing = [
                "place orders": PlaceStatements.ordersByID, "place keys": PlaceStatements.ordersByKey,
                "place fences": PlaceStatements.fences, "place units": PlaceStatements.units,
                "place uses": PlaceStatements.uses, "place picks": PlaceStatements.picks,
                "place available": PlaceStatements.available, "place claim": PlaceStatements.claim,
                "place use": PlaceStatements.use, "log move": PlaceStatements.move,
                "card by content": PostgresTransaction.cardsByFingerprint,
            ]
            let client = PostgresClient(try PostgresSettings(url: postgres.server.url(postgres.database)))
            defer { client.close() }
            let all = statements.merging(placing) { $1 }
            let plans = try await client.transaction(.readWrite, .urgent) { session in
                try session.script("SET LOCAL plan_cache_mode = force_generic_plan")
                return try all.mapValues { try Self.plan($0, session) }
            }
            for (name, plan) in plans {
                for table in ["orders", "cards", "card_fingerprints", "attempts", "payments", "refunds"] {
                    #expect(!plan.contains("Seq Scan on \(table)"), "\(name): \(plan)")
                }
            }
            for name in ["availableCards", "place available"] {
                let plan = try unwrap(plans[name])
                #expect(plan.contains("using cards_available") && !plan.contains("Sort"), "\(name): \(plan)")
                #expect(!plan.contains("cards_pkey"), "\(name): \(plan)")
            }
            // With the parameters at hand, too.
            let literal = try postgres.server.run(
                "EXPLAIN SELECT id FROM cards WHERE product_id = \(product.id.number) AND state = 'available' "
                    + "AND preview IS NULL ORDER BY place LIMIT 256", in: postgres.database)
            #expect(literal.contains("using cards_available") && !literal.contains("Sort"), "\(literal)")
            #expect(plans["place units"]?.contains("orders_of_buyer") == true)
            #expect(plans["place uses"]?.contains("orders_of_coupon") == true)
            #expect(plans["place claim"]?.contains("cards_pkey") == true)
            #expect(plans["dueOrders"]?.contains("orders_due") == true)
        }
    }
}

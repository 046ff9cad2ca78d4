public import Domain
import Foundation
import GRDB
public import Shop

// What is shown to owners and machines: pages, counts, and the gate's snapshot.
extension SQLiteLedger {
    public func orders(queryTag: [UInt8], limit: Int) async throws(ShopError) -> [Order] {
        try await read { database in
            try Row.fetchAll(
                database,
                sql: """
                    SELECT \(Statements.orderColumns) FROM orders o JOIN products p ON p.id = o.product_id
                    WHERE o.query_tag = ? ORDER BY o.id DESC LIMIT ?
                    """, arguments: [Data(queryTag), limit]
            ).map { try Order(row: $0) }
        }
    }

    public func orders(_ filter: OrderFilter) async throws(ShopError) -> [Order] {
        var conditions: [String] = ["1"]
        var arguments: StatementArguments = []
        if let state = filter.state {
            conditions.append("o.state = ?")
            arguments += [state.rawValue]
            // The words of the partial index, so that SQLite may use it.
            if state != .awaitingPayment, state != .delivered {
                conditions.append("o.state NOT IN ('awaiting_payment', 'delivered')")
            }
        }
        if let buyer = filter.buyer {
            // What was filed under the buyer, and the newest, which are not filed yet.
            conditions.append(
                """
                o.id IN (SELECT order_id FROM buyer_orders WHERE contact = ?
                    UNION SELECT id FROM orders WHERE id > (SELECT through FROM filed_orders) AND contact = ?)
                """)
            arguments += [buyer.contact, buyer.contact]
        }
        if let after = filter.after {
            conditions.append("o.id < ?")
            arguments += [after.identifier.data]
        }
        arguments += [filter.limit]
        let sql = """
            SELECT \(Statements.orderColumns) FROM orders o JOIN products p ON p.id = o.product_id
            WHERE \(conditions.joined(separator: " AND ")) ORDER BY o.id DESC LIMIT ?
            """
        return try await read { [arguments] database in
            try Row.fetchAll(database, sql: sql, arguments: arguments).map { try Order(row: $0) }
        }
    }

    public func payments(_ filter: PaymentFilter) async throws(ShopError) -> [PaymentEntry] {
        var conditions: [String] = ["1"]
        var arguments: StatementArguments = []
        if let verdict = filter.verdict {
            conditions.append("verdict = ?")
            arguments += [verdict.rawValue]
        }
        if let resolution = filter.resolution {
            // The word itself where an index has it, so that SQLite may use it.
            conditions.append(resolution == .review ? "resolution = 'review'" : "resolution = ?")
            if resolution != .review { arguments += [resolution.rawValue] }
        }
        if let order = filter.order {
            conditions.append("order_id = ?")
            arguments += [order.identifier.data]
        }
        if let after = filter.after {
            conditions.append("id < ?")
            arguments += [after]
        }
        arguments += [filter.limit]
        let sql = """
            SELECT * FROM payments WHERE \(conditions.joined(separator: " AND ")) ORDER BY id DESC LIMIT ?
            """
        return try await read { [arguments] database in
            try Row.fetchAll(database, sql: sql, arguments: arguments).map { try PaymentEntry(row: $0) }
        }
    }

    public func census() async throws(ShopError) -> LedgerCensus {
        try await read { database in
            let rows = try Row.fetchAll(
                database,
                sql: """
                    SELECT p.slug, c.state, count(*) AS count FROM cards c NOT INDEXED
                        JOIN products p ON p.id = c.product_id
                    GROUP BY c.product_id, c.state
                    """)
            var cards: [String: [CardState: Int]] = [:]
            for row in rows {
                guard let state = CardState(rawValue: row["state"]) else { throw Row.damaged("state") }
                cards[row["slug"], default: [:]][state] = row["count"]
            }
            let callbacks = try Row.fetchAll(database, sql: "SELECT channel, verdict, count FROM callback_counts")
            return LedgerCensus(
                cards: cards, callbacks: callbacks.map { (channel: $0[0], verdict: $0[1], count: $0[2]) })
        }
    }

    public func gateSnapshot(
        keysSince: Timestamp, maximumUnits: Int, maximumKeys: Int
    ) async throws(ShopError) -> GateSnapshot {
        try await read { database in
            var snapshot = GateSnapshot()
            try Self.loadStock(into: &snapshot, database)
            try Self.loadTickets(into: &snapshot, database)
            try Self.loadUnits(into: &snapshot, limit: maximumUnits, database)
            try Self.loadKeys(into: &snapshot, since: keysSince, limit: maximumKeys, database)
            return snapshot
        }
    }

    private static func loadStock(into snapshot: inout GateSnapshot, _ database: Database) throws {
        func count(_ condition: String) throws -> [ProductID: Int] {
            var counts: [ProductID: Int] = [:]
            let rows = try Row.fetchCursor(
                database,
                sql: """
                    SELECT product_id, count(*) FROM cards WHERE state = 'available' AND \(condition)
                    GROUP BY product_id
                    """)
            while let row = try rows.next() { counts[ProductID(row[0])] = row[1] }
            return counts
        }
        snapshot.available = try count("preview IS NULL")
        snapshot.pickable = try count("preview IS NOT NULL")
    }

    private static func loadTickets(into snapshot: inout GateSnapshot, _ database: Database) throws {
        let rows = try Row.fetchCursor(
            database,
            sql: """
                SELECT o.id, o.product_id, o.contact, o.quantity, p.kind, o.price_lines GLOB '*pick=*' AS is_picked
                FROM orders o JOIN products p ON p.id = o.product_id WHERE o.state = 'awaiting_payment'
                """)
        while let row = try rows.next() {
            let isPooled = ProductKind(rawValue: row[4])?.isPooled ?? true
            let isPicked = row["is_picked"] as Bool? ?? false
            snapshot.tickets.append(
                GateSnapshot.Ticket(
                    order: OrderID(try row.identifier("id")), product: ProductID(row[1]),
                    buyer: Buyer(stored: row[2]), quantity: row[3],
                    pool: isPooled ? (isPicked ? .picked : .drawn) : nil))
        }
    }

    /// Of the newest orders only: going through all of them would hold up the start. The gate may believe that a buyer
    /// has less than is true, and then the ledger refuses.
    private static func loadUnits(into snapshot: inout GateSnapshot, limit: Int, _ database: Database) throws {
        let rows = try Row.fetchCursor(
            database,
            sql: """
                SELECT product_id, contact, sum(quantity), sum(iif(state = 'awaiting_payment', quantity, 0))
                FROM (SELECT product_id, contact, quantity, state FROM orders ORDER BY id DESC LIMIT ?)
                WHERE state IN ('awaiting_payment', 'paid', 'delivered') GROUP BY product_id, contact
                """, arguments: [limit])
        while let row = try rows.next() {
            snapshot.units.append(
                GateSnapshot.Units(
                    product: ProductID(row[0]), buyer: Buyer(stored: row[1]),
                    units: BuyerUnits(total: row[2], held: row[3])))
        }
    }

    private static func loadKeys(
        into snapshot: inout GateSnapshot, since: Timestamp, limit: Int, _ database: Database
    ) throws {
        let oldest = Identifier(time: since, shard: 0, random: 0)
        let rows = try Row.fetchCursor(
            database,
            sql: """
                SELECT product_id, idempotency_key FROM orders
                WHERE id >= ? AND idempotency_key IS NOT NULL ORDER BY id DESC LIMIT ?
                """, arguments: [oldest.data, limit])
        while let row = try rows.next() {
            snapshot.keys.append(GateSnapshot.Key(product: ProductID(row[0]), key: row[1]))
        }
        snapshot.keys.reverse()
        let hasOlder = try Bool.fetchOne(
            database,
            sql: "SELECT EXISTS (SELECT 1 FROM orders WHERE idempotency_key IS NOT NULL AND id < ?)",
            arguments: [oldest.data])
        snapshot.hasAllKeys = hasOlder == false && snapshot.keys.count < limit
    }
}

public import Domain
public import Shop

// What is shown to owners and machines: pages, counts, and the gate's snapshot.
extension SQLLedger {
    public func orders(queryTag: [UInt8], limit: Int) async throws(ShopError) -> [Order] {
        try await read { transaction in
            try transaction.rows(
                """
                SELECT \(Statements.orderColumns) FROM orders o JOIN products p ON p.id = o.product_id
                WHERE o.query_tag = ? ORDER BY o.id DESC LIMIT ?
                """, [queryTag, limit]
            ).map { try Order(row: $0) }
        }
    }

    public func orders(_ filter: OrderFilter) async throws(ShopError) -> [Order] {
        try await orders(filter, ofBuyer: "o.contact = ?")
    }

    /// - Parameter condition: holds for a buyer's orders; its placeholders stand for the contact
    package func orders(_ filter: OrderFilter, ofBuyer condition: String) async throws(ShopError) -> [Order] {
        let (sql, arguments) = PageStatements.orders(filter, ofBuyer: condition)
        return try await read { transaction in
            try transaction.rows(sql, arguments).map { try Order(row: $0) }
        }
    }

    public func payments(_ filter: PaymentFilter) async throws(ShopError) -> [PaymentEntry] {
        let (sql, arguments) = PageStatements.payments(filter)
        return try await read { transaction in
            try transaction.rows(sql, arguments).map { try PaymentEntry(row: $0) }
        }
    }

    public func census() async throws(ShopError) -> LedgerCensus {
        try await read { transaction in
            var census = LedgerCensus(cards: [:], callbacks: [])
            try transaction.each(Statements.countedCards, []) { row in
                census.cards[try row["slug"], default: [:]][try row["state"]] = try row["count"] as Int
            }
            try transaction.each("SELECT channel, verdict, count FROM callback_counts", []) { row in
                census.callbacks.append(
                    (channel: try row["channel"], verdict: try row["verdict"], count: try row["count"]))
            }
            return census
        }
    }

    public func stock() async throws(ShopError) -> [StockPlace: Int] {
        try await readAtLeisure { transaction in
            var counted = GateSnapshot()
            try transaction.loadStock(into: &counted)
            return counted.stock
        }
    }

    public func gateSnapshot(
        keysSince: Timestamp, maximumUnits: Int, maximumKeys: Int
    ) async throws(ShopError) -> GateSnapshot {
        try await read { transaction in
            var snapshot = GateSnapshot()
            try transaction.loadStock(into: &snapshot)
            try transaction.loadTickets(into: &snapshot)
            try transaction.loadUnits(into: &snapshot, limit: maximumUnits)
            try transaction.loadKeys(into: &snapshot, since: keysSince, limit: maximumKeys)
            return snapshot
        }
    }
}

extension SQLTransaction {
    fileprivate func loadStock(into snapshot: inout GateSnapshot) throws {
        func count(_ condition: String) throws -> [ProductID: Int] {
            var counts: [ProductID: Int] = [:]
            let sql = """
                SELECT product_id, count(*) AS count FROM cards WHERE state = 'available' AND \(condition)
                GROUP BY product_id
                """
            try each(sql, []) { counts[try $0["product_id"]] = try $0["count"] as Int }
            return counts
        }
        snapshot.available = try count("preview IS NULL")
        snapshot.pickable = try count("preview IS NOT NULL")
        try each("SELECT product_id, number FROM stock_changes", []) {
            snapshot.changes[try $0["product_id"]] = try $0["number"] as Int64
        }
    }

    fileprivate func loadTickets(into snapshot: inout GateSnapshot) throws {
        let sql = """
            SELECT o.id, o.product_id, o.contact, o.quantity, p.kind,
                CASE WHEN o.price_lines LIKE '%pick=%' THEN 1 ELSE 0 END AS is_picked
            FROM orders o JOIN products p ON p.id = o.product_id WHERE o.state = 'awaiting_payment'
            """
        try each(sql, []) { row in
            let isPooled = (try row.readable("kind") as ProductKind?)?.isPooled ?? true
            let isPicked: Bool = try row["is_picked"]
            snapshot.tickets.append(
                GateSnapshot.Ticket(
                    order: try row["id"], product: try row["product_id"], buyer: Buyer(stored: try row["contact"]),
                    quantity: try row["quantity"], pool: isPooled ? (isPicked ? .picked : .drawn) : nil))
        }
    }

    /// Of the newest orders only: going through all of them would hold up the start. The gate may believe that a buyer
    /// has less than is true, and then the ledger refuses.
    fileprivate func loadUnits(into snapshot: inout GateSnapshot, limit: Int) throws {
        let sql = """
            SELECT product_id, contact, CAST(sum(quantity) AS BIGINT) AS total,
                CAST(coalesce(sum(quantity) FILTER (WHERE state = 'awaiting_payment'), 0) AS BIGINT) AS held
            FROM (SELECT product_id, contact, quantity, state FROM orders ORDER BY id DESC LIMIT ?) newest
            WHERE state IN ('awaiting_payment', 'paid', 'delivered') GROUP BY product_id, contact
            """
        try each(sql, [limit]) { row in
            snapshot.units.append(
                GateSnapshot.Units(
                    product: try row["product_id"], buyer: Buyer(stored: try row["contact"]),
                    units: BuyerUnits(total: try row["total"], held: try row["held"])))
        }
    }

    fileprivate func loadKeys(into snapshot: inout GateSnapshot, since: Timestamp, limit: Int) throws {
        let oldest = Identifier(time: since, shard: 0, random: 0)
        let sql = """
            SELECT product_id, idempotency_key FROM orders
            WHERE id >= ? AND idempotency_key IS NOT NULL ORDER BY id DESC LIMIT ?
            """
        try each(sql, [oldest, limit]) { row in
            snapshot.keys.append(
                GateSnapshot.Key(product: try row["product_id"], key: try row["idempotency_key"]))
        }
        snapshot.keys.reverse()
        let hasOlder = try exists(
            "SELECT id FROM orders WHERE idempotency_key IS NOT NULL AND id < ? LIMIT 1", [oldest])
        snapshot.hasAllKeys = !hasOlder && snapshot.keys.count < limit
    }
}

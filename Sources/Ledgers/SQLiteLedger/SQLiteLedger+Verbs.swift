public import Domain
import GRDB
public import SQLLedger
public import Shop

// The shared verbs, and what is SQLite's own of them.
extension SQLiteLedger: SQLLedger {
    public func write<Value: Sendable>(
        _ lane: SQLLane, _ body: @escaping @Sendable (any SQLTransaction) throws -> Value
    ) async throws(ShopError) -> Value {
        try await onWriter(lane) { database in try body(SQLiteTransaction(database)) }
    }

    public func read<Value: Sendable>(
        _ body: @escaping @Sendable (any SQLTransaction) throws -> Value
    ) async throws(ShopError) -> Value {
        try await onReader { database in try body(SQLiteTransaction(database)) }
    }

    /// Waits first while the log is too long, at most for ``Limits/patientReadSeconds``, since such a reader keeps the
    /// log from being started anew.
    public func readAtLeisure<Value: Sendable>(
        _ body: @escaping @Sendable (any SQLTransaction) throws -> Value
    ) async throws(ShopError) -> Value {
        var waited: Int64 = 0
        while checkpointer.isPressed, waited < limits.patientReadSeconds * 1000 {
            try? await Task.sleep(for: .milliseconds(20))
            waited += 20
        }
        return try await read(body)
    }

    // MARK: Verbs

    public func place(
        _ batch: [Submission], completion: @escaping @Sendable (Result<[Placement], ShopError>) -> Void
    ) {
        let job = WriteJob(
            run: { [filing] database in
                var batchInHand = try PlaceBatch(database, filing: filing)
                let placements = try batchInHand.place(batch)
                let filed = batchInHand.filedInMemory
                Failpoint.hit(.placeBeforeCommit)
                return {
                    completion(.success(placements))
                    filing.placed(filed.count, newest: filed.newest)
                }
            },
            fail: { completion(.failure($0)) })
        writer.add(job, to: .urgent)
    }

    public func rehearsal(of product: ProductID) async throws(ShopError) -> any ImportRehearsal {
        try SQLiteRehearsal(ledger: self, product: product)
    }

    public func orders(_ filter: OrderFilter) async throws(ShopError) -> [Order] {
        // What was filed under the buyer, and the newest, which are not filed yet.
        try await orders(filter, ofBuyer: Self.ofBuyer)
    }

    static let ofBuyer = """
        o.id IN (SELECT order_id FROM buyer_orders WHERE contact = ?
            UNION SELECT id FROM orders WHERE id > (SELECT through FROM filed_orders) AND contact = ?)
        """

    public func audit() async throws(ShopError) -> AuditReport {
        try await audit(also: ["I6": Self.wronglyFiled])
    }

    /// Orders that are not filed as they are, and what is filed without an order.
    private static let wronglyFiled = """
        SELECT (SELECT count(*) FROM orders o WHERE o.id <= (SELECT through FROM filed_orders) AND NOT EXISTS (
                SELECT 1 FROM buyer_orders b WHERE b.product_id = o.product_id AND b.contact = o.contact
                    AND b.ended = (o.state NOT IN ('awaiting_payment', 'paid', 'delivered'))
                    AND b.order_id = o.id))
        + (SELECT count(*) FROM buyer_orders b WHERE NOT EXISTS (
                SELECT 1 FROM orders o WHERE o.id = b.order_id AND o.product_id = b.product_id
                    AND o.contact = b.contact
                    AND b.ended = (o.state NOT IN ('awaiting_payment', 'paid', 'delivered'))))
        + (SELECT count(*) FROM orders o
                WHERE o.idempotency_key IS NOT NULL AND o.id <= (SELECT through FROM filed_orders)
                    AND NOT EXISTS (SELECT 1 FROM order_keys k WHERE k.product_id = o.product_id
                        AND k.idempotency_key = o.idempotency_key AND k.order_id = o.id))
        + (SELECT count(*) FROM order_keys k WHERE NOT EXISTS (
                SELECT 1 FROM orders o WHERE o.id = k.order_id AND o.product_id = k.product_id
                    AND o.idempotency_key = k.idempotency_key))
        """
}

package import Domain
package import Shop

/// Money that is to be given back, inside one open transaction.
package struct RefundCases {
    private let transaction: any SQLTransaction

    package init(_ transaction: any SQLTransaction) { self.transaction = transaction }

    package func refund(_ id: Int64) throws -> RefundCase { try refund(id, Statements.refund) }

    /// A case that is to be changed. Where its order is changed too, that is locked first.
    package func lockedRefund(_ id: Int64) throws -> RefundCase {
        try refund(id, "\(Statements.refund) \(transaction.dialect.forUpdate(of: "r"))")
    }

    private func refund(_ id: Int64, _ sql: String) throws -> RefundCase {
        guard let row = try transaction.first(sql, [id]) else { throw ShopError(.notFound, "no such refund case") }
        return try RefundCase(row: row)
    }

    /// A case that the owner must decide about. Money without an amount that can be trusted makes none: it stays in
    /// the inbox as *review*.
    package func open(_ order: OrderID, payment: Int64, amount: Money?, at moment: Timestamp) throws {
        guard let amount else { return }
        try transaction.run(
            Statements.openRefund,
            [order, payment, amount.amount, amount.currency.code, moment, moment], rows: 1)
    }

    /// Opens a case for each other payment of an order that now has its money: it would wait in *review* for ever.
    package func openForSurplus(of order: OrderID, except payment: Int64, at moment: Timestamp) throws {
        let others = try transaction.rows(
            """
            SELECT id, amount, currency FROM payments WHERE order_id = ? AND id <> ? AND resolution = 'review'
                AND claim = 'paid' AND amount IS NOT NULL
                AND NOT EXISTS (SELECT 1 FROM refunds r WHERE r.payment_id = payments.id)
            """, [order, payment])
        for row in others { try open(order, payment: try row["id"], amount: try row.money(), at: moment) }
    }

    /// The order is *refund_pending*, its units are given back, and each of its payments has a requested case.
    package func request(_ order: Order, by note: OwnerNote, at moment: Timestamp) throws -> Order {
        let moved = try transaction.move(order, .requestRefund, at: moment, by: note)
        // What the owner wrote by hand stands for the real money, if some came.
        let without = try transaction.rows(
            """
            SELECT y.id, coalesce(y.amount, o.amount) AS amount, coalesce(y.currency, o.currency) AS currency
            FROM payments y JOIN orders o ON o.id = y.order_id
            WHERE y.order_id = ?1 AND y.resolution IN ('delivered', 'pending', 'review', 'confirmed')
                AND (y.attempt IS NOT NULL OR NOT EXISTS (
                    SELECT 1 FROM payments z WHERE z.order_id = ?1 AND z.resolution = 'confirmed'))
                AND NOT EXISTS (SELECT 1 FROM refunds r WHERE r.payment_id = y.id)
            """, [order.id])
        for row in without { try open(order.id, payment: try row["id"], amount: try row.money(), at: moment) }
        let open: [Int64] = try transaction.column(
            "SELECT id FROM refunds WHERE order_id = ? AND state = 'open' ORDER BY id", [order.id])
        for id in open { try move(try lockedRefund(id), .request, outcome: nil, by: note, at: moment) }
        return moved
    }

    package func move(
        _ refund: RefundCase, _ event: RefundEvent, outcome: String?, by note: OwnerNote, at moment: Timestamp
    ) throws {
        guard let state = refund.state.after(event) else {
            throw ShopError(.wrongState, "the refund case is \(refund.state.rawValue)")
        }
        try transaction.run(
            Statements.moveRefund,
            [
                state, note.actor, note.reason, outcome, moment, refund.id, refund.state,
            ], rows: 1)
        try transaction.log(
            "refund", subject: "case \(refund.id) of order \(refund.order.text) is \(state.rawValue)", by: note,
            at: moment)
    }

    /// Closes a case; the last requested one of an order that is *refund_pending* makes it *refunded*.
    package func finish(
        _ id: Int64, outcome: String, by note: OwnerNote, at moment: Timestamp
    ) throws -> (refund: RefundCase, change: OrderChange) {
        guard let order = try transaction.lockedOrder(try refund(id).order) else { throw SQLRow.damaged("order_id") }
        let before = try lockedRefund(id)
        if before.state == .done { return (before, OrderChange(order: order, changed: false)) }
        try move(before, .finish, outcome: outcome, by: note, at: moment)
        try transaction.run(
            """
            UPDATE payments SET resolution = 'refunded'
            WHERE id = ? AND resolution IN ('delivered', 'pending', 'review', 'confirmed')
            """, [before.payment], rows: 1)
        let othersWait = try transaction.exists(
            "SELECT id FROM refunds WHERE order_id = ? AND state = 'requested' LIMIT 1", [order.id])
        guard order.state == .refundPending, !othersWait else {
            return (try refund(id), OrderChange(order: order, changed: false))
        }
        let refunded = try transaction.move(order, .refund, at: moment, by: note)
        return (try refund(id), OrderChange(order: refunded, changed: true))
    }
}

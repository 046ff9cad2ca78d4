import Domain
import Foundation
import GRDB
import Shop

/// Money that is to be given back, inside one open transaction.
struct RefundCases {
    private let transaction: LedgerTransaction

    init(_ transaction: LedgerTransaction) { self.transaction = transaction }

    func refund(_ id: Int64) throws -> RefundCase {
        let statement = try transaction.database.cachedStatement(sql: Statements.refund)
        guard let row = try Row.fetchOne(statement, arguments: [id]) else {
            throw ShopError(.notFound, "no such refund case")
        }
        return try RefundCase(row: row)
    }

    /// A case that the owner must decide about. Money without an amount that can be trusted makes none: it stays in
    /// the inbox as *review*.
    func open(_ order: OrderID, payment: Int64, amount: Money?, at moment: Timestamp) throws {
        guard let amount else { return }
        try transaction.run(
            Statements.openRefund,
            [
                order.identifier.data, payment, amount.amount, amount.currency.code, moment.milliseconds,
                moment.milliseconds,
            ], rows: 1)
    }

    /// Opens a case for each other payment of an order that now has its money: it would wait in *review* for ever.
    func openForSurplus(of order: OrderID, except payment: Int64, at moment: Timestamp) throws {
        let others = try Row.fetchAll(
            transaction.database,
            sql: """
                SELECT id, amount, currency FROM payments WHERE order_id = ? AND id <> ? AND resolution = 'review'
                    AND claim = 'paid' AND amount IS NOT NULL
                    AND NOT EXISTS (SELECT 1 FROM refunds r WHERE r.payment_id = payments.id)
                """, arguments: [order.identifier.data, payment])
        for row in others { try open(order, payment: row["id"], amount: try row.money(), at: moment) }
    }

    /// The order is *refund_pending*, its units are given back, and each of its payments has a requested case.
    func request(_ order: Order, by note: OwnerNote, at moment: Timestamp) throws -> Order {
        let moved = try transaction.move(order, .requestRefund, at: moment, by: note)
        let without = try Row.fetchAll(
            transaction.database,
            sql: """
                SELECT y.id, coalesce(y.amount, o.amount) AS amount, coalesce(y.currency, o.currency) AS currency
                FROM payments y JOIN orders o ON o.id = y.order_id
                WHERE y.order_id = ?1 AND y.resolution IN ('delivered', 'pending', 'review', 'confirmed')
                    -- What the owner wrote by hand stands for the real money, if some came.
                    AND (y.attempt IS NOT NULL OR NOT EXISTS (
                        SELECT 1 FROM payments z WHERE z.order_id = ?1 AND z.resolution = 'confirmed'))
                    AND NOT EXISTS (SELECT 1 FROM refunds r WHERE r.payment_id = y.id)
                """, arguments: [order.id.identifier.data])
        for row in without { try open(order.id, payment: row["id"], amount: try row.money(), at: moment) }
        let open = try Int64.fetchAll(
            transaction.database, sql: "SELECT id FROM refunds WHERE order_id = ? AND state = 'open'",
            arguments: [order.id.identifier.data])
        for id in open { try move(try refund(id), .request, outcome: nil, by: note, at: moment) }
        return moved
    }

    func move(
        _ refund: RefundCase, _ event: RefundEvent, outcome: String?, by note: OwnerNote, at moment: Timestamp
    ) throws {
        guard let state = refund.state.after(event) else {
            throw ShopError(.wrongState, "the refund case is \(refund.state.rawValue)")
        }
        try transaction.run(
            Statements.moveRefund,
            [
                state.rawValue, note.actor, note.reason, outcome, moment.milliseconds, refund.id,
                refund.state.rawValue,
            ], rows: 1)
        try transaction.log(
            "refund", subject: "case \(refund.id) of order \(refund.order.text) is \(state.rawValue)", by: note,
            at: moment)
    }

    /// Closes a case; the last requested one of an order that is *refund_pending* makes it *refunded*.
    func finish(
        _ id: Int64, outcome: String, by note: OwnerNote, at moment: Timestamp
    ) throws -> (refund: RefundCase, change: OrderChange) {
        let before = try refund(id)
        guard let order = try transaction.order(before.order) else { throw Row.damaged("order_id") }
        if before.state == .done { return (before, OrderChange(order: order, changed: false)) }
        try move(before, .finish, outcome: outcome, by: note, at: moment)
        try transaction.run(
            """
            UPDATE payments SET resolution = 'refunded'
            WHERE id = ? AND resolution IN ('delivered', 'pending', 'review', 'confirmed')
            """, [before.payment], rows: 1)
        let isLast = try Bool.fetchOne(
            transaction.database,
            sql: "SELECT NOT EXISTS (SELECT 1 FROM refunds WHERE order_id = ? AND state = 'requested')",
            arguments: [order.id.identifier.data])
        guard order.state == .refundPending, isLast == true else {
            return (try refund(id), OrderChange(order: order, changed: false))
        }
        let refunded = try transaction.move(order, .refund, at: moment, by: note)
        return (try refund(id), OrderChange(order: refunded, changed: true))
    }
}

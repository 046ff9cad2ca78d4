import Domain
import Foundation
import GRDB
import Shop

/// Records a verified payment and all that follows from it, inside one transaction.
struct RecordPayment {
    private let transaction: LedgerTransaction
    private let limits: Limits

    init(_ database: Database, limits: Limits) {
        transaction = LedgerTransaction(database: database)
        self.limits = limits
    }

    func record(_ receipt: PaymentReceipt) throws -> PaymentRecord {
        if let duplicate = try duplicate(of: receipt) { return duplicate }
        let attempt = try AttemptID(text: receipt.notice.attempt).flatMap { try self.attempt($0) }
        let order = try attempt.flatMap { try transaction.order($0.order) }
        let decision = PaymentDecision.decide(on: receipt.notice, attempt: attempt, state: order?.state)
        let outcome = try apply(decision.effect, to: order, at: receipt.receivedAt)
        let resolution = outcome.isDelivered ? PaymentResolution.delivered : .review
        try insert(receipt, order: order?.id, verdict: decision.verdict, resolution: resolution)
        return PaymentRecord(
            verdict: decision.verdict, order: outcome.order, effect: decision.effect,
            changed: outcome.order != order, claimedAgain: outcome.claimedAgain)
    }

    /// A payment of the same provider event was recorded before: this one is noted, within bounds, and does nothing.
    private func duplicate(of receipt: PaymentReceipt) throws -> PaymentRecord? {
        let notice = receipt.notice
        let statement = try transaction.database.cachedStatement(sql: Statements.paymentByEvent)
        let arguments: StatementArguments = [notice.channel.text, notice.providerEvent]
        guard let row = try Row.fetchOne(statement, arguments: arguments) else { return nil }
        let id = (row["order_id"] as Data?).flatMap { Identifier(bytes: $0) }.map { OrderID($0) }
        try insert(receipt, order: id, verdict: .duplicate, resolution: nil)
        try prune(notice.channel, .duplicate)
        return PaymentRecord(
            verdict: .duplicate, order: try id.flatMap { try transaction.order($0) }, effect: .none, changed: false,
            claimedAgain: false)
    }

    /// Notes a callback that could not be verified.
    func recordForged(channel: Slug, raw: String, at moment: Timestamp) throws {
        try transaction.run(
            Statements.insertPayment,
            [
                channel.text, nil, nil, nil, nil, nil, PaymentVerdict.forged.rawValue, nil, moment.milliseconds, raw,
            ], rows: 1)
        try prune(channel, .forged)
    }

    private func prune(_ channel: Slug, _ verdict: PaymentVerdict) throws {
        try transaction.run(Statements.countCallback, [channel.text, verdict.rawValue], rows: 1)
        try transaction.run(Statements.pruneCallbacks, [verdict.rawValue, channel.text, limits.callbacksKept])
    }

    private func attempt(_ id: AttemptID) throws -> Attempt? {
        try Row.fetchOne(
            transaction.database.cachedStatement(sql: Statements.attempt), arguments: [id.identifier.data]
        ).map { try Attempt(row: $0) }
    }

    private func insert(
        _ receipt: PaymentReceipt, order: OrderID?, verdict: PaymentVerdict, resolution: PaymentResolution?
    ) throws {
        let notice = receipt.notice
        try transaction.run(
            Statements.insertPayment,
            [
                notice.channel.text, notice.providerEvent, notice.attempt, order?.identifier.data,
                notice.amount?.amount, notice.amount?.currency.code, verdict.rawValue, resolution?.rawValue,
                receipt.receivedAt.milliseconds, receipt.raw,
            ], rows: 1)
    }

    // MARK: What follows

    private struct Outcome {
        let order: Order?
        var isDelivered = false
        var claimedAgain = false
    }

    private func apply(_ effect: PaymentDecision.Effect, to order: Order?, at moment: Timestamp) throws -> Outcome {
        guard let order else { return Outcome(order: nil) }
        switch effect {
        case .none:
            return Outcome(order: order)
        case .deliver:
            try transaction.deliver(order, at: moment)
            return Outcome(order: try transaction.move(order, .deliver, at: moment), isDelivered: true)
        case .review:
            if order.state == .awaitingPayment { try transaction.release(order) }
            return Outcome(order: try transaction.move(order, .review, at: moment))
        case .claimAgain:
            return try claimAgain(order, at: moment)
        }
    }

    private func claimAgain(_ order: Order, at moment: Timestamp) throws -> Outcome {
        let cards = try transaction.availableCards(of: order.product, limit: order.quantity)
        let refusal = StockRule.lateRefusal(
            quantity: order.quantity, limits: try limits(of: order.product), available: cards.count,
            units: try transaction.units(of: order.buyer, product: order.product))
        if refusal != nil { return Outcome(order: try transaction.move(order, .review, at: moment)) }
        try transaction.claim(cards, for: order.id)
        try transaction.hold(order.quantity, for: order.buyer, product: order.product)
        try transaction.deliver(order, at: moment)
        let delivered = try transaction.move(order, .deliver, at: moment)
        return Outcome(order: delivered, isDelivered: true, claimedAgain: true)
    }

    private func limits(of product: ProductID) throws -> PurchaseLimits {
        let row = try Row.fetchOne(
            transaction.database, sql: "SELECT * FROM products WHERE id = ?", arguments: [product.number])
        guard let row else { throw Row.damaged("product_id") }
        return try Product(row: row).limits
    }
}

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

    // MARK: A notice that comes in

    func record(_ receipt: PaymentReceipt) throws -> PaymentRecord {
        let known = try payments(ofEvent: receipt.notice)
        if let same = known.first(where: { $0.isRepeat(receipt.notice) }) { return try repeated(receipt, of: same) }
        // One event that says two things: the money was counted before, and is not counted again.
        if receipt.notice.claim != .notPaid, known.contains(where: { $0.resolution != nil }) {
            try insert(receipt, order: known.lazy.compactMap(\.order).first, verdict: .mismatched, resolution: nil)
            return PaymentRecord(verdict: .mismatched, isConfirmed: false, change: nil)
        }
        return try first(receipt)
    }

    private func first(_ receipt: PaymentReceipt) throws -> PaymentRecord {
        let notice = receipt.notice
        let attempt = try AttemptID(text: notice.attempt).flatMap { try self.attempt($0) }
        let order = try attempt.flatMap { try transaction.order($0.order) }
        let decision = PaymentDecision.decide(on: notice, attempt: attempt, order: try order.map(standing))
        let outcome = try apply(decision, of: notice, to: order, at: receipt.receivedAt)
        let resolution = notice.claim == .notPaid ? nil : outcome.resolution
        try insert(receipt, order: order?.id, verdict: decision.verdict, resolution: resolution)
        if outcome.needsRefund, let order {
            let payment = transaction.database.lastInsertedRowID
            try RefundCases(transaction).open(
                order.id, payment: payment, amount: notice.amount, at: receipt.receivedAt)
        }
        return PaymentRecord(
            verdict: decision.verdict, isConfirmed: decision.verdict.isConfirmed, change: outcome.change)
    }

    /// What is recorded of one provider event.
    private struct Known {
        let order: OrderID?
        let attempt: String?
        let amount: Money?
        let claim: String
        let verdict: PaymentVerdict
        let resolution: String?

        func isRepeat(_ notice: PaymentNotice) -> Bool {
            attempt == notice.attempt && amount == notice.amount && claim == notice.claim.rawValue
        }
    }

    private func payments(ofEvent notice: PaymentNotice) throws -> [Known] {
        let statement = try transaction.database.cachedStatement(sql: Statements.paymentsByEvent)
        let arguments: StatementArguments = [notice.channel.text, notice.providerEvent]
        return try Row.fetchAll(statement, arguments: arguments).map { row in
            guard let verdict = PaymentVerdict(rawValue: row["verdict"]) else { throw Row.damaged("verdict") }
            return Known(
                order: (row["order_id"] as Data?).flatMap { Identifier(bytes: $0) }.map { OrderID($0) },
                attempt: row["attempt"], amount: (row["amount"] as Int64?) == nil ? nil : try row.money(),
                claim: row["claim"], verdict: verdict, resolution: row["resolution"])
        }
    }

    /// The same notice once more: it is noted, within bounds, and does nothing.
    private func repeated(_ receipt: PaymentReceipt, of known: Known) throws -> PaymentRecord {
        try insert(receipt, order: known.order, verdict: .duplicate, resolution: nil)
        try prune(receipt.notice.channel, .duplicate, count: 1)
        let order = try known.order.flatMap { try transaction.order($0) }
        return PaymentRecord(
            verdict: .duplicate, isConfirmed: known.verdict.isConfirmed,
            change: order.map { OrderChange(order: $0, changed: false) })
    }

    // MARK: What cannot be verified

    func recordForged(_ callbacks: [ForgedCallback], uncounted: Int, channel: Slug) throws {
        for callback in callbacks {
            try transaction.run(
                Statements.insertPayment,
                [
                    channel.text, nil, nil, nil, nil, nil, PaymentVerdict.forged.rawValue, nil,
                    callback.receivedAt.milliseconds, callback.raw, PaymentNotice.Claim.notPaid.rawValue,
                ], rows: 1)
        }
        try prune(channel, .forged, count: callbacks.count + uncounted)
    }

    private func prune(_ channel: Slug, _ verdict: PaymentVerdict, count: Int) throws {
        try transaction.run(Statements.countCallback, [channel.text, verdict.rawValue, count], rows: 1)
        try transaction.run(Statements.pruneCallbacks, [verdict.rawValue, channel.text, limits.callbacksKept])
    }

    // MARK: A recorded payment that is judged anew

    func replay(_ id: Int64, by note: OwnerNote, at moment: Timestamp) throws -> PaymentReplay {
        let statement = try transaction.database.cachedStatement(sql: Statements.payment)
        guard let row = try Row.fetchOne(statement, arguments: [id]) else {
            throw ShopError(.notFound, "no such payment")
        }
        let entry = try PaymentEntry(row: row)
        guard entry.verdict != .forged, let event = entry.providerEvent, let number = entry.attempt else {
            throw ShopError(.wrongState, "a callback that could not be verified is not replayed")
        }
        let attempt = try AttemptID(text: number).flatMap { try self.attempt($0) }
        let order = try (attempt?.order ?? entry.order).flatMap { try transaction.order($0) }
        let unchanged = PaymentReplay(entry: entry, change: order.map { OrderChange(order: $0, changed: false) })
        guard entry.resolution == .review, try !hasRefund(id), let channel = Slug(entry.channel),
            let claim = PaymentNotice.Claim(rawValue: row["claim"])
        else { return unchanged }
        let notice = PaymentNotice(
            channel: channel, providerEvent: event, attempt: number, amount: entry.amount, claim: claim)
        let decision = PaymentDecision.replay(of: notice, attempt: attempt, order: try order.map(standing))
        let outcome = try apply(decision, of: notice, to: order, at: moment, by: note)
        let verdict = entry.verdict == .unknownOrder ? decision.verdict : entry.verdict
        try transaction.run(
            "UPDATE payments SET verdict = ?, resolution = ?, order_id = ? WHERE id = ? AND resolution = 'review'",
            [verdict.rawValue, outcome.resolution.rawValue, order?.id.identifier.data, id], rows: 1)
        if outcome.needsRefund, let order {
            try RefundCases(transaction).open(order.id, payment: id, amount: entry.amount, at: moment)
        }
        if outcome.resolution == .delivered || outcome.resolution == .pending, let order {
            try RefundCases(transaction).openForSurplus(of: order.id, except: id, at: moment)
        }
        guard let after = try Row.fetchOne(statement, arguments: [id]) else { throw Row.damaged("payment") }
        return PaymentReplay(entry: try PaymentEntry(row: after), change: outcome.change)
    }

    private func hasRefund(_ payment: Int64) throws -> Bool {
        try Bool.fetchOne(
            transaction.database, sql: "SELECT EXISTS (SELECT 1 FROM refunds WHERE payment_id = ?)",
            arguments: [payment]) ?? false
    }

    // MARK: Parts

    private func standing(_ order: Order) throws -> PaymentDecision.Standing {
        PaymentDecision.Standing(
            state: order.state, kind: order.kind, lateMoney: try transaction.product(order.product).lateMoney,
            due: order.addsUp ? order.total : nil)
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
                receipt.receivedAt.milliseconds, receipt.raw, notice.claim.rawValue,
            ], rows: 1)
    }

    // MARK: What follows

    private func apply(
        _ decision: PaymentDecision, of notice: PaymentNotice, to order: Order?, at moment: Timestamp,
        by note: OwnerNote? = nil
    ) throws -> PaymentOutcome {
        guard let order else { return PaymentOutcome(resolution: .review) }
        let deliveries = Deliveries(transaction, at: moment, by: note)
        switch decision.effect {
        case .none: return .unchanged(order, .review)
        case .deliver: return try deliveries.deliverHeld(order)
        case .pay: return try deliveries.payHeld(order)
        case .claimAgain(let otherwise): return try deliveries.claimAgain(order, otherwise: otherwise)
        case .review: return try deliveries.review(order)
        case .openRefund:
            if decision.verdict == .late, try isVouchedFor(order) { return .unchanged(order, .confirmed) }
            return .unchanged(order, .review, needsRefund: notice.amount != nil && notice.claim == .paid)
        }
    }

    /// Whether the owner delivered the order by hand and its own money had not been seen until now.
    private func isVouchedFor(_ order: Order) throws -> Bool {
        try Bool.fetchOne(
            transaction.database,
            sql: """
                SELECT EXISTS (SELECT 1 FROM payments WHERE order_id = ?1 AND attempt IS NULL
                        AND resolution IN ('delivered', 'pending'))
                    AND NOT EXISTS (SELECT 1 FROM payments WHERE order_id = ?1 AND resolution = 'confirmed')
                """, arguments: [order.id.identifier.data]) ?? false
    }
}

/// What a payment came to.
struct PaymentOutcome {
    var change: OrderChange?
    var resolution: PaymentResolution
    var needsRefund = false

    static func unchanged(
        _ order: Order, _ resolution: PaymentResolution, needsRefund: Bool = false
    ) -> PaymentOutcome {
        PaymentOutcome(
            change: OrderChange(order: order, changed: false), resolution: resolution, needsRefund: needsRefund)
    }
}

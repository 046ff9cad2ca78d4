package import Domain
package import Shop

/// Records a verified payment and all that follows from it, inside one transaction.
package struct RecordPayment {
    private let transaction: any SQLTransaction
    private let limits: Limits

    package init(_ transaction: any SQLTransaction, limits: Limits) {
        self.transaction = transaction
        self.limits = limits
    }

    // MARK: A notice that comes in

    package func record(_ receipt: PaymentReceipt) throws -> PaymentRecord {
        let attempt = try AttemptID(text: receipt.notice.attempt).flatMap { try self.attempt($0) }
        // Locked before its payments are looked at, so that the same notice twice at once comes one after the other.
        let order = try attempt.flatMap { try transaction.lockedOrder($0.order) }
        let known = try payments(ofEvent: receipt.notice)
        if let same = known.first(where: { $0.isRepeat(receipt.notice) }) { return try repeated(receipt, of: same) }
        // One event that says two things: the money was counted before, and is not counted again.
        if receipt.notice.claim != .notPaid, known.contains(where: { $0.resolution != nil }) {
            try insert(receipt, order: known.lazy.compactMap(\.order).first, verdict: .mismatched, resolution: nil)
            return PaymentRecord(verdict: .mismatched, isConfirmed: false, change: nil)
        }
        return try first(receipt, attempt, order)
    }

    private func first(_ receipt: PaymentReceipt, _ attempt: Attempt?, _ order: Order?) throws -> PaymentRecord {
        let notice = receipt.notice
        let decision = PaymentDecision.decide(on: notice, attempt: attempt, order: try order.map(standing))
        let outcome = try apply(decision, of: notice, to: order, at: receipt.receivedAt)
        let resolution = notice.claim == .notPaid ? nil : outcome.resolution
        let payment = try insert(receipt, order: order?.id, verdict: decision.verdict, resolution: resolution)
        if outcome.needsRefund, let order {
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
        try transaction.rows(Statements.paymentsByEvent, [notice.channel, notice.providerEvent]).map { row in
            Known(
                order: try row.readable("order_id"),
                attempt: try row["attempt"], amount: (try row["amount"] as Int64?) == nil ? nil : try row.money(),
                claim: try row["claim"], verdict: try row["verdict"], resolution: try row["resolution"])
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

    package func recordForged(_ callbacks: [ForgedCallback], uncounted: Int, channel: Slug) throws {
        for callback in callbacks {
            try transaction.run(
                Statements.insertPayment,
                [
                    channel, nil, nil, nil, nil, nil, PaymentVerdict.forged, nil, callback.receivedAt, callback.raw,
                    PaymentNotice.Claim.notPaid,
                ], rows: 1)
        }
        try prune(channel, .forged, count: callbacks.count + uncounted)
    }

    private func prune(_ channel: Slug, _ verdict: PaymentVerdict, count: Int) throws {
        try transaction.run(Statements.countCallback, [channel, verdict, count], rows: 1)
        try transaction.run(Statements.pruneCallbacks, [verdict, channel, limits.callbacksKept])
    }

    // MARK: A recorded payment that is judged anew

    package func replay(_ id: Int64, by note: OwnerNote, at moment: Timestamp) throws -> PaymentReplay {
        guard let found = try transaction.first(Statements.payment, [id]) else {
            throw ShopError(.notFound, "no such payment")
        }
        // Its order is locked before it is.
        let (attempt, order) = try subject(of: try PaymentEntry(row: found))
        guard let row = try transaction.first("\(Statements.payment) \(transaction.dialect.forUpdate)", [id]) else {
            throw SQLRow.damaged("payment")
        }
        let entry = try PaymentEntry(row: row)
        guard entry.verdict != .forged, let event = entry.providerEvent, let number = entry.attempt else {
            throw ShopError(.wrongState, "a callback that could not be verified is not replayed")
        }
        let unchanged = PaymentReplay(entry: entry, change: order.map { OrderChange(order: $0, changed: false) })
        guard entry.resolution == .review, try !hasRefund(id), let channel = Slug(entry.channel),
            let claim = PaymentNotice.Claim(rawValue: try row["claim"])
        else { return unchanged }
        let notice = PaymentNotice(
            channel: channel, providerEvent: event, attempt: number, amount: entry.amount, claim: claim)
        let decision = PaymentDecision.replay(of: notice, attempt: attempt, order: try order.map(standing))
        let outcome = try apply(decision, of: notice, to: order, at: moment, by: note)
        let verdict = entry.verdict == .unknownOrder ? decision.verdict : entry.verdict
        try transaction.run(
            "UPDATE payments SET verdict = ?, resolution = ?, order_id = ? WHERE id = ? AND resolution = 'review'",
            [verdict, outcome.resolution, order?.id, id], rows: 1)
        if outcome.needsRefund, let order {
            try RefundCases(transaction).open(order.id, payment: id, amount: entry.amount, at: moment)
        }
        if outcome.resolution == .delivered || outcome.resolution == .pending, let order {
            try RefundCases(transaction).openForSurplus(of: order.id, except: id, at: moment)
        }
        guard let after = try transaction.first(Statements.payment, [id]) else { throw SQLRow.damaged("payment") }
        return PaymentReplay(entry: try PaymentEntry(row: after), change: outcome.change)
    }

    /// What a recorded payment is about, with its order locked.
    private func subject(of entry: PaymentEntry) throws -> (attempt: Attempt?, order: Order?) {
        let attempt = try entry.attempt.flatMap { AttemptID(text: $0) }.flatMap { try self.attempt($0) }
        return (attempt, try (attempt?.order ?? entry.order).flatMap { try transaction.lockedOrder($0) })
    }

    private func hasRefund(_ payment: Int64) throws -> Bool {
        try transaction.exists("SELECT id FROM refunds WHERE payment_id = ?", [payment])
    }

    // MARK: Parts

    private func standing(_ order: Order) throws -> PaymentDecision.Standing {
        PaymentDecision.Standing(
            state: order.state, kind: order.kind, lateMoney: try transaction.product(order.product).lateMoney,
            due: order.addsUp ? order.total : nil)
    }

    private func attempt(_ id: AttemptID) throws -> Attempt? {
        try transaction.first(Statements.attempt, [id]).map { try Attempt(row: $0) }
    }

    @discardableResult
    private func insert(
        _ receipt: PaymentReceipt, order: OrderID?, verdict: PaymentVerdict, resolution: PaymentResolution?
    ) throws -> Int64 {
        let notice = receipt.notice
        return try transaction.inserted(
            Statements.insertPayment,
            [
                notice.channel, notice.providerEvent, notice.attempt, order, notice.amount?.amount,
                notice.amount?.currency.code, verdict, resolution, receipt.receivedAt, receipt.raw, notice.claim,
            ])
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
        try transaction.exists(
            """
            SELECT id FROM payments y WHERE order_id = ? AND attempt IS NULL AND resolution IN ('delivered', 'pending')
                AND NOT EXISTS (SELECT 1 FROM payments z WHERE z.order_id = y.order_id AND z.resolution = 'confirmed')
            """, [order.id])
    }
}

/// What a payment came to.
package struct PaymentOutcome {
    package var change: OrderChange?
    package var resolution: PaymentResolution
    package var needsRefund = false

    package static func unchanged(
        _ order: Order, _ resolution: PaymentResolution, needsRefund: Bool = false
    ) -> PaymentOutcome {
        PaymentOutcome(
            change: OrderChange(order: order, changed: false), resolution: resolution, needsRefund: needsRefund)
    }
}

public import Domain
public import Shop

// What the owner does to orders and money by hand. The same steps, guards and journal as everywhere else.
extension SQLLedger {
    public func replay(
        _ payment: Int64, by note: OwnerNote, at moment: Timestamp
    ) async throws(ShopError) -> PaymentReplay {
        let limits = limits
        let replay = try await write(.urgent) { transaction in
            let replay = try RecordPayment(transaction, limits: limits).replay(payment, by: note, at: moment)
            Failpoint.hit(.replayBeforeCommit)
            return replay
        }
        Failpoint.hit(.replayAfterCommit)
        return replay
    }

    public func confirm(
        _ id: OrderID, by note: OwnerNote, at moment: Timestamp
    ) async throws(ShopError) -> OrderChange {
        try await write(.urgent) { transaction in
            guard let order = try transaction.lockedOrder(id) else { throw ShopError(.notFound, "no such order") }
            let outcome = try Self.confirmed(order, transaction, by: note, at: moment)
            let bearer = try Self.bearer(of: order, transaction, by: note, at: moment)
            try transaction.run(
                Statements.resolvePayment,
                [outcome.resolution, bearer.id, PaymentResolution.review], rows: 1)
            if bearer.isReal {
                try RefundCases(transaction).openForSurplus(of: id, except: bearer.id, at: moment)
            } else {
                // The owner vouches for the whole sum, however much of it these were.
                try transaction.run(
                    Statements.resolvePayments,
                    [PaymentResolution.confirmed, id, PaymentResolution.review])
            }
            guard let change = outcome.change else { throw SQLRow.damaged("order") }
            return change
        }
    }

    private static func confirmed(
        _ order: Order, _ transaction: any SQLTransaction, by note: OwnerNote, at moment: Timestamp
    ) throws -> PaymentOutcome {
        let deliveries = Deliveries(transaction, at: moment, by: note)
        switch order.state {
        case .awaitingPayment:
            return try order.kind == .manual ? deliveries.payHeld(order) : deliveries.deliverHeld(order)
        case .expired, .cancelled, .review:
            switch try deliveries.refusal(order) {
            case nil: return try deliveries.claimAndDeliver(order)
            case .soldOut: throw ShopError(.soldOut, "the pool has fewer cards than the order needs; import some first")
            case .cardTaken:
                throw ShopError(
                    .cardTaken, "a card that the buyer picked belongs to somebody else by now; refund the order instead"
                )
            case .couponUsedUp:
                throw ShopError(
                    .couponUsedUp, "the order's coupon has no use left; allow it more uses, or refund the order")
            case .couponUsed:
                throw ShopError(
                    .couponUsed,
                    "this buyer has used the coupon since; allow each buyer more uses of it, or refund the order")
            case .limitReached, .notOnSale:
                throw ShopError(.limitReached, "this buyer has had as many as one buyer may; refund the order instead")
            }
        case .queued, .rejected, .paid, .delivered, .refundPending, .refunded:
            throw ShopError(.wrongState, "the order is \(order.state.rawValue) and cannot be confirmed")
        }
    }

    /// The entry of the inbox that carries the delivery: a payment of the exact amount that waits in *review*, or one
    /// that says that the owner vouches for the money.
    private static func bearer(
        of order: Order, _ transaction: any SQLTransaction, by note: OwnerNote, at moment: Timestamp
    ) throws -> (id: Int64, isReal: Bool) {
        let exact: Int64? = try transaction.value(
            """
            SELECT id FROM payments WHERE order_id = ? AND resolution = 'review' AND verdict = 'late'
                AND amount = ? AND currency = ? ORDER BY id LIMIT 1
            """, [order.id, order.total.amount, order.total.currency.code])
        if let exact { return (exact, true) }
        let written = try transaction.inserted(
            Statements.insertPayment,
            [
                order.channel, "by-hand-\(order.id.text)", nil, order.id, order.total.amount,
                order.total.currency.code, PaymentVerdict.accepted, PaymentResolution.review, moment,
                "confirmed by \(note.actor)", PaymentNotice.Claim.paid,
            ])
        return (written, false)
    }

    public func fulfil(
        _ id: OrderID, sealed: [UInt8], by note: OwnerNote, at moment: Timestamp
    ) async throws(ShopError) -> OrderChange {
        try await write(.urgent) { transaction in
            guard let order = try transaction.lockedOrder(id) else { throw ShopError(.notFound, "no such order") }
            guard order.kind == .manual, order.state == .paid else {
                throw ShopError(
                    .wrongState,
                    "the order is \(order.state.rawValue); only a paid order of a manual product is fulfilled")
            }
            try transaction.run(
                "INSERT INTO fulfilments (order_id, secret, created_at) VALUES (?, ?, ?)",
                [id, sealed, moment], rows: 1)
            return try Deliveries(transaction, at: moment, by: note).deliverPaid(order, cardsTaken: 0)
        }
    }

    public func deliverWaiting(at moment: Timestamp, limit: Int) async throws(ShopError) -> [OrderChange] {
        // Looked up on a reader first: nearly always nobody waits, and that must not cost a write.
        let areWaiting = try await read { try !$0.waitingOrders(limit: limit, locked: false).isEmpty }
        guard areWaiting else { return [] }
        return try await write(.urgent) { transaction in
            let deliveries = Deliveries(transaction, at: moment)
            return try transaction.waitingOrders(limit: limit, locked: true).compactMap { order in
                try transaction.attempting { try deliveries.deliverWaiting(order) }
            }
        }
    }

    // MARK: Refunds

    public func requestRefund(
        _ id: OrderID, by note: OwnerNote, at moment: Timestamp
    ) async throws(ShopError) -> OrderChange {
        try await write(.urgent) { transaction in
            guard let order = try transaction.lockedOrder(id) else { throw ShopError(.notFound, "no such order") }
            if order.state == .refundPending || order.state == .refunded {
                return OrderChange(order: order, changed: false)
            }
            guard order.state.after(.requestRefund) != nil else {
                throw ShopError(
                    .wrongState, "the order is \(order.state.rawValue); nothing was paid that could go back")
            }
            let counted = order.state == .paid || order.state == .delivered
            let moved = try RefundCases(transaction).request(order, by: note, at: moment)
            guard counted else { return OrderChange(order: moved, changed: true) }
            let number = try transaction.numberChange(of: order.product)
            return OrderChange(order: moved, changed: true, gate: GateEffect(units: -order.quantity, change: number))
        }
    }

    public func requestRefund(
        case id: Int64, by note: OwnerNote, at moment: Timestamp
    ) async throws(ShopError) -> RefundCase {
        try await write(.urgent) { transaction in
            let cases = RefundCases(transaction)
            let refund = try cases.lockedRefund(id)
            if refund.state == .open { try cases.move(refund, .request, outcome: nil, by: note, at: moment) }
            return try cases.refund(id)
        }
    }

    public func beginTelling(refund id: Int64, at moment: Timestamp) async throws(ShopError) -> Bool {
        try await write(.urgent) { transaction in
            try transaction.run(
                "UPDATE refunds SET told_at = ? WHERE id = ? AND state = 'requested' AND told_at IS NULL",
                [moment, id]) == 1
        }
    }

    public func endTelling(refund id: Int64) async throws(ShopError) {
        _ = try await write(.urgent) { transaction in
            try transaction.run(
                "UPDATE refunds SET told_at = NULL WHERE id = ? AND state = 'requested'", [id])
        }
    }

    public func note(refund id: Int64, outcome: String, at moment: Timestamp) async throws(ShopError) {
        _ = try await write(.urgent) { transaction in
            try transaction.run(
                "UPDATE refunds SET outcome = ?, changed_at = ? WHERE id = ? AND state = 'requested'",
                [outcome, moment, id])
        }
    }

    public func finishRefund(
        _ id: Int64, outcome: String, by note: OwnerNote, at moment: Timestamp
    ) async throws(ShopError) -> (refund: RefundCase, change: OrderChange) {
        let finished = try await write(.urgent) { transaction -> (RefundCase, OrderChange) in
            let cases = RefundCases(transaction)
            let finished = try cases.finish(id, outcome: outcome, by: note, at: moment)
            return (finished.refund, finished.change)
        }
        return (refund: finished.0, change: finished.1)
    }

    public func refunds(_ filter: RefundFilter) async throws(ShopError) -> [RefundCase] {
        let (sql, arguments) = PageStatements.refunds(filter)
        return try await read { transaction in
            try transaction.rows(sql, arguments).map { try RefundCase(row: $0) }
        }
    }
}

extension SQLTransaction {
    /// Orders that wait for restock and that their pools can serve, oldest first in each product.
    fileprivate func waitingOrders(limit: Int, locked: Bool) throws -> [Order] {
        let products: [ProductID] = try column(Statements.waitingProducts)
        let sql = "\(Statements.waitingOrders) \(locked ? dialect.forUpdate(of: "o") : "")"
        var found: [Order] = []
        // Always in the same order, so that two that lock them do not wait for each other.
        for product in products.sorted(by: { $0.number < $1.number }) where found.count < limit {
            let cards = try availableCards(of: product, limit: PurchaseLimits.maximumPerOrder).count
            found += try rows(sql, [product, cards, limit]).map { try Order(row: $0) }
        }
        return found
    }
}

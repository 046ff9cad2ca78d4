package import Domain
package import Shop

/// The ways in which an order gets, or does not get, what was paid for, inside one open transaction.
package struct Deliveries {
    private let transaction: any SQLTransaction
    private let moment: Timestamp
    private let note: OwnerNote?

    package init(_ transaction: any SQLTransaction, at moment: Timestamp, by note: OwnerNote? = nil) {
        self.transaction = transaction
        self.moment = moment
        self.note = note
    }

    /// What the order holds becomes the buyer's.
    package func deliverHeld(_ order: Order) throws -> PaymentOutcome {
        try transaction.handOver(order, at: moment)
        let delivered = try transaction.move(order, .deliver, at: moment, by: note)
        return PaymentOutcome(
            change: OrderChange(order: delivered, changed: true, gate: GateEffect(end: .sold)),
            resolution: .delivered)
    }

    /// The units become the buyer's; the goods are still to come.
    package func payHeld(_ order: Order) throws -> PaymentOutcome {
        let paid = try transaction.move(order, .pay, at: moment, by: note)
        return PaymentOutcome(
            change: OrderChange(order: paid, changed: true, gate: GateEffect(end: .sold)), resolution: .pending)
    }

    /// The order goes to *review*, and what it holds back to the pool.
    package func review(_ order: Order) throws -> PaymentOutcome {
        let holds = order.state == .awaitingPayment
        let moved = try transaction.move(order, .review, at: moment, by: note)
        if holds { try transaction.release(order) }
        return PaymentOutcome(
            change: OrderChange(order: moved, changed: true, gate: GateEffect(end: holds ? .released : nil)),
            resolution: .review)
    }

    /// Nothing is to be paid, so a new order is delivered at once: its payment is an entry of nothing.
    package func settleFree(_ order: Order) throws -> Order {
        let outcome = try order.kind == .manual ? payHeld(order) : deliverHeld(order)
        try transaction.run(
            Statements.insertPayment,
            [
                order.channel, "free-\(order.id.text)", nil, order.id, 0, order.total.currency.code,
                PaymentVerdict.accepted, outcome.resolution, order.createdAt, "nothing to pay",
                PaymentNotice.Claim.paid,
            ], rows: 1)
        return outcome.change?.order ?? order
    }

    /// Why an order that holds nothing cannot have its units again; nil when it can.
    package func refusal(_ order: Order) throws -> Refusal? {
        try transaction.lock(order.product)
        let limits = try transaction.product(order.product).limits
        let units = try transaction.units(of: order.buyer, product: order.product)
        guard StockRule.mayTakeLate(quantity: order.quantity, limits: limits, units: units) else {
            return .limitReached
        }
        if let coupon = order.coupon, let refusal = try refusal(coupon, order.buyer) { return refusal }
        guard order.kind.isPooled, try transaction.cards(for: order) == nil else { return nil }
        return order.pool == .picked ? .cardTaken : .soldOut
    }

    /// The terms were those of the day when the order was priced; only how often they may be used counts now.
    private func refusal(_ id: CouponID, _ buyer: Buyer) throws -> Refusal? {
        guard let coupon = try transaction.coupon(id) else { throw SQLRow.damaged("coupon_id") }
        return try coupon.refusal { try transaction.uses(of: id, by: buyer) }
    }

    /// Claims anew for an order that holds nothing, and delivers; a manual one is *paid*.
    package func claimAgain(_ order: Order, otherwise: PaymentDecision.Otherwise) throws -> PaymentOutcome {
        switch (try refusal(order), otherwise) {
        case (nil, _): return try claimAndDeliver(order)
        case (.soldOut?, .wait): return try paidPastTheGate(order)
        case (_, _) where order.state == .review: return .unchanged(order, .review)
        default: return try review(order)
        }
    }

    /// - Precondition: ``refusal(_:)`` was nil in this transaction
    package func claimAndDeliver(_ order: Order) throws -> PaymentOutcome {
        if order.kind == .manual { return try paidPastTheGate(order) }
        if order.kind.isPooled { try transaction.claim(try transaction.cards(for: order) ?? [], for: order.id) }
        try transaction.handOver(order, at: moment)
        let delivered = try transaction.move(order, .deliver, at: moment, by: note)
        let taken = order.kind.isPooled ? order.quantity : 0
        let number = try transaction.numberChange(of: order.product)
        let effect = GateEffect(cardsTaken: taken, units: order.quantity, change: number)
        return PaymentOutcome(
            change: OrderChange(order: delivered, changed: true, gate: effect), resolution: .delivered)
    }

    private func paidPastTheGate(_ order: Order) throws -> PaymentOutcome {
        let paid = try transaction.move(order, .pay, at: moment, by: note)
        let effect = GateEffect(units: order.quantity, change: try transaction.numberChange(of: order.product))
        return PaymentOutcome(change: OrderChange(order: paid, changed: true, gate: effect), resolution: .pending)
    }

    /// Delivers a *paid* order that waited; nil while the pool does not reach.
    package func deliverWaiting(_ order: Order) throws -> OrderChange? {
        try transaction.lock(order.product)
        guard let cards = try transaction.cards(for: order) else { return nil }
        try transaction.claim(cards, for: order.id)
        return try deliverPaid(order, cardsTaken: order.quantity)
    }

    /// Delivers a *paid* order whose goods are there.
    package func deliverPaid(_ order: Order, cardsTaken: Int) throws -> OrderChange {
        try transaction.handOver(order, at: moment)
        try transaction.run(
            Statements.resolvePayments,
            [PaymentResolution.delivered, order.id, PaymentResolution.pending],
            rows: 1)
        let delivered = try transaction.move(order, .deliver, at: moment, by: note)
        let number = cardsTaken == 0 ? 0 : try transaction.numberChange(of: order.product)
        return OrderChange(order: delivered, changed: true, gate: GateEffect(cardsTaken: cardsTaken, change: number))
    }
}

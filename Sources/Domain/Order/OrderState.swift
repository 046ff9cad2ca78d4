/// Where an order stands. The raw values are those of the database, the API and the metrics.
public enum OrderState: String, CaseIterable, Sendable {
    /// Admitted and durable, but not claimed yet.
    case queued
    /// Cards are held until the order is paid or expires.
    case awaitingPayment = "awaiting_payment"
    /// Admitted, but no card was left; never charged.
    case rejected
    /// Paid; waits for the owner or for restock.
    case paid
    /// Paid, and the cards are the buyer's.
    case delivered
    /// The hold ran out.
    case expired
    /// The buyer gave the order up.
    case cancelled
    /// Money came in, nothing was delivered and no card is held: the owner must look.
    case review
    /// Money is on its way back.
    case refundPending = "refund_pending"
    /// Money was given back.
    case refunded
}

/// What can happen to an order.
public enum OrderEvent: String, CaseIterable, Sendable {
    /// Cards were claimed.
    case claim
    /// No card was left for a queued order.
    case reject
    /// The buyer gave up.
    case cancel
    /// The hold ran out.
    case expire
    /// The exact amount came in, and delivery is still to come.
    case pay
    /// The cards became the buyer's.
    case deliver
    /// Money came in that cannot be answered with a delivery.
    case review
    /// The owner decided to give the money back.
    case requestRefund = "request_refund"
    /// The money was given back.
    case refund
}

extension OrderState {
    /// Whether an order counts towards what its buyer may have.
    public var countsForBuyer: Bool {
        switch self {
        case .awaitingPayment, .paid, .delivered: true
        case .queued, .rejected, .expired, .cancelled, .review, .refundPending, .refunded: false
        }
    }

    /// The state after an event; nil when the event is illegal in this state.
    ///
    /// *expired* and *cancelled* can still be left by late money only. *rejected* and *refunded* are never left.
    public func after(_ event: OrderEvent) -> OrderState? {
        switch self {
        case .queued: afterQueued(event)
        case .awaitingPayment: afterAwaitingPayment(event)
        case .expired, .cancelled: afterLateMoney(event)
        case .paid, .review: afterMoney(event)
        case .delivered: event == .requestRefund ? .refundPending : nil
        case .refundPending: afterRefundPending(event)
        case .rejected, .refunded: nil
        }
    }

    private func afterQueued(_ event: OrderEvent) -> OrderState? {
        switch event {
        case .claim: .awaitingPayment
        case .reject: .rejected
        case .cancel: .cancelled
        case .expire, .pay, .deliver, .review, .requestRefund, .refund: nil
        }
    }

    private func afterAwaitingPayment(_ event: OrderEvent) -> OrderState? {
        switch event {
        case .cancel: .cancelled
        case .expire: .expired
        case .pay: .paid
        case .deliver: .delivered
        case .review: .review
        case .claim, .reject, .requestRefund, .refund: nil
        }
    }

    private func afterLateMoney(_ event: OrderEvent) -> OrderState? {
        switch event {
        case .pay: .paid
        case .deliver: .delivered
        case .review: .review
        case .claim, .reject, .cancel, .expire, .requestRefund, .refund: nil
        }
    }

    private func afterMoney(_ event: OrderEvent) -> OrderState? {
        switch event {
        case .deliver: .delivered
        case .requestRefund: .refundPending
        case .review: self == .paid ? .review : nil
        case .pay: self == .review ? .paid : nil
        case .claim, .reject, .cancel, .expire, .refund: nil
        }
    }

    private func afterRefundPending(_ event: OrderEvent) -> OrderState? {
        switch event {
        case .refund: .refunded
        case .review: .review
        case .claim, .reject, .cancel, .expire, .pay, .deliver, .requestRefund: nil
        }
    }

    /// Whether an order in this state has cards of its own, held or sold.
    public var ownsCards: Bool {
        switch self {
        case .awaitingPayment, .delivered: true
        case .queued, .rejected, .paid, .expired, .cancelled, .review, .refundPending, .refunded: false
        }
    }

    /// Whether nothing further happens by itself: what a page stops waiting for.
    public var isSettled: Bool {
        switch self {
        case .queued, .awaitingPayment, .paid, .refundPending: false
        case .rejected, .delivered, .expired, .cancelled, .review, .refunded: true
        }
    }
}

/// What a verified payment does to an order.
public struct PaymentDecision: Hashable, Sendable {
    /// The effect on the order.
    public enum Effect: Hashable, Sendable {
        /// The order stays as it is.
        case none
        /// What the order holds becomes the buyer's.
        case deliver
        /// The order is *paid* and waits for the owner.
        case pay
        /// Units are claimed again, past the gate; without stock or within no limit, `otherwise`.
        case claimAgain(otherwise: Otherwise)
        /// The order goes to *review* and its cards, if it holds any, back to the pool.
        case review
        /// The order has its money already: this is a case for a refund.
        case openRefund
    }

    /// What happens to late money that finds no stock.
    public enum Otherwise: Hashable, Sendable {
        /// The order goes to, or stays in, *review*.
        case review
        /// The order is *paid* and waits for restock.
        case wait
    }

    /// Where the order of an attempt stands.
    public struct Standing: Hashable, Sendable {
        /// Its state.
        public let state: OrderState
        /// What stands behind its product.
        public let kind: ProductKind
        /// What its product does with late money.
        public let lateMoney: LateMoney
        /// What is to be paid; nil when the lines of its price do not come to its total.
        public let due: Money?

        /// Puts the parts together.
        public init(state: OrderState, kind: ProductKind, lateMoney: LateMoney, due: Money?) {
            self.state = state
            self.kind = kind
            self.lateMoney = lateMoney
            self.due = due
        }
    }

    /// What the inbox will say.
    public let verdict: PaymentVerdict
    /// What happens to the order.
    public let effect: Effect

    /// Puts the parts together.
    public init(verdict: PaymentVerdict, effect: Effect) {
        self.verdict = verdict
        self.effect = effect
    }

    /// Decides over a payment that was not recorded before.
    ///
    /// - Parameters:
    ///   - attempt: the attempt that the notice names, if there is one
    ///   - order: where the order of that attempt stands
    public static func decide(on notice: PaymentNotice, attempt: Attempt?, order: Standing?) -> PaymentDecision {
        guard let attempt, let order else { return PaymentDecision(verdict: .unknownOrder, effect: .none) }
        guard notice.claim != .notPaid else { return PaymentDecision(verdict: .mismatched, effect: .none) }
        let isExact =
            notice.claim == .paid && notice.amount == attempt.amount && notice.amount == order.due
            && notice.channel == attempt.channel
        switch order.state {
        case .awaitingPayment:
            let delivery = order.kind == .manual ? Effect.pay : .deliver
            return isExact
                ? PaymentDecision(verdict: .accepted, effect: delivery)
                : PaymentDecision(verdict: .mismatched, effect: .review)
        case .expired, .cancelled:
            return isExact
                ? PaymentDecision(verdict: .late, effect: late(order.lateMoney))
                : PaymentDecision(verdict: .mismatched, effect: .review)
        case .paid, .delivered, .refundPending, .refunded:
            return PaymentDecision(verdict: isExact ? .late : .mismatched, effect: .openRefund)
        case .queued, .rejected, .review:
            return PaymentDecision(verdict: isExact ? .late : .mismatched, effect: .none)
        }
    }

    /// Decides anew over a payment that waits in *review*. Like ``decide(on:attempt:order:)``, but an order in
    /// *review* gets its goods if the money is exact: the owner asks for it, so the product's wish to review late
    /// money first is met.
    public static func replay(of notice: PaymentNotice, attempt: Attempt?, order: Standing?) -> PaymentDecision {
        let first = decide(on: notice, attempt: attempt, order: order)
        guard let order, first.verdict == .late else { return first }
        switch (order.state, first.effect) {
        case (.review, _), (.expired, .review), (.cancelled, .review):
            return PaymentDecision(
                verdict: .late, effect: .claimAgain(otherwise: order.lateMoney == .wait ? .wait : .review))
        default: return first
        }
    }

    private static func late(_ rule: LateMoney) -> Effect {
        switch rule {
        case .deliver: .claimAgain(otherwise: .review)
        case .wait: .claimAgain(otherwise: .wait)
        case .review: .review
        }
    }
}

/// One try to pay one order through one channel.
public struct Attempt: Hashable, Sendable {
    /// The merchant order number.
    public let id: AttemptID
    /// The order to be paid.
    public let order: OrderID
    /// The way it is paid.
    public let channel: Slug
    /// What the provider is asked to take.
    public let amount: Money
    /// When it was opened.
    public let createdAt: Timestamp

    /// Puts parts together.
    public init(id: AttemptID, order: OrderID, channel: Slug, amount: Money, createdAt: Timestamp) {
        self.id = id
        self.order = order
        self.channel = channel
        self.amount = amount
        self.createdAt = createdAt
    }
}

/// What an authentic callback says: money came in.
public struct PaymentNotice: Hashable, Sendable {
    /// The channel it came through.
    public let channel: Slug
    /// The provider's own name for this payment; one payment has one.
    public let providerEvent: String
    /// The merchant order number it names, as it was sent.
    public let attempt: String
    /// What was paid; nil when the callback does not say it in a form that can be trusted.
    public let amount: Money?

    /// The longest provider event and merchant order number, in characters.
    public static let maximumNameLength = 128

    /// Puts parts together.
    public init(channel: Slug, providerEvent: String, attempt: String, amount: Money?) {
        self.channel = channel
        self.providerEvent = providerEvent
        self.attempt = attempt
        self.amount = amount
    }
}

/// What the shop thinks of a callback. The raw values are those of the database and the API.
public enum PaymentVerdict: String, CaseIterable, Sendable {
    /// The exact amount for an order that was waiting for it.
    case accepted
    /// A payment that was recorded before.
    case duplicate
    /// The signature is wrong or absent, or the callback cannot be read.
    case forged
    /// Authentic, but the amount, the currency or the channel is another.
    case mismatched
    /// Authentic and exact, but the order was no longer waiting.
    case late
    /// Authentic, but no attempt has that number.
    case unknownOrder = "unknown_order"
}

/// What became of verified money. The raw values are those of the database and the API.
public enum PaymentResolution: String, CaseIterable, Sendable {
    /// The buyer has the cards.
    case delivered
    /// The owner must look.
    case review
    /// It was given back.
    case refunded
}

/// What a verified payment does to an order.
public struct PaymentDecision: Hashable, Sendable {
    /// The effect on the order.
    public enum Effect: Hashable, Sendable {
        /// The order stays as it is.
        case none
        /// The held cards become the buyer's.
        case deliver
        /// Cards are claimed again and delivered; with none left the order goes to *review*.
        case claimAgain
        /// The order goes to *review* and its cards, if it holds any, back to the pool.
        case review
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

    /// Decides over a payment that is not a duplicate.
    ///
    /// - Parameters:
    ///   - attempt: the attempt that the notice names, if there is one
    ///   - state: where the order of that attempt stands
    public static func decide(on notice: PaymentNotice, attempt: Attempt?, state: OrderState?) -> PaymentDecision {
        guard let attempt, let state else { return PaymentDecision(verdict: .unknownOrder, effect: .none) }
        let isExact = notice.amount == attempt.amount && notice.channel == attempt.channel
        switch state {
        case .awaitingPayment:
            return isExact
                ? PaymentDecision(verdict: .accepted, effect: .deliver)
                : PaymentDecision(verdict: .mismatched, effect: .review)
        case .expired, .cancelled:
            return isExact
                ? PaymentDecision(verdict: .late, effect: .claimAgain)
                : PaymentDecision(verdict: .mismatched, effect: .review)
        case .queued, .rejected, .paid, .delivered, .review, .refundPending, .refunded:
            return PaymentDecision(verdict: isExact ? .late : .mismatched, effect: .none)
        }
    }
}

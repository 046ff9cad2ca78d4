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

/// What an authentic callback, or a provider's own answer to a query, says.
public struct PaymentNotice: Hashable, Sendable {
    /// What is claimed to have happened. The raw values are stored.
    public enum Claim: String, Sendable {
        /// Money came in for the channel's own merchant.
        case paid
        /// Money came in, but for another merchant.
        case paidToAnother = "paid_to_another"
        /// The payment stands otherwise: it waits, was closed, or failed. No money.
        case notPaid = "not_paid"
    }

    /// The channel it came through.
    public let channel: Slug
    /// The provider's own name for this payment; one payment has one.
    public let providerEvent: String
    /// The merchant order number it names, as it was sent.
    public let attempt: String
    /// What was paid; nil when the callback does not say it in a form that can be trusted.
    public let amount: Money?
    /// What is claimed to have happened.
    public let claim: Claim

    /// The longest provider event and merchant order number, in characters.
    public static let maximumNameLength = 128

    /// Puts parts together.
    public init(channel: Slug, providerEvent: String, attempt: String, amount: Money?, claim: Claim = .paid) {
        self.channel = channel
        self.providerEvent = providerEvent
        self.attempt = attempt
        self.amount = amount
        self.claim = claim
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
    /// Authentic, but the amount, the currency, the merchant or the channel is another, or no money is claimed.
    case mismatched
    /// Authentic and exact, but the order was no longer waiting.
    case late
    /// Authentic, but no attempt has that number.
    case unknownOrder = "unknown_order"

    /// Whether the provider hears its word for success. It does not for what is recorded and refused, so that the
    /// provider's own books show it as well.
    public var isConfirmed: Bool {
        switch self {
        case .accepted, .duplicate, .late: true
        case .forged, .mismatched, .unknownOrder: false
        }
    }
}

/// What became of verified money. The raw values are those of the database and the API.
public enum PaymentResolution: String, CaseIterable, Sendable {
    /// The buyer has the cards.
    case delivered
    /// The order is paid; its goods are still to come.
    case pending
    /// The owner must look.
    case review
    /// It was given back.
    case refunded
    /// The owner confirmed the order by hand over it; the entry made then carries the delivery.
    case confirmed
}

public import Domain

/// A callback whose signature was checked, with what was received.
public struct PaymentReceipt: Hashable, Sendable {
    /// What it says.
    public let notice: PaymentNotice
    /// What was received, as text without signing keys, cut to the bound.
    public let raw: String
    /// When it came.
    public let receivedAt: Timestamp

    /// Puts the parts together.
    public init(notice: PaymentNotice, raw: String, receivedAt: Timestamp) {
        self.notice = notice
        self.raw = raw
        self.receivedAt = receivedAt
    }
}

/// What a verified payment did.
public struct PaymentRecord: Hashable, Sendable {
    /// The shop's judgement.
    public let verdict: PaymentVerdict
    /// Whether the provider hears its word for success. A duplicate hears what the first one heard.
    public let isConfirmed: Bool
    /// The order, if there is one, as it is now, and what changed.
    public let change: OrderChange?

    /// The order, if there is one, as it is now.
    public var order: Order? { change?.order }
    /// Whether the order changed.
    public var changed: Bool { change?.changed ?? false }

    /// Puts the parts together.
    public init(verdict: PaymentVerdict, isConfirmed: Bool, change: OrderChange?) {
        self.verdict = verdict
        self.isConfirmed = isConfirmed
        self.change = change
    }
}

/// What came of judging a recorded payment anew.
public struct PaymentReplay: Hashable, Sendable {
    /// The entry as it is now.
    public let entry: PaymentEntry
    /// The order, if there is one, as it is now, and what changed.
    public let change: OrderChange?

    /// Puts the parts together.
    public init(entry: PaymentEntry, change: OrderChange?) {
        self.entry = entry
        self.change = change
    }
}

/// A callback that could not be verified.
public struct ForgedCallback: Hashable, Sendable {
    /// What was received, cut to the bound.
    public let raw: String
    /// When it came.
    public let receivedAt: Timestamp

    /// Puts the parts together.
    public init(raw: String, receivedAt: Timestamp) {
        self.raw = raw
        self.receivedAt = receivedAt
    }
}

/// An attempt whose provider is to be asked.
public struct DueQuery: Hashable, Sendable {
    /// The attempt.
    public let attempt: Attempt
    /// How often it was asked before.
    public let queries: Int

    /// Puts the parts together.
    public init(attempt: Attempt, queries: Int) {
        self.attempt = attempt
        self.queries = queries
    }
}

/// One line of the payment inbox.
public struct PaymentEntry: Hashable, Sendable {
    /// Row number, from 1; newer is larger.
    public let id: Int64
    /// The channel it came through.
    public let channel: String
    /// The provider's name for the payment; nil when the callback is forged.
    public let providerEvent: String?
    /// The merchant order number it named.
    public let attempt: String?
    /// The order it belongs to.
    public let order: OrderID?
    /// What was paid.
    public let amount: Money?
    /// The shop's judgement.
    public let verdict: PaymentVerdict
    /// What became of the money.
    public let resolution: PaymentResolution?
    /// When it came.
    public let receivedAt: Timestamp

    /// Puts stored parts together.
    public init(
        id: Int64, channel: String, providerEvent: String?, attempt: String?, order: OrderID?, amount: Money?,
        verdict: PaymentVerdict, resolution: PaymentResolution?, receivedAt: Timestamp
    ) {
        self.id = id
        self.channel = channel
        self.providerEvent = providerEvent
        self.attempt = attempt
        self.order = order
        self.amount = amount
        self.verdict = verdict
        self.resolution = resolution
        self.receivedAt = receivedAt
    }
}

public import Domain

/// Money that is to be given back, or may have to be.
public struct RefundCase: Hashable, Sendable {
    /// Row number, from 1.
    public let id: Int64
    /// The order it was paid for.
    public let order: OrderID
    /// The entry of the payment inbox.
    public let payment: Int64
    /// The channel the money came through.
    public let channel: String
    /// The attempt it was paid for; nil when the order was confirmed by hand, several payments name the attempt, or it
    /// is not certain how much came to whom: then no provider can be told what to give back.
    public let attempt: AttemptID?
    /// How much.
    public let amount: Money
    /// Where it stands.
    public let state: RefundState
    /// Who decided, and why; nil while it is open.
    public let note: OwnerNote?
    /// What the last try came to, for the owner.
    public let outcome: String?
    /// When the case was opened.
    public let createdAt: Timestamp
    /// When it last changed.
    public let changedAt: Timestamp

    /// Puts stored parts together.
    public init(
        id: Int64, order: OrderID, payment: Int64, channel: String, attempt: AttemptID?, amount: Money,
        state: RefundState, note: OwnerNote?, outcome: String?, createdAt: Timestamp, changedAt: Timestamp
    ) {
        self.id = id
        self.order = order
        self.payment = payment
        self.channel = channel
        self.attempt = attempt
        self.amount = amount
        self.state = state
        self.note = note
        self.outcome = outcome
        self.createdAt = createdAt
        self.changedAt = changedAt
    }
}

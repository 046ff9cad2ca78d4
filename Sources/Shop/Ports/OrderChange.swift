public import Domain

/// What the gate must hear of a change that the ledger made.
public struct GateEffect: Hashable, Sendable {
    /// How the order's ticket ends, if it had one.
    public var end: TicketEnd?
    /// Cards taken from the pool past the gate.
    public var cardsTaken: Int
    /// Units that the buyer got (or, when negative, gave back) past the gate.
    public var units: Int
    /// Number of the change by which the product's cards or units went past the gate; 0 when none did.
    public var change: Int64

    /// Nothing.
    public static let none = GateEffect()

    /// Puts the parts together.
    public init(end: TicketEnd? = nil, cardsTaken: Int = 0, units: Int = 0, change: Int64 = 0) {
        self.end = end
        self.cardsTaken = cardsTaken
        self.units = units
        self.change = change
    }
}

/// What a state change did, for the gate and for those who watch the order.
public struct OrderChange: Hashable, Sendable {
    /// The order after the change.
    public let order: Order
    /// False when the order was in that state before, or could not be moved.
    public let changed: Bool
    /// What the gate must hear.
    public let gate: GateEffect

    /// Puts the parts together.
    public init(order: Order, changed: Bool, gate: GateEffect = .none) {
        self.order = order
        self.changed = changed
        self.gate = gate
    }
}

/// What a cancellation did.
public enum Cancellation: Hashable, Sendable {
    /// The order as it is now.
    case order(OrderChange)
    /// There was no such order; if it comes, it will be refused.
    case fenced
}

/// Who did something by hand, and why. Kept in the journal for ever.
public struct OwnerNote: Hashable, Sendable {
    /// Who, 1 to 64 characters.
    public let actor: String
    /// Why, at most 500 characters.
    public let reason: String?

    /// Puts checked parts together.
    public init(actor: String, reason: String?) {
        self.actor = actor
        self.reason = reason
    }
}

/// One step of an order's life.
public struct JournalEntry: Hashable, Sendable {
    /// The order's version after it.
    public let version: Int
    /// What happened.
    public let event: String
    /// Where the order stood.
    public let from: String?
    /// Where it stands after it.
    public let to: String
    /// When.
    public let at: Timestamp
    /// Who did it by hand, and why.
    public let note: OwnerNote?

    /// Puts stored parts together.
    public init(version: Int, event: String, from: String?, to: String, at: Timestamp, note: OwnerNote?) {
        self.version = version
        self.event = event
        self.from = from
        self.to = to
        self.at = at
        self.note = note
    }
}

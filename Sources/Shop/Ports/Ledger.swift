public import Domain

/// What a state change did, for the gate and for those who watch the order.
public struct OrderChange: Hashable, Sendable {
    /// The order after the change.
    public let order: Order
    /// False when the order was in that state before, or could not be moved.
    public let changed: Bool

    /// Puts the parts together.
    public init(order: Order, changed: Bool) {
        self.order = order
        self.changed = changed
    }
}

/// What a cancellation did.
public enum Cancellation: Hashable, Sendable {
    /// The order as it is now.
    case order(OrderChange)
    /// There was no such order; if it comes, it will be refused.
    case fenced
}

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
    /// The order, if there is one, as it is now.
    public let order: Order?
    /// What it did to the order.
    public let effect: PaymentDecision.Effect
    /// Whether the order changed.
    public let changed: Bool
    /// Whether cards were claimed again past the gate.
    public let claimedAgain: Bool

    /// Puts the parts together.
    public init(
        verdict: PaymentVerdict, order: Order?, effect: PaymentDecision.Effect, changed: Bool, claimedAgain: Bool
    ) {
        self.verdict = verdict
        self.order = order
        self.effect = effect
        self.changed = changed
        self.claimedAgain = claimedAgain
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

/// Which orders an admin page shows.
public struct OrderFilter: Hashable, Sendable {
    /// Only orders in this state.
    public var state: OrderState?
    /// Only orders of this buyer.
    public var buyer: Buyer?
    /// Only orders older than this one.
    public var after: OrderID?
    /// At most this many.
    public var limit: Int

    /// Everything, newest first.
    public init(state: OrderState? = nil, buyer: Buyer? = nil, after: OrderID? = nil, limit: Int) {
        self.state = state
        self.buyer = buyer
        self.after = after
        self.limit = limit
    }
}

/// Which payments an admin page shows.
public struct PaymentFilter: Hashable, Sendable {
    /// Only payments with this verdict.
    public var verdict: PaymentVerdict?
    /// Only payments older than this row.
    public var after: Int64?
    /// At most this many.
    public var limit: Int

    /// Everything, newest first.
    public init(verdict: PaymentVerdict? = nil, after: Int64? = nil, limit: Int) {
        self.verdict = verdict
        self.after = after
        self.limit = limit
    }
}

/// Whether the ledger can take writes.
public enum LedgerHealth: Hashable, Sendable {
    /// It can.
    case writable
    /// It cannot, for the reason given; `recovers` tells whether it will try again by itself.
    case stopped(reason: String, recovers: Bool)
}

/// The only authority over orders, cards and money. Every call is one transaction or one snapshot. All of them throw
/// *busy* when the ledger takes no writes, *outcome_unknown* when a flush failed, *internal* otherwise.
public protocol Ledger: Sendable {
    /// Places a batch in one transaction, in order. `completion` is called exactly once, after the flush, with one
    /// placement a submission.
    func place(
        _ batch: [Submission], completion: @escaping @Sendable (Result<[Placement], ShopError>) -> Void)
    /// Ends an unpaid order and gives its cards back. Of an order that is not there, a fence is left.
    func cancel(_ id: OrderID, at moment: Timestamp) async throws(ShopError) -> Cancellation
    /// Ends holds that ran out at `moment` or before, at most `limit` of them.
    func expire(at moment: Timestamp, limit: Int) async throws(ShopError) -> [Order]
    /// Opens an attempt, or returns the one that is open for the same order and channel.
    func open(_ attempt: Attempt) async throws(ShopError) -> (attempt: Attempt, isNew: Bool)
    /// Records a verified payment and all that follows from it.
    func record(_ receipt: PaymentReceipt) async throws(ShopError) -> PaymentRecord
    /// Records a callback that could not be verified, within the bounds.
    func recordForged(channel: Slug, raw: String, at moment: Timestamp) async throws(ShopError)

    /// One order; nil when there is none.
    func order(_ id: OrderID) async throws(ShopError) -> Order?
    /// One attempt; nil when there is none.
    func attempt(_ id: AttemptID) async throws(ShopError) -> Attempt?
    /// The sealed secrets of an order, in the order of their claim; empty unless it is delivered.
    func cards(of id: OrderID) async throws(ShopError) -> [[UInt8]]
    /// Orders with this query tag, newest first.
    func orders(queryTag: [UInt8], limit: Int) async throws(ShopError) -> [Order]
    /// A page of orders, newest first.
    func orders(_ filter: OrderFilter) async throws(ShopError) -> [Order]
    /// A page of the payment inbox, newest first.
    func payments(_ filter: PaymentFilter) async throws(ShopError) -> [PaymentEntry]
    /// Number of orders by state and of cards by product and state.
    func census() async throws(ShopError) -> LedgerCensus
    /// What a gate needs to open, from one snapshot.
    func gateSnapshot(keysSince: Timestamp, maximumUnits: Int, maximumKeys: Int) async throws(ShopError)
        -> GateSnapshot
    /// Checks the invariants over one snapshot.
    func audit() async throws(ShopError) -> AuditReport
    /// Whether writes are taken.
    var health: LedgerHealth { get }
    /// Tries a small write, so that a ledger that stopped because its disk was full notices that there is room again.
    func probe() async
}

/// Counts for metrics.
public struct LedgerCensus: Sendable {
    /// Cards by product slug and state.
    public var cards: [String: [CardState: Int]]
    /// Callbacks that were counted whether they are kept or not: channel, verdict, how many.
    public var callbacks: [(channel: String, verdict: String, count: Int)]

    /// Puts the counts together.
    public init(
        cards: [String: [CardState: Int]], callbacks: [(channel: String, verdict: String, count: Int)]
    ) {
        self.cards = cards
        self.callbacks = callbacks
    }
}

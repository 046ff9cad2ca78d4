public import Domain

/// What a ledger knows of an order number.
public enum OrderStanding: Hashable, Sendable {
    /// There is no such order yet.
    case unwritten
    /// It was cancelled before it was written, and never will be.
    case fenced
    /// The order.
    case written(Order)

    /// The order; nil while it is not written.
    public var order: Order? {
        if case .written(let order) = self { order } else { nil }
    }

    /// Where the order stands for its buyer, if it is one of the shop's.
    public var state: OrderState {
        switch self {
        case .unwritten: .queued
        case .fenced: .cancelled
        case .written(let order): order.state
        }
    }

    /// Grows with every change: 0 while the order is not written, 1 when it never will be.
    public var version: Int {
        switch self {
        case .unwritten: 0
        case .fenced: 1
        case .written(let order): order.version
        }
    }
}

/// What those who watch an order hear.
public struct OrderNews: Hashable, Sendable {
    /// Where the order stands.
    public let state: OrderState
    /// The version of that; news may come twice, and older after newer.
    public let version: Int

    /// Puts the parts together.
    public init(state: OrderState, version: Int) {
        self.state = state
        self.version = version
    }

    /// What is known of an order, in short.
    public init(_ standing: OrderStanding) { self.init(state: standing.state, version: standing.version) }
}

/// An order that has changed.
public struct BoardEntry: Hashable, Sendable {
    /// Which one.
    public let order: OrderID
    /// Its version after the change, or one that it has passed.
    public let version: Int
    /// How it stands; nil when the teller knows only that it has changed, so that whoever looks asks the ledger.
    public let standing: OrderStanding?

    private init(order: OrderID, version: Int, standing: OrderStanding?) {
        self.order = order
        self.version = version
        self.standing = standing
    }

    /// An order as the ledger has it now.
    public init(_ order: Order) {
        self.init(order: order.id, version: order.version, standing: .written(order))
    }

    /// An order that was cancelled before it was written.
    public init(fenced order: OrderID) {
        let standing = OrderStanding.fenced
        self.init(order: order, version: standing.version, standing: standing)
    }

    /// An order of which it is only known that the ledger has judged it.
    public init(judged order: OrderID) { self.init(order: order, version: 1, standing: nil) }

    /// What became of a draft that came to the ledger by a log; nil when nothing did.
    public init?(_ draft: OrderDraft, _ placement: Placement) {
        switch placement {
        case .placed(let order):
            self.init(order)
        case .existing(let order) where order.id == draft.id:
            // Seen without being locked: it may have gone on since.
            self.init(order: order.id, version: order.version, standing: nil)
        case .existing, .mismatched, .refused:
            // The buyer was told that it is queued, so the ledger keeps it.
            self.init(Order(draft, state: .rejected, version: 1, expiresAt: nil))
        case .fenced:
            self.init(fenced: draft.id)
        case .queued, .unknownKey:
            return nil
        }
    }
}

/// Where the nodes of a shop tell each other of orders that have changed, and where the standing of an order that
/// somebody looks at is kept for a moment. A copy, which may be a little behind: what is decided is decided by the
/// ledger.
public protocol OrderBoard: Sendable {
    /// Asks the ledger how an order stands.
    typealias Read = @Sendable (OrderID) async throws(ShopError) -> OrderStanding

    /// A stream of the order's next states; nil when too many watch already or the shop is stopping. A slow reader
    /// gets the newest.
    func watch(_ order: OrderID) -> AsyncStream<OrderNews>?
    /// Tells those who watch, and whoever looks next. May be lost; then it is noticed some seconds later.
    func tell(_ changes: [BoardEntry])
    /// How an order stands: what is kept, or else what the ledger says.
    ///
    /// - Throws: what the ledger throws; trouble with the board itself is none
    func standing(of order: OrderID) async throws(ShopError) -> OrderStanding
    /// Ends every stream, so that a stopping shop does not wait for readers.
    func close()
}

extension Ledger {
    /// How a board asks this ledger.
    public var standings: OrderBoard.Read {
        { order throws(ShopError) in try await standing(of: order) }
    }
}

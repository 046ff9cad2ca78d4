public import Domain

/// A request to be let through to the intake.
public struct AdmissionRequest: Hashable, Sendable {
    /// The order that will be placed, complete: a gate that other nodes share remembers it until the log has it.
    public let draft: OrderDraft
    /// Whether the ledger has said that it does not know the draft's idempotency key.
    public let isKeyNew: Bool

    /// Puts the parts together.
    public init(_ draft: OrderDraft, isKeyNew: Bool = false) {
        self.draft = draft
        self.isKeyNew = isKeyNew
    }
}

/// The gate's answer.
public enum Admission: Hashable, Sendable {
    /// A ticket was taken out; the ledger decides.
    case admitted
    /// The key has been seen, or may have been and nothing can be had without it: only the ledger can say which order
    /// it stands for. Nothing was taken.
    case seenBefore
    /// Not now.
    case refused(Refusal)
    /// The gate knows nothing, cannot be asked, or lets nobody through for a while. Nothing was taken.
    case closed
    /// The gate was asked and its answer was lost: a ticket may have been taken out, and the order may yet be placed.
    case unknown
}

/// How a ticket ends.
public enum TicketEnd: Hashable, Sendable {
    /// The ledger did not place the order: stock, units and key go back.
    case notPlaced
    /// The order ended unpaid: stock and units go back, the key stays known.
    case released
    /// The cards are the buyer's: the units stay counted, nothing is held any more.
    case sold
}

/// What the gate must know of a ledger to open.
public struct GateSnapshot: Hashable, Sendable {
    /// An order that holds cards.
    public struct Ticket: Hashable, Sendable {
        /// The order.
        public let order: OrderID
        /// Its product.
        public let product: ProductID
        /// Its buyer.
        public let buyer: Buyer
        /// The units it holds.
        public let quantity: Int
        /// Which cards they were taken from; nil for a product without any.
        public let pool: Pool?

        /// Puts the parts together.
        public init(order: OrderID, product: ProductID, buyer: Buyer, quantity: Int, pool: Pool? = .drawn) {
            self.order = order
            self.product = product
            self.buyer = buyer
            self.quantity = quantity
            self.pool = pool
        }
    }

    /// The units of one buyer of one product.
    public struct Units: Hashable, Sendable {
        /// The product.
        public let product: ProductID
        /// The buyer.
        public let buyer: Buyer
        /// What the buyer has.
        public let units: BuyerUnits

        /// Puts the parts together.
        public init(product: ProductID, buyer: Buyer, units: BuyerUnits) {
            self.product = product
            self.buyer = buyer
            self.units = units
        }
    }

    /// A remembered idempotency key.
    public struct Key: Hashable, Sendable {
        /// The scope of the key.
        public let product: ProductID
        /// The key.
        public let key: String

        /// Puts the parts together.
        public init(product: ProductID, key: String) {
            self.product = product
            self.key = key
        }
    }

    /// Available cards by product, without those that buyers pick.
    public var available: [ProductID: Int] = [:]
    /// Available cards that buyers pick, by product.
    public var pickable: [ProductID: Int] = [:]
    /// Number of the last change that went past the gate, by product; stock and units hold all up to it and none after
    /// it. A product without one had no such change.
    public var changes: [ProductID: Int64] = [:]
    /// Every open hold.
    public var tickets: [Ticket] = []
    /// Units of buyers, up to the gate's bound.
    public var units: [Units] = []
    /// Recent idempotency keys, oldest first, up to the gate's bound.
    public var keys: [Key] = []
    /// Whether those are all keys that the ledger knows.
    public var hasAllKeys = true

    /// An empty ledger.
    public init() {}

    /// Available cards of both pools.
    public var stock: [StockPlace: Int] {
        var stock: [StockPlace: Int] = [:]
        for (product, count) in available { stock[StockPlace(product: product, pool: .drawn)] = count }
        for (product, count) in pickable { stock[StockPlace(product: product, pool: .picked)] = count }
        return stock
    }
}

/// A pool of a product.
public struct StockPlace: Hashable, Sendable {
    /// The product.
    public let product: ProductID
    /// Which of its cards.
    public let pool: Pool

    /// Puts the parts together.
    public init(product: ProductID, pool: Pool) {
        self.product = product
        self.pool = pool
    }
}

/// What a gate believes at one moment.
public struct GateLook: Hashable, Sendable {
    /// Whether it lets buyers through.
    public var isOpen: Bool
    /// Available cards; empty while it is closed.
    public var available: [StockPlace: Int]
    /// Bytes of orders that it let through into a log and that no ledger has judged.
    public var waitingBytes: Int
    /// Orders of its outbox, of which it is not known whether the log has them.
    public var unlogged: Int

    /// Puts the parts together.
    public init(isOpen: Bool, available: [StockPlace: Int] = [:], waitingBytes: Int = 0, unlogged: Int = 0) {
        self.isOpen = isOpen
        self.available = available
        self.waitingBytes = waitingBytes
        self.unlogged = unlogged
    }
}

/// Answers in microseconds whether a buyer may try. It knows nothing for certain: it may turn away a buyer who could
/// have been served, and it can never grant a sale. Until it has loaded a snapshot it is closed.
///
/// Calls about one order that come from one thread take effect in their order.
///
/// ``end(_:_:)``, ``restock(_:_:by:change:)`` and ``count(_:of:units:change:)`` are news of what the ledger has
/// committed. They take effect exactly once, also while the gate is loaded anew: what is told after ``close(term:)`` is
/// kept and takes effect when the gate opens, unless the snapshot holds it already. An end is known by its ticket,
/// everything else by the number of its change.
///
/// What returns nothing may be lost with the connection to the gate's engine: after a lost end it believes in less
/// stock than there is, after lost news of cards or units that went past it in more or in less. Then the ledger
/// refuses, and the next load puts it right.
public protocol Gate: Sendable {
    /// Judges a request and, when it is admitted, takes out a ticket for the order. `reply` is called exactly once. A
    /// request for an order that has a ticket is admitted, and takes nothing.
    func admit(_ request: AdmissionRequest, reply: @escaping @Sendable (Admission) -> Void)
    /// Whether an idempotency key of a product has been seen, or may have been. `reply` is called exactly once.
    func mayKnow(_ key: String, of product: ProductID, reply: @escaping @Sendable (Bool) -> Void)
    /// Ends the ticket of an order. Without a ticket nothing happens, so that stock comes back once.
    func end(_ order: OrderID, _ end: TicketEnd)
    /// The ledger has judged these orders, which had come by a log. Until it has, they count towards what may wait in
    /// the log.
    func judged(_ orders: [OrderID])
    /// Cards were added to the pool, or, when negative, taken from it past the gate.
    ///
    /// - Parameter change: the number that the ledger gave to it. What is not newer than the snapshot's number of the
    ///   product has no effect: the snapshot holds it. Several changes may come in any order.
    func restock(_ product: ProductID, _ pool: Pool, by count: Int, change: Int64)
    /// Units that a buyer got past the gate, by late money, or, when negative, gave back.
    ///
    /// - Parameter change: as for ``restock(_:_:by:change:)``
    func count(_ buyer: Buyer, of product: ProductID, units: Int, change: Int64)
    /// Closes the gate and forgets what it knew; the snapshot to be loaded must be taken after it. News that comes from
    /// now on is kept, within a bound, until the gate is loaded.
    ///
    /// - Parameter term: the term in which the caller leads; who leads in an earlier one may not close it any more
    /// - Throws: *busy* when the gate's engine cannot be reached; *wrong_state* when it was closed in a later term.
    func close(term: Int64) async throws(ShopError)
    /// What the gate believes now, asked of its engine.
    ///
    /// - Throws: *busy* when the gate's engine cannot be reached.
    func look() async throws(ShopError) -> GateLook
    /// Replaces everything the gate knows, adds the news that was told since it was closed and that the snapshot does
    /// not hold, and opens it. A gate that was not closed before is closed first.
    ///
    /// - Throws: *busy* when the gate's engine cannot be reached or has started anew since it was closed, when somebody
    ///   else has closed the gate meanwhile, or when there was more news than it may keep; *wrong_state* when it was
    ///   not closed before and was closed in a later term. It is closed then, and has to be closed anew.
    func load(_ snapshot: GateSnapshot) async throws(ShopError)
    /// Cards of a pool that the gate believes to be available, as it last heard; 0 for an unknown product.
    func available(_ product: ProductID, _ pool: Pool) -> Int
}

/// Hears which orders a log has.
public protocol LogListener: Sendable {
    /// The log has these orders.
    func logged(_ orders: [OrderID])
}

/// Orders that a gate admitted and that a log may not have: a node may have died in between.
public protocol OrderOutbox: LogListener {
    /// Orders that were admitted at `moment` or before and that no log is known to have, oldest first. One that
    /// cannot be read is taken out and reported in the gate's metrics.
    ///
    /// - Throws: *busy* when the gate's engine cannot be reached.
    func unlogged(at moment: Timestamp, limit: Int) async throws(ShopError) -> [OrderDraft]
}

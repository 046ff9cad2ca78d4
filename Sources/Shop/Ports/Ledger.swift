public import Domain

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
    ///
    /// - Parameter queryAt: when its provider is to be asked, if it can be asked at all
    func open(_ attempt: Attempt, queryAt: Timestamp?) async throws(ShopError) -> (attempt: Attempt, isNew: Bool)
    /// Records a verified payment and all that follows from it.
    func record(_ receipt: PaymentReceipt) async throws(ShopError) -> PaymentRecord
    /// Judges a recorded payment that waits in *review* anew. Of any other nothing changes.
    ///
    /// - Throws: *not_found*; *wrong_state* for a forged entry.
    func replay(_ payment: Int64, by note: OwnerNote, at moment: Timestamp) async throws(ShopError) -> PaymentReplay
    /// Records callbacks that could not be verified, with low priority, and counts those that are not kept.
    func recordForged(_ callbacks: [ForgedCallback], uncounted: Int, channel: Slug) async throws(ShopError)
    /// Delivers an unpaid order for whose money the owner vouches.
    ///
    /// - Throws: *not_found*; *wrong_state* when the order's state does not allow it; *sold_out*,
    ///   *limit_reached*, *card_taken*, *coupon_used_up* or *coupon_used* when its hold has ended and cannot be had
    ///   again. Then nothing has changed.
    func confirm(_ order: OrderID, by note: OwnerNote, at moment: Timestamp) async throws(ShopError) -> OrderChange
    /// Delivers a *paid* order of a manual product with a sealed text.
    func fulfil(
        _ order: OrderID, sealed: [UInt8], by note: OwnerNote, at moment: Timestamp
    ) async throws(ShopError) -> OrderChange
    /// Delivers *paid* orders that wait for restock, oldest first, as far as the pools reach.
    func deliverWaiting(at moment: Timestamp, limit: Int) async throws(ShopError) -> [OrderChange]

    /// Writes down that an order's money is to be given back: the order is *refund_pending*, each of its payments has
    /// a case that is *requested*. A second call finds them so.
    func requestRefund(
        _ order: OrderID, by note: OwnerNote, at moment: Timestamp
    ) async throws(ShopError) -> OrderChange
    /// Writes down that the money of one open case is to be given back.
    func requestRefund(case id: Int64, by note: OwnerNote, at moment: Timestamp) async throws(ShopError) -> RefundCase
    /// Writes down that the provider is about to be told to pay a requested case back. True once, so that nobody tells
    /// it twice.
    func beginTelling(refund id: Int64, at moment: Timestamp) async throws(ShopError) -> Bool
    /// Writes down that the provider surely did not pay, so that it may be told again.
    func endTelling(refund id: Int64) async throws(ShopError)
    /// Writes down what a try to give money back came to; the case stays *requested*.
    func note(refund id: Int64, outcome: String, at moment: Timestamp) async throws(ShopError)
    /// Closes a requested case: the money was given back. The last case of an order makes it *refunded*.
    func finishRefund(
        _ id: Int64, outcome: String, by note: OwnerNote, at moment: Timestamp
    ) async throws(ShopError) -> (refund: RefundCase, change: OrderChange)

    /// Attempts whose provider is to be asked now, and whose order still may be paid.
    func dueQueries(at moment: Timestamp, limit: Int) async throws(ShopError) -> [DueQuery]
    /// Sets when a provider is asked next; nil means never. False, and nothing happens, when somebody else has done so
    /// since the query was found.
    func schedule(_ query: DueQuery, number: Int, at moment: Timestamp?) async throws(ShopError) -> Bool

    /// What is known of an order number.
    func standing(of id: OrderID) async throws(ShopError) -> OrderStanding
    /// One order; nil when there is none.
    func order(_ id: OrderID) async throws(ShopError) -> Order?
    /// One attempt; nil when there is none.
    func attempt(_ id: AttemptID) async throws(ShopError) -> Attempt?
    /// What a delivered order delivers, sealed; empty unless it is delivered.
    func goods(of id: OrderID) async throws(ShopError) -> [SealedGoods]
    /// The steps of an order, first to last.
    func journal(of id: OrderID) async throws(ShopError) -> [JournalEntry]
    /// A page of refund cases, newest first.
    func refunds(_ filter: RefundFilter) async throws(ShopError) -> [RefundCase]
    /// Orders with this query tag, newest first.
    func orders(queryTag: [UInt8], limit: Int) async throws(ShopError) -> [Order]
    /// A page of orders, newest first.
    func orders(_ filter: OrderFilter) async throws(ShopError) -> [Order]
    /// A page of the payment inbox, newest first.
    func payments(_ filter: PaymentFilter) async throws(ShopError) -> [PaymentEntry]
    /// Number of orders by state and of cards by product and state.
    func census() async throws(ShopError) -> LedgerCensus
    /// Orders and takings of each hour or day of a span, first to last, without a gap.
    func figures(_ span: FigureSpan) async throws(ShopError) -> [SalesFigures]
    /// Available cards by product and pool, without those that have none. Counts every free card.
    func stock() async throws(ShopError) -> [StockPlace: Int]
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

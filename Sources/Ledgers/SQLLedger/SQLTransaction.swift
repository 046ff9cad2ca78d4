public import Domain
public import Shop

/// A value of a parameter or of a column. There are four kinds only, so that every SQL engine has them: a truth is 0
/// or 1, a moment a number of milliseconds, an identifier 16 bytes.
public enum SQLValue: Hashable, Sendable {
    /// Nothing.
    case null
    /// A whole number, or a truth.
    case integer(Int64)
    /// A text.
    case text(String)
    /// Bytes.
    case bytes([UInt8])
}

/// One row of an answer. Columns are read by name; asking for one that the statement does not have, or that is of
/// another kind, is a damaged ledger, reported as *internal*.
public struct SQLRow: Sendable {
    /// Where each column stands; shared by all rows of an answer.
    public let columns: [String: Int]
    /// The values.
    public let values: [SQLValue]

    /// Puts the parts together.
    public init(columns: [String: Int], values: [SQLValue]) {
        self.columns = columns
        self.values = values
    }
}

/// How an engine's SQL differs from the other's, where the ledger's statements meet it.
public struct SQLDialect: Sendable {
    /// Follows a SELECT of rows that the transaction is about to change, so that nobody else changes them meanwhile;
    /// empty where only one transaction writes at a time.
    public let forUpdate: String
    /// By what the free cards of a product are put in the order of their numbers, so that the engine goes along the
    /// index of those that are free, and not past all that are sold.
    public let cardOrder: String

    /// Follows ``forUpdate`` where rows that somebody else is changing just now are passed over; empty where nobody is.
    public let skipLocked: String

    /// Puts the parts together.
    public init(forUpdate: String, cardOrder: String = "id", skipLocked: String = "") {
        self.forUpdate = forUpdate
        self.cardOrder = cardOrder
        self.skipLocked = skipLocked
    }
}

/// One open transaction, or one snapshot. Belongs to the thread that it was given to, for as long as the call lasts.
///
/// Parameters are written `?`, or `?1`, `?2`… when one is used twice; never both in one statement. Statements keep to
/// what all engines share: `RETURNING`, `ON CONFLICT`, `FILTER`, `IS [NOT] DISTINCT FROM`, window functions, `CAST(… AS
/// BIGINT)` around sums; no `INSERT OR`, no `iif`, no `max` of two values, no bare truths summed up.
public protocol SQLTransaction {
    /// How the engine's SQL differs.
    var dialect: SQLDialect { get }
    /// Adds cards to the pool of a product, with a batch of which they are; returns the positions of those that were
    /// there before, or twice among them, and were not added.
    func insert(_ cards: [SealedCard], of product: ProductID, batch: Int64) throws -> [Int]
    /// Cards by product and fingerprint, in no order, by ``Statements/cardColumns``.
    func cards(withFingerprints fingerprints: [CardFingerprint]) throws -> [SQLRow]
    /// Runs a statement that returns no rows; says how many rows it touched.
    func run(_ sql: String, _ arguments: [SQLValue]) throws -> Int
    /// Runs a statement and gives each row of its answer in turn, without keeping them.
    func each(_ sql: String, _ arguments: [SQLValue], _ body: (SQLRow) throws -> Void) throws
    /// Runs `body` so that it can be undone alone: nil, with nothing changed, when it throws a ``ShopError`` or breaks
    /// a constraint.
    func attempting<Value>(_ body: () throws -> Value?) throws -> Value?
    /// Keeps others from judging this product's stock and limits until the transaction ends. Nothing where only one
    /// transaction writes at a time. Products are locked before coupons, and both before cards.
    func lock(_ product: ProductID) throws

    // How an order is found by its buyer is each engine's own matter: see SQLite's recent orders.

    /// Units that a buyer has of a product: orders that count for their buyer.
    func units(of buyer: Buyer, product: ProductID) throws -> BuyerUnits
    /// How many orders of a buyer that count use a coupon.
    func uses(of coupon: CouponID, by buyer: Buyer) throws -> Int
    /// Told when an order begins or ceases to count for its buyer, after its row was changed.
    func file(_ order: Order, counts: Bool) throws
}

/// How urgent a write is.
public enum SQLLane: Hashable, Sendable {
    /// Orders and payments.
    case urgent
    /// Imports, exports and clean-up, in slices.
    case patient
}

/// A ledger on an SQL engine. All verbs but placing are the same on each, and stand in extensions of this protocol.
public protocol SQLLedger: Ledger, Catalog, CardStore, StaffStore {
    /// The bounds of the shop.
    var limits: Limits { get }
    /// Whether the shop's categories live in this ledger, which then checks that they are there. Of other shards,
    /// whoever puts them together does.
    var keepsCategories: Bool { get }
    /// Runs `body` as one transaction; returns when it is durable. `body` may run more than once, when the engine
    /// asks for that before anything is committed.
    func write<Value: Sendable>(
        _ lane: SQLLane, _ body: @escaping @Sendable (any SQLTransaction) throws -> Value
    ) async throws(ShopError) -> Value
    /// Reads one snapshot.
    func read<Value: Sendable>(
        _ body: @escaping @Sendable (any SQLTransaction) throws -> Value
    ) async throws(ShopError) -> Value
    /// Reads by one statement; `body` must not run a second one, which might see another moment.
    func readOnce<Value: Sendable>(
        _ body: @escaping @Sendable (any SQLTransaction) throws -> Value
    ) async throws(ShopError) -> Value
    /// Reads one snapshot that takes a while to go through.
    func readAtLeisure<Value: Sendable>(
        _ body: @escaping @Sendable (any SQLTransaction) throws -> Value
    ) async throws(ShopError) -> Value
}

extension SQLLedger {
    public var keepsCategories: Bool { true }

    /// A snapshot costs nothing where the engine is in the process.
    public func readOnce<Value: Sendable>(
        _ body: @escaping @Sendable (any SQLTransaction) throws -> Value
    ) async throws(ShopError) -> Value {
        try await read(body)
    }
}

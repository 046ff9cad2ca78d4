public import Domain

/// A card that is about to be stored: its secret is sealed already.
public struct SealedCard: Hashable, Sendable {
    /// Keyed digest of the secret, the same for the same secret of the same product.
    public let fingerprint: [UInt8]
    /// The sealed secret.
    public let secret: [UInt8]
    /// What the buyer is told with it, sealed.
    public let note: [UInt8]?

    /// Puts the parts together.
    public init(fingerprint: [UInt8], secret: [UInt8], note: [UInt8]? = nil) {
        self.fingerprint = fingerprint
        self.secret = secret
        self.note = note
    }
}

/// What a buyer gets, sealed.
public struct SealedGoods: Hashable, Sendable {
    /// The sealed secret.
    public let secret: [UInt8]
    /// What the buyer is told with it, sealed.
    public let note: [UInt8]?

    /// Puts the parts together.
    public init(secret: [UInt8], note: [UInt8]? = nil) {
        self.secret = secret
        self.note = note
    }
}

/// What a slice of an import did.
public struct ImportedSlice: Hashable, Sendable {
    /// Cards added to the pool.
    public let imported: Int
    /// Positions in the slice of those that were there before, or twice in the slice.
    public let duplicates: [Int]

    /// Puts the parts together.
    public init(imported: Int, duplicates: [Int]) {
        self.imported = imported
        self.duplicates = duplicates
    }
}

/// A card as the owner sees it, without its secret.
public struct CardEntry: Hashable, Sendable {
    /// Row number, from 1.
    public let id: Int64
    /// The product.
    public let product: ProductID
    /// The batch it came with.
    public let batch: Int64
    /// Where it stands.
    public let state: CardState
    /// The order that holds it or has bought it.
    public let order: OrderID?

    /// Puts stored parts together.
    public init(id: Int64, product: ProductID, batch: Int64, state: CardState, order: OrderID?) {
        self.id = id
        self.product = product
        self.batch = batch
        self.state = state
        self.order = order
    }
}

/// Which cards of a product an admin page or an export shows, oldest first.
public struct CardFilter: Hashable, Sendable {
    /// The product.
    public var product: ProductID
    /// Only cards in this state.
    public var state: CardState?
    /// Only cards of this batch.
    public var batch: Int64?
    /// Only cards of this order.
    public var order: OrderID?
    /// Only cards after this row.
    public var after: Int64
    /// At most this many.
    public var limit: Int

    /// All cards of a product.
    public init(
        product: ProductID, state: CardState? = nil, batch: Int64? = nil, order: OrderID? = nil, after: Int64 = 0,
        limit: Int
    ) {
        self.product = product
        self.state = state
        self.batch = batch
        self.order = order
        self.after = after
        self.limit = limit
    }
}

/// Cards that were imported together.
public struct CardBatch: Hashable, Sendable {
    /// Row number, from 1.
    public let id: Int64
    /// The product.
    public let product: ProductID
    /// When the import began.
    public let createdAt: Timestamp
    /// Cards that it added and that were not undone.
    public let imported: Int
    /// Cards that were taken out again.
    public let undone: Int
    /// How many stand where.
    public let cards: [CardState: Int]

    /// Puts stored parts together.
    public init(
        id: Int64, product: ProductID, createdAt: Timestamp, imported: Int, undone: Int, cards: [CardState: Int]
    ) {
        self.id = id
        self.product = product
        self.createdAt = createdAt
        self.imported = imported
        self.undone = undone
        self.cards = cards
    }
}

/// Something that the owner did to stock or secrets.
public struct OwnerEntry: Hashable, Sendable {
    /// Row number, from 1.
    public let id: Int64
    /// When.
    public let at: Timestamp
    /// What was done: `export`, `void`, `replace`, `undo`, `units`, `secret`, `refund`, `erase`.
    public let action: String
    /// To what; never a secret.
    public let subject: String
    /// Who, and why.
    public let note: OwnerNote

    /// Puts stored parts together.
    public init(id: Int64, at: Timestamp, action: String, subject: String, note: OwnerNote) {
        self.id = id
        self.at = at
        self.action = action
        self.subject = subject
        self.note = note
    }
}

/// Judges cards as an import would, without storing any. Remembers what it saw on disk, not in memory.
public protocol ImportRehearsal: Sendable {
    /// Positions in the slice of those that are stored already or were seen before in this rehearsal.
    func duplicates(in fingerprints: [[UInt8]]) async throws(ShopError) -> [Int]
}

/// The pool's cards. All writes are of low priority and short. Same errors as the ledger.
public protocol CardStore: Sendable {
    /// Opens a batch and returns its number.
    func openBatch(of product: ProductID, at moment: Timestamp) async throws(ShopError) -> Int64
    /// Adds cards to a batch in one short transaction. Cards that the product has had before are not stored.
    func add(_ cards: [SealedCard], to product: ProductID, batch: Int64) async throws(ShopError) -> ImportedSlice
    /// Begins a dry run.
    func rehearsal(of product: ProductID) async throws(ShopError) -> any ImportRehearsal
    /// One card; nil when there is none.
    func card(_ id: Int64) async throws(ShopError) -> CardEntry?
    /// A page of cards, oldest first.
    func cards(_ filter: CardFilter) async throws(ShopError) -> [CardEntry]
    /// A page of cards with their sealed contents, oldest first.
    func contents(_ filter: CardFilter) async throws(ShopError) -> [(id: Int64, goods: SealedGoods)]
    /// Takes an available card out of the pool; *wrong_state* when it is not available.
    func void(_ card: Int64, by note: OwnerNote, at moment: Timestamp) async throws(ShopError) -> CardEntry
    /// Voids a sold card and gives its order an available one instead; *wrong_state* when it is not sold, *sold_out*
    /// when the pool is empty.
    func replace(_ card: Int64, by note: OwnerNote, at moment: Timestamp) async throws(ShopError) -> CardEntry
    /// Batches of a product, newest first.
    func batches(of product: ProductID, limit: Int) async throws(ShopError) -> [CardBatch]
    /// One batch; nil when there is none.
    func batch(_ id: Int64) async throws(ShopError) -> CardBatch?
    /// Looks at the `limit` newest cards of a batch below a number and takes those that are available out of the books
    /// again, as if they had never come; returns how many, and where to go on, if there is more.
    func undo(_ batch: Int64, below: Int64, limit: Int) async throws(ShopError) -> (removed: Int, next: Int64?)
    /// Writes down something that the owner did.
    func log(_ action: String, subject: String, by note: OwnerNote, at moment: Timestamp) async throws(ShopError)
    /// A page of what the owner did, newest first.
    func ownerJournal(after: Int64?, limit: Int) async throws(ShopError) -> [OwnerEntry]
}

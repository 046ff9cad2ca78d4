public import Domain

/// A card that is about to be stored: its secret is sealed already.
public struct SealedCard: Hashable, Sendable {
    /// Keyed digest of the secret, the same for the same secret of the same product.
    public let fingerprint: [UInt8]
    /// The sealed secret.
    public let secret: [UInt8]
    /// What the buyer is told with it, sealed.
    public let note: [UInt8]?
    /// How buyers see it, if they may pick it.
    public let preview: CardPreview?

    /// Puts the parts together.
    public init(fingerprint: [UInt8], secret: [UInt8], note: [UInt8]? = nil, preview: CardPreview? = nil) {
        self.fingerprint = fingerprint
        self.secret = secret
        self.note = note
        self.preview = preview
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

/// What a card holds, sealed.
public struct CardContent: Hashable, Sendable {
    /// Row number of the card.
    public let id: Int64
    /// Its sealed secret and note.
    public let goods: SealedGoods
    /// How buyers see it, if they may pick it.
    public let preview: CardPreview?

    /// Puts stored parts together.
    public init(id: Int64, goods: SealedGoods, preview: CardPreview?) {
        self.id = id
        self.goods = goods
        self.preview = preview
    }
}

/// What a slice of an import did.
public struct ImportedSlice: Hashable, Sendable {
    /// Cards added to the pool.
    public let imported: Int
    /// Positions in the slice of those that were there before, or twice in the slice.
    public let duplicates: [Int]
    /// Number of the change of the product's stock; 0 when nothing was added.
    public let change: Int64

    /// Puts the parts together.
    public init(imported: Int, duplicates: [Int], change: Int64) {
        self.imported = imported
        self.duplicates = duplicates
        self.change = change
    }
}

/// The content of a card of a product, as a ledger can look for it.
public struct CardFingerprint: Hashable, Sendable {
    /// The product.
    public let product: ProductID
    /// Keyed digest of the secret.
    public let digest: [UInt8]

    /// Puts the parts together.
    public init(product: ProductID, digest: [UInt8]) {
        self.product = product
        self.digest = digest
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
    /// How buyers see it, if they may pick it.
    public let preview: CardPreview?

    /// Which of the product's cards it is one of.
    public var pool: Pool { preview == nil ? .drawn : .picked }

    /// Puts stored parts together.
    public init(
        id: Int64, product: ProductID, batch: Int64, state: CardState, order: OrderID?, preview: CardPreview? = nil
    ) {
        self.id = id
        self.product = product
        self.batch = batch
        self.state = state
        self.order = order
        self.preview = preview
    }
}

/// A card that has left its pool past the gate.
public struct ChangedCard: Hashable, Sendable {
    /// The card as it is now.
    public let card: CardEntry
    /// Number of the change of the product's stock.
    public let change: Int64

    /// Puts the parts together.
    public init(card: CardEntry, change: Int64) {
        self.card = card
        self.change = change
    }
}

/// A sold card that was taken back, and the one that was given for it.
public struct CardReplacement: Hashable, Sendable {
    /// The card that is voided.
    public let card: Int64
    /// The card that the order has instead.
    public let replacement: Int64
    /// When.
    public let at: Timestamp
    /// Who, and why.
    public let note: OwnerNote

    /// Puts stored parts together.
    public init(card: Int64, replacement: Int64, at: Timestamp, note: OwnerNote) {
        self.card = card
        self.replacement = replacement
        self.at = at
        self.note = note
    }
}

/// What taking some cards of a batch out again did.
public struct UndoneSlice: Hashable, Sendable {
    /// How many cards were taken out of each pool.
    public let removed: [Pool: Int]
    /// Number of the change of the product's stock; 0 when nothing was taken out.
    public let change: Int64
    /// Where to go on; nil at the end.
    public let next: Int64?
    /// How many cards in all.
    public var count: Int { removed.values.reduce(0, +) }

    /// Puts the parts together.
    public init(removed: [Pool: Int], change: Int64, next: Int64?) {
        self.removed = removed
        self.change = change
        self.next = next
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
    /// Only cards that are drawn, or only those that are picked.
    public var pool: Pool?
    /// Only cards after this row.
    public var after: Int64
    /// At most this many.
    public var limit: Int

    /// All cards of a product.
    public init(
        product: ProductID, state: CardState? = nil, batch: Int64? = nil, order: OrderID? = nil, pool: Pool? = nil,
        after: Int64 = 0, limit: Int
    ) {
        self.product = product
        self.state = state
        self.batch = batch
        self.order = order
        self.pool = pool
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
    /// What was done: `export`, `void`, `replace`, `undo`, `cancel`, `units`, `secret`, `refund`, `erase`, `product`,
    /// `category`, `coupon`, `announcement`, `settings`, `picture`, `block`, `unblock`, `channel`, `staff`, `find`.
    public let action: String
    /// To what; never a secret.
    public let subject: String
    /// Who, and why.
    public let note: OwnerNote
    /// What it was like before, a JSON object of at most ``Limits/journalBytes``; nil for what was made, of what has no
    /// such state, and in entries of older releases.
    public let before: String?
    /// What it was like after; nil for what was removed.
    public let after: String?

    /// Puts stored parts together.
    public init(
        id: Int64, at: Timestamp, action: String, subject: String, note: OwnerNote, before: String? = nil,
        after: String? = nil
    ) {
        self.id = id
        self.at = at
        self.action = action
        self.subject = subject
        self.note = note
        self.before = before
        self.after = after
    }
}

/// Judges cards as an import would, without storing any. Remembers what it saw on disk, not in memory.
public protocol ImportRehearsal: Sendable {
    /// Positions in the slice of those that are stored already or were seen before in this rehearsal.
    func duplicates(in fingerprints: [[UInt8]]) async throws(ShopError) -> [Int]
}

/// The pool's cards. All writes are of low priority and short. Same errors as the ledger.
///
/// What changes a product's pool, or its buyers' units, and is no step of an order that the gate let through gets a
/// number: one more than the last of that product, in the same transaction. See ``Gate/restock(_:_:by:change:)``.
public protocol CardStore: Sendable {
    /// Opens a batch and returns its number.
    func openBatch(of product: ProductID, at moment: Timestamp) async throws(ShopError) -> Int64
    /// Adds cards to a batch in one short transaction. Cards that the product has had before are not stored.
    func add(_ cards: [SealedCard], to product: ProductID, batch: Int64) async throws(ShopError) -> ImportedSlice
    /// Begins a dry run.
    func rehearsal(of product: ProductID) async throws(ShopError) -> any ImportRehearsal
    /// One card; nil when there is none.
    func card(_ id: Int64) async throws(ShopError) -> CardEntry?
    /// Cards by their contents: those whose fingerprints are named, at most one for each, in the order of their
    /// numbers. A card that was taken out of the books is not found.
    ///
    /// - Parameter fingerprints: keyed digests, each with the product whose it is; a product may have several
    func cards(withFingerprints fingerprints: [CardFingerprint]) async throws(ShopError) -> [CardEntry]
    /// A page of cards, oldest first.
    func cards(_ filter: CardFilter) async throws(ShopError) -> [CardEntry]
    /// A page of cards with their sealed contents, oldest first.
    func contents(_ filter: CardFilter) async throws(ShopError) -> [CardContent]
    /// Takes an available card out of the pool; *wrong_state* when it is not available.
    func void(_ card: Int64, by note: OwnerNote, at moment: Timestamp) async throws(ShopError) -> ChangedCard
    /// Voids a sold card and gives its order an available one of the same product instead; *wrong_state* when it is not
    /// sold, or the other one not available; *sold_out* when there is none.
    ///
    /// - Parameter other: the card to give; nil means the oldest of those that are drawn
    /// - Returns: the card that was given
    func replace(
        _ card: Int64, with other: Int64?, by note: OwnerNote, at moment: Timestamp
    ) async throws(ShopError) -> ChangedCard
    /// The cards of an order that were replaced, oldest first.
    func replacements(of order: OrderID) async throws(ShopError) -> [CardReplacement]
    /// A page of the available cards of a product that buyers may pick, oldest first.
    func pickable(_ product: ProductID, after: Int64, limit: Int) async throws(ShopError) -> [CardEntry]
    /// Which of these cards of a product are there to be picked now, in the order of their numbers.
    func pickable(_ cards: [Int64], of product: ProductID) async throws(ShopError) -> [PickedCard]
    /// What everybody may see of these cards of a product, whatever became of them, by number.
    func previews(of cards: [Int64], product: ProductID) async throws(ShopError) -> [Int64: CardPreview]
    /// Batches of a product, newest first.
    func batches(of product: ProductID, limit: Int) async throws(ShopError) -> [CardBatch]
    /// One batch; nil when there is none.
    func batch(_ id: Int64) async throws(ShopError) -> CardBatch?
    /// Looks at the `limit` newest cards of a batch below a number and takes those that are available out of the books
    /// again, as if they had never come.
    func undo(_ batch: Int64, below: Int64, limit: Int) async throws(ShopError) -> UndoneSlice
    /// Writes down something that the owner did.
    func log(_ action: String, subject: String, by note: OwnerNote, at moment: Timestamp) async throws(ShopError)
    /// A page of what the owner did, newest first.
    func ownerJournal(after: Int64?, limit: Int) async throws(ShopError) -> [OwnerEntry]
}

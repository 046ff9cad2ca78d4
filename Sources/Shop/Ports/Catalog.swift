public import Domain

/// A product that is to be made.
public struct ProductDraft: Hashable, Sendable {
    /// Name in addresses.
    public let slug: Slug
    /// Name for people.
    public let title: String
    /// Price of one unit.
    public let price: Money
    /// How much one order and one buyer may take.
    public let limits: PurchaseLimits
    /// How long an unpaid order holds its cards, in seconds.
    public let holdSeconds: Int64
    /// When it may be ordered.
    public let window: SaleWindow
    /// Names of what the buyer must fill in.
    public let fields: [String]

    /// Puts checked parts together.
    public init(
        slug: Slug, title: String, price: Money, limits: PurchaseLimits, holdSeconds: Int64, window: SaleWindow,
        fields: [String]
    ) {
        self.slug = slug
        self.title = title
        self.price = price
        self.limits = limits
        self.holdSeconds = holdSeconds
        self.window = window
        self.fields = fields
    }
}

/// A configured way to pay, with its secrets sealed.
public struct ChannelRecord: Hashable, Sendable {
    /// Its name.
    public let name: Slug
    /// Which provider's protocol it speaks.
    public let kind: String
    /// The settings, sealed.
    public let sealedSettings: [UInt8]
    /// Whether buyers may use it.
    public let isEnabled: Bool

    /// Puts the parts together.
    public init(name: Slug, kind: String, sealedSettings: [UInt8], isEnabled: Bool) {
        self.name = name
        self.kind = kind
        self.sealedSettings = sealedSettings
        self.isEnabled = isEnabled
    }
}

/// A card that is about to be stored: its secret is sealed already.
public struct SealedCard: Hashable, Sendable {
    /// Keyed digest of the secret, the same for the same secret of the same product.
    public let fingerprint: [UInt8]
    /// The sealed secret.
    public let secret: [UInt8]

    /// Puts the parts together.
    public init(fingerprint: [UInt8], secret: [UInt8]) {
        self.fingerprint = fingerprint
        self.secret = secret
    }
}

/// What a slice of an import did.
public struct ImportedSlice: Hashable, Sendable {
    /// Cards added to the pool.
    public var imported: Int
    /// Cards that were there before.
    public var duplicates: Int

    /// Puts the counts together.
    public init(imported: Int, duplicates: Int) {
        self.imported = imported
        self.duplicates = duplicates
    }
}

/// A data key, wrapped by the master key.
public struct WrappedKey: Hashable, Sendable {
    /// Number of the key, from 1; newer is larger.
    public let id: UInt32
    /// What it is for.
    public let purpose: String
    /// The key, sealed by the master key.
    public let wrapped: [UInt8]

    /// Puts the parts together.
    public init(id: UInt32, purpose: String, wrapped: [UInt8]) {
        self.id = id
        self.purpose = purpose
        self.wrapped = wrapped
    }
}

/// What is sold and how it may be paid, with the keys that seal it. Same errors as the ledger.
public protocol Catalog: Sendable {
    /// All products.
    func products() async throws(ShopError) -> [Product]
    /// Makes a product; *already_exists* when the slug is taken.
    func create(_ draft: ProductDraft) async throws(ShopError) -> Product
    /// All channels.
    func channels() async throws(ShopError) -> [ChannelRecord]
    /// Stores a channel; true when it is new.
    func store(_ channel: ChannelRecord) async throws(ShopError) -> Bool
    /// Opens a batch and returns its number.
    func openBatch(of product: ProductID, at moment: Timestamp) async throws(ShopError) -> Int64
    /// Adds cards to a batch in one short transaction of low priority. Cards that the product has had before are
    /// counted as duplicates and not stored.
    func add(_ cards: [SealedCard], to product: ProductID, batch: Int64) async throws(ShopError) -> ImportedSlice
    /// The wrapped data keys.
    func wrappedKeys() async throws(ShopError) -> [WrappedKey]
    /// Stores the first data keys of a new ledger.
    func store(_ keys: [WrappedKey]) async throws(ShopError)
}

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
    /// What stands behind it.
    public let kind: ProductKind
    /// What is done with money that comes after the hold.
    public let lateMoney: LateMoney
    /// What all buyers get, sealed; for shared products only.
    public var sharedSecret: [UInt8]?

    /// Puts checked parts together.
    public init(
        slug: Slug, title: String, price: Money, limits: PurchaseLimits, holdSeconds: Int64, window: SaleWindow,
        fields: [String], kind: ProductKind = .card, lateMoney: LateMoney = .deliver, sharedSecret: [UInt8]? = nil
    ) {
        self.slug = slug
        self.title = title
        self.price = price
        self.limits = limits
        self.holdSeconds = holdSeconds
        self.window = window
        self.fields = fields
        self.kind = kind
        self.lateMoney = lateMoney
        self.sharedSecret = sharedSecret
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
    /// Replaces what all buyers of a shared product get. False when the product is none.
    func store(sharedSecret: [UInt8], of product: ProductID, by note: OwnerNote, at moment: Timestamp)
        async throws(ShopError) -> Bool
    /// The wrapped data keys.
    func wrappedKeys() async throws(ShopError) -> [WrappedKey]
    /// The fingerprint of the master key that they are wrapped by; nil in a ledger that has not noted it yet.
    func masterKeyFingerprint() async throws(ShopError) -> String?
    /// Stores the first data keys of a new ledger, with the fingerprint of their master key.
    func store(_ keys: [WrappedKey], fingerprint: String) async throws(ShopError)
    /// Replaces all wrapped keys, adds those that are new and notes the fingerprint of their master key, in one
    /// transaction. *internal*, and nothing is changed, when a stored key is not among them.
    func replaceKeys(_ keys: [WrappedKey], fingerprint: String) async throws(ShopError)
}

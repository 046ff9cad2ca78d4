public import Domain

/// A product as the owner wants it.
public struct ProductDraft: Hashable, Sendable {
    /// Name in addresses; never changes.
    public let slug: Slug
    /// Name for people.
    public var title: String
    /// Price of one unit. Its currency never changes.
    public var price: Money
    /// How much one order and one buyer may take.
    public var limits: PurchaseLimits
    /// How long an unpaid order holds its cards, in seconds.
    public var holdSeconds: Int64
    /// When it may be ordered.
    public var window: SaleWindow
    /// What the buyer fills in.
    public var fields: [OrderField]
    /// What stands behind it; never changes.
    public let kind: ProductKind
    /// What is done with money that comes after the hold.
    public var lateMoney: LateMoney
    /// Lower prices of a unit for larger orders.
    public var tiers: [PriceTier]
    /// What it is shown under.
    public var category: CategoryID?
    /// Whether buyers may pick cards.
    public var isPickable: Bool
    /// How it is shown.
    public var page: ProductPage
    /// What all buyers get, sealed; for new shared products only.
    public var sharedSecret: [UInt8]?

    /// Puts checked parts together.
    public init(
        slug: Slug, title: String, price: Money, limits: PurchaseLimits, holdSeconds: Int64, window: SaleWindow,
        fields: [OrderField], kind: ProductKind = .card, lateMoney: LateMoney = .deliver, tiers: [PriceTier] = [],
        category: CategoryID? = nil, isPickable: Bool = false, page: ProductPage = .plain,
        sharedSecret: [UInt8]? = nil
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
        self.tiers = tiers
        self.category = category
        self.isPickable = isPickable
        self.page = page
        self.sharedSecret = sharedSecret
    }

    /// A product as it is, to be changed.
    public init(_ listing: Listing) {
        let product = listing.product
        self.init(
            slug: product.slug, title: product.title, price: product.price, limits: product.limits,
            holdSeconds: product.holdSeconds, window: product.window, fields: product.fields, kind: product.kind,
            lateMoney: product.lateMoney, tiers: product.tiers, category: product.category,
            isPickable: product.isPickable, page: listing.page)
    }

    /// What the draft becomes.
    public func listing(id: ProductID, version: Int) -> Listing {
        let product = Product(
            id: id, slug: slug, title: title, price: price, limits: limits, holdSeconds: holdSeconds, window: window,
            fields: fields, kind: kind, lateMoney: lateMoney, tiers: tiers, category: category,
            isPickable: isPickable, version: version)
        return Listing(product: product, page: page)
    }
}

/// A product with how it is shown.
public struct Listing: Hashable, Sendable {
    /// What orders depend on.
    public let product: Product
    /// How it is shown.
    public let page: ProductPage

    /// Puts the parts together.
    public init(product: Product, page: ProductPage) {
        self.product = product
        self.page = page
    }
}

/// A coupon with how often it is used now.
public struct CouponEntry: Hashable, Sendable {
    /// The coupon.
    public let coupon: Coupon
    /// Orders that use it.
    public let used: Int

    /// Puts stored parts together.
    public init(coupon: Coupon, used: Int) {
        self.coupon = coupon
        self.used = used
    }
}

/// What is to change of a category; nil leaves a part as it is.
public struct CategoryChange: Hashable, Sendable {
    /// Name for people.
    public let name: String?
    /// Smaller ones come first.
    public let position: Int?
    /// Whether it is left out of lists.
    public let isHidden: Bool?

    /// Puts checked parts together.
    public init(name: String? = nil, position: Int? = nil, isHidden: Bool? = nil) {
        self.name = name
        self.position = position
        self.isHidden = isHidden
    }
}

/// A category that is to be made.
public struct CategoryDraft: Hashable, Sendable {
    /// Name in addresses; never changes.
    public let slug: Slug
    /// Name for people.
    public let name: String
    /// Smaller ones come first.
    public let position: Int
    /// Whether it is left out of lists.
    public let isHidden: Bool

    /// Puts checked parts together.
    public init(slug: Slug, name: String, position: Int, isHidden: Bool) {
        self.slug = slug
        self.name = name
        self.position = position
        self.isHidden = isHidden
    }
}

/// Who changes something, and when: what the owner's journal keeps of it.
public struct OwnerDeed: Hashable, Sendable {
    /// Who, and why.
    public let note: OwnerNote
    /// When.
    public let at: Timestamp

    /// Puts the parts together.
    public init(by note: OwnerNote, at moment: Timestamp) {
        self.note = note
        at = moment
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
    /// How it is offered.
    public let terms: ChannelTerms

    /// Puts the parts together.
    public init(
        name: Slug, kind: String, sealedSettings: [UInt8], isEnabled: Bool, terms: ChannelTerms = .plain
    ) {
        self.terms = terms
        self.name = name
        self.kind = kind
        self.sealedSettings = sealedSettings
        self.isEnabled = isEnabled
    }
}

/// What the owner's journal says of a change of a channel: the names of its settings, never their values. Whoever opens
/// the settings makes it, since the ledger cannot.
public struct ChannelChange: Hashable, Sendable {
    /// What it was like; nil for a new one.
    public let before: JournalFacts?
    /// What it is like.
    public let after: JournalFacts

    /// Puts the parts together.
    public init(before: JournalFacts?, after: JournalFacts) {
        self.before = before
        self.after = after
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

/// What is sold, on which terms, and how it may be paid, with the keys that seal it. Same errors as the ledger. What
/// the owner changes is written to the owner's journal in the same transaction.
public protocol Catalog: Sendable {
    /// All products.
    func listings() async throws(ShopError) -> [Listing]
    /// Makes a product; *already_exists* when the slug is taken.
    func create(_ draft: ProductDraft, _ deed: OwnerDeed) async throws(ShopError) -> Listing
    /// Changes a product; *wrong_state* when it was changed since that version.
    func change(
        _ product: ProductID, version: Int, to draft: ProductDraft, _ deed: OwnerDeed
    ) async throws(ShopError) -> Listing
    /// Replaces what all buyers of a shared product get. False when the product is none.
    func store(sharedSecret: [UInt8], of product: ProductID, by note: OwnerNote, at moment: Timestamp)
        async throws(ShopError) -> Bool

    /// All categories.
    func categories() async throws(ShopError) -> [Category]
    /// Makes a category; *already_exists* when the slug is taken.
    func create(_ draft: CategoryDraft, _ deed: OwnerDeed) async throws(ShopError) -> Category
    /// Changes a category.
    func change(
        _ category: CategoryID, _ change: CategoryChange, _ deed: OwnerDeed
    ) async throws(ShopError) -> Category
    /// Removes a category; *wrong_state* while a product or a coupon is of it.
    func remove(_ category: CategoryID, _ deed: OwnerDeed) async throws(ShopError)

    /// A page of coupons, newest first; with a code, only the one of that code.
    func coupons(code: CouponCode?, after: CouponID?, limit: Int) async throws(ShopError) -> [CouponEntry]
    /// Makes a coupon; *already_exists* when the code is taken.
    func create(_ code: CouponCode, _ terms: CouponTerms, _ deed: OwnerDeed) async throws(ShopError) -> Coupon
    /// Changes a coupon; *wrong_state* when it was changed since that version, *invalid_request* that names `max_uses`
    /// when it is used more often already.
    func change(
        _ coupon: CouponID, version: Int, to terms: CouponTerms, _ deed: OwnerDeed
    ) async throws(ShopError) -> Coupon

    /// All announcements, newest first.
    func announcements() async throws(ShopError) -> [Announcement]
    /// Makes an announcement, or replaces the one of that number, of which only number and time of writing stay;
    /// *not_found* when there is none.
    func store(
        announcement id: Int64?, title: String, text: String, window: SaleWindow, isPinned: Bool, _ deed: OwnerDeed
    ) async throws(ShopError) -> Announcement
    /// Removes an announcement; *not_found* when there is none.
    func remove(announcement id: Int64, _ deed: OwnerDeed) async throws(ShopError)

    /// What the shop is called and how it looks; ``ShopSettings/plain`` as long as nothing was stored.
    func settings() async throws(ShopError) -> ShopSettings
    /// Stores checked settings as the version after that one, and returns them with it; *wrong_state* when they were
    /// changed since that version.
    func store(
        _ settings: ShopSettings, version: Int, _ deed: OwnerDeed
    ) async throws(ShopError) -> ShopSettings

    /// Keeps a picture; changes nothing when it is kept already, and *busy* when there are too many.
    func store(_ picture: Picture, _ deed: OwnerDeed) async throws(ShopError)
    /// The picture of that name; nil when there is none.
    func picture(_ name: String) async throws(ShopError) -> Picture?

    /// A page of the blacklist, newest first.
    func blocks(after: Int64?, limit: Int) async throws(ShopError) -> [Block]
    /// Puts somebody on it; *already_exists* when that one is.
    func block(_ party: BlockedParty, _ deed: OwnerDeed) async throws(ShopError) -> Block
    /// Takes an entry off; *not_found* when there is none.
    func unblock(_ id: Int64, _ deed: OwnerDeed) async throws(ShopError)

    /// All channels.
    func channels() async throws(ShopError) -> [ChannelRecord]
    /// Stores a channel; true when it is new.
    func store(
        _ channel: ChannelRecord, _ change: ChannelChange, _ deed: OwnerDeed
    ) async throws(ShopError) -> Bool
    /// The wrapped data keys.
    func wrappedKeys() async throws(ShopError) -> [WrappedKey]
    /// The fingerprint of the master key that they are wrapped by; nil in a ledger that has not noted it yet.
    func masterKeyFingerprint() async throws(ShopError) -> String?
    /// Stores the first data keys of a new ledger, with the fingerprint of their master key. When it has keys already,
    /// nothing is stored: somebody else was faster.
    func store(_ keys: [WrappedKey], fingerprint: String) async throws(ShopError)
    /// Replaces all wrapped keys, adds those that are new and notes the fingerprint of their master key, in one
    /// transaction. *internal*, and nothing is changed, when a stored key is not among them.
    func replaceKeys(_ keys: [WrappedKey], fingerprint: String) async throws(ShopError)
}

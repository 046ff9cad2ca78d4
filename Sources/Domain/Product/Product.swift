/// When a product may be ordered: from `opensAt` (inclusive) until `closesAt` (exclusive); nil means unbounded.
public struct SaleWindow: Hashable, Sendable {
    /// First moment of the sale.
    public let opensAt: Timestamp?
    /// First moment after the sale.
    public let closesAt: Timestamp?

    /// A product that is always on sale.
    public static let always = SaleWindow(unchecked: nil, nil)

    /// Nil when the sale would close before it opens.
    public init?(opensAt: Timestamp?, closesAt: Timestamp?) {
        if let opensAt, let closesAt, closesAt <= opensAt { return nil }
        self.init(unchecked: opensAt, closesAt)
    }

    private init(unchecked opensAt: Timestamp?, _ closesAt: Timestamp?) {
        self.opensAt = opensAt
        self.closesAt = closesAt
    }

    /// Whether orders are taken at that moment.
    public func contains(_ moment: Timestamp) -> Bool {
        (opensAt.map { moment >= $0 } ?? true) && (closesAt.map { moment < $0 } ?? true)
    }
}

/// How much one order and one buyer may take of a product.
public struct PurchaseLimits: Hashable, Sendable {
    /// Units in one order, 1 to ``maximumPerOrder``.
    public let perOrder: Int
    /// Units of one buyer over all time, held and sold together, 1 or more.
    public let perBuyer: Int
    /// Units of one buyer that may be held unpaid at once, 1 to `perBuyer`.
    public let heldPerBuyer: Int

    /// More units than this in one order would make its transaction long.
    public static let maximumPerOrder = 100
    /// A bound for the sum of a buyer's units.
    public static let maximumPerBuyer = 1_000_000

    /// Nil when a value is out of its range. `heldPerBuyer` is `perBuyer` unless given.
    public init?(perOrder: Int, perBuyer: Int, heldPerBuyer: Int? = nil) {
        let held = heldPerBuyer ?? perBuyer
        guard (1...Self.maximumPerOrder).contains(perOrder), (1...Self.maximumPerBuyer).contains(perBuyer),
            (1...perBuyer).contains(held)
        else { return nil }
        self.perOrder = perOrder
        self.perBuyer = perBuyer
        self.heldPerBuyer = held
    }
}

/// What is sold under one slug: its price, its limits and how long an unpaid order keeps its cards.
public struct Product: Hashable, Sendable {
    /// Row number in its ledger.
    public let id: ProductID
    /// Name in addresses.
    public let slug: Slug
    /// Name for people, 1 to 200 characters.
    public let title: String
    /// Price of one unit.
    public let price: Money
    /// How much one order and one buyer may take.
    public let limits: PurchaseLimits
    /// How long an unpaid order holds its cards, in seconds, 1 or more.
    public let holdSeconds: Int64
    /// When it may be ordered.
    public let window: SaleWindow
    /// What the buyer fills in.
    public let fields: [OrderField]
    /// What stands behind it.
    public let kind: ProductKind
    /// What is done with money that comes after the hold.
    public let lateMoney: LateMoney
    /// Lower prices of a unit for larger orders, in no order.
    public let tiers: [PriceTier]
    /// What it is shown under; nil for nothing.
    public let category: CategoryID?
    /// Whether buyers may pick cards, each by its preview.
    public let isPickable: Bool
    /// Number of changes, from 1.
    public let version: Int

    /// The longest hold, in seconds: 30 days.
    public static let maximumHoldSeconds: Int64 = 30 * 24 * 3600
    /// The longest title, in characters.
    public static let maximumTitleLength = 200

    /// Puts checked parts together.
    public init(
        id: ProductID, slug: Slug, title: String, price: Money, limits: PurchaseLimits, holdSeconds: Int64,
        window: SaleWindow, fields: [OrderField], kind: ProductKind = .card, lateMoney: LateMoney = .deliver,
        tiers: [PriceTier] = [], category: CategoryID? = nil, isPickable: Bool = false, version: Int = 1
    ) {
        self.id = id
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
        self.version = version
    }
}

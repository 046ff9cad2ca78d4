/// One purchase, as the ledger has it.
public struct Order: Hashable, Sendable {
    /// Its name; carries the shard.
    public let id: OrderID
    /// What is bought.
    public let product: ProductID
    /// Slug of what is bought, for people and addresses.
    public let slug: Slug
    /// How many cards.
    public let quantity: Int
    /// Who buys.
    public let buyer: Buyer
    /// The channel that was chosen when the order was placed.
    public let channel: Slug
    /// What is to be paid, fixed when the order was placed.
    public let total: Money
    /// How the total came about.
    public let lines: [PriceLine]
    /// The coupon it uses.
    public let coupon: CouponID?
    /// What the buyer filled in, sealed; nil when nothing was.
    public let sealedFields: [UInt8]?
    /// Where it stands.
    public let state: OrderState
    /// Number of state changes so far, from 1.
    public let version: Int
    /// When it was placed.
    public let createdAt: Timestamp
    /// When its hold runs out; nil until cards are claimed.
    public let expiresAt: Timestamp?
    /// What stands behind the product.
    public let kind: ProductKind

    /// Puts stored parts together.
    public init(
        id: OrderID, product: ProductID, slug: Slug, quantity: Int, buyer: Buyer, channel: Slug, total: Money,
        lines: [PriceLine], coupon: CouponID?, sealedFields: [UInt8]?, state: OrderState, version: Int,
        createdAt: Timestamp, expiresAt: Timestamp?, kind: ProductKind = .card
    ) {
        self.id = id
        self.product = product
        self.slug = slug
        self.quantity = quantity
        self.buyer = buyer
        self.channel = channel
        self.total = total
        self.lines = lines
        self.coupon = coupon
        self.sealedFields = sealedFields
        self.state = state
        self.version = version
        self.createdAt = createdAt
        self.expiresAt = expiresAt
        self.kind = kind
    }

    /// What a draft becomes.
    ///
    /// - Parameter version: 0 for an order that no ledger has yet
    public init(_ draft: OrderDraft, state: OrderState, version: Int, expiresAt: Timestamp?) {
        self.init(
            id: draft.id, product: draft.product.id, slug: draft.product.slug, quantity: draft.quantity,
            buyer: draft.buyer, channel: draft.channel, total: draft.price.total, lines: draft.price.lines,
            coupon: draft.coupon?.id, sealedFields: draft.sealedFields, state: state, version: version,
            createdAt: draft.placedAt, expiresAt: expiresAt, kind: draft.product.kind)
    }

    /// The order one state change later.
    public func moved(to state: OrderState) -> Order {
        Order(
            id: id, product: product, slug: slug, quantity: quantity, buyer: buyer, channel: channel, total: total,
            lines: lines, coupon: coupon, sealedFields: sealedFields, state: state, version: version + 1,
            createdAt: createdAt, expiresAt: expiresAt, kind: kind)
    }

    /// The cards that the buyer picked, in the order of their numbers.
    public var picks: [PickedCard] { lines.picks }
    /// Where its cards come from.
    public var pool: Pool { lines.pool }
    /// Whether the lines come to the total. An order of which they do not is damaged, and not delivered for money.
    public var addsUp: Bool {
        guard !lines.isEmpty else { return false }
        var sum: Int64 = 0
        for line in lines {
            let (next, overflow) = sum.addingReportingOverflow(line.amount)
            if overflow { return false }
            sum = next
        }
        return sum == total.amount
    }
}

extension [PriceLine] {
    fileprivate var pool: Pool {
        let picksAny = contains { line in
            if case .pick = line.reason { true } else { false }
        }
        return picksAny ? .picked : .drawn
    }

    fileprivate var picks: [PickedCard] {
        compactMap { line in
            guard case .pick(let card) = line.reason else { return nil }
            return PickedCard(card: card, surcharge: line.amount)
        }
    }
}

/// The coupon that an order is priced by.
public struct UsedCoupon: Hashable, Sendable {
    /// Which one.
    public let id: CouponID
    /// The version of its terms.
    public let version: Int

    /// Puts the parts together.
    public init(id: CouponID, version: Int) {
        self.id = id
        self.version = version
    }
}

/// An idempotency key with a digest of what was asked under it.
public struct IdempotencyKey: Hashable, Sendable {
    /// 1 to 64 printable ASCII characters, chosen by the client; its scope is the product.
    public let key: String
    /// Digest of the parsed values of the request.
    public let bodyDigest: [UInt8]

    /// The longest key, in characters.
    public static let maximumLength = 64

    /// Nil when the key is empty, too long or holds a character that is not printable ASCII (space included).
    public init?(key: String, bodyDigest: [UInt8]) {
        guard (1...Self.maximumLength).contains(key.utf8.count), key.utf8.allSatisfy({ (0x20...0x7E).contains($0) })
        else { return nil }
        self.key = key
        self.bodyDigest = bodyDigest
    }
}

/// An order that is asked for: checked, priced, but not yet in the ledger.
public struct OrderDraft: Hashable, Sendable {
    /// The name the order will have.
    public let id: OrderID
    /// What is to be bought, as the shop sold it when the request came.
    public let product: Product
    /// How many cards.
    public let quantity: Int
    /// Who buys.
    public let buyer: Buyer
    /// The channel chosen.
    public let channel: Slug
    /// What it costs, and why.
    public let price: OrderPrice
    /// The coupon that the price is made with.
    public let coupon: UsedCoupon?
    /// What the buyer filled in, sealed; nil when nothing was.
    public let sealedFields: [UInt8]?
    /// Keyed digest of contact and query password; nil without a password.
    public let queryTag: [UInt8]?
    /// The client's idempotency key.
    public let idempotency: IdempotencyKey?
    /// When the request came.
    public let placedAt: Timestamp

    /// Puts checked parts together.
    public init(
        id: OrderID, product: Product, quantity: Int, buyer: Buyer, channel: Slug, price: OrderPrice,
        coupon: UsedCoupon? = nil, sealedFields: [UInt8]? = nil, queryTag: [UInt8]?, idempotency: IdempotencyKey?,
        placedAt: Timestamp
    ) {
        self.id = id
        self.product = product
        self.quantity = quantity
        self.buyer = buyer
        self.channel = channel
        self.price = price
        self.coupon = coupon
        self.sealedFields = sealedFields
        self.queryTag = queryTag
        self.idempotency = idempotency
        self.placedAt = placedAt
    }

    /// When the hold runs out.
    public var expiresAt: Timestamp { placedAt.advanced(seconds: product.holdSeconds) }

    /// About how many bytes the draft takes in memory and in the log; counts towards the intake's bound.
    public var byteCount: Int {
        let text = buyer.contact.utf8.count + (idempotency?.key.utf8.count ?? 0)
        return 256 + text + (sealedFields?.count ?? 0) + 32 * price.lines.count
    }

    /// The cards that the buyer picked.
    public var picks: [PickedCard] { price.lines.picks }
    /// Where its cards come from.
    public var pool: Pool { price.lines.pool }
}

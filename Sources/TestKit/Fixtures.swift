import Crypto
public import Domain
import NIOConcurrencyHelpers
public import Shop

/// Values for tests.
public enum Fixtures {
    /// 19.90 yuan.
    public static let price = money(1990)

    /// An amount in fen.
    public static func money(_ amount: Int64, _ currency: String = "CNY") -> Money {
        guard let currency = Currency(code: currency), let money = Money(amount: amount, currency: currency) else {
            preconditionFailure("not money: \(amount)")
        }
        return money
    }

    /// A slug that is one.
    public static func slug(_ text: String) -> Slug {
        guard let slug = Slug(text) else { preconditionFailure("not a slug: \(text)") }
        return slug
    }

    /// A buyer by number.
    public static func buyer(_ number: Int) -> Buyer { Buyer(stored: "buyer-\(number)@example.com") }

    /// Limits that are some.
    public static func limits(perOrder: Int = 10, perBuyer: Int = 1000, held: Int? = nil) -> PurchaseLimits {
        guard let limits = PurchaseLimits(perOrder: perOrder, perBuyer: perBuyer, heldPerBuyer: held) else {
            preconditionFailure("not limits")
        }
        return limits
    }

    /// A product that is not in any ledger.
    public static func product(
        id: Int64 = 1, slug: String = "game-key", limits: PurchaseLimits = limits(), holdSeconds: Int64 = 600,
        window: SaleWindow = .always, fields: [OrderField] = [], price: Money = price, tiers: [PriceTier] = [],
        kind: ProductKind = .card
    ) -> Product {
        Product(
            id: ProductID(id), slug: Self.slug(slug), title: "Game key", price: price, limits: limits,
            holdSeconds: holdSeconds, window: window, fields: fields, kind: kind, tiers: tiers)
    }

    /// A code that is one.
    public static func code(_ text: String) -> CouponCode {
        guard let code = CouponCode(text) else { preconditionFailure("not a code: \(text)") }
        return code
    }

    /// Terms of a coupon.
    public static func terms(
        _ discount: Discount = .percent(10), minimum: Int64 = 0, scope: CouponScope = .everything, uses: Int? = nil,
        perBuyer: Int? = nil, window: SaleWindow = .always, isEnabled: Bool = true
    ) -> CouponTerms {
        guard let uses = CouponUses(total: uses, perBuyer: perBuyer) else { preconditionFailure("not uses") }
        return CouponTerms(
            discount: discount, currency: price.currency, minimum: minimum, scope: scope, uses: uses, window: window,
            isEnabled: isEnabled)
    }

    /// An order that is asked for.
    public static func draft(
        _ id: OrderID, _ product: Product, buyer: Buyer, quantity: Int = 1, key: String? = nil,
        digest: UInt8 = 1, queryTag: [UInt8]? = nil, picks: [PickedCard] = [], coupon: Coupon? = nil,
        sealedFields: [UInt8]? = nil, at moment: Timestamp
    ) -> OrderDraft {
        guard let price = try? OrderPrice(product, quantity: quantity, picks: picks, coupon: coupon) else {
            preconditionFailure("no price")
        }
        return OrderDraft(
            id: id, product: product, quantity: quantity, buyer: buyer, channel: slug("sandbox"), price: price,
            coupon: coupon.map { UsedCoupon(id: $0.id, version: $0.version) }, sealedFields: sealedFields,
            queryTag: queryTag,
            idempotency: key.flatMap { IdempotencyKey(key: $0, bodyDigest: [digest]) }, placedAt: moment)
    }

    /// Identifiers that never repeat.
    public static func identifiers(_ clock: any Shop.Clock) -> IdentifierMaker {
        let next = NIOLockedValueBox<UInt64>(0)
        return IdentifierMaker(clock: clock) {
            next.withLockedValue { value in
                value += 1
                return value
            }
        }
    }

    /// Sealed cards by number; the same number is the same card.
    ///
    /// - Parameter surcharge: given, the cards are such that buyers pick, and cost so much more
    public static func cards(_ numbers: Range<Int>, surcharge: Int64? = nil) -> [SealedCard] {
        numbers.map { number in
            SealedCard(
                fingerprint: Array(SHA256.hash(data: Array("card \(number)".utf8)).prefix(16)),
                secret: Array("sealed \(number)".utf8),
                preview: surcharge.flatMap { CardPreview(text: "number \(number)", surcharge: $0) })
        }
    }
}

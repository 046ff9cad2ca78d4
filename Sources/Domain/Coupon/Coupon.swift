/// Names one coupon inside its ledger.
public struct CouponID: Hashable, Sendable {
    /// The row number, from 1.
    public let number: Int64

    /// Wraps a row number.
    public init(_ number: Int64) { self.number = number }
}

/// How much a coupon takes off.
public enum Discount: Hashable, Sendable {
    /// Minor units, 1 or more.
    case fixed(Int64)
    /// Hundredths of what the goods cost, 1 to 100; what is less than a minor unit is not taken off.
    case percent(Int)
}

/// What a coupon is good for. Without products and category: everything.
public struct CouponScope: Hashable, Sendable {
    /// Only these products, and those of the category.
    public let products: Set<ProductID>
    /// Only products of this category, and those named.
    public let category: CategoryID?

    /// Good for everything.
    public static let everything = CouponScope(products: [], category: nil)
    /// The most products that can be named.
    public static let maximumProducts = 100

    /// Puts the parts together.
    public init(products: Set<ProductID>, category: CategoryID?) {
        self.products = products
        self.category = category
    }

    /// Whether it is good for a product of a category.
    public func contains(_ product: ProductID, in category: CategoryID?) -> Bool {
        if products.isEmpty, self.category == nil { return true }
        return products.contains(product) || (self.category != nil && self.category == category)
    }
}

/// How often a coupon may be used. An order uses it as long as its units count for its buyer.
public struct CouponUses: Hashable, Sendable {
    /// Orders of all buyers together; nil means without end.
    public let total: Int?
    /// Orders of one buyer; nil means without end.
    public let perBuyer: Int?

    /// A bound for both.
    public static let maximum = 1_000_000_000

    /// Nil when a number is not from 1 to ``maximum``.
    public init?(total: Int?, perBuyer: Int?) {
        guard [total, perBuyer].allSatisfy({ ($0.map { (1...Self.maximum).contains($0) }) ?? true }) else { return nil }
        self.total = total
        self.perBuyer = perBuyer
    }

    /// Why an order cannot use it; nil when it can.
    ///
    /// - Parameters:
    ///   - used: orders that use it now
    ///   - byBuyer: how many of them are this buyer's
    public func refusal(used: Int, byBuyer: Int) -> Refusal? {
        if let total, used >= total { return .couponUsedUp }
        if let perBuyer, byBuyer >= perBuyer { return .couponUsed }
        return nil
    }
}

/// What is said of a coupon when it is made or changed.
public struct CouponTerms: Hashable, Sendable {
    /// How much it takes off.
    public let discount: Discount
    /// Of what money; good for products in this currency only.
    public let currency: Currency
    /// What the goods must cost at least, after tiers and without surcharges, in minor units.
    public let minimum: Int64
    /// What it is good for.
    public let scope: CouponScope
    /// How often.
    public let uses: CouponUses
    /// When.
    public let window: SaleWindow
    /// Whether it is good at all.
    public let isEnabled: Bool

    /// Puts checked parts together.
    public init(
        discount: Discount, currency: Currency, minimum: Int64, scope: CouponScope, uses: CouponUses,
        window: SaleWindow, isEnabled: Bool
    ) {
        self.discount = discount
        self.currency = currency
        self.minimum = minimum
        self.scope = scope
        self.uses = uses
        self.window = window
        self.isEnabled = isEnabled
    }
}

/// A code that takes something off the price.
public struct Coupon: Hashable, Sendable {
    /// Row number in its ledger.
    public let id: CouponID
    /// What the buyer types.
    public let code: CouponCode
    /// What it does.
    public let terms: CouponTerms
    /// Number of changes, from 1: an order is placed on the terms that it was priced by.
    public let version: Int

    /// Puts stored parts together.
    public init(id: CouponID, code: CouponCode, terms: CouponTerms, version: Int) {
        self.id = id
        self.code = code
        self.terms = terms
        self.version = version
    }

    /// Checks what does not depend on the order's size.
    ///
    /// - Throws: *invalid_request* that names `coupon`.
    public func check(_ product: Product, at moment: Timestamp) throws(ShopError) {
        guard terms.isEnabled else { throw Self.unknown }
        if let opensAt = terms.window.opensAt, moment < opensAt { throw .invalid("coupon", "is not valid yet") }
        guard terms.window.contains(moment) else { throw .invalid("coupon", "is not valid any more") }
        guard terms.currency == product.price.currency, terms.scope.contains(product.id, in: product.category) else {
            throw .invalid("coupon", "is not for this product")
        }
    }

    /// What is said of a code that nobody made, or that is switched off.
    public static var unknown: ShopError { .invalid("coupon", "is not known") }

    /// What it takes off goods of so many minor units: never more than they cost.
    ///
    /// - Throws: *invalid_request* that names `coupon` when they cost less than the minimum.
    public func discount(on goods: Int64) throws(ShopError) -> Int64 {
        guard goods >= terms.minimum else {
            throw .invalid(
                "coupon", "needs goods for at least \(terms.minimum) minor units of \(terms.currency.code)")
        }
        switch terms.discount {
        case .fixed(let amount): return min(max(amount, 0), goods)
        // Goods have at most 10^12 minor units, so it cannot overflow.
        case .percent(let percent): return goods * Int64(min(max(percent, 0), 100)) / 100
        }
    }
}

public import Domain

/// Makes and changes coupons.
public struct ManageCoupons: Sendable {
    private let catalog: any Catalog
    private let cache: CatalogCache
    private let clock: any Clock

    /// Puts the parts together.
    public init(_ ports: UseCases.Ports) {
        catalog = ports.catalog
        cache = ports.cache
        clock = ports.clock
    }

    /// - Throws: *already_exists* when the code is taken, *invalid_request* that names the part at fault.
    public func create(
        _ code: CouponCode, _ terms: CouponTerms, by note: OwnerNote
    ) async throws(ShopError) -> Coupon {
        try check(terms)
        let coupon = try await catalog.create(code, terms, OwnerDeed(by: note, at: clock.now()))
        cache.put(coupon)
        return coupon
    }

    /// Changes the terms. Orders that are placed keep their price.
    ///
    /// - Parameters:
    ///   - version: the one that the owner has seen; nil takes the newest
    ///   - change: gives the terms as they should be
    /// - Throws: *not_found*; *wrong_state* when it was changed since that version; *invalid_request*.
    public func change(
        _ code: String, version: Int?, by note: OwnerNote, _ change: (CouponTerms) throws(ShopError) -> CouponTerms
    ) async throws(ShopError) -> Coupon {
        guard let code = CouponCode(code), let coupon = cache.coupon(code) else {
            throw ShopError(.notFound, "no such coupon")
        }
        guard version == nil || version == coupon.version else { throw .changedMeanwhile("coupon") }
        let terms = try change(coupon.terms)
        try check(terms)
        let changed = try await catalog.change(
            coupon.id, version: coupon.version, to: terms, OwnerDeed(by: note, at: clock.now()))
        cache.put(changed)
        return changed
    }

    /// Whether the parts of a coupon fit together.
    ///
    /// - Throws: *invalid_request* that names the part at fault.
    public func check(_ terms: CouponTerms) throws(ShopError) {
        switch terms.discount {
        case .fixed(let amount):
            guard (1...Money.maximumAmount).contains(amount) else {
                throw .invalid("amount", "must be from 1 to \(Money.maximumAmount)")
            }
        case .percent(let percent):
            guard (1...100).contains(percent) else { throw .invalid("percent", "must be from 1 to 100") }
        }
        guard (0...Money.maximumAmount).contains(terms.minimum) else {
            throw .invalid("minimum", "must be from 0 to \(Money.maximumAmount)")
        }
        guard terms.scope.products.count <= CouponScope.maximumProducts else {
            throw .invalid("products", "must be at most \(CouponScope.maximumProducts)")
        }
    }
}

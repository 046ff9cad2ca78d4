public import Domain

/// What holds of a product beyond each of its parts.
enum ProductRules {
    /// - Throws: *invalid_request* that names the part at fault.
    static func check(_ draft: ProductDraft, _ patterns: any Patterns) throws(ShopError) {
        if let fault = PriceTier.fault(in: draft.tiers, price: draft.price, perOrder: draft.limits.perOrder) {
            throw .invalid("tiers", fault)
        }
        guard draft.kind == .card || !draft.isPickable else {
            throw .invalid("pickable", "is for products with cards only")
        }
        guard draft.fields.count <= OrderField.maximumCount,
            Set(draft.fields.map(\.name)).count == draft.fields.count
        else { throw .invalid("fields", "must be at most \(OrderField.maximumCount), each with a name of its own") }
        guard draft.fields.filter({ $0.kind == .pattern }).count <= OrderField.maximumPatterns else {
            throw .invalid("fields", "must be at most \(OrderField.maximumPatterns) with a pattern")
        }
        for (index, field) in draft.fields.enumerated() {
            if let fault = field.fault { throw .invalid("fields.\(index).\(fault.member)", fault.reason) }
            guard let pattern = field.pattern else { continue }
            do {
                try patterns.check(pattern)
            } catch {
                throw .invalid("fields.\(index).pattern", error.detail)
            }
        }
    }
}

/// Changes a product that is on offer. Orders that are placed keep their price and their hold.
public struct ChangeProduct: Sendable {
    private let catalog: any Catalog
    private let cache: CatalogCache
    private let patterns: any Patterns
    private let clock: any Clock

    /// Puts the parts together.
    public init(_ ports: UseCases.Ports) {
        catalog = ports.catalog
        cache = ports.cache
        patterns = ports.patterns
        clock = ports.clock
    }

    /// Whether the parts of a product, a new one or another, fit together.
    ///
    /// - Throws: *invalid_request* that names the part at fault.
    public func check(_ draft: ProductDraft) throws(ShopError) { try ProductRules.check(draft, patterns) }

    /// - Parameters:
    ///   - version: the one that the owner has seen; nil takes the newest
    ///   - change: makes the product what it should be
    /// - Throws: *no_such_product*; *wrong_state* when it was changed since that version; *invalid_request* when the
    ///   parts do not fit together.
    public func callAsFunction(
        _ slug: String, version: Int?, by note: OwnerNote, _ change: (inout ProductDraft) throws(ShopError) -> Void
    ) async throws(ShopError) -> Listing {
        guard let slug = Slug(slug), let listing = cache.listing(slug) else {
            throw ShopError(.noSuchProduct, "no product is called that")
        }
        guard version == nil || version == listing.product.version else { throw .changedMeanwhile("product") }
        var draft = ProductDraft(listing)
        try change(&draft)
        guard draft.price.currency == listing.product.price.currency else {
            throw .invalid("currency", "cannot be changed; make another product")
        }
        try ProductRules.check(draft, patterns)
        let changed = try await catalog.change(
            listing.product.id, version: listing.product.version, to: draft,
            OwnerDeed(by: note, at: clock.now()))
        cache.put(changed)
        return changed
    }
}

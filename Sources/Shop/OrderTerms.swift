import Domain

/// Checks what a buyer asks for against what the owner offers at this moment, and prices it. Shared by placing an order
/// and by asking for its price.
struct OrderTerms: Sendable {
    let catalog: CatalogCache
    let cards: any CardStore
    let patterns: any Patterns

    func product(_ slug: String) throws(ShopError) -> Product {
        guard let slug = Slug(slug), let product = catalog.product(slug) else {
            throw ShopError(.noSuchProduct, "no product is called that", field: "product")
        }
        return product
    }

    /// Numbers of cards as they were sent, each once, in their order.
    static func cards(_ texts: [String]) throws(ShopError) -> [Int64] {
        guard texts.count <= PurchaseLimits.maximumPerOrder else {
            throw .invalid("cards", "must be at most \(PurchaseLimits.maximumPerOrder)")
        }
        let cards = texts.compactMap { text in Int64(text).flatMap { "\($0)" == text && $0 > 0 ? $0 : nil } }
        guard cards.count == texts.count, Set(cards).count == cards.count else {
            throw .invalid("cards", "must be distinct numbers of cards")
        }
        return cards.sorted()
    }

    /// - Throws: *card_taken* when one of the cards is not there to be picked.
    func picks(_ cards: [Int64], of product: Product) async throws(ShopError) -> [PickedCard] {
        guard product.isPickable else { throw .invalid("cards", "are not picked for this product") }
        let picks = try await self.cards.pickable(cards, of: product.id)
        guard picks.count == cards.count else { throw ShopError(.cardTaken, "a card that was picked is gone") }
        return picks
    }

    func check(quantity: Int, picks: [PickedCard], of product: Product) throws(ShopError) {
        guard (1...product.limits.perOrder).contains(quantity) else {
            throw .invalid("quantity", "must be from 1 to \(product.limits.perOrder)")
        }
        guard picks.isEmpty || picks.count == quantity else {
            throw .invalid("quantity", "must be the number of cards picked")
        }
    }

    /// The coupon of a code, good for the product at that moment.
    ///
    /// - Throws: *coupon_used_up* when it was a moment ago.
    func coupon(_ code: String?, for product: Product, at moment: Timestamp) throws(ShopError) -> Coupon? {
        guard let code else { return nil }
        guard let code = CouponCode(code), let coupon = catalog.coupon(code) else { throw Coupon.unknown }
        try coupon.check(product, at: moment)
        // Its uses are counted by the ledger that places the order.
        guard ShardNumber.shard(of: coupon.id.number) == product.id.shard else {
            throw .invalid("coupon", "is not for this product")
        }
        guard !catalog.isLatched(coupon.id, at: moment) else {
            throw ShopError(.couponUsedUp, "the coupon has no use left")
        }
        return coupon
    }

    /// What a product asks for, and nothing else, must be filled in as the product says.
    func check(fields: [String: String], of product: Product) throws(ShopError) {
        var known = 0
        for field in product.fields {
            guard let value = fields[field.name] else {
                if field.isOptional { continue }
                throw .invalid("fields.\(field.name)", "is missing")
            }
            known += 1
            if let fault = field.fault(in: value) ?? patternFault(field, value) {
                throw .invalid("fields.\(field.name)", fault)
            }
        }
        guard known < fields.count else { return }
        let names = Set(product.fields.map(\.name))
        let stranger = fields.keys.filter { !names.contains($0) }.min() ?? ""
        throw .invalid("fields.\(stranger.prefix(64))", "is not asked for")
    }

    private func patternFault(_ field: OrderField, _ value: String) -> String? {
        guard let pattern = field.pattern else { return nil }
        switch patterns.match(value, pattern) {
        case .fits: return nil
        case .differs: return "does not have the form that is asked for"
        case .tooHard: return "cannot be checked; write it in a simpler way"
        }
    }
}

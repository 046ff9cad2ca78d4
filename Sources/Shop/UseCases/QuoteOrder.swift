public import Domain

/// What the price of an order is asked for.
public struct QuoteRequest: Hashable, Sendable {
    /// Slug of the product.
    public var product: String
    /// Units; the number of cards picked, or 1, when absent.
    public var quantity: Int?
    /// Numbers of cards that are picked.
    public var cards: [String]
    /// Code of a coupon.
    public var coupon: String?

    /// Puts the parts together.
    public init(product: String, quantity: Int?, cards: [String] = [], coupon: String? = nil) {
        self.product = product
        self.quantity = quantity
        self.cards = cards
        self.coupon = coupon
    }
}

/// Says what an order would cost now. Takes nothing and promises nothing: the order is priced anew when it is placed.
public struct QuoteOrder: Sendable {
    private let terms: OrderTerms
    private let clock: any Clock

    /// Puts the parts together.
    public init(catalog: CatalogCache, cards: any CardStore, patterns: any Patterns, clock: any Clock) {
        terms = OrderTerms(catalog: catalog, cards: cards, patterns: patterns)
        self.clock = clock
    }

    /// - Throws: what placing such an order would be refused for, as far as neither time, stock nor buyer matter.
    public func callAsFunction(_ request: QuoteRequest) async throws(ShopError) -> OrderPrice {
        let product = try terms.product(request.product)
        let cards = try OrderTerms.cards(request.cards)
        let picks = cards.isEmpty ? [] : try await terms.picks(cards, of: product)
        let quantity = request.quantity ?? max(1, cards.count)
        try terms.check(quantity: quantity, picks: picks, of: product)
        let coupon = try terms.coupon(request.coupon, for: product, at: clock.now())
        return try OrderPrice(product, quantity: quantity, picks: picks, coupon: coupon)
    }
}

public import Domain

/// Brings everything that orders look up from the ledger into memory. Channels are loaded by ``ConfigureChannel``.
public struct LoadCatalog: Sendable {
    private let catalog: any Catalog
    private let cache: CatalogCache

    /// Puts the parts together.
    public init(catalog: any Catalog, cache: CatalogCache) {
        self.catalog = catalog
        self.cache = cache
    }

    /// Loads.
    public func callAsFunction() async throws(ShopError) {
        for listing in try await catalog.listings() { cache.put(listing) }
        for entry in try await catalog.coupons(code: nil, after: nil, limit: .max) { cache.put(entry.coupon) }
        try await categories()
        try await announcements()
        try await blacklist()
    }

    /// Loads what products are shown under.
    func categories() async throws(ShopError) {
        let ticket = cache.ticket()
        cache.put(try await catalog.categories(), ticket)
    }

    /// Loads what visitors are told.
    func announcements() async throws(ShopError) {
        let ticket = cache.ticket()
        cache.put(try await catalog.announcements(), ticket)
    }

    /// Loads whom the shop does not sell to.
    func blacklist() async throws(ShopError) {
        let ticket = cache.ticket()
        cache.put(Blacklist(try await catalog.blocks(after: nil, limit: .max)), ticket)
    }
}

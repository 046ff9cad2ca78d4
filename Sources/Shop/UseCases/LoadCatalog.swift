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
        for part in CatalogPart.allCases { try await load(part) }
    }

    /// Changes something, then loads the part of the catalog that it belongs to: whether or not it could be changed,
    /// since an earlier change may have been stored without being loaded.
    func afterwards<Value>(
        _ part: CatalogPart, change: () async throws(ShopError) -> Value
    ) async throws(ShopError) -> Value {
        let value: Value
        do throws(ShopError) {
            value = try await change()
        } catch {
            try? await load(part)
            throw error
        }
        try await load(part)
        return value
    }

    private func load(_ part: CatalogPart) async throws(ShopError) {
        let ticket = cache.ticket()
        switch part {
        case .categories: cache.put(try await catalog.categories(), ticket)
        case .announcements: cache.put(try await catalog.announcements(), ticket)
        case .settings: cache.put(try await catalog.settings(), ticket)
        case .blacklist: cache.put(Blacklist(try await catalog.blocks(after: nil, limit: .max)), ticket)
        }
    }
}

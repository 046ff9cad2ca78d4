public import Domain

/// Puts a product on offer.
public struct CreateProduct: Sendable {
    private let catalog: any Catalog
    private let cache: CatalogCache

    /// Puts the parts together.
    public init(catalog: any Catalog, cache: CatalogCache) {
        self.catalog = catalog
        self.cache = cache
    }

    /// - Throws: *already_exists* when the slug is taken.
    public func callAsFunction(_ draft: ProductDraft) async throws(ShopError) -> Product {
        let product = try await catalog.create(draft)
        cache.put(product)
        return product
    }
}

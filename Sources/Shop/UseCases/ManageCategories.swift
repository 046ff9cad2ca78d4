public import Domain

/// Makes, changes and removes what products are shown under.
public struct ManageCategories: Sendable {
    private let catalog: any Catalog
    private let cache: CatalogCache
    private let load: LoadCatalog
    private let clock: any Clock

    /// Puts the parts together.
    public init(_ ports: UseCases.Ports) {
        catalog = ports.catalog
        cache = ports.cache
        load = LoadCatalog(catalog: ports.catalog, cache: ports.cache)
        clock = ports.clock
    }

    /// - Throws: *already_exists* when the slug is taken, *invalid_request* that names the part at fault.
    public func create(_ draft: CategoryDraft, by note: OwnerNote) async throws(ShopError) -> Category {
        try Self.check(draft)
        let category = try await catalog.create(draft, OwnerDeed(by: note, at: clock.now()))
        try await load.categories()
        return category
    }

    /// - Throws: *not_found*, *invalid_request* that names the part at fault.
    public func change(
        _ slug: String, by note: OwnerNote, _ change: (inout CategoryDraft) throws(ShopError) -> Void
    ) async throws(ShopError) -> Category {
        let category = try category(slug)
        var draft = CategoryDraft(
            slug: category.slug, name: category.name, position: category.position, isHidden: category.isHidden)
        try change(&draft)
        try Self.check(draft)
        let changed = try await catalog.change(category.id, to: draft, OwnerDeed(by: note, at: clock.now()))
        try await load.categories()
        return changed
    }

    /// - Throws: *not_found*; *wrong_state* while something is of it.
    public func remove(_ slug: String, by note: OwnerNote) async throws(ShopError) {
        try await catalog.remove(try category(slug).id, OwnerDeed(by: note, at: clock.now()))
        try await load.categories()
    }

    private func category(_ slug: String) throws(ShopError) -> Category {
        guard let slug = Slug(slug), let category = cache.category(slug) else {
            throw ShopError(.notFound, "no such category")
        }
        return category
    }

    private static func check(_ draft: CategoryDraft) throws(ShopError) {
        guard (1...Category.maximumNameLength).contains(draft.name.unicodeScalars.count) else {
            throw .invalid("name", "must have 1 to \(Category.maximumNameLength) characters")
        }
    }
}

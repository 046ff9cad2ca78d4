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
        try Self.check(name: draft.name)
        return try await load.afterwards(.categories) { () throws(ShopError) in
            try await catalog.create(draft, OwnerDeed(by: note, at: clock.now()))
        }
    }

    /// - Throws: *not_found*, *invalid_request* that names the part at fault.
    public func change(
        _ slug: String, _ change: CategoryChange, by note: OwnerNote
    ) async throws(ShopError) -> Category {
        let category = try category(slug)
        if let name = change.name { try Self.check(name: name) }
        return try await load.afterwards(.categories) { () throws(ShopError) in
            try await catalog.change(category.id, change, OwnerDeed(by: note, at: clock.now()))
        }
    }

    /// - Throws: *not_found*; *wrong_state* while something is of it.
    public func remove(_ slug: String, by note: OwnerNote) async throws(ShopError) {
        let category = try category(slug)
        try await load.afterwards(.categories) { () throws(ShopError) in
            try await catalog.remove(category.id, OwnerDeed(by: note, at: clock.now()))
        }
    }

    private func category(_ slug: String) throws(ShopError) -> Category {
        guard let slug = Slug(slug), let category = cache.category(slug) else {
            throw ShopError(.notFound, "no such category")
        }
        return category
    }

    private static func check(name: String) throws(ShopError) {
        guard (1...Category.maximumNameLength).contains(name.unicodeScalars.count) else {
            throw .invalid("name", "must have 1 to \(Category.maximumNameLength) characters")
        }
    }
}

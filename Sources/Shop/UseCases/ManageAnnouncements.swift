public import Domain

/// Writes, changes and removes what everybody who visits the shop is told.
public struct ManageAnnouncements: Sendable {
    private let catalog: any Catalog
    private let load: LoadCatalog
    private let clock: any Clock

    /// Puts the parts together.
    public init(_ ports: UseCases.Ports) {
        catalog = ports.catalog
        load = LoadCatalog(catalog: ports.catalog, cache: ports.cache)
        clock = ports.clock
    }

    /// Writes an announcement, or another one in the place of the one of that number.
    ///
    /// - Throws: *not_found*, *invalid_request* that names the part at fault.
    public func write(
        _ id: Int64? = nil, title: String, text: String, window: SaleWindow, isPinned: Bool, by note: OwnerNote
    ) async throws(ShopError) -> Announcement {
        guard (1...Announcement.maximumTitleLength).contains(title.unicodeScalars.count) else {
            throw .invalid("title", "must have 1 to \(Announcement.maximumTitleLength) characters")
        }
        guard text.unicodeScalars.count <= Announcement.maximumTextLength else {
            throw .invalid("text", "must have at most \(Announcement.maximumTextLength) characters")
        }
        return try await load.afterwards(.announcements) { () throws(ShopError) in
            try await catalog.store(
                announcement: id, title: title, text: text, window: window, isPinned: isPinned,
                OwnerDeed(by: note, at: clock.now()))
        }
    }

    /// - Throws: *not_found*.
    public func remove(_ id: Int64, by note: OwnerNote) async throws(ShopError) {
        try await load.afterwards(.announcements) { () throws(ShopError) in
            try await catalog.remove(announcement: id, OwnerDeed(by: note, at: clock.now()))
        }
    }
}

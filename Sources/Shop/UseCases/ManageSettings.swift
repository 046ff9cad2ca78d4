public import Domain
import Foundation

/// Changes what the shop is called, how it looks and what it tells everybody about itself.
public struct ManageSettings: Sendable {
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

    /// The settings as they are stored, whatever this process had in memory: what is to be changed.
    public func current() async throws(ShopError) -> ShopSettings {
        try await load.afterwards(.settings) {}
        return cache.settings()
    }

    /// Stores the settings in the place of those that are there.
    ///
    /// - Parameters:
    ///   - version: of those that the owner has seen; 0 when none were ever stored
    ///   - settings: all of them; their own version does not count
    /// - Returns: the settings with their new version
    /// - Throws: *wrong_state* when they were changed since that version; *invalid_request* that names the part at
    ///   fault.
    public func change(
        version: Int, to settings: ShopSettings, by note: OwnerNote
    ) async throws(ShopError) -> ShopSettings {
        try settings.check()
        guard TimeZone(identifier: settings.timeZone) != nil else {
            throw .invalid("time_zone", "must be the name of a time zone, such as Asia/Shanghai")
        }
        return try await load.afterwards(.settings) { () throws(ShopError) in
            try await catalog.store(settings, version: version, OwnerDeed(by: note, at: clock.now()))
        }
    }
}

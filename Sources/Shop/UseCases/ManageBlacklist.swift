public import Domain

/// Says whom the shop does not sell to. Orders that are placed stay; who was blocked keeps what is paid.
public struct ManageBlacklist: Sendable {
    private let catalog: any Catalog
    private let load: LoadCatalog
    private let clock: any Clock

    /// Puts the parts together.
    public init(_ ports: UseCases.Ports) {
        catalog = ports.catalog
        load = LoadCatalog(catalog: ports.catalog, cache: ports.cache)
        clock = ports.clock
    }

    /// - Throws: *already_exists* when that one is blocked; *invalid_request* for a range of more addresses than any
    ///   one party has.
    public func block(_ party: BlockedParty, by note: OwnerNote) async throws(ShopError) -> Block {
        if case .addresses(let range) = party, range.length < (range.network.count == 4 ? 8 : 16) {
            throw .invalid("address", "must not be a range of more addresses than a /8, or a /16 of IPv6")
        }
        return try await load.afterwards(.blacklist) { () throws(ShopError) in
            try await catalog.block(party, OwnerDeed(by: note, at: clock.now()))
        }
    }

    /// - Throws: *not_found*.
    public func unblock(_ id: Int64, by note: OwnerNote) async throws(ShopError) {
        try await load.afterwards(.blacklist) { () throws(ShopError) in
            try await catalog.unblock(id, OwnerDeed(by: note, at: clock.now()))
        }
    }
}

public import Domain

/// What all buyers of a shared product get, and how often.
public struct SharedStock: Hashable, Sendable {
    /// The secret, 1 to 4,096 bytes.
    public let secret: String
    /// Units in the pool; nil means without end.
    public let units: Int?

    /// Puts the parts together.
    public init(secret: String, units: Int?) {
        self.secret = secret
        self.units = units
    }
}

/// Puts a product on offer, changes it, and changes what shared ones give.
public struct CreateProduct: Sendable {
    private let catalog: any Catalog
    private let cards: any CardStore
    private let cache: CatalogCache
    private let gate: any Gate
    private let announcer: Announcer
    private let ledger: any Ledger
    private let keys: KeyRing
    private let patterns: any Patterns
    private let identifiers: IdentifierMaker
    private let clock: any Clock
    private let limits: Limits

    /// The most units that one call adds.
    public static let maximumUnits = 100_000

    /// Puts the parts together.
    public init(_ ports: UseCases.Ports, announcer: Announcer) {
        catalog = ports.catalog
        cards = ports.cards
        cache = ports.cache
        gate = ports.gate
        ledger = ports.ledger
        keys = ports.keys
        patterns = ports.patterns
        identifiers = ports.identifiers
        clock = ports.clock
        limits = ports.limits
        self.announcer = announcer
    }

    /// - Parameter shared: for a shared product only
    /// - Throws: *already_exists* when the slug is taken, *invalid_request* when the parts do not fit together.
    public func callAsFunction(
        _ draft: ProductDraft, shared: SharedStock? = nil, by note: OwnerNote
    ) async throws(ShopError) -> Listing {
        var draft = draft
        try ProductRules.check(draft, patterns)
        draft.sharedSecret = try shared.map { stock throws(ShopError) in try seal(stock.secret, of: draft.slug) }
        let listing = try await catalog.create(draft, OwnerDeed(by: note, at: clock.now()))
        cache.put(listing)
        if let units = shared?.units, units > 0 {
            _ = try await addUnits(units, to: listing.product, by: note)
        }
        return listing
    }

    /// Adds units to the pool of a counted shared product.
    ///
    /// - Returns: number of the batch
    /// - Throws: *wrong_state* for another kind of product.
    public func addUnits(_ count: Int, to product: Product, by note: OwnerNote) async throws(ShopError) -> Int64 {
        guard product.kind == .sharedCounted else {
            throw ShopError(.wrongState, "only a shared product with counted stock has units")
        }
        let batch = try await cards.openBatch(of: product.id, at: clock.now())
        let subject = "\(count) of \(product.slug.text), batch \(batch)"
        try await cards.log("units", subject: subject, by: note, at: clock.now())
        var left = count
        while left > 0 {
            let slice = (0..<min(left, limits.importSliceCards)).map { _ in
                // A unit has no content of its own; its fingerprint only has to be like no other.
                SealedCard(fingerprint: identifiers.make().bytes, secret: [])
            }
            let added = try await cards.add(slice, to: product.id, batch: batch)
            // If that fails, upkeep does it later; the gate must hear of the cards either way.
            let waiting =
                (try? await ledger.deliverWaiting(at: clock.now(), limit: limits.expiryBatch)) ?? []
            gate.restock(product.id, .drawn, by: added.imported, change: added.change)
            for change in waiting { announcer.announce(change) }
            left -= slice.count
        }
        return batch
    }

    /// Replaces what all buyers of a shared product get, those of the past included.
    ///
    /// - Throws: *wrong_state* for another kind of product.
    public func replaceSecret(_ secret: String, of product: Product, by note: OwnerNote) async throws(ShopError) {
        let sealed = try seal(secret, of: product.slug)
        guard try await catalog.store(sharedSecret: sealed, of: product.id, by: note, at: clock.now()) else {
            throw ShopError(.wrongState, "only a shared product has one secret for all")
        }
    }

    private func seal(_ secret: String, of product: Slug) throws(ShopError) -> [UInt8] {
        guard (1...limits.cardBytes).contains(secret.utf8.count) else {
            throw .invalid("secret", "must have 1 to \(limits.cardBytes) bytes")
        }
        return try keys.seal(secret.utf8, context: KeyRing.sharedContext(product))
    }
}

public import Domain

/// Rehearses sales, beside the live shop and without touching it.
public struct ManageDrills: Sendable {
    private let stage: (any DrillStage)?
    private let cards: any CardStore
    private let cache: CatalogCache
    private let clock: any Clock

    /// Puts the parts together.
    public init(_ ports: UseCases.Ports) {
        stage = ports.drills
        cards = ports.cards
        cache = ports.cache
        clock = ports.clock
    }

    /// Whether sales can be rehearsed here: a drill holds a shop on one machine, which says nothing of a cluster.
    public var isOffered: Bool { stage != nil }

    /// How the drill stands that is being held; nil when there is none.
    public var standing: DrillStanding? { stage?.standing }

    private func offered() throws(ShopError) -> any DrillStage {
        guard let stage else { throw ShopError(.notFound, "a node of a cluster holds no drills") }
        return stage
    }

    /// Begins a drill with a copy of a product.
    ///
    /// - Throws: *invalid_request* that names the field at fault, *no_such_product*, *busy*, *internal*.
    public func begin(
        _ slug: String, cards count: Int, buyers: Int, rate: Int, paid: Int, by note: OwnerNote
    ) async throws(ShopError) -> DrillEntry {
        guard let slug = Slug(slug), let product = cache.product(slug) else {
            throw ShopError(.noSuchProduct, "no product is called that", field: "product")
        }
        let plan = try DrillPlan(of: product, cards: count, buyers: buyers, rate: rate, paid: paid)
        let entry = try await offered().begin(plan)
        try await cards.log("drill", subject: entry.name, by: note, at: clock.now())
        return entry
    }

    /// Ends the drill that is being held, if there is one.
    public func stop(by note: OwnerNote) async throws(ShopError) {
        await (try offered()).stop()
        try await cards.log("drill_stop", subject: "", by: note, at: clock.now())
    }

    /// All drills, newest first.
    public func list() async throws(ShopError) -> [DrillEntry] { try await offered().list() }

    /// One drill.
    ///
    /// - Throws: *not_found*.
    public func drill(_ name: String) async throws(ShopError) -> DrillEntry {
        guard let entry = try await list().first(where: { $0.name == name }) else {
            throw ShopError(.notFound, "no such drill")
        }
        return entry
    }

    /// What came of a drill; nil when it has no report.
    public func outcome(_ name: String) async throws(ShopError) -> DrillOutcome? {
        try await offered().outcome(name)
    }

    /// The whole report as one page.
    public func report(_ name: String) async throws(ShopError) -> [UInt8] { try await offered().report(name) }

    /// Removes a drill that has ended.
    public func remove(_ name: String, by note: OwnerNote) async throws(ShopError) {
        try await offered().remove(name)
        try await cards.log("drill_remove", subject: name, by: note, at: clock.now())
    }
}

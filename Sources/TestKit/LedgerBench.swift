public import Domain
public import Shop

/// A ledger under test with what is needed to use it.
public struct LedgerBench: Sendable {
    /// The ledger.
    public let ledger: any Ledger
    /// The same ledger's catalog.
    public let catalog: any Catalog
    /// The same ledger's cards.
    public let cards: any CardStore
    /// The same ledger's staff.
    public let staff: any StaffStore
    /// Decides what time it is.
    public let clock: MockClock
    /// Makes identifiers.
    public let identifiers: IdentifierMaker

    /// Puts the parts together.
    public init(_ ledger: any Ledger & Catalog & CardStore & StaffStore, clock: MockClock) {
        self.ledger = ledger
        catalog = ledger
        cards = ledger
        staff = ledger
        self.clock = clock
        identifiers = Fixtures.identifiers(clock)
    }

    /// A new product with so many cards.
    public func product(
        _ slug: String = "game-key", cards: Int = 0, limits: PurchaseLimits = Fixtures.limits(),
        holdSeconds: Int64 = 600, window: SaleWindow = .always, kind: ProductKind = .card,
        lateMoney: LateMoney = .deliver, price: Money = Fixtures.price, isPickable: Bool = false
    ) async throws -> Product {
        let product = try await catalog.create(
            ProductDraft(
                slug: Fixtures.slug(slug), title: "Game key", price: price, limits: limits, holdSeconds: holdSeconds,
                window: window, fields: [], kind: kind, lateMoney: lateMoney, isPickable: isPickable,
                sharedSecret: kind.name == "shared" ? Array("sealed for all".utf8) : nil), deed
        ).product
        if cards > 0 { try await restock(product, Fixtures.cards(0..<cards)) }
        return product
    }

    /// Adds cards in a batch of their own.
    public func restock(_ product: Product, _ cards: [SealedCard]) async throws {
        let batch = try await self.cards.openBatch(of: product.id, at: clock.now())
        _ = try await self.cards.add(cards, to: product.id, batch: batch)
    }

    /// An order that is asked for now.
    public func draft(
        _ product: Product, buyer: Int, quantity: Int = 1, key: String? = nil, digest: UInt8 = 1,
        queryTag: [UInt8]? = nil, picks: [PickedCard] = [], coupon: Coupon? = nil, sealedFields: [UInt8]? = nil
    ) -> OrderDraft {
        Fixtures.draft(
            OrderID(identifiers.make()), product, buyer: Fixtures.buyer(buyer), quantity: quantity, key: key,
            digest: digest, queryTag: queryTag, picks: picks, coupon: coupon, sealedFields: sealedFields,
            at: clock.now())
    }

    /// Places a batch.
    public func place(_ submissions: [Submission]) async throws -> [Placement] {
        try await withCheckedContinuation { continuation in
            ledger.place(submissions) { continuation.resume(returning: $0) }
        }.get()
    }

    /// Places one order.
    public func place(_ draft: OrderDraft) async throws -> Placement { try await place([.place(draft)])[0] }

    /// Asks for the order that a draft's idempotency key stands for.
    public func find(_ draft: OrderDraft) async throws -> Placement {
        try await place([.find(try unwrap(draft.idempotency), of: draft.product.id)])[0]
    }

    /// Places an order that must succeed.
    public func placed(_ draft: OrderDraft) async throws -> Order {
        guard case .placed(let order) = try await place(draft) else {
            throw ContractViolation(description: "the order was not placed")
        }
        return order
    }

    /// Opens an attempt for an order.
    public func attempt(_ id: OrderID) async throws -> Attempt {
        guard let order = try await ledger.order(id) else { throw ContractViolation(description: "no such order") }
        return try await ledger.open(
            Attempt(
                id: AttemptID(identifiers.make()), order: id, channel: order.channel, amount: order.total,
                createdAt: clock.now()), queryAt: nil
        ).attempt
    }

    /// What an authentic callback for an attempt says.
    public func receipt(
        _ attempt: Attempt, event: String? = nil, amount: Money?? = .none, claim: PaymentNotice.Claim = .paid
    ) -> PaymentReceipt {
        PaymentReceipt(
            notice: PaymentNotice(
                channel: attempt.channel, providerEvent: event ?? "event-\(attempt.id.text)", attempt: attempt.id.text,
                amount: amount ?? attempt.amount, claim: claim), raw: "", receivedAt: clock.now())
    }

    /// Who does things by hand in tests.
    public let owner = OwnerNote(actor: "owner", reason: "a test")

    /// Who changes the catalog in tests.
    public var deed: OwnerDeed { OwnerDeed(by: owner, at: clock.now()) }

    /// A product as it is, changed.
    public func draft(of product: Product, _ change: (inout ProductDraft) -> Void) -> ProductDraft {
        var draft = ProductDraft(Listing(product: product, page: .plain))
        change(&draft)
        return draft
    }

    /// A new coupon.
    public func coupon(_ terms: CouponTerms, code: String = "SUMMER") async throws -> Coupon {
        try await catalog.create(Fixtures.code(code), terms, deed)
    }

    /// How often a coupon is used.
    public func used(_ coupon: Coupon) async throws -> Int {
        try unwrap(try await catalog.coupons(code: coupon.code, after: nil, limit: 1).first).used
    }

    /// Pays an order in full.
    public func pay(_ id: OrderID) async throws -> PaymentRecord {
        try await ledger.record(receipt(try await attempt(id)))
    }

    /// The newest entry of the inbox with that verdict.
    public func entry(_ verdict: PaymentVerdict) async throws -> PaymentEntry {
        try unwrap(try await ledger.payments(PaymentFilter(verdict: verdict, limit: 1)).first)
    }

    /// Throws unless the audit is clean.
    public func audit() async throws {
        let report = try await ledger.audit()
        let broken = report.checks.filter { !$0.ok }.map { "\($0.id) ×\($0.violations)" }
        try expect(report.ok, "audit: \(broken), drift \(report.products.map(\.drift))")
    }

    /// Stock of the only product, by state.
    public func stock() async throws -> AuditReport.ProductStock {
        let products = try await ledger.audit().products
        guard products.count == 1 else { throw ContractViolation(description: "one product expected") }
        return products[0]
    }
}

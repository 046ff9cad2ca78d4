public import Domain

/// An attempt with what the buyer must do.
public struct BegunPayment: Hashable, Sendable {
    /// The attempt.
    public let attempt: Attempt
    /// What the buyer must do.
    public let instruction: PaymentInstruction
    /// False when the attempt had been opened before.
    public let isNew: Bool

    /// Puts the parts together.
    public init(attempt: Attempt, instruction: PaymentInstruction, isNew: Bool) {
        self.attempt = attempt
        self.instruction = instruction
        self.isNew = isNew
    }
}

/// Opens an attempt to pay an order through a channel.
public struct BeginPayment: Sendable {
    private let ledger: any Ledger
    private let catalog: CatalogCache
    private let identifiers: IdentifierMaker
    private let clock: any Clock

    /// Puts the parts together.
    public init(ledger: any Ledger, catalog: CatalogCache, identifiers: IdentifierMaker, clock: any Clock) {
        self.ledger = ledger
        self.catalog = catalog
        self.identifiers = identifiers
        self.clock = clock
    }

    /// Opens the attempt, or returns the one that is open for this order and channel.
    ///
    /// - Throws: *invalid_request* for a channel that is not enabled or does not take the amount, *not_ready* while the
    ///   order is queued, *wrong_state* when it is not waiting for money.
    public func callAsFunction(_ id: OrderID, channel name: String) async throws(ShopError) -> BegunPayment {
        guard let slug = Slug(name), let configured = catalog.channel(slug), configured.isEnabled else {
            throw .invalid("channel", "is not an enabled channel")
        }
        let standing = try await ledger.standing(of: id)
        guard standing.state != .queued else { throw ShopError(.notReady, "the order is not claimed yet") }
        guard let order = standing.order, order.state == .awaitingPayment else {
            throw ShopError(.wrongState, "the order is \(standing.state.rawValue) and cannot be paid")
        }
        guard order.addsUp else {
            throw ShopError(.internalFault, "the order's price does not add up", cause: order.id.text)
        }
        guard configured.takes(order.total.currency) else {
            throw .invalid("channel", "does not take \(order.total.currency.code)")
        }
        guard configured.terms.takes(order.total) else { throw .invalid("channel", PlaceOrder.amountFault) }
        let title = catalog.product(order.slug)?.title ?? order.slug.text
        // Asked before anything is written: a channel may not be able to take this amount.
        _ = try configured.channel.instruction(for: attempt(order, configured), title: title)
        let opened = try await open(order, through: configured)
        return BegunPayment(
            attempt: opened.attempt, instruction: try configured.channel.instruction(for: opened.attempt, title: title),
            isNew: opened.isNew)
    }

    /// Opens the attempt whatever the order's state; money may come late.
    func open(
        _ order: Order, through configured: ConfiguredChannel
    ) async throws(ShopError) -> (attempt: Attempt, isNew: Bool) {
        let attempt = attempt(order, configured)
        let isQueryable = (configured.channel as? any QueryableChannel)?.query(attempt) != nil
        let opened = attempt.createdAt
        let queryAt = isQueryable ? QuerySchedule.next(after: 0, opened: opened, now: opened)?.at : nil
        return try await ledger.open(attempt, queryAt: queryAt)
    }

    private func attempt(_ order: Order, _ configured: ConfiguredChannel) -> Attempt {
        Attempt(
            id: AttemptID(identifiers.make(shard: order.id.identifier.shard)), order: order.id,
            channel: configured.channel.name,
            amount: order.total, createdAt: clock.now())
    }
}

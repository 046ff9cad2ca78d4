public import Domain

/// Gives money back: the intent is written first, then the provider is asked, then what came of it is written.
public struct RefundOrder: Sendable {
    private let ledger: any Ledger
    private let catalog: CatalogCache
    private let caller: any ProviderCaller
    private let announcer: Announcer
    private let clock: any Clock
    private let limits: Limits

    /// Puts the parts together.
    public init(
        ledger: any Ledger, catalog: CatalogCache, caller: any ProviderCaller, announcer: Announcer,
        clock: any Clock, limits: Limits
    ) {
        self.ledger = ledger
        self.catalog = catalog
        self.caller = caller
        self.announcer = announcer
        self.clock = clock
        self.limits = limits
    }

    /// Refunds every payment of an order. Repeated, it goes on where it stopped.
    ///
    /// - Parameter isDone: the owner has paid the money back already; no provider is asked
    /// - Returns: the order and its cases as they are now; a case that could not be closed says why.
    /// - Throws: *not_found*; *wrong_state* when nothing was paid.
    public func callAsFunction(
        _ id: OrderID, isDone: Bool, by note: OwnerNote
    ) async throws(ShopError) -> (order: Order, cases: [RefundCase]) {
        let change = try await ledger.requestRefund(id, by: note, at: clock.now())
        announcer.announce(change)
        Failpoint.hit(.refundRequested)
        let filter = RefundFilter(order: id, limit: limits.pageRows)
        for refund in try await ledger.refunds(filter) where refund.state != .done {
            _ = try await settle(refund, isDone: isDone, by: note)
        }
        guard let order = try await ledger.order(id) else { throw ShopError(.notFound, "no such order") }
        return (order: order, cases: try await ledger.refunds(filter))
    }

    /// Refunds the money of one case.
    ///
    /// - Throws: *not_found*.
    public func callAsFunction(
        case id: Int64, isDone: Bool, by note: OwnerNote
    ) async throws(ShopError) -> RefundCase {
        let refund = try await ledger.requestRefund(case: id, by: note, at: clock.now())
        Failpoint.hit(.refundRequested)
        return try await settle(refund, isDone: isDone, by: note)
    }

    private func settle(
        _ refund: RefundCase, isDone: Bool, by note: OwnerNote
    ) async throws(ShopError) -> RefundCase {
        guard refund.state == .requested else { return refund }
        let outcome: Outcome =
            if refund.amount.amount == 0 {
                .done("there was nothing to give back")
            } else {
                isDone ? .done("paid back by hand") : try await askProvider(refund)
            }
        switch outcome {
        case .done(let text):
            let finished = try await ledger.finishRefund(refund.id, outcome: text, by: note, at: clock.now())
            announcer.announce(finished.change)
            return finished.refund
        case .stays(let text):
            try await ledger.note(refund: refund.id, outcome: text, at: clock.now())
            return try await ledger.refunds(RefundFilter(order: refund.order, limit: limits.pageRows))
                .first { $0.id == refund.id } ?? refund
        }
    }

    private enum Outcome {
        case done(String)
        case stays(String)
    }

    /// Most providers have no idempotency key for refunds. So the provider is queried first, it is told to pay at most
    /// once unless it refuses, and its word is believed only when a query shows the money gone.
    private func askProvider(_ refund: RefundCase) async throws(ShopError) -> Outcome {
        guard let name = Slug(refund.channel), let channel = catalog.channel(name)?.channel else {
            return .stays("the channel is gone; pay back by hand")
        }
        if channel is any SelfPayingChannel { return .done("the built-in provider gave it back") }
        guard let id = refund.attempt, let attempt = try await ledger.attempt(id) else {
            return .stays("the provider cannot be told which payment is meant; pay back by hand")
        }
        guard let channel = channel as? any RefundingChannel, let query = channel.query(attempt),
            let request = channel.refund(attempt, amount: refund.amount)
        else { return .stays("the channel does not refund by itself; pay back by hand") }
        if let outcome = await before(channel, query, attempt) { return outcome }
        guard try await ledger.beginTelling(refund: refund.id, at: clock.now()) else {
            return .stays("the provider was told before and does not show it as given back; look at its own pages")
        }
        return try await tell(channel, request, query, attempt, refund)
    }

    /// What a query settles already; nil when the money is there and can be given back.
    private func before(
        _ channel: any RefundingChannel, _ query: ProviderRequest, _ attempt: Attempt
    ) async -> Outcome? {
        do throws(ShopError) {
            switch channel.read(try await caller.call(query), to: attempt) {
            case .refunded: return .done("the provider shows it as given back")
            case .unpaid: return .stays("the provider shows it as unpaid; look at the provider's own pages")
            case .unclear(let reason): return .stays("the provider could not be queried: \(reason)")
            case .paid: return nil
            }
        } catch {
            return .stays("the provider did not answer: \(error.detail)")
        }
    }

    private func tell(
        _ channel: any RefundingChannel, _ request: ProviderRequest, _ query: ProviderRequest, _ attempt: Attempt,
        _ refund: RefundCase
    ) async throws(ShopError) -> Outcome {
        let answer: RefundReading
        do throws(ShopError) {
            answer = channel.readRefund(try await caller.call(request))
        } catch {
            if error.code == .busy { try await ledger.endTelling(refund: refund.id) }
            return .stays("the provider did not answer: \(error.detail)")
        }
        Failpoint.hit(.refundAsked)
        do throws(ShopError) {
            if case .refused(let reason) = answer {
                try await ledger.endTelling(refund: refund.id)
                return .stays("the provider refused: \(reason)")
            }
            guard case .refunded = channel.read(try await caller.call(query), to: attempt) else {
                return .stays("the provider was told and does not show it as given back yet; ask again later")
            }
            return .done("the provider gave it back")
        } catch {
            return .stays("the provider was told and cannot be asked whether it did: \(error.detail)")
        }
    }
}

public import Domain

/// Asks providers about attempts whose callback has not come. Stands in nobody's way: no hold waits for an answer.
public struct PaymentQueries: Sendable {
    private let ledger: any Ledger
    private let catalog: CatalogCache
    private let caller: any ProviderCaller
    private let receiveCallback: ReceiveCallback
    private let clock: any Clock
    private let limits: Limits
    private let onFailure: @Sendable (ShopError) -> Void

    /// - Parameter onFailure: told of every round that failed, and of answers that say nothing
    public init(
        ledger: any Ledger, catalog: CatalogCache, caller: any ProviderCaller, receiveCallback: ReceiveCallback,
        clock: any Clock, limits: Limits, onFailure: @escaping @Sendable (ShopError) -> Void
    ) {
        self.ledger = ledger
        self.catalog = catalog
        self.caller = caller
        self.receiveCallback = receiveCallback
        self.clock = clock
        self.limits = limits
        self.onFailure = onFailure
    }

    /// Works until cancelled. `pause` waits between rounds and throws when it is time to end.
    public func run(pause: @Sendable (_ milliseconds: Int64) async throws -> Void) async {
        while !Task.isCancelled {
            await round()
            do { try await pause(limits.queryIntervalMilliseconds) } catch { return }
        }
    }

    /// Asks about everything that is due, a bounded number at once.
    public func round() async {
        guard case .writable = ledger.health else { return }
        do throws(ShopError) {
            let due = try await ledger.dueQueries(at: clock.now(), limit: limits.queryBatch)
            await withTaskGroup(of: Void.self) { group in
                for query in due { group.addTask { await ask(query) } }
            }
        } catch {
            onFailure(error)
        }
    }

    private func ask(_ query: DueQuery) async {
        do throws(ShopError) {
            let isOpen = try await isOpen(query.attempt)
            // Set before asking: whatever happens now, the same moment is not asked for twice.
            let next = QuerySchedule.next(
                after: query.queries + 1, opened: query.attempt.createdAt, now: clock.now())
            let isMine = try await ledger.schedule(
                query, number: next?.number ?? QuerySchedule.seconds.count, at: isOpen ? next?.at : nil)
            if isOpen, isMine { try await askProvider(query.attempt) }
        } catch {
            onFailure(error)
        }
    }

    /// Whether money for the attempt would be news: also for an order that was paid by another attempt.
    private func isOpen(_ attempt: Attempt) async throws(ShopError) -> Bool {
        let filter = PaymentFilter(order: attempt.order, limit: limits.pageRows)
        return try await !ledger.payments(filter).contains { $0.attempt == attempt.id.text && $0.resolution != nil }
    }

    private func askProvider(_ attempt: Attempt) async throws(ShopError) {
        guard let channel = catalog.channel(attempt.channel)?.channel as? any QueryableChannel,
            let request = channel.query(attempt)
        else { return }
        switch channel.read(try await caller.call(request), to: attempt) {
        case .paid(let notice, let raw):
            _ = try await receiveCallback.record(
                PaymentReceipt(notice: notice, raw: raw, receivedAt: clock.now()))
        case .unpaid, .refunded: break
        case .unclear(let reason):
            throw ShopError(.internalFault, "a provider's answer says nothing", cause: reason)
        }
    }
}

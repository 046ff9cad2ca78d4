public import CoreMetrics
public import Domain
public import Shop

/// What a sweep does next. Event in, action out.
struct SweepMachine: Hashable, Sendable {
    enum Event: Hashable, Sendable {
        /// The pause is over.
        case woke
        /// So many orders were admitted long ago and are not known to be in the log.
        case found(Int)
        /// So many of them are in the log now.
        case logged(Int)
        /// The outbox could not be asked.
        case failed
    }

    enum Action: Hashable, Sendable {
        case ask
        case log
        case rest
    }

    /// Pages of one sweep, so that an outbox that forgets nothing does not keep the sweeper going.
    static let maximumPages = 16

    private let page: Int
    private var pages = 0

    init(page: Int) { self.page = page }

    /// A full page that went well is followed by another.
    mutating func next(after event: Event) -> Action {
        switch event {
        case .woke:
            pages = 0
            return .ask
        case .found(let count):
            return count == 0 ? .rest : .log
        case .logged(let count):
            pages += 1
            return count >= page && pages < Self.maximumPages ? .ask : .rest
        case .failed:
            return .rest
        }
    }
}

/// Writes those orders to the log that a gate admitted and that never came there, because a node died in between. An
/// order that is there already stands there twice then, which the ledger knows.
public struct OutboxSweeper: Sendable {
    private let outbox: any OrderOutbox
    private let intake: KafkaIntake
    private let clock: any Clock
    private let page: Int
    private let admissionMilliseconds: Int64
    private let swept: Counter
    private let failures: Counter
    private let onFailure: @Sendable (ShopError) -> Void

    /// Milliseconds after an admission has grown too old and a producer has given up, after which nobody can be about
    /// to write an order any more.
    static let marginMilliseconds: Int64 = 2000

    /// - Parameters:
    ///   - metrics: receives `sluice_outbox_swept_total` and `sluice_outbox_failures_total`
    ///   - onFailure: told of every sweep that failed
    public init(
        outbox: any OrderOutbox, intake: KafkaIntake, clock: any Clock, limits: Limits, metrics: any MetricsFactory,
        onFailure: @escaping @Sendable (ShopError) -> Void
    ) {
        self.outbox = outbox
        self.intake = intake
        self.clock = clock
        page = limits.batchOrders
        admissionMilliseconds = limits.admissionMilliseconds
        swept = Counter(label: "sluice_outbox_swept_total", dimensions: [], factory: metrics)
        failures = Counter(label: "sluice_outbox_failures_total", dimensions: [], factory: metrics)
        self.onFailure = onFailure
    }

    /// One round: everything that has waited long enough by now.
    ///
    /// - Parameter mayWrite: asked right before each order is written; a node that no longer leads writes nothing into
    ///   a log whose end its successor may have taken for the last of it
    public func sweep(mayWrite: @escaping @Sendable () -> Bool = { true }) async {
        var machine = SweepMachine(page: page)
        var found: [OrderDraft] = []
        var action = machine.next(after: .woke)
        while action != .rest {
            action = machine.next(after: action == .ask ? await ask(&found) : await log(found, mayWrite))
        }
    }

    private func ask(_ found: inout [OrderDraft]) async -> SweepMachine.Event {
        let age = admissionMilliseconds + Int64(intake.deliveryMilliseconds) + Self.marginMilliseconds
        do throws(ShopError) {
            found = try await outbox.unlogged(at: clock.now().advanced(milliseconds: -age), limit: page)
            return .found(found.count)
        } catch {
            failures.increment()
            onFailure(error)
            return .failed
        }
    }

    private func log(
        _ drafts: [OrderDraft], _ mayWrite: @escaping @Sendable () -> Bool
    ) async -> SweepMachine.Event {
        let errors = await withTaskGroup(of: ShopError?.self) { group in
            for draft in drafts {
                group.addTask { [intake] in
                    await withCheckedContinuation { continuation in
                        guard mayWrite() else {
                            return continuation.resume(returning: ShopError(.wrongState, "another node leads"))
                        }
                        intake.write(draft) { continuation.resume(returning: $0) }
                    }
                }
            }
            return await group.reduce(into: [ShopError]()) { errors, error in if let error { errors.append(error) } }
        }
        swept.increment(by: drafts.count - errors.count)
        if let first = errors.first {
            failures.increment()
            onFailure(first)
        }
        return .logged(drafts.count - errors.count)
    }
}

public import Domain

/// What upkeep does beside waking a ledger that had stopped.
public struct UpkeepDuties: OptionSet, Hashable, Sendable {
    /// Which of them.
    public let rawValue: Int

    /// Puts duties together.
    public init(rawValue: Int) { self.rawValue = rawValue }

    /// Ends holds that ran out.
    public static let expire = UpkeepDuties(rawValue: 1)
    /// Delivers orders that wait for restock.
    public static let deliver = UpkeepDuties(rawValue: 2)
    /// All that a shop on one machine needs.
    public static let all: UpkeepDuties = [.expire, .deliver]
}

/// What upkeep does next. Event in, action out.
public struct UpkeepMachine: Hashable, Sendable {
    /// What happened.
    public enum Event: Hashable, Sendable {
        /// The pause is over.
        case woke(LedgerHealth)
        /// A sweep ended this many holds.
        case expired(Int)
        /// So many orders that waited for restock were delivered.
        case delivered(Int)
        /// The sweep or the probe failed, or the probe is done.
        case gaveUp
    }

    /// What is to be done.
    public enum Action: Hashable, Sendable {
        /// End holds that ran out.
        case expire
        /// Deliver orders that wait for restock.
        case deliverWaiting
        /// See whether the ledger takes writes again.
        case probe
        /// Pause.
        case rest
    }

    private let batch: Int
    private let duties: UpkeepDuties

    /// - Parameter batch: holds in one sweep
    public init(batch: Int, duties: UpkeepDuties = .all) {
        self.batch = batch
        self.duties = duties
    }

    /// A full sweep is followed by another, and then by deliveries from what came back; a stopped ledger is probed and
    /// not swept.
    public func next(after event: Event) -> Action {
        switch event {
        case .woke(.writable): duties.contains(.expire) ? .expire : afterExpiry
        case .woke(.stopped(_, let recovers)): recovers ? .probe : .rest
        case .expired(let count): count >= batch ? .expire : afterExpiry
        case .delivered(let count): count >= batch ? .deliverWaiting : .rest
        case .gaveUp: .rest
        }
    }

    private var afterExpiry: Action { duties.contains(.deliver) ? .deliverWaiting : .rest }
}

/// Ends holds that ran out, delivers orders that waited for restock, and wakes a ledger that had stopped.
public struct Upkeep: Sendable {
    private let ledger: any Ledger
    private let announcer: Announcer
    private let clock: any Clock
    private let limits: Limits
    private let duties: UpkeepDuties
    private let onFailure: @Sendable (ShopError) -> Void

    /// - Parameter onFailure: told of every sweep that failed
    public init(
        ledger: any Ledger, announcer: Announcer, clock: any Clock, limits: Limits,
        duties: UpkeepDuties = .all, onFailure: @escaping @Sendable (ShopError) -> Void
    ) {
        self.ledger = ledger
        self.announcer = announcer
        self.clock = clock
        self.limits = limits
        self.duties = duties
        self.onFailure = onFailure
    }

    /// Works until cancelled. `pause` waits between sweeps and throws when it is time to end.
    public func run(pause: @Sendable (_ milliseconds: Int64) async throws -> Void) async {
        while !Task.isCancelled {
            await sweep()
            do { try await pause(limits.expiryIntervalMilliseconds) } catch { return }
        }
    }

    /// One round: everything that has run out by now.
    ///
    /// - Parameter mayGoOn: asked before every step
    public func sweep(while mayGoOn: @Sendable () -> Bool = { true }) async {
        let machine = UpkeepMachine(batch: limits.expiryBatch, duties: duties)
        var action = machine.next(after: .woke(ledger.health))
        while action != .rest, mayGoOn() {
            action = machine.next(after: await perform(action))
        }
    }

    private func perform(_ action: UpkeepMachine.Action) async -> UpkeepMachine.Event {
        switch action {
        case .rest:
            return .gaveUp
        case .probe:
            await ledger.probe()
            return .gaveUp
        case .deliverWaiting:
            do throws(ShopError) {
                let delivered = try await ledger.deliverWaiting(at: clock.now(), limit: limits.expiryBatch)
                for change in delivered { announcer.announce(change) }
                return .delivered(delivered.count)
            } catch {
                onFailure(error)
                return .gaveUp
            }
        case .expire:
            do throws(ShopError) {
                let ended = try await ledger.expire(at: clock.now(), limit: limits.expiryBatch)
                if !ended.isEmpty { Failpoint.hit(.expireAfterCommit) }
                for order in ended {
                    announcer.announce(
                        OrderChange(order: order, changed: true, gate: GateEffect(end: .released)))
                }
                return .expired(ended.count)
            } catch {
                onFailure(error)
                return .gaveUp
            }
        }
    }
}

public import CoreMetrics
public import Domain
import NIOConcurrencyHelpers

/// Looks after one shard while this node leads it, as ``ShardUpkeepMachine`` says. Every node with the role runs one
/// for each shard; one of them leads.
public struct ShardUpkeep: Sendable {
    /// What it works with.
    public struct Ports: Sendable {
        let leases: any Leases
        let gate: any Gate
        let ledger: any Ledger & LogLedger
        let log: any LogProgress
        let announcer: Announcer
        let clock: any Clock
        let limits: Limits
        let metrics: any MetricsFactory
        let monotonic: @Sendable () -> Int64

        /// - Parameters:
        ///   - leases: kept by the shard's own ledger
        ///   - gate: the shard's
        ///   - ledger: the shard's
        ///   - log: of the shard's partitions
        ///   - metrics: receives `sluice_upkeep_leader`, `sluice_gate_open`, `sluice_gate_drift` and
        ///     `sluice_gate_rebuilds_total`; what is said of a gate, its leader says, and all others say 0
        ///   - monotonic: milliseconds of a clock that does not go back, and does not stand still with the process
        public init(
            leases: any Leases, gate: any Gate, ledger: any Ledger & LogLedger, log: any LogProgress,
            announcer: Announcer, clock: any Clock, limits: Limits, metrics: any MetricsFactory,
            monotonic: @escaping @Sendable () -> Int64 = ShardUpkeep.monotonicClock()
        ) {
            self.leases = leases
            self.gate = gate
            self.ledger = ledger
            self.log = log
            self.announcer = announcer
            self.clock = clock
            self.limits = limits
            self.metrics = metrics
            self.monotonic = monotonic
        }
    }

    /// Sweeps the outbox once, and asks right before each order that it writes to the log whether it may.
    public typealias OutboxSweep = @Sendable (_ mayWrite: @escaping @Sendable () -> Bool) async -> Void
    /// Waits so many milliseconds; throws when it is time to end.
    public typealias Pause = @Sendable (_ milliseconds: Int64) async throws -> Void

    private typealias Machine = NIOLockedValueBox<ShardUpkeepMachine>
    private typealias Event = ShardUpkeepMachine.Event
    private typealias Action = ShardUpkeepMachine.Action

    /// How often a rebuild that waits looks whether it is still to go on, in milliseconds.
    private static let sliceMilliseconds: Int64 = 100

    private let ports: Ports
    private let lease: String
    private let holder: String
    private let leaseMilliseconds: Int64
    private let drainMilliseconds: Int64
    private let sweepOutbox: OutboxSweep
    private let onFailure: @Sendable (ShopError) -> Void
    private let upkeep: Upkeep
    private let metrics: ShardUpkeepMetrics

    /// - Parameters:
    ///   - holder: names this node and this start of it
    ///   - leaseMilliseconds: how long a lease lasts; so long at most is nobody the leader after one died
    ///   - drainMilliseconds: how long an order that a gate admitted may still be on its way into the log after it was
    ///     closed: the age that an admission may have, and the time for which a producer tries, and a margin
    ///   - onFailure: told of everything that failed; it is tried again
    public init(
        _ ports: Ports, shard: UInt16, holder: String, leaseMilliseconds: Int64 = 8000, drainMilliseconds: Int64,
        sweepOutbox: @escaping OutboxSweep, onFailure: @escaping @Sendable (ShopError) -> Void
    ) {
        self.ports = ports
        lease = "upkeep/\(shard)"
        self.holder = holder
        self.leaseMilliseconds = leaseMilliseconds
        self.drainMilliseconds = drainMilliseconds
        self.sweepOutbox = sweepOutbox
        self.onFailure = onFailure
        upkeep = Upkeep(
            ledger: ports.ledger, announcer: ports.announcer, clock: ports.clock, limits: ports.limits,
            duties: .expire, onFailure: onFailure)
        metrics = ShardUpkeepMetrics(ports.metrics, shard: shard)
    }

    /// A clock that goes on while the process, or the machine, stands still.
    public static func monotonicClock() -> @Sendable () -> Int64 {
        let start = ContinuousClock.now
        return { Int64(start.duration(to: .now) / .milliseconds(1)) }
    }

    /// Works until `pause` throws. Then a lease that this node has is given up.
    public func run(pause: @escaping Pause) async {
        let machine = Machine(
            ShardUpkeepMachine(
                leaseMilliseconds: leaseMilliseconds, limits: ports.limits, now: ports.monotonic()))
        metrics.tell(.follower)
        await withTaskGroup(of: Event?.self) { group in
            var event: Event? = .woke
            while let happened = event {
                let now = ports.monotonic()
                let actions = machine.withLockedValue { $0.handle(happened, at: now) }
                for action in actions where !metrics.take(action) {
                    group.addTask { await perform(action, machine, pause) }
                }
                event = await group.next() ?? nil
            }
            group.cancelAll()
        }
        let now = ports.monotonic()
        guard case .leader = machine.withLockedValue({ $0.standing(at: now) }) else { return }
        metrics.tell(.follower)
        _ = try? await ports.leases.hold(lease, by: holder, milliseconds: 0)
    }

    /// - Returns: nil when it is time to end
    private func perform(_ action: Action, _ machine: Machine, _ pause: @escaping Pause) async -> Event? {
        switch action {
        case .wait(let milliseconds):
            do { try await pause(milliseconds) } catch { return nil }
            return .woke
        case .askLease:
            let asked = ports.monotonic()
            return await answer(or: .leaseFailed) { () throws(ShopError) in
                let term = try await ports.leases.hold(lease, by: holder, milliseconds: leaseMilliseconds)
                return .lease(term: term, asked: asked)
            }
        case .expire(let term):
            await upkeep.sweep(while: check(machine) { $0.leads(term, at: $1) })
            return .expired
        case .sweepOutbox(let term):
            await sweepOutbox(check(machine) { $0.mayWrite(term, at: $1) })
            return .swept
        case .look:
            return await answer { () throws(ShopError) in .looked(try await ports.gate.look()) }
        case .askLog:
            return await answer { () throws(ShopError) in .logRead(try await isLogRead()) }
        case .count:
            return await answer { () throws(ShopError) in .counted(try await ports.ledger.stock()) }
        case .rebuild(let term):
            return .rebuilt(await rebuild(term, check(machine) { $0.leads(term, at: $1) }, pause))
        case .tell, .tellOpen, .tellDrift:
            return nil
        }
    }

    /// Asks the machine, by the clock, as often as it is called.
    private func check(
        _ machine: Machine, _ may: @escaping @Sendable (ShardUpkeepMachine, _ now: Int64) -> Bool
    ) -> @Sendable () -> Bool {
        { [monotonic = ports.monotonic] in
            !Task.isCancelled && machine.withLockedValue { may($0, monotonic()) }
        }
    }

    private func answer(
        or failure: Event = .checkFailed, _ ask: () async throws(ShopError) -> Event
    ) async -> Event {
        do throws(ShopError) {
            return try await ask()
        } catch {
            onFailure(error)
            return failure
        }
    }

    private func isLogRead() async throws(ShopError) -> Bool {
        for (partition, end) in try await ports.log.ends() where end > 0 {
            guard try await ports.ledger.position(of: partition) >= end else { return false }
        }
        return true
    }

    private func rebuild(_ term: Int64, _ leads: @escaping @Sendable () -> Bool, _ pause: Pause) async -> Bool {
        let rebuild = GateRebuild(
            gate: ports.gate, ledger: ports.ledger, log: ports.log, clock: ports.clock, limits: ports.limits,
            drainMilliseconds: drainMilliseconds, term: term, onFailure: onFailure)
        do {
            try await rebuild.run(while: leads) { milliseconds in
                var left = milliseconds
                while left > 0 {
                    guard leads() else { throw CancellationError() }
                    try await pause(min(left, Self.sliceMilliseconds))
                    left -= Self.sliceMilliseconds
                }
            }
            metrics.rebuilds.increment()
            return true
        } catch {
            return false
        }
    }
}

/// What the leader of a shard says.
private final class ShardUpkeepMetrics: Sendable {
    let rebuilds: Counter
    private let leader: Recorder
    private let open: Recorder
    private let factory: any MetricsFactory
    /// Places that were said to be wrong.
    private let drift = NIOLockedValueBox<Set<StockPlace>>([])

    init(_ factory: any MetricsFactory, shard: UInt16) {
        let dimensions = [("shard", "\(shard)")]
        leader = Recorder(label: "sluice_upkeep_leader", dimensions: dimensions, aggregate: false, factory: factory)
        open = Recorder(label: "sluice_gate_open", dimensions: dimensions, aggregate: false, factory: factory)
        rebuilds = Counter(label: "sluice_gate_rebuilds_total", dimensions: dimensions, factory: factory)
        self.factory = factory
    }

    /// Whether the action was to say something, which is done then.
    func take(_ action: ShardUpkeepMachine.Action) -> Bool {
        switch action {
        case .tell(let standing): tell(standing)
        case .tellOpen(let isOpen): open.record(isOpen ? 1 : 0)
        case .tellDrift(let drift): tell(drift)
        case .wait, .askLease, .expire, .sweepOutbox, .look, .askLog, .count, .rebuild: return false
        }
        return true
    }

    func tell(_ standing: LeadershipMachine.Standing) {
        leader.record(standing == .follower ? 0 : 1)
        guard standing == .follower else { return }
        open.record(0)
        tell([:])
    }

    private func tell(_ found: [StockPlace: Int]) {
        let agreeing = drift.withLockedValue { drift in
            defer { drift = Set(found.keys) }
            return drift.subtracting(found.keys)
        }
        for (place, difference) in found { tell(place, difference) }
        for place in agreeing { tell(place, 0) }
    }

    private func tell(_ place: StockPlace, _ difference: Int) {
        let dimensions = [("product", "\(place.product.number)"), ("pool", place.pool == .drawn ? "drawn" : "picked")]
        Recorder(label: "sluice_gate_drift", dimensions: dimensions, aggregate: false, factory: factory)
            .record(difference)
    }
}

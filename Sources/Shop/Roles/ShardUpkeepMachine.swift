public import Domain

/// What a node does for one shard of which it would be the leader. Event in, actions out; the time is passed in, in
/// milliseconds of a clock that does not go back.
///
/// It asks for the shard's lease again and again. While it has it, and only then, it ends holds, sweeps the outbox and
/// looks at the gate: one that is closed is loaded; one that is open is compared with the ledger when nothing moves in
/// it, and loaded anew when the difference stays.
public struct ShardUpkeepMachine: Hashable, Sendable {
    /// What happened.
    public enum Event: Hashable, Sendable {
        /// The pause is over.
        case woke
        /// The answer about the lease: its term, nil when another one has it, and when it was asked for.
        case lease(term: Int64?, asked: Int64)
        /// The lease could not be asked for.
        case leaseFailed
        /// A sweep for holds that ran out has ended.
        case expired
        /// A sweep of the outbox has ended.
        case swept
        /// What the gate believes.
        case looked(GateLook)
        /// Whether the ledger has judged everything up to the log's end.
        case logRead(Bool)
        /// What the ledger has.
        case counted([StockPlace: Int])
        /// Gate, log or ledger could not be asked.
        case checkFailed
        /// The gate was loaded, or why ever it was not.
        case rebuilt(Bool)
    }

    /// What is to be done. What is done in a term must ask ``leads(_:at:)`` before each of its steps.
    public enum Action: Hashable, Sendable {
        /// Pause.
        case wait(milliseconds: Int64)
        /// Ask for the lease.
        case askLease
        /// End holds that ran out.
        case expire(term: Int64)
        /// Write forgotten orders to the log.
        case sweepOutbox(term: Int64)
        /// Look at the gate.
        case look
        /// Ask whether the ledger has judged the log to its end.
        case askLog
        /// Count the ledger's cards.
        case count
        /// Load the gate.
        case rebuild(term: Int64)
        /// Say who leads.
        case tell(LeadershipMachine.Standing)
        /// Say whether the gate is open.
        case tellOpen(Bool)
        /// Say by how much the gate is wrong in these places.
        case tellDrift([StockPlace: Int])
    }

    /// What is under way, at most one of each.
    private enum Work: Hashable, Sendable { case pause, lease, expiry, outbox }

    private enum GateState: Hashable, Sendable {
        case resting
        case looking
        case askingLog
        case counting
        /// As soon as no sweep of the outbox is under way.
        case wantsRebuild
        case rebuilding
    }

    private let expiryMilliseconds: Int64
    private let lookMilliseconds: Int64
    private var leadership: LeadershipMachine
    private var standing = LeadershipMachine.Standing.follower
    private var busy: Set<Work> = []
    private var leaseDue: Int64
    private var expiryDue: Int64 = 0
    private var outboxDue: Int64 = 0

    private var gate = GateState.resting
    /// The term in which what is under way with the gate was begun.
    private var gateTerm: Int64 = 0
    private var lookDue: Int64 = 0
    private var lastLook: GateLook?
    private var isOpen: Bool?
    private var watch: DriftWatch
    /// The gate's stock when it last agreed with the ledger's, and how many quiet looks ago that was.
    private var agreedStock: [StockPlace: Int]?
    private var agreedLooks = 0
    private var stuckBytes = 0
    private var stuckLooks = 0
    private var noDriftBefore: Int64 = .min

    /// Between two looks at what is due, in milliseconds.
    public static let tickMilliseconds: Int64 = 50
    /// Between two sweeps of the outbox, in milliseconds.
    public static let outboxMilliseconds: Int64 = 1000
    /// Looks with the same difference, or the same bytes waiting, after which the gate is loaded anew.
    public static let looksNeeded = 3
    /// Quiet looks between two counts while gate and ledger agree.
    public static let looksBetweenCounts = 5
    /// After a load, before a difference is a reason for the next one, in milliseconds: one that a load does not take
    /// away must not keep the gate closed.
    public static let driftPauseMilliseconds: Int64 = 60_000

    /// - Parameters:
    ///   - leaseMilliseconds: how long a lease lasts
    ///   - now: when it begins
    public init(leaseMilliseconds: Int64, limits: Limits, now: Int64) {
        expiryMilliseconds = limits.expiryIntervalMilliseconds
        lookMilliseconds = limits.gateLookMilliseconds
        leadership = LeadershipMachine(leaseMilliseconds: leaseMilliseconds)
        watch = DriftWatch(looksNeeded: Self.looksNeeded)
        leaseDue = now
    }

    /// Where this node stands.
    public func standing(at now: Int64) -> LeadershipMachine.Standing { leadership.standing(at: now) }

    /// Whether this node leads in this term.
    public func leads(_ term: Int64, at now: Int64) -> Bool { leadership.standing(at: now) == .leader(term: term) }

    /// Whether an order of the outbox may be written into the log: not while the gate is about to be loaded, which
    /// takes the log's end for the last of what was admitted.
    public func mayWrite(_ term: Int64, at now: Int64) -> Bool {
        leads(term, at: now) && gate != .wantsRebuild && gate != .rebuilding
    }

    /// What is done next.
    public mutating func handle(_ event: Event, at now: Int64) -> [Action] {
        var actions = take(event, now)
        actions += stand(now)
        actions += begin(now)
        return actions
    }

    // MARK: What has ended

    private mutating func take(_ event: Event, _ now: Int64) -> [Action] {
        switch event {
        case .woke: busy.remove(.pause)
        case .lease(let term, let asked):
            busy.remove(.lease)
            leaseDue = now + leadership.pauseMilliseconds
            leadership.answered(term, asked: asked)
        case .leaseFailed:
            busy.remove(.lease)
            leaseDue = now + leadership.pauseMilliseconds
        case .expired:
            busy.remove(.expiry)
            expiryDue = now + expiryMilliseconds
        case .swept:
            busy.remove(.outbox)
            outboxDue = now + Self.outboxMilliseconds
        case .looked, .logRead, .counted, .checkFailed, .rebuilt:
            guard leads(gateTerm, at: now) else {
                rest(until: now)
                return []
            }
            return takeGate(event, now)
        }
        return []
    }

    private mutating func takeGate(_ event: Event, _ now: Int64) -> [Action] {
        switch (gate, event) {
        case (.looking, .looked(let look)):
            return tellOpen(look.isOpen) + looked(look, now)
        case (.askingLog, .logRead(true)):
            return judgeStuck(now)
        case (.askingLog, .logRead(false)):
            watch.disturb()
            stuckLooks = 0
            rest(until: now + lookMilliseconds)
        case (.counting, .counted(let stock)):
            return counted(stock, now)
        case (.looking, .checkFailed):
            rest(until: now + lookMilliseconds)
            // Unknown is no reason to load: the gate's engine would have to take the load.
            return tellOpen(false)
        case (_, .checkFailed):
            rest(until: now + lookMilliseconds)
        case (.rebuilding, .rebuilt(let isDone)):
            forget()
            if isDone { noDriftBefore = now + Self.driftPauseMilliseconds }
            rest(until: isDone ? now : now + max(lookMilliseconds, GateRebuildMachine.retryMilliseconds))
        default:
            break
        }
        return []
    }

    private mutating func rest(until moment: Int64) {
        gate = .resting
        lookDue = moment
    }

    // MARK: What the gate believes

    private mutating func looked(_ look: GateLook, _ now: Int64) -> [Action] {
        guard look.isOpen else {
            gate = .wantsRebuild
            return []
        }
        defer { lastLook = look }
        guard look.unlogged == 0, look.available == lastLook?.available else {
            watch.disturb()
            stuckLooks = 0
            rest(until: now + lookMilliseconds)
            return []
        }
        guard look.waitingBytes > 0 else {
            stuckLooks = 0
            return countWhenDue(look, now)
        }
        gate = .askingLog
        return [.askLog]
    }

    /// The ledger has judged everything and some of it waits all the same: the gate has not heard of a judgement.
    private mutating func judgeStuck(_ now: Int64) -> [Action] {
        guard let look = lastLook else { return [] }
        stuckLooks = look.waitingBytes == stuckBytes ? stuckLooks + 1 : 1
        stuckBytes = look.waitingBytes
        guard stuckLooks >= Self.looksNeeded, now >= noDriftBefore else { return countWhenDue(look, now) }
        gate = .wantsRebuild
        return []
    }

    private mutating func countWhenDue(_ look: GateLook, _ now: Int64) -> [Action] {
        if agreedStock == look.available {
            agreedLooks += 1
            guard agreedLooks >= Self.looksBetweenCounts else {
                rest(until: now + lookMilliseconds)
                return []
            }
        }
        gate = .counting
        return [.count]
    }

    private mutating func counted(_ stock: [StockPlace: Int], _ now: Int64) -> [Action] {
        guard let look = lastLook else { return [] }
        let stays = watch.look(ledger: stock, gate: look.available, isQuiet: true)
        (agreedStock, agreedLooks) = (watch.drift.isEmpty ? look.available : nil, 0)
        if stays, now >= noDriftBefore {
            gate = .wantsRebuild
        } else {
            rest(until: now + lookMilliseconds)
        }
        return [.tellDrift(watch.drift)]
    }

    private mutating func tellOpen(_ isOpen: Bool) -> [Action] {
        guard isOpen != self.isOpen else { return [] }
        self.isOpen = isOpen
        return [.tellOpen(isOpen)]
    }

    /// What was seen of the gate before it was loaded says nothing of it.
    private mutating func forget() {
        watch = DriftWatch(looksNeeded: Self.looksNeeded)
        (lastLook, agreedStock, agreedLooks, stuckLooks) = (nil, nil, 0, 0)
    }

    // MARK: What begins

    private mutating func stand(_ now: Int64) -> [Action] {
        let standing = leadership.standing(at: now)
        guard standing != self.standing else { return [] }
        self.standing = standing
        isOpen = nil
        forget()
        noDriftBefore = .min
        (expiryDue, outboxDue, lookDue) = (now, now, now)
        if gate == .wantsRebuild { gate = .resting }
        return [.tell(standing)]
    }

    private mutating func begin(_ now: Int64) -> [Action] {
        var actions: [Action] = []
        if leaseDue <= now, busy.insert(.lease).inserted { actions.append(.askLease) }
        if case .leader(let term) = standing { actions += beginLeading(term, now) }
        if busy.insert(.pause).inserted { actions.append(.wait(milliseconds: Self.tickMilliseconds)) }
        return actions
    }

    private mutating func beginLeading(_ term: Int64, _ now: Int64) -> [Action] {
        var actions: [Action] = []
        if expiryDue <= now, busy.insert(.expiry).inserted { actions.append(.expire(term: term)) }
        if gate == .resting, lookDue <= now {
            (gate, gateTerm) = (.looking, term)
            actions.append(.look)
        }
        if gate == .wantsRebuild, !busy.contains(.outbox) {
            (gate, gateTerm) = (.rebuilding, term)
            actions += tellOpen(false) + [.rebuild(term: term)]
        }
        // A closed gate has no outbox.
        if mayWrite(term, at: now), isOpen == true, outboxDue <= now, busy.insert(.outbox).inserted {
            actions.append(.sweepOutbox(term: term))
        }
        return actions
    }
}

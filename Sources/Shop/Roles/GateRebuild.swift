public import Domain

/// How far orders of a shard have come: in its log, and in its ledger.
public protocol LogProgress: Sendable {
    /// The position after the newest record, by partition.
    ///
    /// - Throws: *busy* when the log cannot be asked.
    func ends() async throws(ShopError) -> [LogPartition: Int64]
}

/// Loads a gate from its ledger while a sale may be going on. Event in, action out.
///
/// The gate is closed first, so that no order is admitted by what it knew. Orders that were admitted just before may
/// still be on their way into the log, as long as a producer tries; after that the log's end is the last of them. Once
/// the ledger has judged everything up to there, its snapshot holds every order that there is.
public struct GateRebuildMachine: Hashable, Sendable {
    /// What happened.
    public enum Event: Hashable, Sendable {
        /// The gate must be loaded.
        case start
        /// The gate is closed.
        case closed
        /// The pause is over.
        case waited
        /// Where the log ends.
        case ends([LogPartition: Int64])
        /// How far the ledger has come.
        case positions([LogPartition: Int64])
        /// The gate is loaded and open.
        case loaded
        /// The last action failed.
        case failed
    }

    /// What is to be done.
    public enum Action: Hashable, Sendable {
        /// Close the gate.
        case close
        /// Pause.
        case wait(milliseconds: Int64)
        /// Ask where the log ends.
        case askEnds
        /// Ask how far the ledger has come in these partitions.
        case askPositions([LogPartition])
        /// Take a snapshot and load it.
        case load
        /// Nothing more.
        case done
    }

    private enum State: Hashable, Sendable {
        case idle
        case closing
        /// Until no producer tries any more.
        case draining
        case findingEnds
        case catchingUp([LogPartition: Int64])
        /// Between two looks at the ledger.
        case lagging([LogPartition: Int64])
        case loading
        /// Begins anew after a pause.
        case stumbled
    }

    private var state = State.idle
    private let drainMilliseconds: Int64

    /// Between two looks at how far the ledger has come, in milliseconds.
    public static let lookMilliseconds: Int64 = 50
    /// After a failure, in milliseconds.
    public static let retryMilliseconds: Int64 = 1000

    /// - Parameter drainMilliseconds: how long a producer may still try after the gate has closed
    public init(drainMilliseconds: Int64) { self.drainMilliseconds = drainMilliseconds }

    /// What is done next.
    public mutating func next(after event: Event) -> Action {
        switch (state, event) {
        case (_, .failed):
            state = .stumbled
            return .wait(milliseconds: Self.retryMilliseconds)
        case (.idle, .start), (.stumbled, .waited):
            state = .closing
            return .close
        case (.closing, .closed):
            state = .draining
            return .wait(milliseconds: drainMilliseconds)
        case (.draining, .waited):
            state = .findingEnds
            return .askEnds
        case (.findingEnds, .ends(let ends)):
            return look(ends)
        case (.lagging(let ends), .waited):
            return look(ends)
        case (.catchingUp(let ends), .positions(let positions)):
            guard ends.contains(where: { positions[$0.key] ?? 0 < $0.value }) else {
                state = .loading
                return .load
            }
            state = .lagging(ends)
            return .wait(milliseconds: Self.lookMilliseconds)
        case (.loading, .loaded):
            state = .idle
            return .done
        default:
            // An answer to something that was not asked.
            return .done
        }
    }

    private mutating func look(_ ends: [LogPartition: Int64]) -> Action {
        // A partition that nothing was ever written to has nothing to be waited for.
        let open = ends.filter { $0.value > 0 }
        guard !open.isEmpty else {
            state = .loading
            return .load
        }
        state = .catchingUp(open)
        return .askPositions(open.keys.sorted { $0.number < $1.number })
    }
}

/// Loads the gate of one shard, as ``GateRebuildMachine`` says.
public struct GateRebuild: Sendable {
    private let gate: any Gate
    private let ledger: any Ledger & LogLedger
    private let log: any LogProgress
    private let clock: any Clock
    private let limits: Limits
    private let drainMilliseconds: Int64
    private let term: Int64
    private let onFailure: @Sendable (ShopError) -> Void

    /// - Parameters:
    ///   - drainMilliseconds: how long a producer may still try after the gate has closed
    ///   - term: the term in which the caller leads
    ///   - onFailure: told of every failure; the rebuild begins anew
    public init(
        gate: any Gate, ledger: any Ledger & LogLedger, log: any LogProgress, clock: any Clock, limits: Limits,
        drainMilliseconds: Int64, term: Int64, onFailure: @escaping @Sendable (ShopError) -> Void
    ) {
        self.gate = gate
        self.ledger = ledger
        self.log = log
        self.clock = clock
        self.limits = limits
        self.drainMilliseconds = drainMilliseconds
        self.term = term
        self.onFailure = onFailure
    }

    /// Works until the gate is open, or until `pause` throws because it is time to end.
    ///
    /// - Parameter leads: asked before every step whether the caller still leads
    /// - Throws: what `pause` throws; *wrong_state* when another node leads.
    public func run(
        while leads: @Sendable () -> Bool = { true }, pause: @Sendable (_ milliseconds: Int64) async throws -> Void
    ) async throws {
        var machine = GateRebuildMachine(drainMilliseconds: drainMilliseconds)
        var action = machine.next(after: .start)
        while action != .done {
            if case .wait(let milliseconds) = action {
                try await pause(milliseconds)
                action = machine.next(after: .waited)
            } else {
                action = machine.next(after: try await perform(action, while: leads))
            }
        }
    }

    private func perform(
        _ action: GateRebuildMachine.Action, while leads: @Sendable () -> Bool
    ) async throws(ShopError) -> GateRebuildMachine.Event {
        do throws(ShopError) {
            try check(leads)
            switch action {
            case .close:
                try await gate.close(term: term)
                return .closed
            case .askEnds:
                return .ends(try await log.ends())
            case .askPositions(let partitions):
                var positions: [LogPartition: Int64] = [:]
                for partition in partitions { positions[partition] = try await ledger.position(of: partition) }
                return .positions(positions)
            case .load:
                let snapshot = try await ledger.gateSnapshot(
                    keysSince: clock.now().advanced(seconds: -limits.gateKeySeconds),
                    maximumUnits: limits.gateBuyers, maximumKeys: limits.gateKeys)
                // The snapshot may have taken long.
                try check(leads)
                try await gate.load(snapshot)
                return .loaded
            case .wait, .done:
                return .failed
            }
        } catch {
            onFailure(error)
            // Trying again would not make it lead.
            if error.code == .wrongState { throw error }
            return .failed
        }
    }

    private func check(_ leads: @Sendable () -> Bool) throws(ShopError) {
        guard leads() else { throw ShopError(.wrongState, "another node may lead by now") }
    }
}

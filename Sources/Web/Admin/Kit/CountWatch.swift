import Domain
import NIOConcurrencyHelpers
import Shop

/// What takes the longer the larger the ledger is, counted in the background. A page waits a moment only, and shows the
/// last counts until newer ones are there. Each count is made once at a time, however many ask, and the next one waits
/// a multiple of what the last one took.
final class CountWatch<Key: Hashable & Sendable, Value: Sendable>: Sendable {
    /// A count, when it was made, and how long it took.
    struct Counted: Sendable {
        let value: Value
        let at: Timestamp
        let milliseconds: Int64
    }

    /// How often is counted, and how long pages wait.
    struct Pace {
        /// Milliseconds that a page waits.
        var patience: Int64 = 60
        /// So many times as long as a count took, the next one waits.
        var restFactor: Int64 = 20
        /// Seconds that the next one waits at least.
        var pauseSeconds: Int64 = 0
    }

    typealias Count = @Sendable (Key) async throws(ShopError) -> Value

    private struct State {
        var counted: [Key: Counted] = [:]
        var running: Set<Key> = []
        var nextAt: [Key: Timestamp] = [:]
        /// How often a key was forgotten: what was begun before counts for nothing.
        var generation: [Key: Int] = [:]
    }

    /// Counts that are remembered; the oldest one is forgotten first.
    private let maximum = 64
    /// Milliseconds between two looks of a page that waits.
    private let lookMilliseconds: Int64 = 5

    private let count: Count
    private let clock: any Clock
    private let pace: Pace
    private let state = NIOLockedValueBox(State())

    /// - Parameter count: counts for a key
    init(clock: any Clock, _ pace: Pace = Pace(), count: @escaping Count) {
        self.count = count
        self.clock = clock
        self.pace = pace
    }

    /// The newest count that can be had without a long wait; nil when there is none yet.
    ///
    /// - Parameter mayBegin: whether a count that is due is begun now
    func latest(_ key: Key, mayBegin: Bool = true) async -> Counted? {
        let now = clock.now()
        if mayBegin, let generation = begin(key, at: now) {
            Task { await countAnew(key, since: now, generation) }
        }
        for _ in 0..<(pace.patience / lookMilliseconds) {
            let (known, isRunning) = state.withLockedValue { ($0.counted[key], $0.running.contains(key)) }
            if !isRunning { return known }
            do { try await Task.sleep(for: .milliseconds(lookMilliseconds)) } catch { break }
        }
        return state.withLockedValue { $0.counted[key] }
    }

    /// Something has changed that is counted: the next look counts anew.
    func forget(_ key: Key) {
        state.withLockedValue { state in
            state.counted[key] = nil
            state.nextAt[key] = nil
            state.running.remove(key)
            state.generation[key, default: 0] += 1
        }
    }

    private func begin(_ key: Key, at now: Timestamp) -> Int? {
        state.withLockedValue { state in
            guard !state.running.contains(key), now >= state.nextAt[key] ?? now else { return nil }
            state.running.insert(key)
            return state.generation[key, default: 0]
        }
    }

    private func countAnew(_ key: Key, since start: Timestamp, _ generation: Int) async {
        let value = try? await count(key)
        let end = clock.now()
        let took = end.milliseconds - start.milliseconds
        let rest = max(pace.pauseSeconds * 1000, pace.restFactor * took)
        state.withLockedValue { state in
            guard state.generation[key, default: 0] == generation else { return }
            state.running.remove(key)
            state.nextAt[key] = end.advanced(milliseconds: rest)
            guard let value else { return }
            state.counted[key] = Counted(value: value, at: end, milliseconds: took)
            guard state.counted.count > maximum,
                let oldest = state.counted.min(by: { $0.value.at < $1.value.at })?.key
            else { return }
            state.counted[oldest] = nil
            state.nextAt[oldest] = nil
        }
    }
}

/// The books, as the live screen shows them.
struct BooksLook: Sendable {
    /// There is one thing to look at.
    enum Key: Hashable, Sendable { case all }

    /// Milliseconds of an audit beyond which none is begun while buyers come: it takes a core for so long.
    static let longMilliseconds: Int64 = 1000
    /// Requests for orders a second from which on buyers come.
    static let busyRate = 20.0
    /// Seconds before the opening of a sale in which no long audit begins.
    static let quietSeconds: Int64 = 600
    /// A hundredth of a core at most, and not more often than that.
    static let pace = CountWatch<Key, BooksLook>.Pace(patience: 0, restFactor: 100, pauseSeconds: 15)

    /// The invariants by their numbers, and whether each holds.
    let checks: [(id: String, isRight: Bool)]

    init(_ report: AuditReport) {
        let drift = report.products.allSatisfy { $0.drift == 0 }
        checks = report.checks.map { ($0.id, $0.ok) } + [("drift", drift)]
    }

    /// Whether an audit may begin while so many orders a second are asked for.
    ///
    /// - Parameter opensSoon: whether a sale opens within ``quietSeconds``
    static func mayBegin(atRate rate: Double, lastMilliseconds: Int64?, opensSoon: Bool = false) -> Bool {
        rate < busyRate && !opensSoon || lastMilliseconds ?? .max < longMilliseconds
    }
}

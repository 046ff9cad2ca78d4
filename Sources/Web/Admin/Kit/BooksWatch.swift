import Domain
import NIOConcurrencyHelpers
import Shop

/// The last audit of the books, made anew while somebody watches. How long one took says when the next one is due, so
/// that audits take a hundredth of one core, however large the ledger is.
final class BooksWatch: Sendable {
    /// What an audit found.
    struct Look: Sendable {
        let checks: [(id: String, isRight: Bool)]
        let at: Timestamp
    }

    /// Seconds between two audits, at least.
    private static let pauseSeconds: Int64 = 15
    /// So many times as long as an audit takes, the next one waits.
    private static let restFactor: Int64 = 100

    private struct State {
        var look: Look?
        var isLooking = false
        var nextAt: Timestamp?
    }

    private let ledger: any Ledger
    private let clock: any Clock
    private let state = NIOLockedValueBox(State())

    init(ledger: any Ledger, clock: any Clock) {
        self.ledger = ledger
        self.clock = clock
    }

    /// The last look; nil before the first one has ended. Begins another one when it is due.
    func latest() -> Look? {
        let now = clock.now()
        let (look, isDue) = state.withLockedValue { state in
            let isDue = !state.isLooking && now >= state.nextAt ?? now
            if isDue { state.isLooking = true }
            return (state.look, isDue)
        }
        if isDue { Task { await lookAnew(from: now) } }
        return look
    }

    private func lookAnew(from start: Timestamp) async {
        let report = try? await ledger.audit()
        let end = clock.now()
        let look = report.map { report in
            let drift = report.products.allSatisfy { $0.drift == 0 }
            return Look(checks: report.checks.map { ($0.id, $0.ok) } + [("drift", drift)], at: end)
        }
        let rest = max(Self.pauseSeconds * 1000, Self.restFactor * (end.milliseconds - start.milliseconds))
        state.withLockedValue { state in
            state.look = look ?? state.look
            state.isLooking = false
            state.nextAt = end.advanced(milliseconds: rest)
        }
    }
}

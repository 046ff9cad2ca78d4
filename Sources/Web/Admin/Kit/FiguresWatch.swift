import Domain
import NIOConcurrencyHelpers
import Shop

/// Sales by hour and day, counted in the background. Counting goes through every order of its span, which may be a
/// million of today alone, so a page waits a moment only, and shows the last counts until the new ones are there.
final class FiguresWatch: Sendable {
    /// Counts, and of when they are.
    struct Counted: Sendable {
        let figures: [SalesFigures]
        let at: Timestamp
    }

    private struct State {
        var counted: [FigureSpan: Counted] = [:]
        var running: Set<FigureSpan> = []
        var nextAt: [FigureSpan: Timestamp] = [:]
    }

    /// Milliseconds that a page waits for counts.
    private static let patience: Int64 = 100
    /// So many times as long as counting takes, the next count waits.
    private static let restFactor: Int64 = 20
    /// Spans that are remembered; one of hours and one of days move on each hour.
    private static let maximum = 16

    private let ledger: any Ledger
    private let clock: any Clock
    private let state = NIOLockedValueBox(State())

    init(ledger: any Ledger, clock: any Clock) {
        self.ledger = ledger
        self.clock = clock
    }

    /// The newest counts that can be had without a long wait; nil when there are none yet.
    func figures(_ span: FigureSpan) async -> Counted? {
        let now = clock.now()
        if begin(span, at: now) { Task { await count(span, since: now) } }
        return await waited(span)
    }

    private func begin(_ span: FigureSpan, at now: Timestamp) -> Bool {
        state.withLockedValue { state in
            guard !state.running.contains(span), now >= state.nextAt[span] ?? now else { return false }
            return state.running.insert(span).inserted
        }
    }

    private func count(_ span: FigureSpan, since start: Timestamp) async {
        let figures = try? await ledger.figures(span)
        let end = clock.now()
        state.withLockedValue { state in
            state.running.remove(span)
            state.nextAt[span] = end.advanced(
                milliseconds: Self.restFactor * (end.milliseconds - start.milliseconds))
            guard let figures else { return }
            state.counted[span] = Counted(figures: figures, at: end)
            while state.counted.count > Self.maximum,
                let oldest = state.counted.min(by: { $0.value.at < $1.value.at })?.key
            {
                state.counted[oldest] = nil
                state.nextAt[oldest] = nil
            }
        }
    }

    private func waited(_ span: FigureSpan) async -> Counted? {
        for _ in 0..<(Self.patience / 5) {
            let (known, isRunning) = state.withLockedValue { ($0.counted[span], $0.running.contains(span)) }
            if !isRunning { return known }
            do { try await Task.sleep(for: .milliseconds(5)) } catch { break }
        }
        return state.withLockedValue { $0.counted[span] }
    }
}

import NIOConcurrencyHelpers

/// How many live screens are open.
final class LiveStreams: Sendable {
    private let count = NIOLockedValueBox(0)
    private let maximum: Int

    init(maximum: Int) { self.maximum = maximum }

    /// False when there is no room for one more.
    func enter() -> Bool {
        count.withLockedValue { count in
            guard count < maximum else { return false }
            count += 1
            return true
        }
    }

    func leave() { count.withLockedValue { $0 -= 1 } }
}

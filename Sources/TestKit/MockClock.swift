public import Domain
import NIOConcurrencyHelpers
public import Shop

/// A clock that stands still until it is moved.
public final class MockClock: Shop.Clock {
    private let time: NIOLockedValueBox<Timestamp>

    /// Starts at 2026-01-01T00:00:00Z unless told otherwise.
    public init(_ start: Timestamp = Timestamp(milliseconds: 1_767_225_600_000)) { time = NIOLockedValueBox(start) }

    public func now() -> Timestamp { time.withLockedValue { $0 } }

    /// Moves the time on.
    public func advance(milliseconds: Int64) { time.withLockedValue { $0 = $0.advanced(milliseconds: milliseconds) } }

    /// Moves the time on.
    public func advance(seconds: Int64) { time.withLockedValue { $0 = $0.advanced(seconds: seconds) } }
}

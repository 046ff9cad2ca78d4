public import Domain
import Foundation
public import Shop

/// The machine's wall clock.
public struct SystemClock: Shop.Clock {
    /// The machine's wall clock.
    public init() {}

    public func now() -> Timestamp {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Timestamp(milliseconds: Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000)
    }
}

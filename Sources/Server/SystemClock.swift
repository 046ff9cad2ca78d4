public import Domain
import Foundation
public import Shop

/// The machine's wall clock.
public struct SystemClock: Shop.Clock {
    /// The machine's wall clock.
    public init() {}

    public func now() -> Timestamp {
        Timestamp(milliseconds: Int64((Date.now.timeIntervalSince1970 * 1000).rounded(.down)))
    }
}

/// A moment in milliseconds since 1970-01-01T00:00:00Z.
public struct Timestamp: Hashable, Comparable, Sendable {
    /// Milliseconds since the Unix epoch.
    public let milliseconds: Int64

    /// Wraps a number of milliseconds.
    public init(milliseconds: Int64) { self.milliseconds = milliseconds }

    /// Earlier moments first.
    public static func < (left: Timestamp, right: Timestamp) -> Bool { left.milliseconds < right.milliseconds }

    /// The moment that many seconds later (earlier when negative).
    public func advanced(seconds: Int64) -> Timestamp { Timestamp(milliseconds: milliseconds + seconds * 1000) }

    /// The moment that many milliseconds later (earlier when negative).
    public func advanced(milliseconds delta: Int64) -> Timestamp { Timestamp(milliseconds: milliseconds + delta) }
}

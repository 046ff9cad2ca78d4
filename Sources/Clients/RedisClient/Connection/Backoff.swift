/// How long to wait before the next attempt to connect: twice as long after each failure, half of it at random, so
/// that nodes do not come back all at once.
struct Backoff: Hashable, Sendable {
    private let range: ClosedRange<Int64>
    private var mean: Int64

    /// - Parameter range: milliseconds, the shortest and the longest
    init(_ range: ClosedRange<Int64>) {
        self.range = range
        mean = range.lowerBound
    }

    /// Milliseconds to wait.
    ///
    /// - Parameter random: any number
    mutating func next(random: UInt64) -> Int64 {
        let half = mean / 2
        defer { mean = min(range.upperBound, mean * 2) }
        return mean - half + Int64(random % UInt64(half + 1))
    }

    /// It worked.
    mutating func reset() { mean = range.lowerBound }
}

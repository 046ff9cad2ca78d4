import Histogram

/// Durations of one kind: up to an hour, to three digits.
struct LatencyRecord: Sendable {
    private static let longest: UInt64 = 3_600_000_000
    private var histogram = Histogram<UInt32>(highestTrackableValue: longest, numberOfSignificantValueDigits: .three)
    private(set) var count = 0
    /// Exact, so that the greatest value is not rounded up to the end of its class.
    private(set) var longestMicroseconds: UInt64 = 0

    mutating func record(_ nanoseconds: Int64) {
        let microseconds = min(UInt64(max(0, nanoseconds)) / 1000, Self.longest)
        histogram.record(microseconds)
        count += 1
        longestMicroseconds = max(longestMicroseconds, microseconds)
    }

    mutating func reset() {
        histogram.reset()
        (count, longestMicroseconds) = (0, 0)
    }

    /// Milliseconds within which so many of a hundred lie; 0 when there are none.
    func percentile(_ percent: Double) -> Double {
        count == 0 ? 0 : Double(histogram.valueAtPercentile(percent)) / 1000
    }

    var summary: LatencySummary {
        LatencySummary(
            count: count, p50: percentile(50), p90: percentile(90), p99: percentile(99), p999: percentile(99.9),
            mean: count == 0 ? 0 : histogram.mean / 1000, max: Double(longestMicroseconds) / 1000)
    }
}

/// What there is to say about durations of one kind, in milliseconds.
public struct LatencySummary: Codable, Equatable, Sendable {
    public let count: Int
    public let p50: Double
    public let p90: Double
    public let p99: Double
    /// 99.9 percent.
    public let p999: Double
    public let mean: Double
    public let max: Double
}

/// The durations of a drill.
struct Latencies: Sendable {
    /// From the moment an order was to be placed to its answer, however it ended.
    var placing = LatencyRecord()
    var accepted = LatencyRecord()
    var soldOut = LatencyRecord()
    /// From the moment an order was to be placed to the look that shows that its cards are claimed, if it was queued.
    var orderToClaimed = LatencyRecord()
    /// From the moment an order was to be placed to the answer that shows its cards.
    var orderToDelivered = LatencyRecord()
    /// From sending a payment to its answer.
    var paying = LatencyRecord()
    /// From sending a look at an order to its answer.
    var reading = LatencyRecord()
    /// By how much an arrival was released too late.
    var lag = LatencyRecord()

    mutating func placed(_ outcome: PlaceOutcome, after nanoseconds: Int64) {
        placing.record(nanoseconds)
        if outcome == .accepted { accepted.record(nanoseconds) }
        if outcome == .soldOut { soldOut.record(nanoseconds) }
    }

    var summaries: LatencySummaries {
        LatencySummaries(
            placing: placing.summary, accepted: accepted.summary, soldOut: soldOut.summary,
            orderToClaimed: orderToClaimed.summary, orderToDelivered: orderToDelivered.summary, paying: paying.summary,
            reading: reading.summary,
            lag: lag.summary)
    }
}

/// The durations of a drill, summed up.
public struct LatencySummaries: Codable, Equatable, Sendable {
    public let placing: LatencySummary
    public let accepted: LatencySummary
    public let soldOut: LatencySummary
    public let orderToClaimed: LatencySummary
    public let orderToDelivered: LatencySummary
    public let paying: LatencySummary
    public let reading: LatencySummary
    public let lag: LatencySummary
}

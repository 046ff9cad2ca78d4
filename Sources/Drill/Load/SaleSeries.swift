/// One interval of a drill.
public struct SeriesRow: Codable, Equatable, Sendable {
    /// Seconds from the start of the sale to the start of the interval.
    public let second: Double
    public internal(set) var arrivals = 0
    public internal(set) var accepted = 0
    public internal(set) var soldOut = 0
    /// Refused, unknown and failed.
    public internal(set) var other = 0
    /// Of the answers in this interval, in milliseconds; nil when there were none.
    public internal(set) var p50: Double?
    public internal(set) var p99: Double?
    public internal(set) var shop: ProcessSample?
    public internal(set) var generator: ProcessSample?

    init(second: Double) { self.second = second }
}

/// The sale, interval by interval. Events are given in the order of their time.
struct SaleSeries: Sendable {
    let interval: Int64
    private(set) var rows: [SeriesRow] = []
    private var current = SeriesRow(second: 0)
    private var latencies = LatencyRecord()

    /// Ten rows a second for a short sale, one for a long one.
    init(saleNanoseconds: Int64) {
        interval = saleNanoseconds < 20_000_000_000 ? 100_000_000 : 1_000_000_000
    }

    mutating func arrived(at moment: Int64) {
        advance(to: moment)
        current.arrivals += 1
    }

    mutating func answered(_ outcome: PlaceOutcome, after latency: Int64, at moment: Int64) {
        advance(to: moment)
        latencies.record(latency)
        switch outcome {
        case .accepted: current.accepted += 1
        case .soldOut: current.soldOut += 1
        case .repeated: break
        case .limited, .refused, .unknown, .failed: current.other += 1
        }
    }

    /// Ends the last interval.
    mutating func end(at moment: Int64) {
        advance(to: moment)
        close()
    }

    private mutating func advance(to moment: Int64) {
        while moment >= Int64(rows.count + 1) * interval { close() }
    }

    private mutating func close() {
        if latencies.count > 0 {
            current.p50 = latencies.percentile(50)
            current.p99 = latencies.percentile(99)
            latencies.reset()
        }
        rows.append(current)
        current = SeriesRow(second: Double(rows.count) * Double(interval) / 1e9)
    }
}

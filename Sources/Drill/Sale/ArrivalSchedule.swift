/// When the arrivals of a drill come: phases, one after the other.
///
/// The moment of each arrival is computed from its number, so that nothing adds up over ten million of them.
public struct ArrivalSchedule: Equatable, Sendable {
    /// A stretch of the sale.
    public enum Phase: Equatable, Sendable {
        /// So many a second, evenly.
        case rate(perSecond: Int, arrivals: Int, nanoseconds: Int64)
        /// So many at the same instant.
        case burst(arrivals: Int)

        var arrivals: Int {
            switch self {
            case .rate(_, let arrivals, _), .burst(let arrivals): arrivals
            }
        }

        var nanoseconds: Int64 {
            switch self {
            case .rate(_, _, let nanoseconds): nanoseconds
            case .burst: 0
            }
        }
    }

    private struct Step: Equatable {
        let phase: Phase
        let firstArrival: Int
        let start: Int64
    }

    /// The most arrivals of one drill.
    public static let maximumArrivals = 10_000_000
    static let maximumRate = 1_000_000
    static let maximumPhases = 64
    static let maximumPhaseSeconds = 3600.0
    private static let second: Int64 = 1_000_000_000

    private let steps: [Step]
    /// How many arrivals there are.
    public let count: Int
    /// How long the phases last together.
    public let nanoseconds: Int64

    init(phases: [Phase]) {
        var steps: [Step] = []
        var (arrivals, start) = (0, Int64(0))
        for phase in phases where phase.arrivals > 0 {
            steps.append(Step(phase: phase, firstArrival: arrivals, start: start))
            arrivals += phase.arrivals
            start += phase.nanoseconds
        }
        self.steps = steps
        count = arrivals
        nanoseconds = start
    }

    /// Arrivals at one rate.
    init(arrivals: Int, perSecond rate: Int) {
        let length = Int64(arrivals) * Self.second / Int64(rate)
        self.init(phases: [.rate(perSecond: rate, arrivals: arrivals, nanoseconds: length)])
    }

    /// Nanoseconds from the start of the sale to an arrival, counted from 0.
    func offset(of arrival: Int) -> Int64 {
        guard let step = steps.last(where: { $0.firstArrival <= arrival }) else { return 0 }
        switch step.phase {
        case .burst: return step.start
        case .rate(let rate, _, _):
            return step.start + Int64(arrival - step.firstArrival) * Self.second / Int64(rate)
        }
    }

    // MARK: Reading

    /// Reads `1000x5,burst 2000,5000x2`: a thousand a second for five seconds, two thousand at once, and so on.
    ///
    /// - Throws: a sentence that names the option `--load`.
    init(text: String) throws(DrillError) {
        var phases: [Phase] = []
        for part in text.split(separator: ",", omittingEmptySubsequences: false) {
            phases.append(try Self.phase(part.drop { $0 == " " }))
        }
        guard phases.count <= Self.maximumPhases else {
            throw DrillError("--load: there are at most \(Self.maximumPhases) phases")
        }
        self.init(phases: phases)
        guard (1...Self.maximumArrivals).contains(count) else {
            throw DrillError("--load: there must be 1 to \(Self.maximumArrivals) arrivals, not \(count)")
        }
    }

    private static func phase(_ text: Substring) throws(DrillError) -> Phase {
        if text.hasPrefix("burst ") {
            guard let count = Int(text.dropFirst(6)), (1...maximumArrivals).contains(count) else {
                throw DrillError("--load: \"\(text)\" is not a burst of 1 to \(maximumArrivals)")
            }
            return .burst(arrivals: count)
        }
        let parts = text.split(separator: "x", omittingEmptySubsequences: false)
        guard parts.count == 2, let rate = Int(parts[0]), let seconds = Double(parts[1]) else {
            throw DrillError("--load: \"\(text)\" is neither RATExSECONDS nor burst COUNT")
        }
        guard (1...maximumRate).contains(rate) else {
            throw DrillError("--load: the rate in \"\(text)\" must be 1 to \(maximumRate) a second")
        }
        guard seconds > 0, seconds <= maximumPhaseSeconds else {
            throw DrillError(
                "--load: \"\(text)\" must last more than 0 and at most \(Int(maximumPhaseSeconds)) seconds")
        }
        let nanoseconds = Int64((seconds * Double(second)).rounded())
        return .rate(perSecond: rate, arrivals: Int(Int64(rate) * nanoseconds / second), nanoseconds: nanoseconds)
    }
}

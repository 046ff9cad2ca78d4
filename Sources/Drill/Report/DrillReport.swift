public import Foundation

/// Everything that is to be said about one drill. `drill.json` is this, with names in snake case.
public struct DrillReport: Codable, Equatable, Sendable {
    /// What was on offer, and who came.
    public struct Sale: Codable, Equatable, Sendable {
        public internal(set) var slug: String
        public internal(set) var cards: Int
        public internal(set) var quantity: Int
        public internal(set) var load: String
        public internal(set) var loadSeconds: Double
        public internal(set) var repeats: Double
        public internal(set) var paid: Double
        public internal(set) var payAfterSeconds: [Double]
        public internal(set) var connections: Int
        public internal(set) var timeoutSeconds: Double
        public internal(set) var maximumLagMilliseconds: Double
        public internal(set) var holdSeconds: Int
        public internal(set) var seed: UInt64
        /// The shop's address; nil when the drill started the shop itself.
        public internal(set) var url: String?
    }

    /// What two sides of the drill took of the machine.
    public struct Processes: Codable, Equatable, Sendable {
        public internal(set) var shop: ProcessUse?
        public internal(set) var generator: ProcessUse?
    }

    /// What the shop's books say: while it runs, and after it stopped.
    public struct Audits: Codable, Equatable, Sendable {
        public internal(set) var live: AuditFigures
        public internal(set) var offline: AuditFigures?
    }

    /// The form of this report.
    public internal(set) var version = 1
    /// When the drill began, by RFC 3339.
    public internal(set) var startedAt: String
    public internal(set) var machine: Machine
    public internal(set) var sale: Sale
    public internal(set) var seconds: Double
    public internal(set) var ordersPerSecond: Double
    public internal(set) var counts: DrillCounts
    public internal(set) var milliseconds: LatencySummaries
    public internal(set) var processes: Processes
    public internal(set) var audits: Audits
    public internal(set) var passed: Bool
    public internal(set) var verdict: DrillVerdict
    public internal(set) var intervalMilliseconds: Int
    public internal(set) var series: [SeriesRow]
    /// The looks at orders after the sale; nil when there were none.
    public internal(set) var reads: ReadFigures?

    /// The report as JSON.
    public func json() throws -> Data {
        let encoder = JSONEncoder()
        encoder.keyEncodingStrategy = .convertToSnakeCase
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        return try encoder.encode(self)
    }

    /// Reads what ``json()`` wrote.
    public init(json: Data) throws {
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        self = try decoder.decode(DrillReport.self, from: json)
    }
}

extension DrillReport {
    init(
        startedAt: String, machine: Machine, sale: Sale, result: LoadResult, processes: Processes, audits: Audits,
        verdict: DrillVerdict, reads: ReadFigures? = nil
    ) {
        self.startedAt = startedAt
        self.machine = machine
        self.sale = sale
        seconds = result.seconds
        let duration = result.secondsToLastAccepted
        ordersPerSecond = duration > 0 ? Double(result.counts.accepted) / duration : 0
        counts = result.counts
        milliseconds = result.latencies
        self.processes = processes
        self.audits = audits
        passed = verdict.passed
        self.verdict = verdict
        intervalMilliseconds = result.intervalMilliseconds
        series = result.rows
        self.reads = reads
    }

    /// The durations with their names, in the order in which they are shown.
    var namedLatencies: [(name: String, summary: LatencySummary)] {
        [
            ("placing, all", milliseconds.placing), ("placing, accepted", milliseconds.accepted),
            ("placing, sold out", milliseconds.soldOut), ("order to claimed", milliseconds.orderToClaimed),
            ("order to delivered", milliseconds.orderToDelivered),
            ("payment", milliseconds.paying), ("look at the order", milliseconds.reading),
            ("lag of arrivals", milliseconds.lag),
        ] + (reads.map { [("reads", $0.milliseconds), ("lag of reads", $0.lag)] } ?? [])
    }

    /// The buyers by what became of them, in the order in which they are shown.
    var namedCounts: [(name: String, count: Int)] {
        [
            ("buyers", counts.buyers), ("accepted", counts.accepted), ("sold out", counts.soldOut),
            ("limit reached", counts.limited), ("refused", counts.refused), ("unknown", counts.unknown),
            ("failed", counts.failed), ("repeats sent", counts.repeats.sent),
            ("repeats: same order", counts.repeats.sameOrder), ("repeats: refused", counts.repeats.refused),
            ("repeats: unknown", counts.repeats.unknown), ("delivered", counts.delivered), ("unpaid", counts.unpaid),
            ("paid, not delivered", counts.undelivered), ("rejected later", counts.rejected),
            ("never claimed", counts.unclaimed), ("payment failed", counts.payFailed),
            ("payment unknown", counts.payUnknown), ("connections lost", counts.connectionsLost),
        ]
    }

    /// The processes with their names.
    var namedProcesses: [(name: String, use: ProcessUse)] {
        [("shop", processes.shop), ("generator", processes.generator)].compactMap { name, use in
            use.map { (name, $0) }
        }
    }

    /// The verdict, a sentence each.
    var sentences: [String] {
        if passed { return ["Passed: every card was sold at most once, and the books agree."] }
        return verdict.voids.map { "Void: \($0)" } + verdict.violations.map { "Violation: \($0)" }
    }
}

/// What a drill is to be: the sale, who comes, and how they are sent.
public struct DrillSettings: Sendable {
    /// Cards that are imported.
    public var cards = 500
    /// Buyers who come, where no load is given.
    public var buyers = 10_000
    /// Their arrivals a second.
    public var rate = 5000
    /// The load by phases, in place of buyers and rate.
    public var load: String?
    /// Looks at accepted orders after the sale, by phases; none when nil.
    public var reads: String?
    /// Cards in one order.
    public var quantity = 1
    /// The share of arrivals that send an earlier request again.
    public var repeats = 0.01
    /// The share of accepted orders that are paid.
    public var paid = 1.0
    /// Seconds a buyer takes to pay, as `LOW..HIGH`.
    public var payAfter = "0..0"

    public var slug: String
    /// What the product is called.
    public var title = "Drill"
    public var amount = 1990
    public var currency = "CNY"
    public var maxPerOrder = 10
    public var maxPerBuyer = 1
    public var holdSeconds = 600

    /// Whether each buyer has an address of their own, told in X-Forwarded-For.
    public var isForwarded = false
    public var connections = 256
    /// Seconds until a request is given up.
    public var timeout = 10.0
    /// Seconds to wait for journeys after the last arrival.
    public var drain = 60.0
    /// Milliseconds by which 1 % of the arrivals may be late.
    public var maximumLag = 5.0
    public var seed: UInt64

    /// A drill with all defaults.
    public init(slug: String, seed: UInt64) {
        self.slug = slug
        self.seed = seed
    }
}

extension DrillSettings {
    /// Checks every setting.
    ///
    /// - Throws: a sentence that names the option.
    public func validate() throws(DrillError) { _ = try plan(host: "", port: 0) }

    /// The load that the settings mean.
    func plan(host: String, port: Int) throws(DrillError) -> LoadPlan {
        try checkSale()
        try checkSending()
        let schedule = try schedule()
        let payAfter = try payAfterSeconds()
        let reads: ArrivalSchedule? = if let text = self.reads { try ArrivalSchedule(text: text) } else { nil }
        let length = Double(schedule.nanoseconds + (reads?.nanoseconds ?? 0)) / 1e9 + payAfter.upperBound + drain
        guard length < Double(holdSeconds) else {
            throw DrillError(
                """
                --hold-seconds: holds of \(holdSeconds) s may end before the drill does, and their cards be sold twice \
                rightly; it must be more than \(Int(length.rounded(.up)))
                """)
        }
        let delays = Int64(payAfter.lowerBound * 1e9)...Int64(payAfter.upperBound * 1e9)
        return LoadPlan(
            schedule: schedule, reads: reads,
            buyers: Buyers(seed: seed, repeats: repeats, paid: paid, payAfter: delays), host: host,
            port: port, isForwarded: isForwarded, slug: slug, quantity: quantity, stock: cards,
            connections: connections,
            timeoutNanoseconds: Int64(timeout * 1e9), drainNanoseconds: Int64(drain * 1e9))
    }

    private func schedule() throws(DrillError) -> ArrivalSchedule {
        if let load { return try ArrivalSchedule(text: load) }
        try Self.check("--buyers", buyers, 1...ArrivalSchedule.maximumArrivals / 2)
        try Self.check("--rate", rate, 1...ArrivalSchedule.maximumRate)
        return ArrivalSchedule(arrivals: Buyers.arrivals(bringing: buyers, repeats: repeats), perSecond: rate)
    }

    private func payAfterSeconds() throws(DrillError) -> ClosedRange<Double> {
        // Split at the two dots, as "0.5..2" has others.
        let parts = payAfter.replacing("..", with: " ").split(separator: " ").map { Double($0) }
        guard parts.count == 2, let low = parts[0], let high = parts[1], low >= 0, low <= high, high <= 86_400 else {
            throw DrillError("--pay-after: \"\(payAfter)\" is not LOW..HIGH in seconds, at most 86400")
        }
        return low...high
    }

    private func checkSale() throws(DrillError) {
        try Self.check("--cards", cards, 0...10_000_000)
        try Self.check("--quantity", quantity, 1...1000)
        try Self.check("--amount", amount, 1...1_000_000_000)
        try Self.check("--max-per-order", maxPerOrder, 1...1000)
        try Self.check("--max-per-buyer", maxPerBuyer, 1...1_000_000)
        try Self.check("--hold-seconds", holdSeconds, 1...2_592_000)
        guard quantity <= maxPerOrder, quantity <= maxPerBuyer else {
            throw DrillError("--quantity: \(quantity) is more than --max-per-order or --max-per-buyer allows")
        }
        guard (1...200).contains(title.unicodeScalars.count), !title.unicodeScalars.contains(where: { $0.value < 0x20 })
        else { throw DrillError("--title: must have 1 to 200 characters, no line breaks") }
        guard currency.utf8.count == 3, currency.utf8.allSatisfy({ (0x41...0x5A).contains($0) }) else {
            throw DrillError("--currency: must be three capital letters")
        }
        let isSlug = slug.utf8.allSatisfy {
            (0x61...0x7A).contains($0) || (0x30...0x39).contains($0) || $0 == UInt8(ascii: "-")
        }
        guard isSlug, (1...64).contains(slug.utf8.count) else {
            throw DrillError("--slug: must be 1 to 64 of a-z, 0-9 and -")
        }
    }

    private func checkSending() throws(DrillError) {
        try Self.check("--repeats", repeats, 0...0.5)
        try Self.check("--paid", paid, 0...1)
        try Self.check("--connections", connections, 1...10_000)
        try Self.check("--timeout", timeout, 0.1...600)
        try Self.check("--drain", drain, 0...3600)
        try Self.check("--max-lag", maximumLag, 0.1...60_000)
    }

    private static func check<Value: Comparable>(
        _ option: String, _ value: Value, _ range: ClosedRange<Value>
    ) throws(DrillError) {
        guard range.contains(value) else {
            throw DrillError("\(option): must be \(range.lowerBound) to \(range.upperBound), not \(value)")
        }
    }

    /// The load in words, for the report.
    var loadText: String { load ?? "\(Figure.count(buyers)) buyers at \(Figure.count(rate)) a second" }

    func sale(_ plan: LoadPlan, url: String?) -> DrillReport.Sale {
        DrillReport.Sale(
            slug: slug, cards: cards, quantity: quantity, load: loadText,
            loadSeconds: Double(plan.schedule.nanoseconds) / 1e9, repeats: repeats, paid: paid,
            payAfterSeconds: [plan.buyers.payAfter.lowerBound, plan.buyers.payAfter.upperBound].map {
                Double($0) / 1e9
            },
            connections: connections, timeoutSeconds: timeout, maximumLagMilliseconds: maximumLag,
            holdSeconds: holdSeconds, seed: seed, url: url)
    }
}

public import Domain

/// A sale that is to be rehearsed: a copy of a product, and who comes for it.
public struct DrillPlan: Hashable, Sendable {
    /// Cards on sale.
    public static let cardsAllowed = 1...100_000
    /// Buyers who come.
    public static let buyersAllowed = 1...1_000_000
    /// Their arrivals a second.
    public static let rateAllowed = 1...20_000
    /// Percent of the accepted orders that are paid.
    public static let paidAllowed = 0...100
    /// Seconds within which all buyers must have come.
    public static let longestSeconds = 600

    /// Whose name, price and limits are copied.
    public let product: Product
    /// Cards on sale.
    public let cards: Int
    /// Buyers who come.
    public let buyers: Int
    /// Their arrivals a second.
    public let rate: Int
    /// Percent of the accepted orders that are paid.
    public let paid: Int

    /// - Throws: *invalid_request* that names `cards`, `buyers`, `rate` or `paid`.
    public init(of product: Product, cards: Int, buyers: Int, rate: Int, paid: Int) throws(ShopError) {
        for (name, value, range) in [
            ("cards", cards, Self.cardsAllowed), ("buyers", buyers, Self.buyersAllowed),
            ("rate", rate, Self.rateAllowed), ("paid", paid, Self.paidAllowed),
        ] {
            guard range.contains(value) else {
                throw .invalid(name, "must be \(range.lowerBound) to \(range.upperBound)")
            }
        }
        guard buyers / rate <= Self.longestSeconds else {
            throw .invalid("rate", "is so low that the buyers come for more than \(Self.longestSeconds) seconds")
        }
        self.product = product
        self.cards = cards
        self.buyers = buyers
        self.rate = rate
        self.paid = paid
    }
}

/// How far a drill is.
public struct DrillStanding: Hashable, Sendable {
    /// Seconds since its first buyer came; 0 before.
    public var seconds = 0.0
    /// Buyers who have come.
    public var sent = 0
    /// Orders accepted.
    public var accepted = 0
    /// Answered as sold out.
    public var soldOut = 0
    /// Turned away for other reasons, unknown or failed.
    public var other = 0
    /// Orders delivered.
    public var delivered = 0
    /// Milliseconds within which 99 of 100 orders were answered; nil before the first.
    public var p99: Double?

    /// Nothing has happened yet.
    public init() {}
}

/// A drill that is held, or was.
public struct DrillEntry: Hashable, Sendable {
    /// How it stands or ended.
    public enum State: Hashable, Sendable {
        /// It is being held.
        case running(DrillStanding)
        /// Every card was sold at most once, and the books agree.
        case passed
        /// Something did not hold; its report says what.
        case missed
        /// It proves nothing, because nothing was sold, or the machine was too busy to send the buyers in time.
        case void
        /// It could not be held.
        case failed(reason: String)
    }

    /// Its name among the others.
    public let name: String
    /// When it began; whole seconds.
    public let startedAt: Timestamp
    /// The title of the product that was copied.
    public let title: String
    /// How it stands or ended.
    public let state: State

    /// Puts the parts together.
    public init(name: String, startedAt: Timestamp, title: String, state: State) {
        self.name = name
        self.startedAt = startedAt
        self.title = title
        self.state = state
    }
}

/// What came of a drill.
public struct DrillOutcome: Hashable, Sendable {
    /// Durations of one kind, in milliseconds.
    public struct Durations: Hashable, Sendable {
        /// How many there were.
        public let count: Int
        /// The mean.
        public let mean: Double
        /// Half of them were shorter.
        public let p50: Double
        /// 99 of 100 were shorter.
        public let p99: Double
        /// The longest.
        public let longest: Double

        /// Puts the parts together.
        public init(count: Int, mean: Double, p50: Double, p99: Double, longest: Double) {
            self.count = count
            self.mean = mean
            self.p50 = p50
            self.p99 = p99
            self.longest = longest
        }
    }

    /// An interval of the sale.
    public struct Moment: Hashable, Sendable {
        /// Seconds from the start of the sale.
        public let second: Double
        /// Arrivals a second.
        public let arrivals: Double
        /// Accepted orders a second.
        public let accepted: Double
        /// Buyers a second who were told that it is sold out.
        public let soldOut: Double
        /// Milliseconds within which 99 of 100 were answered; nil without answers.
        public let p99: Double?

        /// Puts the parts together.
        public init(second: Double, arrivals: Double, accepted: Double, soldOut: Double, p99: Double?) {
            self.second = second
            self.arrivals = arrivals
            self.accepted = accepted
            self.soldOut = soldOut
            self.p99 = p99
        }
    }

    /// Whether every card was sold at most once, and the books agree.
    public let isPassed: Bool
    /// What did not hold, or why the drill proves nothing, a sentence each; in English.
    public let complaints: [String]
    /// Cards on sale.
    public let cards: Int
    /// Buyers who came.
    public let buyers: Int
    /// Orders accepted, all of them and a second.
    public let accepted: Int
    /// Accepted orders a second, from the first arrival to the last acceptance.
    public let acceptedPerSecond: Double
    /// Answered as sold out.
    public let soldOut: Int
    /// Turned away for other reasons.
    public let refused: Int
    /// Failed, or with an unknown outcome.
    public let failed: Int
    /// Orders delivered.
    public let delivered: Int
    /// How long placing an order took.
    public let placing: Durations
    /// How long it took from the order to its cards.
    public let delivery: Durations
    /// The sale, interval by interval.
    public let moments: [Moment]

    /// Puts the parts together.
    public init(
        isPassed: Bool, complaints: [String], cards: Int, buyers: Int, accepted: Int, acceptedPerSecond: Double,
        soldOut: Int, refused: Int, failed: Int, delivered: Int, placing: Durations, delivery: Durations,
        moments: [Moment]
    ) {
        self.isPassed = isPassed
        self.complaints = complaints
        self.cards = cards
        self.buyers = buyers
        self.accepted = accepted
        self.acceptedPerSecond = acceptedPerSecond
        self.soldOut = soldOut
        self.refused = refused
        self.failed = failed
        self.delivered = delivered
        self.placing = placing
        self.delivery = delivery
        self.moments = moments
    }
}

/// Where sales are rehearsed, in a shop of their own beside the live one. One drill at a time. A name that is not among
/// those it lists is *not_found*, whatever it holds.
public protocol DrillStage: Sendable {
    /// Begins a drill and returns at once.
    ///
    /// - Throws: *busy* while another one is held; *internal* when it cannot be begun.
    func begin(_ plan: DrillPlan) async throws(ShopError) -> DrillEntry
    /// Ends the drill that is being held, if there is one.
    func stop() async
    /// How the drill stands that is being held; nil when there is none.
    var standing: DrillStanding? { get }
    /// All drills, newest first.
    func list() async throws(ShopError) -> [DrillEntry]
    /// What came of a drill; nil when it has no report.
    func outcome(_ name: String) async throws(ShopError) -> DrillOutcome?
    /// The whole report of a drill as one HTML page without scripts, in English.
    func report(_ name: String) async throws(ShopError) -> [UInt8]
    /// Removes a drill that has ended.
    func remove(_ name: String) async throws(ShopError)
}

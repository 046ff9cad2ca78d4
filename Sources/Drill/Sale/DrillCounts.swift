/// What became of the buyers, counted. Each buyer is counted once, however often they clicked.
public struct DrillCounts: Codable, Equatable, Sendable {
    /// Arrivals that sent an earlier buyer's request once more.
    public struct Repeats: Codable, Equatable, Sendable {
        public internal(set) var sent = 0
        /// Answered with the order that the first request got.
        public internal(set) var sameOrder = 0
        public internal(set) var refused = 0
        public internal(set) var unknown = 0
    }

    public internal(set) var arrivalsPlanned: Int
    public internal(set) var arrivalsSent = 0
    /// Arrivals less repeats.
    public internal(set) var buyers: Int
    public internal(set) var repeats = Repeats()

    public internal(set) var accepted = 0
    public internal(set) var soldOut = 0
    public internal(set) var limited = 0
    public internal(set) var refused = 0
    public internal(set) var unknown = 0
    public internal(set) var failed = 0

    public internal(set) var delivered = 0
    public internal(set) var unpaid = 0
    public internal(set) var undelivered = 0
    /// Accepted, and no card was left after all.
    public internal(set) var rejected = 0
    /// Accepted, and no card was claimed until the end.
    public internal(set) var unclaimed = 0
    public internal(set) var payFailed = 0
    public internal(set) var payUnknown = 0

    /// Buyers who were told that their order was new, twice.
    public internal(set) var acceptedTwice = 0
    /// Buyers who were given the id of another buyer's order.
    public internal(set) var sharedOrders = 0
    /// Answers that named another order than the first answer to the same request.
    public internal(set) var otherOrder = 0
    public internal(set) var cardsShownTwice = 0
    public internal(set) var cardsNotImported = 0
    /// Connections that broke or were given up.
    public internal(set) var connectionsLost = 0

    init(arrivalsPlanned: Int, buyers: Int) {
        self.arrivalsPlanned = arrivalsPlanned
        self.buyers = buyers
    }
}

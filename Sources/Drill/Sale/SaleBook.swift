/// What the drill saw of orders and cards.
struct SaleBook: Sendable {
    /// What is known of one buyer, from little to much. A later answer can only add to it.
    private enum Standing: UInt8 {
        case pending, refused, limited, soldOut, unknown, failed, accepted
    }

    private var standings: [Standing]
    private var orders: [Int: String] = [:]
    private var buyers: [String: Int] = [:]
    private var created: Set<Int> = []
    private var cardOwners: [Int]
    private let cards: CardNames
    private(set) var counts: DrillCounts

    init(arrivals: Int, buyers: Int, stock: Int, cards: CardNames) {
        standings = Array(repeating: .pending, count: arrivals)
        cardOwners = Array(repeating: -1, count: stock)
        self.cards = cards
        counts = DrillCounts(arrivalsPlanned: arrivals, buyers: buyers)
        // A book that grows during the sale moves all that it holds, and the arrivals of that moment are late.
        let orders = min(buyers, stock)
        self.orders.reserveCapacity(orders)
        self.buyers.reserveCapacity(orders)
        created.reserveCapacity(orders)
    }

    mutating func sent(isRepeat: Bool) {
        counts.arrivalsSent += 1
        if isRepeat { counts.repeats.sent += 1 }
    }

    /// Takes back an arrival that found no connection until the end.
    mutating func neverSent() { counts.arrivalsSent -= 1 }

    /// Takes down an answer to an order. Returns whether it is the first that names this buyer's order.
    mutating func answered(buyer: Int, isRepeat: Bool, _ outcome: PlaceOutcome, order: String?) -> Bool {
        var isNews = false
        var isSame = true
        if let order {
            if outcome == .accepted, !created.insert(buyer).inserted { counts.acceptedTwice += 1 }
            if let known = orders[buyer] {
                isSame = known == order
                if !isSame { counts.otherOrder += 1 }
            } else {
                isNews = true
                orders[buyer] = order
                if buyers.updateValue(buyer, forKey: order) != nil { counts.sharedOrders += 1 }
            }
        }
        if isRepeat { countRepeat(outcome, isSame: isSame) }
        raise(buyer, to: Self.standing(outcome))
        return isNews
    }

    private mutating func countRepeat(_ outcome: PlaceOutcome, isSame: Bool) {
        switch outcome {
        case .accepted, .repeated: counts.repeats.sameOrder += isSame ? 1 : 0
        case .soldOut, .limited, .refused: counts.repeats.refused += 1
        case .unknown: counts.repeats.unknown += 1
        case .failed: break
        }
    }

    private static func standing(_ outcome: PlaceOutcome) -> Standing {
        switch outcome {
        case .accepted, .repeated: .accepted
        case .soldOut: .soldOut
        case .limited: .limited
        case .refused: .refused
        case .unknown: .unknown
        case .failed: .failed
        }
    }

    private mutating func raise(_ buyer: Int, to standing: Standing) {
        let old = standings[buyer]
        guard standing.rawValue > old.rawValue else { return }
        standings[buyer] = standing
        count(old, -1)
        count(standing, 1)
    }

    private mutating func count(_ standing: Standing, _ change: Int) {
        switch standing {
        case .pending: break
        case .refused: counts.refused += change
        case .limited: counts.limited += change
        case .soldOut: counts.soldOut += change
        case .unknown: counts.unknown += change
        case .failed: counts.failed += change
        case .accepted: counts.accepted += change
        }
    }

    // MARK: Cards

    /// Takes down the cards that a buyer was shown.
    mutating func showed(_ secrets: [String], to buyer: Int) {
        for secret in secrets {
            guard let number = cards.number(of: secret), cardOwners.indices.contains(number - 1) else {
                counts.cardsNotImported += 1
                continue
            }
            let owner = cardOwners[number - 1]
            if owner == -1 { cardOwners[number - 1] = buyer }
            // A buyer who looks twice sees the same card twice; a buyer has one order.
            if owner != -1, owner != buyer { counts.cardsShownTwice += 1 }
        }
    }

    mutating func ended(_ end: JourneyEnd) {
        switch end {
        case .delivered: counts.delivered += 1
        case .unpaid: counts.unpaid += 1
        case .undelivered: counts.undelivered += 1
        case .rejected: counts.rejected += 1
        case .unclaimed: counts.unclaimed += 1
        case .failed: counts.payFailed += 1
        case .unknown: counts.payUnknown += 1
        }
    }

    mutating func lostConnection() { counts.connectionsLost += 1 }
}

/// How the cards of a drill are named: each names the product and its own number.
struct CardNames: Sendable {
    private let prefix: String

    init(slug: String) { prefix = "DRILL-\(slug)-" }

    func name(_ number: Int) -> String { "\(prefix)\(number)" }

    /// The number of a card; nil when it is not a card of this drill.
    func number(of name: String) -> Int? {
        guard name.hasPrefix(prefix), let number = Int(name.dropFirst(prefix.count)), name == self.name(number) else {
            return nil
        }
        return number
    }
}

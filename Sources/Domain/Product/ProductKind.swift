/// What stands behind a product. The raw values are those of the database; a kind never changes once it is chosen.
public enum ProductKind: String, CaseIterable, Sendable {
    /// Each unit is a card of its own.
    case card
    /// All buyers get the same secret, as many times as there are units in the pool.
    case sharedCounted = "shared_counted"
    /// All buyers get the same secret, without end.
    case sharedEndless = "shared_endless"
    /// The owner fulfils each paid order by hand.
    case manual

    /// The word of the API: `card`, `shared` or `manual`.
    public var name: String {
        switch self {
        case .card: "card"
        case .sharedCounted, .sharedEndless: "shared"
        case .manual: "manual"
        }
    }

    /// Whether orders claim rows of a pool. Without one the stock is never sold out.
    public var isPooled: Bool {
        switch self {
        case .card, .sharedCounted: true
        case .sharedEndless, .manual: false
        }
    }
}

/// What is done with the exact money for an order whose hold had ended. The raw values are those of the database and
/// the API.
public enum LateMoney: String, CaseIterable, Sendable {
    /// Delivered if stock is left, otherwise *review*.
    case deliver
    /// Delivered if stock is left, otherwise *paid*, and delivered by itself when stock comes.
    case wait
    /// Always *review*.
    case review
}

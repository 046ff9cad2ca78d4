/// Where a card stands. The raw values are those of the database, the API and the metrics.
public enum CardState: String, CaseIterable, Sendable {
    /// In the pool.
    case available
    /// Claimed by an unpaid order.
    case held
    /// Delivered to a paid order.
    case sold
    /// Taken out by the owner.
    case voided
}

/// What can happen to a card.
public enum CardEvent: CaseIterable, Sendable {
    /// An order takes the card.
    case claim
    /// The order that held the card ended unpaid.
    case release
    /// The order that held the card was paid.
    case deliver
    /// The owner takes the card out of the pool.
    case void
}

extension CardState {
    /// The state after an event; nil when the event is illegal in this state.
    public func after(_ event: CardEvent) -> CardState? {
        switch (self, event) {
        case (.available, .claim): .held
        case (.available, .void): .voided
        case (.held, .release): .available
        case (.held, .deliver): .sold
        case (.available, .release), (.available, .deliver), (.held, .claim), (.held, .void): nil
        case (.sold, _), (.voided, _): nil
        }
    }
}

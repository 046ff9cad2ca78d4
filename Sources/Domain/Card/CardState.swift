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
    /// The owner gives the buyer another card for it.
    case replace
}

extension CardState {
    /// The state after an event; nil when the event is illegal in this state.
    public func after(_ event: CardEvent) -> CardState? {
        switch (self, event) {
        case (.available, .claim): .held
        case (.available, .void): .voided
        case (.held, .release): .available
        case (.held, .deliver): .sold
        case (.sold, .replace): .voided
        case (.available, .release), (.available, .deliver), (.available, .replace): nil
        case (.held, .claim), (.held, .void), (.held, .replace): nil
        case (.sold, .claim), (.sold, .release), (.sold, .deliver), (.sold, .void): nil
        case (.voided, _): nil
        }
    }
}

public import Domain

/// Ends an unpaid order for its buyer and gives its cards back.
public struct CancelOrder: Sendable {
    private let ledger: any Ledger
    private let announcer: Announcer
    private let clock: any Clock

    /// Puts the parts together.
    public init(ledger: any Ledger, announcer: Announcer, clock: any Clock) {
        self.ledger = ledger
        self.announcer = announcer
        self.clock = clock
    }

    /// Cancels. An order that is cancelled already stays so.
    ///
    /// - Returns: the order, or *fenced* when it had not been written yet and never will be.
    /// - Throws: *wrong_state* when the order has ended in another way.
    public func callAsFunction(_ id: OrderID) async throws(ShopError) -> OrderStanding {
        switch try await ledger.cancel(id, at: clock.now()) {
        case .fenced:
            announcer.announce(fenced: id)
            return .fenced
        case .order(let change):
            announcer.announce(change)
            if !change.changed, change.order.state != .cancelled {
                throw ShopError(.wrongState, "the order is \(change.order.state.rawValue) and cannot be cancelled")
            }
            return .written(change.order)
        }
    }
}

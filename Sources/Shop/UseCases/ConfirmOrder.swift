public import Domain

/// Delivers an order for whose money the owner vouches.
public struct ConfirmOrder: Sendable {
    private let ledger: any Ledger
    private let announcer: Announcer
    private let clock: any Clock

    /// Puts the parts together.
    public init(ledger: any Ledger, announcer: Announcer, clock: any Clock) {
        self.ledger = ledger
        self.announcer = announcer
        self.clock = clock
    }

    /// - Throws: *not_found*, and what ``Ledger/confirm(_:by:at:)`` refuses with; then nothing has changed.
    public func callAsFunction(_ order: OrderID, by note: OwnerNote) async throws(ShopError) -> Order {
        let change = try await ledger.confirm(order, by: note, at: clock.now())
        announcer.announce(change)
        return change.order
    }
}

public import Domain

/// Delivers a paid order of a manual product with a text of the owner's.
public struct FulfilOrder: Sendable {
    private let ledger: any Ledger
    private let keys: KeyRing
    private let announcer: Announcer
    private let clock: any Clock

    /// The longest text, in bytes.
    public static let maximumBytes = 8192

    /// Puts the parts together.
    public init(ledger: any Ledger, keys: KeyRing, announcer: Announcer, clock: any Clock) {
        self.ledger = ledger
        self.keys = keys
        self.announcer = announcer
        self.clock = clock
    }

    /// - Throws: *invalid_request* for an empty or too long text, *not_found*, *wrong_state*.
    public func callAsFunction(
        _ order: OrderID, text: String, by note: OwnerNote
    ) async throws(ShopError) -> Order {
        guard (1...Self.maximumBytes).contains(text.utf8.count) else {
            throw .invalid("text", "must have 1 to \(Self.maximumBytes) bytes")
        }
        let sealed = try keys.seal(text.utf8, context: KeyRing.orderContext(order))
        let change = try await ledger.fulfil(order, sealed: sealed, by: note, at: clock.now())
        announcer.announce(change)
        return change.order
    }
}

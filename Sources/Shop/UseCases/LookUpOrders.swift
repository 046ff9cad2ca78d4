public import Domain

/// Finds a buyer's orders by contact and query password.
public struct LookUpOrders: Sendable {
    private let ledger: any Ledger
    private let keys: KeyRing
    private let limits: Limits

    /// Puts the parts together.
    public init(ledger: any Ledger, keys: KeyRing, limits: Limits) {
        self.ledger = ledger
        self.keys = keys
        self.limits = limits
    }

    /// The orders of that contact that were placed with that password, newest first, with their tokens.
    ///
    /// - Throws: *invalid_request* for a contact that is none, or a password that no order can have.
    public func callAsFunction(buyer: Buyer, password: String) async throws(ShopError) -> [PlacedOrder] {
        guard (4...64).contains(password.unicodeScalars.count) else {
            throw .invalid("query_password", "must have 4 to 64 characters")
        }
        let tag = keys.queryTag(buyer: buyer, password: password)
        let orders = try await ledger.orders(queryTag: tag, limit: limits.lookupOrders)
        return orders.map { PlacedOrder(order: $0, token: keys.token(for: $0.id)) }
    }
}

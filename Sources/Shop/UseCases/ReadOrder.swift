public import Domain

/// An order as its holder may see it.
public struct OrderView: Hashable, Sendable {
    /// The order; nil while it is admitted but not written yet.
    public let order: Order?
    /// Its name.
    public let id: OrderID
    /// The secrets; empty unless it is delivered.
    public let cards: [String]

    /// Where it stands.
    public var state: OrderState { order?.state ?? .queued }

    /// Puts the parts together.
    public init(order: Order?, id: OrderID, cards: [String]) {
        self.order = order
        self.id = id
        self.cards = cards
    }
}

/// Shows an order to whoever holds its token.
public struct ReadOrder: Sendable {
    private let ledger: any Ledger
    private let keys: KeyRing

    /// Puts the parts together.
    public init(ledger: any Ledger, keys: KeyRing) {
        self.ledger = ledger
        self.keys = keys
    }

    /// - Throws: *not_found* when the id is not one or the token is not the order's.
    public func callAsFunction(id text: String, token: String?) async throws(ShopError) -> OrderView {
        let id = try authorize(id: text, token: token)
        guard let order = try await ledger.order(id) else { return OrderView(order: nil, id: id, cards: []) }
        return try await view(of: order)
    }

    /// The order with its secrets, for one who may see them. They are opened for a delivered order only: checked
    /// here and again by the ledger.
    public func view(of order: Order) async throws(ShopError) -> OrderView {
        guard order.state == .delivered else { return OrderView(order: order, id: order.id, cards: []) }
        var secrets: [String] = []
        for sealed in try await ledger.cards(of: order.id) {
            let secret = try keys.open(sealed, context: KeyRing.cardContext(order.product))
            secrets.append(String(decoding: secret, as: UTF8.self))
        }
        return OrderView(order: order, id: order.id, cards: secrets)
    }

    /// Checks a token.
    ///
    /// - Throws: *not_found*, the same for a wrong id and a wrong token.
    public func authorize(id text: String, token: String?) throws(ShopError) -> OrderID {
        guard let id = OrderID(text: text), let token, keys.accepts(token: token, for: id) else {
            throw ShopError(.notFound, "no such order, or not the order's token")
        }
        return id
    }
}

public import Domain

/// An order as its holder may see it.
public struct OrderView: Hashable, Sendable {
    /// What is known of it.
    public let standing: OrderStanding
    /// Its name.
    public let id: OrderID
    /// What was bought; empty unless it is delivered.
    public let goods: [Goods]
    /// What the buyer filled in.
    public let fields: [String: String]
    /// What the owner tells those who have bought, in Markdown; empty unless it is delivered.
    public let instructions: String

    /// One unit of what was bought.
    public struct Goods: Hashable, Sendable {
        /// The secret.
        public let secret: String
        /// What the owner wrote beside it.
        public let note: String?

        /// Puts the parts together.
        public init(secret: String, note: String?) {
            self.secret = secret
            self.note = note
        }
    }

    /// The order; nil while it is admitted but not written yet, and when it never will be.
    public var order: Order? { standing.order }
    /// Where it stands.
    public var state: OrderState { standing.state }

    /// Puts the parts together.
    public init(
        _ standing: OrderStanding, id: OrderID, goods: [Goods] = [], fields: [String: String] = [:],
        instructions: String = ""
    ) {
        self.standing = standing
        self.id = id
        self.goods = goods
        self.fields = fields
        self.instructions = instructions
    }
}

/// Shows an order to whoever holds its token.
public struct ReadOrder: Sendable {
    private let board: any OrderBoard
    private let ledger: any Ledger
    private let catalog: CatalogCache
    private let keys: KeyRing

    /// Puts the parts together.
    public init(board: any OrderBoard, ledger: any Ledger, catalog: CatalogCache, keys: KeyRing) {
        self.board = board
        self.ledger = ledger
        self.catalog = catalog
        self.keys = keys
    }

    /// - Throws: *not_found* when the id is not one or the token is not the order's.
    public func callAsFunction(id text: String, token: String?) async throws(ShopError) -> OrderView {
        let id = try authorize(id: text, token: token)
        let standing = try await board.standing(of: id)
        guard let order = standing.order else { return OrderView(standing, id: id) }
        return try await view(of: order)
    }

    /// The order with its secrets, for one who may see them. They are opened for a delivered order only: checked
    /// here and again by the ledger.
    public func view(of order: Order) async throws(ShopError) -> OrderView {
        // What was filled in is not worth a card that cannot be seen.
        let fields = (try? fields(of: order)) ?? [:]
        guard order.state == .delivered else { return OrderView(.written(order), id: order.id, fields: fields) }
        var goods: [OrderView.Goods] = []
        let context = Self.context(of: order)
        for sealed in try await ledger.goods(of: order.id) {
            let secret = try keys.open(sealed.secret, context: context)
            let note = try sealed.note.map { bytes throws(ShopError) in try keys.open(bytes, context: context) }
            goods.append(
                OrderView.Goods(
                    secret: String(decoding: secret, as: UTF8.self),
                    note: note.map { String(decoding: $0, as: UTF8.self) }))
        }
        return OrderView(
            .written(order), id: order.id, goods: goods, fields: fields,
            instructions: catalog.listing(order.slug)?.page.instructions ?? "")
    }

    /// What the buyer filled in, for the owner and the order's holder.
    public func fields(of order: Order) throws(ShopError) -> [String: String] {
        guard let sealed = order.sealedFields else { return [:] }
        let text = String(decoding: try keys.open(sealed, context: KeyRing.fieldsContext(order.id)), as: UTF8.self)
        guard let fields = FilledFields.read(text) else {
            throw ShopError(.internalFault, "what was filled in cannot be read")
        }
        return fields
    }

    private static func context(of order: Order) -> String {
        switch order.kind {
        case .card: KeyRing.cardContext(order.product)
        case .sharedCounted, .sharedEndless: KeyRing.sharedContext(order.slug)
        case .manual: KeyRing.orderContext(order.id)
        }
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

import Crypto
public import Domain

/// What a buyer asks for, as it was sent.
public struct PlaceOrderRequest: Hashable, Sendable {
    /// Slug of the product.
    public var product: String
    /// Units; 1 when absent.
    public var quantity: Int?
    /// E-mail address or number.
    public var contact: String
    /// Name of the channel.
    public var channel: String
    /// What the order may be looked up with.
    public var queryPassword: String?
    /// What the product asks for.
    public var fields: [String: String]
    /// The client's idempotency key.
    public var idempotencyKey: String?

    /// Puts the parts together.
    public init(
        product: String, quantity: Int?, contact: String, channel: String, queryPassword: String? = nil,
        fields: [String: String] = [:], idempotencyKey: String? = nil
    ) {
        self.product = product
        self.quantity = quantity
        self.contact = contact
        self.channel = channel
        self.queryPassword = queryPassword
        self.fields = fields
        self.idempotencyKey = idempotencyKey
    }
}

/// An order with the token that opens it.
public struct PlacedOrder: Hashable, Sendable {
    /// The order.
    public let order: Order
    /// Its bearer token.
    public let token: String

    /// Puts the parts together.
    public init(order: Order, token: String) {
        self.order = order
        self.token = token
    }
}

/// The answer to a request for an order.
public enum PlaceOrderAnswer: Sendable {
    /// A new order.
    case placed(PlacedOrder)
    /// The order that the same key stood for before.
    case existing(PlacedOrder)
    /// Not to be had.
    case refused(Refusal)
    /// Refused for a fault of the request or of the shop.
    case failed(ShopError)
}

/// Takes an order through gate and intake. Works with callbacks, so that a caller on an event loop needs no task.
public struct PlaceOrder: Sendable {
    private let catalog: CatalogCache
    private let gate: any Gate
    private let intake: any Intake
    private let keys: KeyRing
    private let identifiers: IdentifierMaker
    private let clock: any Clock

    /// How often a key that was being placed and then was not is tried anew.
    private static let maximumRounds = 3

    /// Puts the parts together.
    public init(
        catalog: CatalogCache, gate: any Gate, intake: any Intake, keys: KeyRing, identifiers: IdentifierMaker,
        clock: any Clock
    ) {
        self.catalog = catalog
        self.gate = gate
        self.intake = intake
        self.keys = keys
        self.identifiers = identifiers
        self.clock = clock
    }

    /// Places the order. `reply` is called exactly once; *placed* only after the order is on disk.
    public func callAsFunction(
        _ request: PlaceOrderRequest, reply: @escaping @Sendable (PlaceOrderAnswer) -> Void
    ) {
        let draft: OrderDraft
        do throws(ShopError) {
            draft = try self.draft(request)
        } catch {
            return reply(.failed(error))
        }
        if catalog.channel(draft.channel)?.isEnabled == true { return admit(draft, round: 1, reply: reply) }
        // The channel may have been switched off since the order that this key stands for was placed.
        let refusal = ShopError.invalid("channel", "is not an enabled channel")
        guard draft.idempotency != nil else { return reply(.failed(refusal)) }
        submit(Submission(draft, isReplay: true), round: Self.maximumRounds, reply: reply, unknownKey: refusal)
    }

    private func admit(
        _ draft: OrderDraft, round: Int, reply: @escaping @Sendable (PlaceOrderAnswer) -> Void
    ) {
        gate.admit(AdmissionRequest(draft, isKeyNew: round > 1)) { admission in
            switch admission {
            case .refused(let refusal):
                reply(.refused(refusal))
            case .admitted:
                Failpoint.hit(.placeAdmitted)
                submit(Submission(draft, isReplay: false), round: round, reply: reply)
            case .seenBefore:
                submit(Submission(draft, isReplay: true), round: round, reply: reply)
            }
        }
    }

    private func submit(
        _ submission: Submission, round: Int, reply: @escaping @Sendable (PlaceOrderAnswer) -> Void,
        unknownKey: ShopError = ShopError(.busy, "another request with this key is under way")
    ) {
        intake.submit(submission) { result in
            settleTicket(submission, result)
            switch result {
            case .success(.placed(let order)):
                reply(.placed(PlacedOrder(order: order, token: keys.token(for: order.id))))
            case .success(.existing(let order)):
                reply(.existing(PlacedOrder(order: order, token: keys.token(for: order.id))))
            case .success(.mismatched):
                reply(.failed(ShopError(.idempotencyMismatch, "this key was used for another request")))
            case .success(.unknownKey) where round < Self.maximumRounds:
                admit(submission.draft, round: round + 1, reply: reply)
            case .success(.unknownKey):
                reply(.failed(unknownKey))
            case .success(.fenced):
                reply(.failed(ShopError(.wrongState, "the order was cancelled before it was placed")))
            case .success(.refused(let refusal)):
                reply(.refused(refusal))
            case .failure(let error):
                reply(.failed(error))
            }
        }
    }

    /// Gives the ticket back unless the order holds its cards. After a failed flush nobody knows, and the ticket
    /// stays: the gate may believe in less stock than there is, never in more.
    private func settleTicket(_ submission: Submission, _ result: Result<Placement, ShopError>) {
        guard !submission.isReplay else { return }
        switch result {
        case .success(.placed): break
        case .success(.existing), .success(.mismatched): gate.end(submission.draft.id, .released)
        case .success(.unknownKey), .success(.fenced), .success(.refused): gate.end(submission.draft.id, .notPlaced)
        case .failure(let error) where error.code == .outcomeUnknown: break
        case .failure: gate.end(submission.draft.id, .notPlaced)
        }
    }

    // MARK: From request to draft

    private func draft(_ request: PlaceOrderRequest) throws(ShopError) -> OrderDraft {
        guard let slug = Slug(request.product), let product = catalog.product(slug) else {
            throw ShopError(.noSuchProduct, "no product is called that", field: "product")
        }
        let quantity = request.quantity ?? 1
        guard (1...product.limits.perOrder).contains(quantity) else {
            throw .invalid("quantity", "must be from 1 to \(product.limits.perOrder)")
        }
        let buyer = try Buyer.parse(request.contact)
        guard let channel = Slug(request.channel) else {
            throw .invalid("channel", "is not an enabled channel")
        }
        guard let total = product.price.times(quantity) else { throw .invalid("quantity", "comes to too much money") }
        try check(fields: request.fields, of: product)
        let tag = try queryTag(buyer: buyer, password: request.queryPassword)
        return OrderDraft(
            id: OrderID(identifiers.make()), product: product, quantity: quantity, buyer: buyer, channel: channel,
            total: total, fields: request.fields, queryTag: tag,
            idempotency: try idempotency(request, quantity: quantity, buyer: buyer, tag: tag), placedAt: clock.now())
    }

    private func check(fields: [String: String], of product: Product) throws(ShopError) {
        for (name, value) in fields {
            guard product.fields.contains(name) else { throw .invalid("fields.\(name.prefix(64))", "is not asked for") }
            guard (1...500).contains(value.unicodeScalars.count) else {
                throw .invalid("fields.\(name)", "must have 1 to 500 characters")
            }
        }
        for name in product.fields where fields[name] == nil { throw .invalid("fields.\(name)", "is missing") }
    }

    private func queryTag(buyer: Buyer, password: String?) throws(ShopError) -> [UInt8]? {
        guard let password else { return nil }
        guard (4...64).contains(password.unicodeScalars.count) else {
            throw .invalid("query_password", "must have 4 to 64 characters")
        }
        return keys.queryTag(buyer: buyer, password: password)
    }

    private func idempotency(
        _ request: PlaceOrderRequest, quantity: Int, buyer: Buyer, tag: [UInt8]?
    ) throws(ShopError) -> IdempotencyKey? {
        guard let text = request.idempotencyKey else { return nil }
        let digest = Self.bodyDigest(request, quantity: quantity, buyer: buyer, tag: tag)
        guard let key = IdempotencyKey(key: text, bodyDigest: digest) else {
            throw .invalid("Idempotency-Key", "must be 1 to 64 printable ASCII characters")
        }
        return key
    }

    /// Equal for requests with the same parsed values. The password enters as its keyed digest, so that the stored
    /// value does not help to guess it.
    private static func bodyDigest(
        _ request: PlaceOrderRequest, quantity: Int, buyer: Buyer, tag: [UInt8]?
    ) -> [UInt8] {
        var hash = SHA256()
        func add(_ bytes: some Sequence<UInt8>) {
            let bytes = Array(bytes)
            hash.update(data: Array("\(bytes.count):".utf8) + bytes)
        }
        add("\(quantity)".utf8)
        add(buyer.contact.utf8)
        add(request.channel.utf8)
        add(tag ?? [])
        for (name, value) in request.fields.sorted(by: { $0.key < $1.key }) {
            add(name.utf8)
            add(value.utf8)
        }
        return Array(hash.finalize().prefix(KeyRing.digestLength))
    }
}

import Crypto
public import Domain

/// What a buyer asks for, as it was sent.
public struct PlaceOrderRequest: Hashable, Sendable {
    /// Slug of the product.
    public var product: String
    /// Units; the number of cards picked, or 1, when absent.
    public var quantity: Int?
    /// E-mail address or number.
    public var contact: String
    /// Name of the channel.
    public var channel: String
    /// What the order may be looked up with.
    public var queryPassword: String?
    /// What the product asks for.
    public var fields: [String: String]
    /// Numbers of cards that are picked.
    public var cards: [String]
    /// Code of a coupon.
    public var coupon: String?
    /// The client's idempotency key.
    public var idempotencyKey: String?

    /// Puts the parts together.
    public init(
        product: String, quantity: Int?, contact: String, channel: String, queryPassword: String? = nil,
        fields: [String: String] = [:], cards: [String] = [], coupon: String? = nil, idempotencyKey: String? = nil
    ) {
        self.product = product
        self.quantity = quantity
        self.contact = contact
        self.channel = channel
        self.queryPassword = queryPassword
        self.fields = fields
        self.cards = cards
        self.coupon = coupon
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
    private let terms: OrderTerms
    private let catalog: CatalogCache
    private let gate: any Gate
    private let intake: any Intake
    private let keys: KeyRing
    private let identifiers: IdentifierMaker
    private let clock: any Clock
    private let limits: Limits

    /// How often a key that was being placed and then was not is tried anew.
    private static let maximumRounds = 3
    /// What is said of a channel whose bounds the total is not in.
    static let amountFault = "does not take this amount; choose another channel"

    /// Hears what became of a request.
    public typealias Reply = @Sendable (PlaceOrderAnswer) -> Void

    /// Puts the parts together.
    public init(_ ports: UseCases.Ports) {
        terms = OrderTerms(catalog: ports.cache, cards: ports.cards, patterns: ports.patterns)
        catalog = ports.cache
        gate = ports.gate
        intake = ports.intake
        keys = ports.keys
        identifiers = ports.identifiers
        clock = ports.clock
        limits = ports.limits
    }

    /// Places the order. `reply` is called exactly once; *placed* only after the order is on disk.
    public func callAsFunction(_ request: PlaceOrderRequest, reply: @escaping Reply) {
        do throws(ShopError) {
            let asked = try asked(request)
            guard !asked.cards.isEmpty else { return place(asked, picks: [], reply: reply) }
            if let hopeless = hopeless(asked) { return refuse(asked, hopeless, reply: reply) }
            // What cards cost more stands in the ledger. Picking is no hot path: each card can be had once.
            Task {
                do throws(ShopError) {
                    place(asked, picks: try await terms.picks(asked.cards, of: asked.product), reply: reply)
                } catch {
                    refuse(asked, error, reply: reply)
                }
            }
        } catch {
            reply(.failed(error))
        }
    }

    /// What such an order would cost now. Takes nothing and promises nothing: it is priced anew when it is placed.
    ///
    /// - Throws: what placing it would be refused for, as far as neither stock nor what the buyer has had matters.
    public func price(of request: PlaceOrderRequest) async throws(ShopError) -> OrderPrice {
        let asked = try asked(request)
        guard !asked.cards.isEmpty else { return try draft(asked, picks: []).price }
        if let hopeless = hopeless(asked) { throw hopeless }
        return try draft(asked, picks: try await terms.picks(asked.cards, of: asked.product)).price
    }

    /// Why cards need not be looked up at all: a crowd of those who come too early or too late costs the ledger
    /// nothing.
    private func hopeless(_ asked: AskedOrder) -> ShopError? {
        guard asked.product.isPickable else { return .invalid("cards", "are not picked for this product") }
        guard asked.product.window.contains(clock.now()) else {
            return ShopError(.notOnSale, "the product is not on sale now")
        }
        guard gate.available(asked.product.id, .picked) >= asked.cards.count else {
            return ShopError(.soldOut, "fewer cards are left than were asked for")
        }
        return nil
    }

    private func place(_ asked: AskedOrder, picks: [PickedCard], reply: @escaping Reply) {
        do throws(ShopError) {
            admit(try draft(asked, picks: picks), round: 1, reply: reply)
        } catch {
            refuse(asked, error, reply: reply)
        }
    }

    /// The offer may have changed since the order that the key stands for was placed; its buyer is told of the order.
    private func refuse(_ asked: AskedOrder, _ error: ShopError, reply: @escaping Reply) {
        let answer: PlaceOrderAnswer = Refusal(rawValue: error.code.rawValue).map { .refused($0) } ?? .failed(error)
        guard let key = asked.idempotency else { return reply(answer) }
        // The gate first, so that a crowd of such requests does not take the places of orders.
        gate.mayKnow(key.key, of: asked.product.id) { mayBeKnown in
            guard mayBeKnown else { return reply(answer) }
            find(key, of: asked.product.id, reply: reply) { reply(answer) }
        }
    }

    private func admit(_ draft: OrderDraft, round: Int, reply: @escaping Reply) {
        gate.admit(AdmissionRequest(draft, isKeyNew: round > 1)) { admission in
            switch (admission, draft.idempotency) {
            case (.refused(let refusal), _):
                reply(.refused(refusal))
            case (.seenBefore, let key?):
                find(key, of: draft.product.id, reply: reply) {
                    guard round < Self.maximumRounds else {
                        return reply(.failed(ShopError(.busy, "another request with this key is under way")))
                    }
                    admit(draft, round: round + 1, reply: reply)
                }
            case (.closed, _), (.seenBefore, nil):
                reply(.failed(ShopError(.busy, "no orders are taken at the moment; try again")))
            case (.unknown, _):
                reply(.failed(ShopError(.outcomeUnknown, "the order may have been taken; ask again with the same key")))
            case (.admitted, _):
                Failpoint.hit(.placeAdmitted)
                guard !isStale(draft) else {
                    // The ticket stays. As long as the gate knows it, the order is written by whoever sweeps.
                    return reply(
                        .failed(
                            ShopError(.outcomeUnknown, "the order may have been taken; ask again with the same key")
                        ))
                }
                submit(draft, reply: reply)
            }
        }
    }

    /// Whether the admission is too old to be acted on: this node may have stood still since.
    private func isStale(_ draft: OrderDraft) -> Bool {
        guard let milliseconds = intake.admissionMilliseconds else { return false }
        return clock.now() > draft.placedAt.advanced(milliseconds: milliseconds)
    }

    private func submit(_ draft: OrderDraft, reply: @escaping Reply) {
        intake.submit(.place(draft)) { result in
            settleTicket(draft, result)
            answer(result, reply: reply) {
                reply(.failed(ShopError(.internalFault, "the order was taken for a question")))
            }
        }
    }

    /// Asks which order a key stands for.
    private func find(
        _ key: IdempotencyKey, of product: ProductID, reply: @escaping Reply,
        unknown: @escaping @Sendable () -> Void
    ) {
        intake.submit(.find(key, of: product)) { answer($0, reply: reply, unknown: unknown) }
    }

    private func answer(_ result: Result<Placement, ShopError>, reply: Reply, unknown: () -> Void) {
        switch result {
        case .success(.placed(let order)):
            reply(.placed(PlacedOrder(order: order, token: keys.token(for: order.id))))
        case .success(.queued(let draft)):
            let order = Order(draft, state: .queued, version: 0, expiresAt: nil)
            reply(.placed(PlacedOrder(order: order, token: keys.token(for: order.id))))
        case .success(.existing(let order)):
            reply(.existing(PlacedOrder(order: order, token: keys.token(for: order.id))))
        case .success(.mismatched):
            reply(.failed(ShopError(.idempotencyMismatch, "this key was used for another request")))
        case .success(.unknownKey):
            unknown()
        case .success(.fenced):
            reply(.failed(ShopError(.wrongState, "the order was cancelled before it was placed")))
        case .success(.refused(let refusal)):
            reply(.refused(refusal))
        case .failure(let error):
            reply(.failed(error))
        }
    }

    /// Gives the ticket back unless the order holds its cards. After a failed flush nobody knows, and the ticket
    /// stays: the gate may believe in less stock than there is, never in more.
    private func settleTicket(_ draft: OrderDraft, _ result: Result<Placement, ShopError>) {
        switch result {
        case .success(.placed(let order)):
            // What costs nothing is the buyer's at once.
            if order.state != .awaitingPayment { gate.end(order.id, .sold) }
        case .success(.queued):
            // Whoever judges it ends the ticket.
            break
        case .success(.existing), .success(.mismatched):
            gate.end(draft.id, .released)
        case .success(.refused(let refusal)):
            if refusal == .couponUsedUp, let coupon = draft.coupon {
                catalog.latch(coupon.id, until: clock.now().advanced(milliseconds: limits.couponLatchMilliseconds))
            }
            gate.end(draft.id, .notPlaced)
        case .success(.unknownKey), .success(.fenced):
            gate.end(draft.id, .notPlaced)
        case .failure(let error) where error.code == .outcomeUnknown:
            break
        case .failure:
            gate.end(draft.id, .notPlaced)
        }
    }

    // MARK: From request to draft

    /// A request that says clearly what it wants, whether it can be had or not.
    private struct AskedOrder {
        let request: PlaceOrderRequest
        let product: Product
        let quantity: Int
        let cards: [Int64]
        let buyer: Buyer
        let queryTag: [UInt8]?
        let idempotency: IdempotencyKey?
    }

    private func asked(_ request: PlaceOrderRequest) throws(ShopError) -> AskedOrder {
        let product = try terms.product(request.product)
        let cards = request.cards.isEmpty ? [] : try OrderTerms.cards(request.cards)
        let buyer = try Buyer.parse(request.contact)
        let tag = try queryTag(buyer: buyer, password: request.queryPassword)
        let quantity = request.quantity ?? max(1, cards.count)
        return AskedOrder(
            request: request, product: product, quantity: quantity, cards: cards, buyer: buyer, queryTag: tag,
            idempotency: try idempotency(request, quantity: quantity, cards: cards, buyer: buyer, tag: tag))
    }

    private func draft(_ asked: AskedOrder, picks: [PickedCard]) throws(ShopError) -> OrderDraft {
        let (request, now) = (asked.request, clock.now())
        // Looked up anew: looking for cards may have taken a moment.
        let product = picks.isEmpty ? asked.product : try terms.product(request.product)
        try terms.check(quantity: asked.quantity, picks: picks, of: product)
        guard let channel = Slug(request.channel), let configured = catalog.channel(channel), configured.isEnabled
        else { throw .invalid("channel", "is not an enabled channel") }
        guard !catalog.isBlocked(asked.buyer) else {
            throw ShopError(.blocked, "this shop does not sell to this contact")
        }
        try terms.check(fields: request.fields, of: product)
        let coupon = try terms.coupon(request.coupon, for: product, at: now)
        let price = try OrderPrice(product, quantity: asked.quantity, picks: picks, coupon: coupon)
        guard configured.terms.takes(price.total) else { throw .invalid("channel", Self.amountFault) }
        let id = OrderID(identifiers.make(shard: product.id.shard))
        // Before the gate, which may have to remember the order for others.
        let sealed: [UInt8]? =
            request.fields.isEmpty
            ? nil : try keys.seal(FilledFields.text(request.fields).utf8, context: KeyRing.fieldsContext(id))
        return OrderDraft(
            id: id, product: product, quantity: asked.quantity, buyer: asked.buyer,
            channel: channel, price: price,
            coupon: coupon.map { UsedCoupon(id: $0.id, version: $0.version) }, sealedFields: sealed,
            queryTag: asked.queryTag, idempotency: asked.idempotency, placedAt: now)
    }

    private func queryTag(buyer: Buyer, password: String?) throws(ShopError) -> [UInt8]? {
        guard let password else { return nil }
        guard (4...64).contains(password.unicodeScalars.count) else {
            throw .invalid("query_password", "must have 4 to 64 characters")
        }
        return keys.queryTag(buyer: buyer, password: password)
    }

    private func idempotency(
        _ request: PlaceOrderRequest, quantity: Int, cards: [Int64], buyer: Buyer, tag: [UInt8]?
    ) throws(ShopError) -> IdempotencyKey? {
        guard let text = request.idempotencyKey else { return nil }
        var digest = Self.bodyDigest(request, quantity: quantity, cards: cards, buyer: buyer, tag: tag)
        // What is filled in may be short enough to be guessed by whoever has the ledger but not the keys.
        if !request.fields.isEmpty { digest = keys.bodyDigest(digest) }
        guard let key = IdempotencyKey(key: text, bodyDigest: digest) else {
            throw .invalid("Idempotency-Key", "must be 1 to 64 printable ASCII characters")
        }
        return key
    }

    /// Equal for requests with the same parsed values. The password enters as its keyed digest, so that the stored
    /// value does not help to guess it.
    private static func bodyDigest(
        _ request: PlaceOrderRequest, quantity: Int, cards: [Int64], buyer: Buyer, tag: [UInt8]?
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
        // Orders without these keep the digest that they had before there were any. No name of a field is empty.
        if !cards.isEmpty || request.coupon != nil {
            add("".utf8)
            add(cards.map { "\($0)" }.joined(separator: ",").utf8)
            add((request.coupon.map { CouponCode($0)?.text ?? $0 } ?? "").utf8)
        }
        return Array(hash.finalize().prefix(KeyRing.digestLength))
    }
}

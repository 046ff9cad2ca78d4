import Domain
import HTTPTypes
import Hummingbird
import NIOCore
import Shop
import WebSupport

extension WebAPI {
    var orderRoutes: [Route] {
        [
            Route(.post, orderEndpoint.path, for: .visitors, handler: placeOrder),
            Route(.post, "/api/v1/orders/lookup", for: .visitors, handler: lookUpOrders),
            Route(.post, "/api/v1/orders/quote", for: .visitors, handler: quoteOrder),
            Route(.get, "/api/v1/orders/{id}", for: .visitors, handler: readOrder),
            Route(.get, "/api/v1/orders/{id}/events", for: .visitors, handler: watchOrder),
            Route(.post, "/api/v1/orders/{id}/cancel", for: .visitors, handler: cancelOrder),
            Route(.post, "/api/v1/orders/{id}/pay", for: .visitors, handler: beginPayment),
        ]
    }

    @Sendable private func placeOrder(_ request: Request, _ context: ShopRequestContext) async throws -> Response {
        let outcome: OrderEndpoint.Outcome
        if let refusal = orderEndpoint.refusal(of: request.head, from: PeerAddress(context.peer)) {
            outcome = refusal
        } else {
            let body = try await request.body.collect(upTo: orderEndpoint.maximumBytes)
            outcome = await withCheckedContinuation { continuation in
                orderEndpoint.run(request.head, body: body) { continuation.resume(returning: $0) }
            }
        }
        orderEndpoint.note(outcome, logger: context.logger)
        return orderEndpoint.answer(outcome).response
    }

    /// What an order would cost, as placing it would work it out.
    @Sendable private func quoteOrder(_ request: Request, _ context: ShopRequestContext) async throws -> Response {
        // Or codes of coupons could be tried without end.
        try limitAddress(request, context)
        var fields = try await request.fields(maximumBytes: ports.limits.bodyBytes)
        let quote = QuoteRequest(
            product: try fields.string("product"),
            quantity: try fields.optionalInteger("quantity").map { Int(clamping: $0) },
            cards: try fields.stringList("cards", maximumCount: PurchaseLimits.maximumPerOrder),
            coupon: try fields.optionalString("coupon"))
        try fields.end()
        let price = try await useCases.quoteOrder(quote)
        return .json(
            JSONWriter.object { json in
                json.money(price.total)
                write(price.lines, to: &json)
                json.array("channels", ports.cache.channels(for: price.total)) { json, configured in
                    json.string(configured.channel.name.text)
                }
            })
    }

    /// Refuses an address that asks too often for what costs the ledger a look, or could be guessed.
    func limitAddress(_ request: Request, _ context: ShopRequestContext) throws(ShopError) {
        try settings.visitorLimits.checkQuestion(request.headers, from: PeerAddress(context.peer))
    }

    func payURL(_ id: OrderID) -> String { OrderEndpoint.payURL(id, below: settings.publicURL()) }

    // MARK: One order

    @Sendable private func readOrder(_ request: Request, _ context: ShopRequestContext) async throws -> Response {
        let view = try await useCases.readOrder(id: context.parameter("id"), token: token(request))
        return .json(JSONWriter.object { write(view, to: &$0) })
    }

    private func write(_ view: OrderView, to json: inout JSONWriter) {
        json.string("id", view.id.text)
        json.string("status", view.state.rawValue)
        if let order = view.order {
            json.string("product", order.slug.text)
            json.integer("quantity", order.quantity)
            json.money(order.total)
            write(order.lines, to: &json)
            json.string("contact", order.buyer.contact)
            json.string("channel", order.channel.text)
            writeFields(view.fields, to: &json)
            json.time("created_at", order.createdAt)
            json.time("expires_at", order.expiresAt)
        }
        json.string("pay_url", payURL(view.id))
        guard view.state == .delivered else { return }
        json.array("cards", view.goods) { $0.string($1.secret) }
        if view.goods.contains(where: { $0.note != nil }) {
            json.array("notes", view.goods) { $0.string($1.note ?? "") }
        }
        json.string("instructions", view.instructions)
    }

    /// What an order's price is made of.
    func write(_ lines: [PriceLine], to json: inout JSONWriter) {
        json.array("lines", lines) { json, line in
            json.object { json in
                json.string("kind", line.word)
                switch line.reason {
                case .goods(let quantity): json.integer("quantity", quantity)
                case .tier(let from): json.integer("from", from)
                case .pick(let card): json.string("card", "\(card)")
                case .coupon(let code): json.string("coupon", code.text)
                }
                json.integer("amount", line.amount)
            }
        }
    }

    /// What the buyer filled in.
    func writeFields(_ fields: [String: String], to json: inout JSONWriter) {
        json.object("fields") { json in
            for (name, value) in fields.sorted(by: { $0.key < $1.key }) { json.string(name, value) }
        }
    }

    /// The order's token, from the header or from the page's cookie.
    func token(_ request: Request) -> String? { request.bearerToken ?? request.cookie(OrderCookie.name) }

    @Sendable private func cancelOrder(_ request: Request, _ context: ShopRequestContext) async throws -> Response {
        let id = try useCases.readOrder.authorize(id: context.parameter("id"), token: token(request))
        try await request.noFields(maximumBytes: ports.limits.bodyBytes)
        let standing = try await useCases.cancelOrder(id)
        return .json(
            JSONWriter.object { json in
                json.string("id", id.text)
                json.string("status", standing.state.rawValue)
            })
    }

    @Sendable private func beginPayment(_ request: Request, _ context: ShopRequestContext) async throws -> Response {
        let id = try useCases.readOrder.authorize(id: context.parameter("id"), token: token(request))
        var fields = try await request.fields(maximumBytes: ports.limits.bodyBytes)
        let channel = try fields.string("channel")
        try fields.end()
        let begun = try await useCases.beginPayment(id, channel: channel)
        let body = JSONWriter.object { json in
            json.string("attempt", begun.attempt.id.text)
            json.string("kind", begun.instruction.kind.rawValue)
            json.string("url", begun.instruction.url)
        }
        return .json(body, status: begun.isNew ? .created : .ok)
    }

    // MARK: Looking up

    @Sendable private func lookUpOrders(_ request: Request, _ context: ShopRequestContext) async throws -> Response {
        var fields = try await request.fields(maximumBytes: ports.limits.bodyBytes)
        let contact = try fields.string("contact")
        let password = try fields.string("query_password")
        try fields.end()
        let buyer = try Buyer.parse(contact)
        try await settings.visitorLimits.checkLookUp(of: buyer.contact)
        let orders = try await useCases.lookUpOrders(buyer: buyer, password: password)
        return .json(
            JSONWriter.object { json in
                json.array("items", orders) { json, placed in
                    json.object { json in
                        json.string("id", placed.order.id.text)
                        json.string("token", placed.token)
                        json.string("status", placed.order.state.rawValue)
                        json.string("product", placed.order.slug.text)
                        json.integer("quantity", placed.order.quantity)
                        json.money(placed.order.total)
                        json.time("created_at", placed.order.createdAt)
                        json.time("expires_at", placed.order.expiresAt)
                    }
                }
            })
    }
}

extension Response {
    /// A JSON answer that nobody may keep.
    static func json(_ body: ByteBuffer, status: HTTPResponse.Status = .ok) -> Response {
        Response(
            status: status, headers: [.contentType: "application/json", .cacheControl: "no-store"],
            body: .init(byteBuffer: body))
    }
}

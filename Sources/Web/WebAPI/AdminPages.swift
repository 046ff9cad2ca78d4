import Domain
import Hummingbird
import Shop
import WebSupport

// Pages of orders and payments for the owner.
extension WebAPI {
    @Sendable func listOrders(_ request: Request, _ context: ShopRequestContext) async throws -> Response {
        let query = try request.query(["status", "contact", "after", "limit"])
        var filter = OrderFilter(limit: try limit(query["limit"]))
        if let status = query["status"], !status.isEmpty {
            guard let state = OrderState(rawValue: status) else { throw ShopError.invalid("status", "is not a status") }
            filter.state = state
        }
        if let contact = query["contact"], !contact.isEmpty {
            filter.buyer = try Buyer.parse(contact)
        }
        if let after = query["after"], !after.isEmpty {
            guard let id = OrderID(text: after) else { throw ShopError.invalid("after", "must be an order's id") }
            filter.after = id
        }
        let orders = try await ports.ledger.orders(filter)
        return .json(
            JSONWriter.object { json in
                json.array("items", orders) { json, order in json.object { write(order, to: &$0) } }
                json.string("next", orders.count == filter.limit ? orders.last?.id.text : nil)
            })
    }

    func write(_ order: Order, to json: inout JSONWriter) {
        json.string("id", order.id.text)
        json.string("status", order.state.rawValue)
        json.string("product", order.slug.text)
        json.string("kind", order.kind.name)
        json.integer("quantity", order.quantity)
        json.money(order.total)
        json.string("contact", order.buyer.contact)
        json.string("channel", order.channel.text)
        write(order.lines, to: &json)
        writeFields((try? useCases.readOrder.fields(of: order)) ?? [:], to: &json)
        json.integer("version", order.version)
        json.time("created_at", order.createdAt)
        json.time("expires_at", order.expiresAt)
    }

    @Sendable func listPayments(_ request: Request, _ context: ShopRequestContext) async throws -> Response {
        let query = try request.query(["verdict", "resolution", "order", "after", "limit"])
        var filter = PaymentFilter(limit: try limit(query["limit"]))
        if let text = query["resolution"], !text.isEmpty {
            guard let resolution = PaymentResolution(rawValue: text) else {
                throw ShopError.invalid("resolution", "is not a resolution")
            }
            filter.resolution = resolution
        }
        filter.order = try order(query["order"])
        if let text = query["verdict"], !text.isEmpty {
            guard let verdict = PaymentVerdict(rawValue: text) else {
                throw ShopError.invalid("verdict", "is not a verdict")
            }
            filter.verdict = verdict
        }
        filter.after = try after(query["after"])
        await ports.forged.drain()
        let payments = try await ports.ledger.payments(filter)
        return .json(
            JSONWriter.object { json in
                json.array("items", payments) { json, payment in json.object { write(payment, to: &$0) } }
                json.string("next", payments.count == filter.limit ? payments.last.map { "\($0.id)" } : nil)
            })
    }

    func write(_ payment: PaymentEntry, to json: inout JSONWriter) {
        json.string("id", "\(payment.id)")
        json.string("channel", payment.channel)
        json.string("provider_event", payment.providerEvent)
        json.string("attempt", payment.attempt)
        json.string("order", payment.order?.text)
        json.integer("amount", payment.amount?.amount)
        json.string("currency", payment.amount?.currency.code)
        json.string("verdict", payment.verdict.rawValue)
        json.string("resolution", payment.resolution?.rawValue)
        json.time("received_at", payment.receivedAt)
    }

    func after(_ text: String?) throws(ShopError) -> Int64? {
        guard let text, !text.isEmpty else { return nil }
        guard let id = Int64(text), id > 0 else { throw .invalid("after", "must be the number of a line") }
        return id
    }

    func order(_ text: String?) throws(ShopError) -> OrderID? {
        guard let text, !text.isEmpty else { return nil }
        guard let id = OrderID(text: text) else { throw .invalid("order", "must be an order's id") }
        return id
    }

    func limit(_ text: String?) throws(ShopError) -> Int {
        guard let text, !text.isEmpty else { return 100 }
        guard let limit = Int(text), (1...ports.limits.pageRows).contains(limit) else {
            throw .invalid("limit", "must be from 1 to \(ports.limits.pageRows)")
        }
        return limit
    }
}

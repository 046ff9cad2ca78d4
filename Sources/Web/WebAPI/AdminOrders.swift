import Domain
import Hummingbird
import Shop
import WebSupport

// What the owner does to orders and money by hand.
extension WebAPI {
    var adminOrderRoutes: [Route] {
        [
            owner(.get, "/orders", listOrders),
            owner(.get, "/orders/{id}", showOrder),
            owner(.post, "/orders/{id}/confirm", confirmOrder),
            owner(.post, "/orders/{id}/fulfil", fulfilOrder),
            owner(.post, "/orders/{id}/refund", refundOrder),
        ]
    }

    var adminMoneyRoutes: [Route] {
        [
            owner(.get, "/payments", listPayments),
            owner(.post, "/payments/{id}/replay", replayPayment),
            owner(.get, "/refunds", listRefunds),
            owner(.post, "/refunds/{id}/settle", settleRefund),
        ]
    }

    /// Who did it, and why: `by` and `reason`, both optional.
    func note(_ fields: inout FieldReader) throws(ShopError) -> OwnerNote {
        try note(by: try fields.optionalString("by"), reason: try fields.optionalString("reason"))
    }

    func note(by actor: String?, reason: String?) throws(ShopError) -> OwnerNote {
        let actor = actor ?? "owner"
        guard (1...64).contains(actor.unicodeScalars.count) else {
            throw .invalid("by", "must have 1 to 64 characters")
        }
        guard (reason?.unicodeScalars.count ?? 0) <= 500 else {
            throw .invalid("reason", "must have at most 500 characters")
        }
        guard ![actor, reason ?? ""].contains(where: { $0.unicodeScalars.contains { $0.value < 0x20 } }) else {
            throw .invalid("reason", "must not hold control characters, and by neither")
        }
        return OwnerNote(actor: actor, reason: reason)
    }

    private func order(_ context: ShopRequestContext) throws(ShopError) -> OrderID {
        guard let id = OrderID(text: context.parameter("id")) else { throw ShopError(.notFound, "no such order") }
        return id
    }

    /// The number of a line in the path.
    func number(_ context: ShopRequestContext, _ what: String) throws(ShopError) -> Int64 {
        let text = context.parameter("id")
        guard let id = Int64(text), id > 0, "\(id)" == text else { throw ShopError(.notFound, "no such \(what)") }
        return id
    }

    // MARK: Orders

    @Sendable private func showOrder(_ request: Request, _ context: ShopRequestContext) async throws -> Response {
        let id = try order(context)
        guard let order = try await ports.ledger.order(id) else { throw ShopError(.notFound, "no such order") }
        let journal = try await ports.ledger.journal(of: id)
        let limit = ports.limits.pageRows
        let payments = try await ports.ledger.payments(PaymentFilter(order: id, limit: limit))
        let refunds = try await ports.ledger.refunds(RefundFilter(order: id, limit: limit))
        let cards = try await ports.cards.cards(CardFilter(product: order.product, order: id, limit: limit))
        let replacements = try await ports.cards.replacements(of: id)
        return .json(
            JSONWriter.object { json in
                write(order, to: &json)
                json.array("cards", cards) { json, card in json.object { write(card, to: &$0) } }
                json.array("replacements", replacements) { json, entry in
                    json.object { json in
                        json.string("card", "\(entry.card)")
                        json.string("replacement", "\(entry.replacement)")
                        json.time("at", entry.at)
                        json.string("by", entry.note.actor)
                        json.string("reason", entry.note.reason)
                    }
                }
                json.array("payments", payments) { json, payment in json.object { write(payment, to: &$0) } }
                json.array("refunds", refunds) { json, refund in json.object { write(refund, to: &$0) } }
                json.array("journal", journal) { json, entry in
                    json.object { json in
                        json.integer("version", entry.version)
                        json.string("event", entry.event)
                        json.string("from", entry.from)
                        json.string("to", entry.to)
                        json.time("at", entry.at)
                        json.string("by", entry.note?.actor)
                        json.string("reason", entry.note?.reason)
                    }
                }
            })
    }

    @Sendable private func confirmOrder(_ request: Request, _ context: ShopRequestContext) async throws -> Response {
        let id = try order(context)
        var fields = try await request.optionalFields(maximumBytes: ports.limits.bodyBytes)
        let note = try note(&fields)
        try fields.end()
        let order = try await useCases.confirmOrder(id, by: note)
        return .json(JSONWriter.object { write(order, to: &$0) })
    }

    @Sendable private func fulfilOrder(_ request: Request, _ context: ShopRequestContext) async throws -> Response {
        let id = try order(context)
        var fields = try await request.fields(maximumBytes: ports.limits.bodyBytes)
        let text = try fields.string("text")
        let note = try note(&fields)
        try fields.end()
        let order = try await useCases.fulfilOrder(id, text: text, by: note)
        return .json(JSONWriter.object { write(order, to: &$0) })
    }

    @Sendable private func refundOrder(_ request: Request, _ context: ShopRequestContext) async throws -> Response {
        let id = try order(context)
        let (note, isDone) = try await refundFields(request)
        let refunded = try await useCases.refundOrder(id, isDone: isDone, by: note)
        return .json(
            JSONWriter.object { json in
                write(refunded.order, to: &json)
                json.array("refunds", refunded.cases) { json, refund in json.object { write(refund, to: &$0) } }
            })
    }

    /// `done` says that the money has been paid back already.
    private func refundFields(_ request: Request) async throws -> (OwnerNote, isDone: Bool) {
        var fields = try await request.optionalFields(maximumBytes: ports.limits.bodyBytes)
        let isDone = try fields.optionalBool("done") ?? false
        let note = try note(&fields)
        try fields.end()
        return (note, isDone)
    }

    // MARK: Money

    @Sendable private func replayPayment(_ request: Request, _ context: ShopRequestContext) async throws -> Response {
        let id = try number(context, "payment")
        var fields = try await request.optionalFields(maximumBytes: ports.limits.bodyBytes)
        let note = try note(&fields)
        try fields.end()
        let replay = try await useCases.replayPayment(id, by: note)
        return .json(
            JSONWriter.object { json in
                write(replay.entry, to: &json)
                json.string("order_status", replay.change?.order.state.rawValue)
                json.bool("changed", replay.change?.changed ?? false)
            })
    }

    @Sendable private func listRefunds(_ request: Request, _ context: ShopRequestContext) async throws -> Response {
        let query = try request.query(["state", "order", "after", "limit"])
        var filter = RefundFilter(limit: try limit(query["limit"]))
        if let text = query["state"], !text.isEmpty {
            guard let state = RefundState(rawValue: text) else { throw ShopError.invalid("state", "is not a state") }
            filter.state = state
        }
        filter.order = try order(query["order"])
        filter.after = try after(query["after"])
        let refunds = try await ports.ledger.refunds(filter)
        return .json(
            JSONWriter.object { json in
                json.array("items", refunds) { json, refund in json.object { write(refund, to: &$0) } }
                json.string("next", refunds.count == filter.limit ? refunds.last.map { "\($0.id)" } : nil)
            })
    }

    @Sendable private func settleRefund(_ request: Request, _ context: ShopRequestContext) async throws -> Response {
        let id = try number(context, "refund case")
        let (note, isDone) = try await refundFields(request)
        let refund = try await useCases.refundOrder(case: id, isDone: isDone, by: note)
        return .json(JSONWriter.object { write(refund, to: &$0) })
    }

    private func write(_ refund: RefundCase, to json: inout JSONWriter) {
        json.string("id", "\(refund.id)")
        json.string("order", refund.order.text)
        json.string("payment", "\(refund.payment)")
        json.string("channel", refund.channel)
        json.string("attempt", refund.attempt?.text)
        json.money(refund.amount)
        json.string("state", refund.state.rawValue)
        json.string("by", refund.note?.actor)
        json.string("reason", refund.note?.reason)
        json.string("outcome", refund.outcome)
        json.time("created_at", refund.createdAt)
        json.time("changed_at", refund.changedAt)
    }
}

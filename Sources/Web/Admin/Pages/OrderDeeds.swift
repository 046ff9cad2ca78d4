import Domain
import Hummingbird
import PageSupport
import Shop
import WebSupport

// What is done to one order by hand.
extension Admin {
    var orderDeedRoutes: [Route] {
        [
            page("/orders/{id}", .read) { visit, _, context in
                try await orderPage(visit, try Self.orderNumber(context))
            },
            deed("confirm", .changeOrders, done: "confirmed") { id, _, note in
                _ = try await useCases.confirmOrder(id, by: note)
            },
            deed("fulfil", .changeOrders, done: "fulfilled") { id, form, note in
                _ = try await useCases.fulfilOrder(id, text: Self.lines(form["text"]), by: note)
            },
            deed("cancel", .changeOrders, done: "cancelled", cancel),
            deed("refund", .refund, done: "refundAsked") { id, form, note in
                _ = try await useCases.refundOrder(id, isDone: form["done"] == "yes", by: note)
            },
            deed("replace", .importCards, done: "replaced") { id, form, note in
                guard let card = Int64(form["card"]) else { throw ShopError.invalid("card", "must be a card's number") }
                let text = form["other"].trimmed
                let other = Int64(text)
                guard text.isEmpty || other ?? 0 > 0 else {
                    throw ShopError.invalid("other", "must be a card's number, or empty")
                }
                // The card of another order is not this page's business.
                guard try await soldCards(of: id).contains(where: { $0.id == card }) else {
                    throw ShopError(.wrongState, "the order has no such card")
                }
                _ = try await useCases.manageCards.replace(card, with: other, by: note)
            },
        ]
    }

    static func orderNumber(_ context: ShopRequestContext) throws(ShopError) -> OrderID {
        guard let id = OrderID(text: context.parameter("id")) else { throw ShopError(.notFound, "no such order") }
        return id
    }

    /// A form of an order's page. What the order's state does not allow is said on the page itself.
    private func deed(
        _ verb: String, _ right: StaffRight, done: String,
        _ body: @escaping @Sendable (_ id: OrderID, _ form: WebForm, _ note: OwnerNote) async throws -> Void
    ) -> Route {
        form("/orders/{id}/\(verb)", right) { form, visit, _, context in
            let id = try Self.orderNumber(context)
            do {
                try await body(id, form, note(visit, form))
            } catch let error as ShopError where ![.internalFault, .notFound].contains(error.code) {
                return try await orderPage(visit, id, error, form)
            }
            return Self.redirect(to: "/admin/orders/\(id.text)", done: done)
        }
    }

    /// Buyers cancel without a note. So who did it is written into the owner's journal, before it is done.
    @Sendable private func cancel(_ id: OrderID, _ form: WebForm, _ note: OwnerNote) async throws {
        guard let order = try await ports.ledger.order(id) else { throw ShopError(.notFound, "no such order") }
        guard order.state.after(.cancel) != nil else {
            throw ShopError(.wrongState, "the order is \(order.state.rawValue) and cannot be cancelled")
        }
        try await ports.cards.log("cancel", subject: "order \(id.text)", by: note, at: ports.clock.now())
        _ = try await useCases.cancelOrder(id)
    }

    /// The cards that an order has delivered.
    func soldCards(of id: OrderID) async throws(ShopError) -> [CardEntry] {
        guard let order = try await ports.ledger.order(id) else { throw ShopError(.notFound, "no such order") }
        return try await ports.cards.cards(
            CardFilter(product: order.product, state: .sold, order: id, limit: ports.limits.pageRows))
    }

    // MARK: Forms

    /// The forms that the order's state and the member's role allow.
    func deedForms(
        _ visit: AdminVisit, _ order: Order, _ cards: [CardEntry], _ error: ShopError?, _ form: WebForm?
    ) -> [FormSpec] {
        var forms: [FormSpec] = []
        let base = "/admin/orders/\(order.id.text)"
        func reason(_ more: [FormField] = []) -> [FormField] {
            more + [FormField(name: "reason", label: visit.word("reason"), value: form?["reason"] ?? "")]
        }
        if visit.may(.changeOrders) { forms += changeForms(visit, order, error, form, reason) }
        if visit.may(.refund), order.state == .refundPending || order.state.after(.requestRefund) != nil {
            forms.append(
                FormSpec(
                    action: base + "/refund", fields: reason(), button: visit.word("refundByProvider"),
                    buttons: [("done", "yes", visit.word("refundByHand"))], legend: visit.word("refundOrder"),
                    isDangerous: true, confirm: visit.word("refundConfirm")))
        }
        let sold = cards.filter { $0.state == .sold }
        if visit.may(.importCards), order.kind == .card, order.state == .delivered, !sold.isEmpty {
            let choice = FormField(
                name: "card", label: visit.word("card"), kind: .choice(sold.map { ("\($0.id)", "\($0.id)") }),
                value: form?["card"] ?? "")
            let other = FormField(
                name: "other", label: visit.word("otherCard"), value: form?["other"] ?? "",
                hint: visit.word("otherCardHint"),
                error: error?.field == "other" ? error.map { visit.bareReason($0) } ?? "" : "")
            forms.append(
                FormSpec(
                    action: base + "/replace", fields: reason([choice, other]), button: visit.word("replaceCard"),
                    legend: visit.word("replaceCard"), isPlain: true, confirm: visit.word("replaceConfirm")))
        }
        return forms
    }

    private func changeForms(
        _ visit: AdminVisit, _ order: Order, _ error: ShopError?, _ form: WebForm?,
        _ reason: ([FormField]) -> [FormField]
    ) -> [FormSpec] {
        let base = "/admin/orders/\(order.id.text)"
        var forms: [FormSpec] = []
        if order.kind == .manual, order.state == .paid {
            let text = FormField(
                name: "text", label: visit.word("fulfilText"), kind: .area(rows: 5), value: form?["text"] ?? "",
                hint: visit.word("fulfilHint"),
                error: error?.field == "text" ? error.map { visit.bareReason($0) } ?? "" : "",
                isRequired: true, maximum: FulfilOrder.maximumBytes)
            forms.append(
                FormSpec(
                    action: base + "/fulfil", fields: reason([text]), button: visit.word("fulfil"),
                    legend: visit.word("fulfil")))
        }
        if [.awaitingPayment, .expired, .cancelled, .review].contains(order.state) {
            forms.append(
                FormSpec(
                    action: base + "/confirm", fields: reason([]), button: visit.word("confirmByHand"),
                    legend: visit.word("confirmByHand"), confirm: visit.word("confirmByHandConfirm")))
        }
        if order.state.after(.cancel) != nil {
            forms.append(
                FormSpec(
                    action: base + "/cancel", fields: reason([]), button: visit.word("cancelOrder"),
                    legend: visit.word("cancelOrder"), isPlain: true, confirm: visit.word("cancelConfirm")))
        }
        return forms
    }
}

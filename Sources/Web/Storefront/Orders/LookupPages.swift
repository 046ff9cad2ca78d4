import Domain
import HTTPTypes
import Hummingbird
import PageSupport
import Shop
import WebSupport

// Finding orders again: those of this browser, and those of a contact with its query password.
extension Storefront {
    var lookupRoutes: [Route] {
        [
            page(.get, "/orders") { visit, request, _ in try await lookupPage(visit, request) },
            page(.get, "/orders/lookup") { visit, _, _ in redirect(to: "/orders", visit) },
            form("/orders/lookup", lookUp),
            form("/orders/forget") { _, visit, request, _ in
                var response = redirect(to: "/orders", visit)
                let known = BrowserOrders(request, keys: ports.keys).orders
                let removals = known.flatMap { OrderCookie.removal(id: $0.text) } + [BrowserOrders.removal]
                for cookie in removals { response.headers.append(HTTPField(name: .setCookie, value: cookie)) }
                return response
            },
        ]
    }

    private func lookupPage(
        _ visit: Visit, _ request: Request, _ more: [String: Any] = [:], status: HTTPResponse.Status = .ok
    ) async throws -> Response {
        var orders: [[String: Any]] = []
        for id in BrowserOrders(request, keys: ports.keys).orders {
            // What was never written, or was erased, is left out.
            if let order = try await ports.ledger.order(id) { orders.append(row(order, visit)) }
        }
        var values: [String: Any] = [
            "hasResults": false, "hasOrders": !orders.isEmpty, "orders": orders, "contact": "",
            "errors": [String: String](),
        ]
        values.merge(more) { _, new in new }
        return privatePage(
            .lookup, visit, title: visit.word("lookupTitle"), values, status: status, token: formToken(request))
    }

    @Sendable private func lookUp(
        _ form: WebForm, _ visit: Visit, _ request: Request, _ context: ShopRequestContext
    ) async throws -> Response {
        do {
            try settings.visitorLimits.checkQuestion(request.headers, from: PeerAddress(context.peer))
            let buyer = try Buyer.parse(form["contact"])
            try await settings.visitorLimits.checkLookUp(of: buyer.contact)
            let found = try await useCases.lookUpOrders(buyer: buyer, password: form["query_password"])
            let results = found.map { placed in row(placed.order, visit).with("token", placed.token) }
            return try await lookupPage(
                visit, request, ["hasResults": true, "results": results, "openText": visit.word("open")])
        } catch let error as ShopError {
            if Problem.isFault(error) { throw error }
            var more: [String: Any] = ["contact": form["contact"]]
            if let field = error.field {
                more["errors"] = [field: visit.word("bad_\(field)")]
            } else {
                more["alert"] = visit.explain(error)
            }
            return try await lookupPage(visit, request, more, status: Problem.answer(error).status)
        }
    }

    private func row(_ order: Order, _ visit: Visit) -> [String: Any] {
        [
            "order": order.id.text, "product": ports.cache.product(order.slug)?.title ?? order.slug.text,
            "when": visit.time(order.createdAt), "status": visit.word(order.state.rawValue),
            "amount": MoneyFormat.text(order.total),
        ]
    }
}

import Domain
import HTTPTypes
import Hummingbird
import NIOCore
import PageSupport
import Shop
import WebSupport

// The page of one order, for whoever has shown its token: what becomes of it, and its cards.
extension Storefront {
    var orderRoutes: [Route] {
        [
            page(.get, "/orders/{id}", orderPage),
            // Takes the token from a form and puts it into the cookie.
            form("/orders/{id}") { form, visit, request, context in
                try settings.visitorLimits.checkQuestion(request.headers, from: PeerAddress(context.peer))
                let (id, token) = (context.parameter("id"), form["token"].trimmed)
                guard let order = try? useCases.readOrder.authorize(id: id, token: token) else {
                    return tokenPage(id, visit, formToken(request), isWrong: true)
                }
                return opened(order, token: token, visit)
            },
            // The link of a message. Its token is exchanged for the cookie at once, and stays in no address.
            page(.get, "/orders/{id}/open") { visit, request, context in
                do {
                    try settings.visitorLimits.checkQuestion(request.headers, from: PeerAddress(context.peer))
                    let token = visit.query["token"] ?? ""
                    let order = try useCases.readOrder.authorize(id: context.parameter("id"), token: token)
                    return opened(order, token: token, visit)
                } catch let error as ShopError {
                    // The address of this page has the token in it.
                    var response = problem(error, visit)
                    PageHeaders.setReferrerPolicy("no-referrer", &response.headers)
                    return response
                }
            },
            page(.get, "/orders/{id}/cards.txt", cardsFile),
            form("/orders/{id}/cancel") { _, visit, request, context in
                let token = request.cookie(OrderCookie.name)
                let id = try useCases.readOrder.authorize(id: context.parameter("id"), token: token)
                do {
                    _ = try await useCases.cancelOrder(id)
                } catch let error as ShopError where error.code == .wrongState {
                    // The page tells how the order stands.
                }
                return redirect(to: "/orders/\(id.text)", visit)
            },
        ]
    }

    /// Leads to an order's page with its cookie.
    func opened(_ order: OrderID, token: String, _ visit: Visit) -> Response {
        var response = redirect(to: "/orders/\(order.text)", visit)
        PageHeaders.setReferrerPolicy("no-referrer", &response.headers)
        for cookie in OrderCookie.headers(token: token, id: order.text, isSecure: isSecure) {
            response.headers.append(HTTPField(name: .setCookie, value: cookie))
        }
        return response
    }

    // MARK: The page

    @Sendable private func orderPage(
        _ visit: Visit, _ request: Request, _ context: ShopRequestContext
    ) async throws -> Response {
        let id = context.parameter("id")
        let token = formToken(request)
        guard let view = try await viewWithCookie(id, request) else { return tokenPage(id, visit, token) }
        var values = OrderValues(view: view, visit: visit, isHolder: true).all
        if let order = view.order {
            let product = ports.cache.product(order.slug)
            values["lines"] = try await lines(order.lines, product, visit)
            values["product"] = product?.title ?? order.slug.text
            values["fields"] = Self.fields(view.fields, product)
            if order.state == .awaitingPayment { values.merge(payment(order, visit)) { _, new in new } }
        }
        var response = privatePage(
            .order, visit, title: visit.word("order"), values, token: token, leadsToProviders: true)
        let known = BrowserOrders(request, keys: ports.keys)
        if !known.orders.contains(view.id) {
            let cookie = try known.opened(view.id).cookie(keys: ports.keys, isSecure: isSecure)
            response.headers.append(HTTPField(name: .setCookie, value: cookie))
        }
        return response
    }

    private static func fields(_ filled: [String: String], _ product: Product?) -> [[String: Any]] {
        filled.sorted { $0.key < $1.key }.map { name, value in
            ["label": product?.fields.first { $0.name == name }?.label ?? name, "value": value]
        }
    }

    /// Ways to pay an order that waits for it, and the code that opens its page on a phone.
    func payment(_ order: Order, _ visit: Visit) -> [String: Any] {
        let open = ports.cache.channels(for: order.total)
        let values: [String: Any] = [
            "canPay": true, "hasChannels": !open.isEmpty,
            "channels": OrderForm.channelValues(open, chosen: order.channel.text, visit),
            "payText": visit.word("payNow", MoneyFormat.text(order.total)),
        ]
        return values.merging(Self.code("\(settings.publicURL())/orders/\(order.id.text)/pay")) { _, new in new }
    }

    /// Nil when the visitor has not shown the order's token yet.
    func viewWithCookie(_ id: String, _ request: Request) async throws -> OrderView? {
        do {
            return try await useCases.readOrder(id: id, token: request.cookie(OrderCookie.name))
        } catch {
            if error.code == .notFound { return nil }
            throw error
        }
    }

    /// Asks for the token. Says the same of orders that are there and of those that are not.
    private func tokenPage(_ id: String, _ visit: Visit, _ token: FormToken, isWrong: Bool = false) -> Response {
        let values: [String: Any] = ["order": OrderID(text: id)?.text ?? "-"]
        return privatePage(
            .token, visit, title: visit.word("orderPage"),
            values.with("error", isWrong ? visit.word("bad_token") : nil), status: isWrong ? .notFound : .ok,
            token: token)
    }

    // MARK: Cards as a file

    @Sendable private func cardsFile(
        _ visit: Visit, _ request: Request, _ context: ShopRequestContext
    ) async throws -> Response {
        let id = context.parameter("id")
        guard let view = try await viewWithCookie(id, request), view.state == .delivered else {
            throw ShopError(.notFound, "no cards are here")
        }
        let text = view.goods.map { $0.secret + ($0.note.map { "\t\($0)" } ?? "") }.joined(separator: "\r\n") + "\r\n"
        return Response(
            status: .ok,
            headers: [
                .contentType: "text/plain; charset=utf-8", .cacheControl: "no-store", .xContentTypeOptions: "nosniff",
                .contentDisposition: "attachment; filename=\"order-\(view.id.text).txt\"",
                .contentSecurityPolicy: "default-src 'none'; sandbox",
            ], body: .init(byteBuffer: ByteBuffer(string: text)))
    }
}

import Domain
import HTTPTypes
import Hummingbird
import NIOCore
import Shop
import WebSupport

extension WebAPI {
    var pageRoutes: [Route] {
        [
            page(.get, "/orders/{id}/pay", payPage),
            page(.post, "/orders/{id}/pay", payFromPage),
            page(.get, "/orders/{id}", orderPage),
            page(.post, "/orders/{id}", openFromPage),
            page(.get, "/sandbox/{attempt}", sandboxPage),
            page(.post, "/sandbox/{attempt}", paySandboxFromPage),
            page(.get, "/assets/page.css") { _, _ in
                Response(
                    status: .ok, headers: [.contentType: "text/css", .cacheControl: "public, max-age=3600"],
                    body: .init(byteBuffer: ByteBuffer(string: PageTemplates.style)))
            },
        ]
    }

    private func page(_ method: HTTPRequest.Method, _ path: String, _ handler: @escaping Route.Handler) -> Route {
        Route(method, path, for: .visitors, isDocumented: false) { request, context in
            if method == .post { try sameSite(request) }
            return try await handler(request, context)
        }
    }

    private static let fetchSite = HTTPField.Name("Sec-Fetch-Site") ?? .origin

    /// A form that another site made is refused: browsers name the site in `Origin`.
    private func sameSite(_ request: Request) throws(ShopError) {
        guard let origin = request.headers[.origin] else { return }
        if origin == "null", request.headers[Self.fetchSite] == "same-origin" { return }
        let own = request.head.authority.map { ["http://\($0)", "https://\($0)"] } ?? []
        guard origin == settings.publicURL() || own.contains(origin) else {
            throw ShopError(.forbidden, "the form belongs to another site")
        }
    }

    // MARK: The page to pay

    /// Whoever has the address may pay; it tells what is paid, not who buys, and never a card.
    @Sendable private func payPage(_ request: Request, _ context: ShopRequestContext) async throws -> Response {
        var found = try await findOrder(context)
        if found == nil {
            // Not written yet: only whoever placed it may know of it. It may be written by now.
            guard let view = try await viewWithToken(context.parameter("id"), request) else { throw Self.missing }
            guard view.order != nil else { return unwrittenResponse(view, request) }
            found = view.order
        }
        guard let order = found else { throw Self.missing }
        let isOpen = order.state == .awaitingPayment
        let channels = isOpen ? ports.cache.channels().filter(\.isEnabled).map(\.channel.name.text) : []
        return orderResponse(order, request, goods: [], channels: channels, linksToOrder: true)
    }

    @Sendable private func payFromPage(_ request: Request, _ context: ShopRequestContext) async throws -> Response {
        let order = try await order(context)
        let fields = try await form(request)
        let begun = try await useCases.beginPayment(order.id, channel: fields["channel"] ?? "")
        return .redirect(to: begun.instruction.url, type: .normal)
    }

    private func order(_ context: ShopRequestContext) async throws -> Order {
        guard let order = try await findOrder(context) else { throw Self.missing }
        return order
    }

    private func findOrder(_ context: ShopRequestContext) async throws -> Order? {
        guard let id = OrderID(text: context.parameter("id")) else { throw Self.missing }
        return try await ports.ledger.order(id)
    }

    private static let missing = ShopError(.notFound, "no such order")

    // MARK: The page of the order

    @Sendable private func orderPage(_ request: Request, _ context: ShopRequestContext) async throws -> Response {
        let id = context.parameter("id")
        guard let view = try await viewWithToken(id, request) else {
            let language = PageWords.language(request.headers[.acceptLanguage])
            let title = PageWords.table(language)["orderPage"] ?? ""
            return pages.response(
                .token, language: language, ["title": title, "order": OrderID(text: id)?.text ?? "-"])
        }
        guard let order = view.order else { return unwrittenResponse(view, request) }
        return orderResponse(order, request, goods: view.goods, channels: [], linksToOrder: false)
    }

    /// An order that waits in the log, or was cancelled there.
    private func unwrittenResponse(_ view: OrderView, _ request: Request) -> Response {
        let language = PageWords.language(request.headers[.acceptLanguage])
        let words = PageWords.table(language)
        let values: [String: Any] = [
            "title": words["orderPage"] ?? "", "order": view.id.text, "amount": false, "state": view.state.rawValue,
            "status": words[view.state.rawValue] ?? view.state.rawValue,
            "refresh": view.state.isSettled ? false as Any : 1, "expires": false,
        ]
        return pages.response(.order, language: language, values)
    }

    /// Nil when the visitor has not shown the order's token yet.
    private func viewWithToken(_ id: String, _ request: Request) async throws -> OrderView? {
        do {
            return try await useCases.readOrder(id: id, token: token(request))
        } catch {
            if error.code == .notFound { return nil }
            throw error
        }
    }

    /// Takes the token from a form and puts it into the cookie.
    @Sendable private func openFromPage(_ request: Request, _ context: ShopRequestContext) async throws -> Response {
        let token = try await form(request)["token"] ?? ""
        let view = try await useCases.readOrder(id: context.parameter("id"), token: token)
        var response = Response.redirect(to: "/orders/\(view.id.text)", type: .normal)
        if let order = view.order {
            for cookie in OrderCookie.headers(PlacedOrder(order: order, token: token), isSecure: isSecure) {
                response.headers.append(HTTPField(name: .setCookie, value: cookie))
            }
        }
        return response
    }

    private func orderResponse(
        _ order: Order, _ request: Request, goods: [OrderView.Goods], channels: [String], linksToOrder: Bool
    ) -> Response {
        let language = PageWords.language(request.headers[.acceptLanguage])
        let refresh: Any = linksToOrder || order.state.isSettled ? false : 3
        let values: [String: Any] = [
            "title": ports.cache.product(order.slug)?.title ?? order.slug.text, "order": order.id.text,
            "amount": PageMoney.text(order.total), "state": order.state.rawValue,
            "status": PageWords.table(language)[order.state.rawValue] ?? order.state.rawValue,
            "cards": goods.map { ["secret": $0.secret, "note": $0.note as Any? ?? false] },
            "channels": channels, "orderPage": linksToOrder, "refresh": refresh,
            "expires": order.state == .awaitingPayment ? order.expiresAt.map(RFC3339.text) as Any : false,
        ]
        return pages.response(.order, language: language, values)
    }

    // MARK: The sandbox provider's page

    @Sendable private func sandboxPage(_ request: Request, _ context: ShopRequestContext) async throws -> Response {
        let attempt = try await useCases.paySandboxOrder.attempt(context.parameter("attempt"))
        return pages.response(
            .sandbox, language: PageWords.language(request.headers[.acceptLanguage]),
            ["title": "Sandbox", "attempt": attempt.id.text, "amount": PageMoney.text(attempt.amount)])
    }

    @Sendable private func paySandboxFromPage(
        _ request: Request, _ context: ShopRequestContext
    ) async throws -> Response {
        let attempt = try await useCases.paySandboxOrder.attempt(context.parameter("attempt"))
        _ = try await useCases.paySandboxOrder.pay(attempt)
        return .redirect(to: "/orders/\(attempt.order.text)", type: .normal)
    }

    private func form(_ request: Request) async throws -> [String: String] {
        guard request.mediaType == "application/x-www-form-urlencoded" else {
            throw ShopError(.unsupportedMediaType, "send a form")
        }
        guard let fields = FormDecoder.fields(try await request.bytes(maximum: ports.limits.bodyBytes)) else {
            throw ShopError(.malformed, "the form cannot be read")
        }
        return fields
    }
}

/// Amounts for people.
enum PageMoney {
    /// Currencies without minor units (ISO 4217).
    private static let whole: Set<String> = ["JPY", "KRW", "VND"]

    static func text(_ money: Money) -> String {
        if whole.contains(money.currency.code) { return "\(money.amount) \(money.currency.code)" }
        let cents = money.amount % 100
        return "\(money.amount / 100).\(cents < 10 ? "0" : "")\(cents) \(money.currency.code)"
    }
}

import Domain
import HTTPTypes
import Hummingbird
import PageSupport
import QRCodes
import Shop
import WebSupport

// Paying. Whoever has the address may pay; these pages tell what is paid, not who buys, and never a card.
extension Storefront {
    var paymentRoutes: [Route] {
        [
            page(.get, "/orders/{id}/pay", payPage),
            form("/orders/{id}/pay") { form, visit, request, context in
                let order = try await payable(request, context)
                do {
                    let begun = try await useCases.beginPayment(order.id, channel: form["channel"])
                    guard begun.instruction.kind == .qr else {
                        return .redirect(to: begun.instruction.url, type: .normal)
                    }
                    return redirect(to: "/orders/\(order.id.text)/pay/\(begun.attempt.channel.text)", visit)
                } catch let error as ShopError where error.code == .wrongState {
                    return redirect(to: "/orders/\(order.id.text)/pay", visit)
                }
            },
            page(.get, "/orders/{id}/pay/{channel}", scanPage),
        ]
    }

    @Sendable private func payPage(
        _ visit: Visit, _ request: Request, _ context: ShopRequestContext
    ) async throws -> Response {
        let id = context.parameter("id")
        // Its holder has a page that shows more.
        if let view = try await viewWithCookie(id, request) { return redirect(to: "/orders/\(view.id.text)", visit) }
        let order = try await payable(request, context)
        let view = OrderView(.written(order), id: order.id)
        var values = OrderValues(view: view, visit: visit, isHolder: false).all
        let product = ports.cache.product(order.slug)
        values["lines"] = [] as [Any]
        values["product"] = product?.title ?? order.slug.text
        if order.state == .awaitingPayment { values.merge(payment(order, visit)) { _, new in new } }
        return privatePage(
            .order, visit, title: visit.word("pay"), values, token: formToken(request), leadsToProviders: true)
    }

    /// Whoever asks has shown nothing, so an address may ask so often only.
    private func payable(_ request: Request, _ context: ShopRequestContext) async throws(ShopError) -> Order {
        try settings.visitorLimits.checkQuestion(request.headers, from: PeerAddress(context.peer))
        guard let id = OrderID(text: context.parameter("id")), let order = try await ports.ledger.order(id) else {
            throw ShopError(.notFound, "no such order")
        }
        return order
    }

    /// The provider's code, for an attempt that is open.
    @Sendable private func scanPage(
        _ visit: Visit, _ request: Request, _ context: ShopRequestContext
    ) async throws -> Response {
        let order = try await payable(request, context)
        guard order.state == .awaitingPayment else { return redirect(to: "/orders/\(order.id.text)/pay", visit) }
        let begun = try await useCases.beginPayment(order.id, channel: context.parameter("channel"))
        let view = OrderView(.written(order), id: order.id)
        let isHolder = try await viewWithCookie(order.id.text, request) != nil
        let values: [String: Any] = [
            "data": OrderValues(view: view, visit: visit, isHolder: isHolder).data, "state": order.state.rawValue,
            "order": order.id.text, "payText": visit.word("payNow", MoneyFormat.text(order.total)),
            "channel": visit.channel(begun.attempt.channel, ports.cache.channel(begun.attempt.channel)), "refresh": "5",
        ]
        return privatePage(
            .scan, visit, title: visit.word("pay"),
            values.merging(Self.code(begun.instruction.url)) { _, new in new }
                .with("expires", order.expiresAt.map { RFC3339.text($0) })
                .with("expiresText", order.expiresAt.map { visit.time($0) }))
    }

    /// A text as a QR code, for the templates.
    static func code(_ text: String) -> [String: Any] {
        guard let code = QRCode(text) else { return [:] }
        return ["qr": code.path, "qrWidth": code.imageWidth]
    }
}

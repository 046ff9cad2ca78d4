import Domain
import HTTPTypes
import Hummingbird
import NIOCore
import PageSupport
import Shop
import WebSupport

// Placing an order without JavaScript: the form, a page that shows what it comes to, and the order.
extension Storefront {
    var placingRoutes: [Route] {
        [
            // Its first step changes nothing, so it needs no token; pages that caches keep could hold none.
            form("/products/{slug}/order", needsToken: false) { form, visit, request, context in
                guard let slug = Slug(context.parameter("slug")), let listing = ports.cache.listing(slug) else {
                    throw ShopError(.noSuchProduct, "no product is called that")
                }
                let filled = FilledForm(form)
                let token = formToken(request)
                do {
                    if form["key"].isEmpty {
                        try settings.visitorLimits.checkQuestion(request.headers, from: PeerAddress(context.peer))
                        return try await confirm(filled, listing, visit, token)
                    }
                    try token.check(form["form"])
                    return try await place(filled, listing, key: form["key"], visit, request, context)
                } catch let error as ShopError {
                    if Problem.isFault(error) { throw error }
                    if Self.mayBeTriedAgain(error), !form["key"].isEmpty,
                        let page = try? await confirm(filled, listing, visit, token, tried: (form["key"], error))
                    {
                        return page
                    }
                    return try await again(filled, listing, error, visit)
                }
            },
            // A reload of the page that shows what is wrong leads back to the product.
            page(.get, "/products/{slug}/order") { visit, _, context in
                guard let slug = Slug(context.parameter("slug")) else { throw ShopError(.notFound, "nothing is here") }
                return redirect(to: "/products/\(slug.text)", visit)
            },
        ]
    }

    // MARK: Shown

    /// Whether the same order under the same key may still come through, or has done so.
    private static func mayBeTriedAgain(_ error: ShopError) -> Bool {
        [.outcomeUnknown, .busy, .rateLimited].contains(error.code)
    }

    /// - Parameter tried: the key under which it was tried before, and what became of that. It must be kept: under a
    ///   fresh one a second order could come of it.
    private func confirm(
        _ filled: FilledForm, _ listing: Listing, _ visit: Visit, _ token: FormToken,
        tried: (key: String, error: ShopError)? = nil
    ) async throws -> Response {
        let request = filled.request(listing.product.slug.text, key: nil)
        let price = try await useCases.placeOrder.price(of: request)
        let lines = try await lines(price.lines, listing.product, visit)
        let channel = Slug(filled.channel).map { visit.channel($0, ports.cache.channel($0)) } ?? filled.channel
        let key = tried?.key ?? Hexadecimal.text((0..<16).map { _ in UInt8.random(in: 0...255) })
        let values: [String: Any] = [
            "slug": listing.product.slug.text, "product": listing.product.title, "contact": filled.contact,
            "channel": channel, "lines": lines, "total": MoneyFormat.text(price.total), "key": key,
            "hidden": filled.pairs.filter { !$0.value.isEmpty }.map { ["name": $0.name, "value": $0.value] },
        ]
        let problem = tried.map { Problem.answer($0.error) }
        var response = privatePage(
            .confirm, visit, title: visit.word("confirmTitle"),
            values.with("alert", tried.map { visit.explain($0.error) }), status: problem?.status ?? .ok, token: token)
        response.headers[.retryAfter] = problem?.headers[.retryAfter]
        return response
    }

    /// The product's page with what was filled in, and what is wrong with it.
    private func again(
        _ filled: FilledForm, _ listing: Listing, _ error: ShopError, _ visit: Visit
    ) async throws -> Response {
        var form = OrderForm(listing, channels: openChannels(listing.product))
        form.filled = filled
        form.error = error
        let body = try await productPage(listing, visit, form)
        let problem = Problem.answer(error)
        var headers = PageHeaders.page()
        headers[.cacheControl] = "no-store"
        headers[.retryAfter] = problem.headers[.retryAfter]
        return Response(status: problem.status, headers: headers, body: .init(byteBuffer: body))
    }

    /// What a price is made of, in the visitor's words.
    func lines(_ lines: [PriceLine], _ product: Product?, _ visit: Visit) async throws -> [[String: Any]] {
        let picked = lines.compactMap { line in if case .pick(let card) = line.reason { card } else { nil } }
        var previews: [Int64: String] = [:]
        if let product, !picked.isEmpty {
            let known = try await ports.cards.previews(of: picked, product: product.id)
            previews = known.mapValues(\.text)
        }
        return lines.map { line in
            let text =
                switch line.reason {
                case .goods(let quantity): visit.word("lineGoods", "\(quantity)", product?.title ?? "")
                case .tier(let from): visit.word("lineTier", "\(from)")
                case .pick(let card): visit.word("linePick", previews[card] ?? "\(card)")
                case .coupon(let code): visit.word("lineCoupon", code.text)
                }
            let money = product.map { MoneyFormat($0.price.currency) }
            return ["text": text, "amount": money?.text(line.amount) ?? "\(line.amount)"]
        }
    }

    // MARK: Placed

    private func place(
        _ filled: FilledForm, _ listing: Listing, key: String, _ visit: Visit, _ request: Request,
        _ context: ShopRequestContext
    ) async throws -> Response {
        try checkAddress(request, context)
        let order = filled.request(listing.product.slug.text, key: key)
        let answer = await withCheckedContinuation { continuation in
            useCases.placeOrder(order) { continuation.resume(returning: $0) }
        }
        switch answer {
        case .placed(let placed), .existing(let placed): return opened(placed.order.id, token: placed.token, visit)
        case .refused(let refusal): throw Problem.error(refusal)
        case .failed(let error): throw error
        }
    }

    /// Blacklist and limits by address never apply to loopback peers without a forwarding header.
    private func checkAddress(_ request: Request, _ context: ShopRequestContext) throws(ShopError) {
        let peer = PeerAddress(context.peer)
        let address = ClientAddress(peer: peer, headers: request.headers, trusted: settings.trustedProxies)
        guard address.isLocal || !ports.cache.isBlocked(address: address.bytes) else {
            throw ShopError(.blocked, "this shop does not sell to this address")
        }
        try settings.visitorLimits.checkQuestion(request.headers, from: peer)
    }
}

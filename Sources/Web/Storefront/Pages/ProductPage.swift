import Domain
import Markdown
import NIOCore
import PageSupport
import Shop
import WebSupport

extension Storefront {
    /// Cards to be picked on one page.
    private static let picksPerPage = 60

    func productPage(_ listing: Listing, _ visit: Visit) async throws(ShopError) -> ByteBuffer {
        let form = OrderForm(listing, channels: openChannels(listing.product))
        return try await productPage(listing, visit, form)
    }

    /// - Parameter form: as it was filled in, with what is wrong
    func productPage(_ listing: Listing, _ visit: Visit, _ form: OrderForm) async throws(ShopError) -> ByteBuffer {
        let product = listing.product
        let money = MoneyFormat(product.price.currency)
        let category = product.category.flatMap { ports.cache.category($0) }.flatMap { $0.isHidden ? nil : $0 }
        let tiers = product.tiers.sorted { $0.from < $1.from }.map { tier in
            ["from": visit.word("tierFrom", "\(tier.from)"), "price": money.text(tier.amount)]
        }
        var values = face(listing, visit)
        values["heading"] = product.title
        if let category { values["category"] = ["slug": category.slug.text, "name": category.name] }
        values["kind"] = visit.word(product.kind == .manual ? "manual" : "automatic")
        values["price"] = money.text(product.price.amount)
        values["hasTiers"] = !tiers.isEmpty
        values["tiers"] = tiers
        values["facts"] = facts(product, visit)
        values["hold"] = visit.word("hold", Self.duration(product.holdSeconds, visit))
        values.merge(form.values(visit, isSoldOut: useCases.showStock(listing).isNothing)) { _, new in new }
        values.merge(try await picks(product, visit, form)) { _, new in new }
        let details = Markdown.html(listing.page.description)
        return renderer.render(
            .product, visit, title: product.title,
            values.with("details", details).with("description", Self.summary(of: listing.page.description)))
    }

    private func facts(_ product: Product, _ visit: Visit) -> [String] {
        var facts = [visit.word("perBuyer", "\(product.limits.perBuyer)")]
        if let end = product.window.closesAt, end > visit.now { facts.append(visit.word("closesAt", visit.time(end))) }
        return facts
    }

    /// `15 min`, `2 h`, `3 d`: whole units, as short as they come.
    private static func duration(_ seconds: Int64, _ visit: Visit) -> String {
        let units: [(String, Int64)] = [("days", 86_400), ("hours", 3600), ("minutes", 60)]
        let (word, unit) = units.first { seconds.isMultiple(of: $0.1) } ?? ("seconds", 1)
        return visit.word(word, "\(seconds / unit)")
    }

    /// The beginning of a text, for search engines.
    private static func summary(of text: String) -> String {
        String(text.filter { !"#*_`>|[]".contains($0) }.prefix(160)).replacing("\n", with: " ").trimmed
    }

    private func picks(_ product: Product, _ visit: Visit, _ form: OrderForm) async throws(ShopError) -> [String: Any] {
        guard product.isPickable else { return ["hasPicks": false] }
        let after = Int64(visit.query["after"] ?? "") ?? 0
        let cards = try await ports.cards.pickable(product.id, after: max(0, after), limit: Self.picksPerPage)
        guard !cards.isEmpty else { return ["hasPicks": false] }
        let money = MoneyFormat(product.price.currency)
        let picks = cards.map { card -> [String: Any] in
            let surcharge = card.preview?.surcharge ?? 0
            return [
                "card": "\(card.id)", "preview": card.preview?.text ?? "\(card.id)", "surcharge": "\(surcharge)",
                "extra": surcharge > 0 ? "+\(money.text(surcharge))" : "",
                "isPicked": form.filled.cards.contains("\(card.id)"),
            ]
        }
        let last = cards.count == Self.picksPerPage ? cards.last.map { "\($0.id)" } : nil
        let next = last.map { visit.link("/products/\(product.slug.text)", [("after", $0)]) }
        let values: [String: Any] = ["hasPicks": true, "picks": picks]
        return values.with("nextPicks", next).with("lastPick", last)
    }

    /// Channels through which an order of a product can be paid now, at its price without a coupon.
    func openChannels(_ product: Product) -> [ConfiguredChannel] {
        let most = product.isPickable ? nil : product.price.times(product.limits.perOrder)?.amount
        let totals = product.price.amount...max(product.price.amount, most ?? Money.maximumAmount)
        return ports.cache.channels().filter { configured in
            configured.isEnabled && configured.takes(product.price.currency)
                && (totals.lowerBound == 0 || configured.terms.takesSome(of: totals, product.price.currency))
        }
    }
}

import CoreMetrics
import Domain
import HTTPTypes
import Hummingbird
import Markdown
import NIOCore
import PageSupport
import Shop
import WebSupport

// Pages that are the same for everybody, so that caches may keep them: all products, those of a category, one product.
extension Storefront {
    var catalogRoutes: [Route] {
        [
            page(.get, "/") { visit, request, _ in try await publicPage(visit, request) { home(visit) } },
            page(.get, "/categories/{slug}") { visit, request, context in
                let slug = Slug(context.parameter("slug"))
                guard let category = slug.flatMap({ ports.cache.category($0) }), !category.isHidden else {
                    throw ShopError(.notFound, "no such category")
                }
                return try await publicPage(visit, request) { home(visit, category) }
            },
            page(.get, "/products/{slug}") { visit, request, context in
                guard let slug = Slug(context.parameter("slug")), let listing = ports.cache.listing(slug) else {
                    throw ShopError(.noSuchProduct, "no product is called that")
                }
                let nextChange = [listing.product.window.opensAt, listing.product.window.closesAt]
                return try await publicPage(visit, request, changes: nextChange) {
                    try await productPage(listing, visit)
                }
            },
        ]
    }

    // MARK: What caches keep

    /// Seconds that a cache in front of the shop may keep a page, and seconds that it may show an older one while it
    /// fetches anew.
    private static let sharedSeconds: Int64 = 5
    private static let staleSeconds = 30
    /// Of the queries only what means something tells pages apart.
    private static let keys = ["lang", "q", "page", "after"]

    /// A page that is rendered once a moment for all.
    ///
    /// - Parameter changes: moments at which the page becomes another one
    func publicPage(
        _ visit: Visit, _ request: Request, changes: [Timestamp?] = [], make: () async throws -> ByteBuffer
    ) async throws -> Response {
        let query = Self.keys.map { visit.query[$0] ?? "" }.joined(separator: "\n")
        let isLong = query.utf8.count > 64
        // From such a moment on the page of before is not shown, however young it is.
        let passed = changes.count { $0.map { $0 <= visit.now } ?? false }
        let key = "\(visit.path)\n\(visit.language.rawValue)\n\(visit.shop.version)\n\(passed)\n\(query)"
        // What hardly anybody asks for must not push out what everybody does.
        let rendered =
            isLong
            ? try await render(make)
            : try await cache.page(key, at: visit.now, generation: ports.cache.generation) { try await render(make) }
        return answer(rendered, visit, request, changes)
    }

    private func render(_ make: () async throws -> ByteBuffer) async throws -> RenderedPage {
        rendered.increment()
        return RenderedPage(try await make())
    }

    private func answer(
        _ page: RenderedPage, _ visit: Visit, _ request: Request, _ changes: [Timestamp?]
    ) -> Response {
        let left = changes.compactMap { $0 }.map { $0.milliseconds - visit.now.milliseconds }.filter { $0 > 0 }.min()
        let seconds = min(Self.sharedSeconds, left.map { $0 / 1000 } ?? Self.sharedSeconds)
        var headers = PageHeaders.page()
        headers[.cacheControl] =
            "public, max-age=0, s-maxage=\(seconds), stale-while-revalidate=\(left == nil ? Self.staleSeconds : 0)"
        headers[.eTag] = "\"\(page.tag)\""
        if visit.chosen == nil { headers[.vary] = "Accept-Language" }
        if request.headers[.ifNoneMatch]?.contains("\"\(page.tag)\"") == true {
            headers[.contentType] = nil
            return Response(status: .notModified, headers: headers)
        }
        return Response(status: .ok, headers: headers, body: .init(byteBuffer: page.body))
    }

    // MARK: All products

    private static let productsPerPage = 24

    private func home(_ visit: Visit, _ category: Category? = nil) -> ByteBuffer {
        let search = category == nil ? (visit.query["q"] ?? "").trimmed : ""
        let found = listings(category, search)
        let count = max(1, (found.count + Self.productsPerPage - 1) / Self.productsPerPage)
        let number = min(max(1, Int(visit.query["page"] ?? "") ?? 1), count)
        let shown = found.dropFirst((number - 1) * Self.productsPerPage).prefix(Self.productsPerPage)
        let isStart = category == nil && search.isEmpty && number == 1
        let notices = isStart ? ports.cache.announcements(at: visit.now) : []
        let categories = ports.cache.categories().filter { !$0.isHidden }
        let heading = category?.name ?? (search.isEmpty ? visit.shop.name : "\(visit.word("search")): \(search)")
        let values: [String: Any] = [
            "heading": heading, "query": search, "hasNotices": !notices.isEmpty,
            "notices": notices.prefix(5).map { notice($0, visit) }, "hasCategories": !categories.isEmpty,
            "isAll": category == nil && search.isEmpty, "hasProducts": !shown.isEmpty,
            "categories": categories.map { item -> [String: Any] in
                ["slug": item.slug.text, "name": item.name, "isCurrent": item.id == category?.id]
            },
            "products": shown.map { tile($0, visit) }, "data": Self.stockWords(visit),
            "nothing": visit.word(ports.cache.listings().isEmpty ? "emptyShop" : "noProducts"),
            "hasPages": count > 1, "number": number, "count": count,
        ]
        func link(_ page: Int) -> String {
            visit.link(visit.path, (search.isEmpty ? [] : [("q", search)]) + [("page", "\(page)")])
        }
        return renderer.render(
            .home, visit, title: heading,
            values.with("tagline", isStart ? visit.shop.tagline : nil).with("description", visit.shop.tagline)
                .with("previous", number > 1 ? link(number - 1) : nil)
                .with("next", number < count ? link(number + 1) : nil))
    }

    /// What is hidden, or of a hidden category, is left out.
    private func listings(_ category: Category?, _ search: String) -> [Listing] {
        let needle = search.lowercased()
        return ports.cache.listings().filter { listing in
            guard !listing.page.isHidden else { return false }
            let own = listing.product.category.flatMap { ports.cache.category($0) }
            guard own?.isHidden != true, category == nil || own?.id == category?.id else { return false }
            return needle.isEmpty || listing.product.title.lowercased().contains(needle)
                || listing.product.slug.text.contains(needle)
        }
    }

    private func notice(_ notice: Announcement, _ visit: Visit) -> [String: Any] {
        [
            "title": notice.title, "isOpen": notice.isPinned, "html": Markdown.html(notice.text),
            "moment": RFC3339.text(notice.createdAt), "when": String(visit.time(notice.createdAt).prefix(10)),
        ]
    }

    private func tile(_ listing: Listing, _ visit: Visit) -> [String: Any] {
        let product = listing.product
        let money = MoneyFormat(product.price.currency)
        let lowest = product.tiers.map(\.amount).min()
        let price = lowest.map { visit.word("from", money.text($0)) } ?? money.text(product.price.amount)
        return face(listing, visit).merging(["price": price]) { _, new in new }
    }

    /// What stands for a product wherever it is shown.
    func face(_ listing: Listing, _ visit: Visit) -> [String: Any] {
        let product = listing.product
        let hue = product.slug.text.utf8.reduce(0) { ($0 &* 31 &+ Int($1)) & 0xFFFF } % 8
        let values: [String: Any] = [
            "slug": product.slug.text, "title": product.title, "cover": "c\(hue)",
            "initial": PageRenderer.initial(of: product.title), "stock": stock(listing, visit),
        ]
        return values.with("picture", Self.ownPicture(listing.page.picture))
    }

    /// Pictures of other hosts are not shown: a visitor's browser asks nobody but the shop.
    private static func ownPicture(_ address: String?) -> String? { address?.hasPrefix("/") == true ? address : nil }

    private func stock(_ listing: Listing, _ visit: Visit) -> [String: Any] {
        switch useCases.showStock(listing) {
        case .endless: return ["band": "many", "text": visit.word("stockEndless")]
        case .hidden: return ["band": "hidden", "text": ""]
        case .band(let band):
            let word =
                switch band {
                case .none: "stockNone"
                case .few: "stockFew"
                case .some: "stockSome"
                case .many: "stockMany"
                }
            return ["band": band.rawValue, "text": visit.word(word)]
        case .counted(let drawn, let picked):
            let count = drawn + (picked ?? 0)
            guard count > 0 else { return ["band": "none", "text": visit.word("stockNone")] }
            return ["band": count < 10 ? "few" : "many", "text": visit.word("stockCounted", "\(count)")]
        }
    }

    /// The words that stock is told with, for the script.
    private static func stockWords(_ visit: Visit) -> String { PageData.text(words: stockWordNames, visit) { _ in } }

    static let stockWordNames = ["stockCounted", "stockMany", "stockSome", "stockFew", "stockNone", "stockEndless"]
}

/// What a script is told, as JSON in an attribute.
enum PageData {
    static func text(words: [String], _ visit: Visit, _ more: (inout JSONWriter) -> Void) -> String {
        let json = JSONWriter.object { json in
            json.object("words") { json in for name in words { json.string(name, visit.word(name, "{n}", "{m}")) } }
            more(&json)
        }
        return String(buffer: json)
    }
}

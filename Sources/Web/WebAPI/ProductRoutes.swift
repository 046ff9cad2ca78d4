import Domain
import HTTPTypes
import Hummingbird
import Shop
import WebSupport

extension WebAPI {
    var productRoutes: [Route] {
        [
            Route(.get, "/api/v1/products", for: .visitors, handler: listProducts),
            Route(.get, "/api/v1/products/{slug}", for: .visitors, handler: showProduct),
            Route(.get, "/api/v1/products/{slug}/cards", for: .visitors, handler: listPickable),
            Route(.get, "/api/v1/stock", for: .visitors, handler: showStock),
            Route(.get, "/api/v1/categories", for: .visitors) { _, _ in
                let categories = ports.cache.categories().filter { !$0.isHidden }
                return .json(
                    JSONWriter.object { json in
                        json.array("items", categories) { json, category in
                            json.object { json in
                                json.string("slug", category.slug.text)
                                json.string("name", category.name)
                            }
                        }
                    })
            },
            Route(.get, "/api/v1/announcements", for: .visitors) { _, _ in
                let announcements = ports.cache.announcements(at: ports.clock.now())
                return .json(
                    JSONWriter.object { json in
                        json.array("items", announcements) { json, item in json.object { write(item, to: &$0) } }
                    })
            },
        ]
    }

    /// What is hidden, or of a hidden category, is left out.
    @Sendable private func listProducts(_ request: Request, _ context: ShopRequestContext) async throws -> Response {
        let query = try request.query(["category"])
        let category = query["category"].flatMap { $0.isEmpty ? nil : $0 }
        let listings = ports.cache.listings().filter { listing in
            let own = listing.product.category.flatMap { ports.cache.category($0) }
            return !listing.page.isHidden && own?.isHidden != true && (category == nil || own?.slug.text == category)
        }
        let channels = channels()
        return .json(
            JSONWriter.object { json in
                json.array("items", listings) { json, listing in
                    json.object { write(listing, for: .list, channels, to: &$0) }
                }
            })
    }

    @Sendable private func showProduct(_ request: Request, _ context: ShopRequestContext) async throws -> Response {
        guard let slug = Slug(context.parameter("slug")), let listing = ports.cache.listing(slug) else {
            throw ShopError(.noSuchProduct, "no product is called that")
        }
        return .json(JSONWriter.object { write(listing, for: .visitor, channels(), to: &$0) })
    }

    /// What is left of some products, and whether they are on sale: what pages that caches keep ask for apart.
    @Sendable private func showStock(_ request: Request, _ context: ShopRequestContext) async throws -> Response {
        let names = try request.query(["products"])["products"] ?? ""
        let slugs = names.split(separator: ",").map { Slug(String($0)) }
        guard (1...ports.limits.stockProducts).contains(slugs.count), !slugs.contains(nil) else {
            throw ShopError.invalid(
                "products", "must be 1 to \(ports.limits.stockProducts) slugs with commas between them")
        }
        let now = ports.clock.now()
        let listings = slugs.compactMap { $0.flatMap { ports.cache.listing($0) } }
        return .json(
            JSONWriter.object { json in
                json.array("items", listings) { json, listing in
                    json.object { json in
                        json.string("slug", listing.product.slug.text)
                        json.bool("on_sale", listing.product.window.contains(now))
                        json.object("stock") { write(useCases.showStock(listing), to: &$0) }
                    }
                }
                json.time("server_time", now)
            })
    }

    /// A page of the cards that can be picked now.
    @Sendable private func listPickable(_ request: Request, _ context: ShopRequestContext) async throws -> Response {
        try limitAddress(request, context)
        let product = try useCases.manageCards.product(context.parameter("slug"))
        let query = try request.query(["after", "limit"])
        let limit = min(try limit(query["limit"]), ports.limits.pickableRows)
        let after = try after(query["after"]) ?? 0
        let cards =
            try await product.isPickable
            ? ports.cards.pickable(product.id, after: after, limit: limit) : []
        return .json(
            JSONWriter.object { json in
                json.array("items", cards) { json, card in
                    json.object { json in
                        json.string("id", "\(card.id)")
                        json.string("preview", card.preview?.text)
                        json.integer("surcharge", card.preview?.surcharge)
                    }
                }
                json.string("next", cards.count == limit ? cards.last.map { "\($0.id)" } : nil)
            })
    }

    /// Who is shown a product.
    enum ProductReader {
        /// A visitor, beside others: what is long is left out.
        case list
        /// A visitor. Of a hidden category nothing is told.
        case visitor
        /// The owner.
        case owner
    }

    /// Names of the channels that can be paid through.
    func channels() -> [String] { ports.cache.channels().filter(\.isEnabled).map(\.channel.name.text) }

    func write(_ listing: Listing, for reader: ProductReader, _ channels: [String], to json: inout JSONWriter) {
        let (product, page, now) = (listing.product, listing.page, ports.clock.now())
        json.string("slug", product.slug.text)
        json.string("title", product.title)
        json.string("kind", product.kind.name)
        let category = product.category.flatMap { ports.cache.category($0) }
        json.string("category", reader != .owner && category?.isHidden == true ? nil : category?.slug.text)
        json.string("picture", page.picture)
        if reader != .list { json.string("description", page.description) }
        json.money(product.price)
        json.array("tiers", product.tiers.sorted { $0.from < $1.from }) { json, tier in
            json.object { json in
                json.integer("from", tier.from)
                json.integer("amount", tier.amount)
            }
        }
        json.object("stock") { write(useCases.showStock(listing), to: &$0) }
        json.bool("pickable", product.isPickable)
        json.string("late_money", product.lateMoney.rawValue)
        json.integer("max_per_order", product.limits.perOrder)
        json.integer("max_per_buyer", product.limits.perBuyer)
        json.integer("hold_seconds", product.holdSeconds)
        json.array("fields", product.fields) { json, field in json.object { write(field, to: &$0) } }
        json.time("opens_at", product.window.opensAt)
        json.time("closes_at", product.window.closesAt)
        json.bool("on_sale", product.window.contains(now))
        json.time("server_time", now)
        json.array("channels", channels) { $0.string($1) }
    }

    private func write(_ stock: ShownStock, to json: inout JSONWriter) {
        switch stock {
        case .endless: json.string("mode", "endless")
        case .hidden: json.string("mode", "hidden")
        case .counted(let drawn, let picked):
            json.string("mode", "counted")
            json.integer("available", drawn + (picked ?? 0))
            // Those that only an order which names them gets.
            if let picked { json.integer("pickable", picked) }
        case .band(let band):
            json.string("mode", "band")
            json.string("band", band.rawValue)
        }
    }

    private func write(_ field: OrderField, to json: inout JSONWriter) {
        json.string("name", field.name)
        json.string("label", field.label)
        json.string("type", field.kind.rawValue)
        json.bool("optional", field.isOptional)
        if let minimum = field.minimum { json.integer("minimum", minimum) }
        if let maximum = field.maximum { json.integer("maximum", maximum) }
        if field.kind == .choice { json.array("choices", field.choices) { $0.string($1) } }
        if let pattern = field.pattern { json.string("pattern", pattern) }
    }

    func write(_ category: Category, to json: inout JSONWriter) {
        json.string("slug", category.slug.text)
        json.string("name", category.name)
        json.integer("position", category.position)
        json.bool("hidden", category.isHidden)
    }

    func write(_ announcement: Announcement, to json: inout JSONWriter) {
        json.string("id", "\(announcement.id)")
        json.string("title", announcement.title)
        json.string("text", announcement.text)
        json.bool("pinned", announcement.isPinned)
        json.time("created_at", announcement.createdAt)
    }
}

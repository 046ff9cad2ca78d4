import Domain
import Hummingbird
import Shop
import WebSupport

// Categories and coupons.
extension WebAPI {
    var adminOfferRoutes: [Route] {
        [
            owner(.get, "/categories", listCategories),
            owner(.post, "/categories", createCategory),
            owner(.patch, "/categories/{slug}", changeCategory),
            owner(.delete, "/categories/{slug}", removeCategory),
            owner(.get, "/coupons", listCoupons),
            owner(.post, "/coupons", createCoupon),
            owner(.patch, "/coupons/{code}", changeCoupon),
        ]
    }

    // MARK: Categories

    @Sendable private func listCategories(_ request: Request, _ context: ShopRequestContext) async throws -> Response {
        let categories = ports.cache.categories()
        return .json(
            JSONWriter.object { json in
                json.array("items", categories) { json, category in json.object { write(category, to: &$0) } }
            })
    }

    @Sendable private func createCategory(_ request: Request, _ context: ShopRequestContext) async throws -> Response {
        var fields = try await request.fields(maximumBytes: ports.limits.bodyBytes)
        guard let slug = Slug(try fields.string("slug")) else {
            throw ShopError.invalid("slug", "must be 1 to 64 of a-z, 0-9 and -")
        }
        let draft = CategoryDraft(
            slug: slug, name: try fields.string("name"), position: try Self.position(&fields) ?? 0,
            isHidden: try fields.optionalBool("hidden") ?? false)
        let note = try note(&fields)
        try fields.end()
        let category = try await useCases.manageCategories.create(draft, by: note)
        return .json(JSONWriter.object { write(category, to: &$0) }, status: .created)
    }

    @Sendable private func changeCategory(_ request: Request, _ context: ShopRequestContext) async throws -> Response {
        var fields = try await request.fields(maximumBytes: ports.limits.bodyBytes)
        let change = CategoryChange(
            name: try fields.optionalString("name"), position: try Self.position(&fields),
            isHidden: try fields.optionalBool("hidden"))
        let note = try note(&fields)
        try fields.end()
        let category = try await useCases.manageCategories.change(context.parameter("slug"), change, by: note)
        return .json(JSONWriter.object { write(category, to: &$0) })
    }

    @Sendable private func removeCategory(_ request: Request, _ context: ShopRequestContext) async throws -> Response {
        try await useCases.manageCategories.remove(context.parameter("slug"), by: try await deedNote(request))
        return Response(status: .noContent)
    }

    /// Who does it and why, of an operation that needs nothing else.
    func deedNote(_ request: Request) async throws -> OwnerNote {
        var fields = try await request.optionalFields(maximumBytes: ports.limits.bodyBytes)
        let note = try note(&fields)
        try fields.end()
        return note
    }

    // MARK: Coupons

    @Sendable private func listCoupons(_ request: Request, _ context: ShopRequestContext) async throws -> Response {
        let query = try request.query(["code", "after", "limit"])
        let limit = try limit(query["limit"])
        let after = try after(query["after"]).map { CouponID($0) }
        var code: CouponCode?
        if let text = query["code"], !text.isEmpty {
            guard let given = CouponCode(text) else { throw Self.noCode }
            code = given
        }
        let page = try await ports.catalog.coupons(code: code, after: after, limit: limit)
        let slugs = slugs()
        return .json(
            JSONWriter.object { json in
                json.array("items", page) { json, entry in
                    json.object { json in
                        write(entry.coupon, slugs, to: &json)
                        json.integer("used", entry.used)
                    }
                }
                json.string("next", page.count == limit ? page.last.map { "\($0.coupon.id.number)" } : nil)
            })
    }

    @Sendable private func createCoupon(_ request: Request, _ context: ShopRequestContext) async throws -> Response {
        var fields = try await request.fields(maximumBytes: ports.limits.bodyBytes)
        guard let code = CouponCode(try fields.string("code")) else { throw Self.noCode }
        let terms = try terms(nil, &fields)
        let note = try note(&fields)
        try fields.end()
        let coupon = try await useCases.manageCoupons.create(code, terms, by: note)
        return .json(JSONWriter.object { write(coupon, slugs(), to: &$0) }, status: .created)
    }

    @Sendable private func changeCoupon(_ request: Request, _ context: ShopRequestContext) async throws -> Response {
        var fields = try await request.fields(maximumBytes: ports.limits.bodyBytes)
        let version = try fields.optionalInteger("version", in: 1...Int64.max).map { Int(clamping: $0) }
        let note = try note(&fields)
        let coupon = try await useCases.manageCoupons.change(
            context.parameter("code"), version: version, by: note
        ) { known throws(ShopError) in
            let terms = try terms(known, &fields)
            try fields.end()
            return terms
        }
        return .json(JSONWriter.object { write(coupon, slugs(), to: &$0) })
    }

    private static var noCode: ShopError { .invalid("code", "must be 4 to 32 of A-Z, 0-9 and -") }

    /// Terms as they are said, with those that are known for what is not said.
    private func terms(_ known: CouponTerms?, _ fields: inout FieldReader) throws(ShopError) -> CouponTerms {
        var currency = known?.currency
        if currency == nil || fields.holds("currency") { currency = try Self.currency(&fields) }
        guard let currency else { throw .invalid("currency", "is missing") }
        return CouponTerms(
            discount: try Self.discount(known?.discount, &fields), currency: currency,
            minimum: try fields.optionalInteger("minimum") ?? known?.minimum ?? 0,
            scope: try scope(known?.scope ?? .everything, &fields), uses: try Self.uses(known?.uses, &fields),
            window: try Self.window(known?.window ?? .always, &fields),
            isEnabled: try fields.optionalBool("enabled") ?? known?.isEnabled ?? true)
    }

    private static func discount(_ known: Discount?, _ fields: inout FieldReader) throws(ShopError) -> Discount {
        let amount = try fields.optionalInteger("amount")
        let percent = try fields.optionalInteger("percent")
        switch (amount, percent, known) {
        case (let amount?, nil, _): return .fixed(amount)
        case (nil, let percent?, _): return .percent(Int(clamping: percent))
        case (nil, nil, let known?): return known
        case (nil, nil, nil), (.some, .some, _): throw .invalid("amount", "or percent must be given, and not both")
        }
    }

    private func scope(_ known: CouponScope, _ fields: inout FieldReader) throws(ShopError) -> CouponScope {
        var products = known.products
        if fields.holds("products") {
            products = []
            for slug in try fields.stringList("products", maximumCount: CouponScope.maximumProducts) {
                guard let product = Slug(slug).flatMap({ ports.cache.product($0) }) else {
                    throw .invalid("products", "names no product: \(slug.prefix(64))")
                }
                products.insert(product.id)
            }
        }
        let saysCategory = fields.holds("category")
        let scope = CouponScope(products: products, category: try category(known.category, &fields))
        // Taking the last product off must not give the whole shop away.
        guard scope != .everything || known == .everything || fields.holds("products") && saysCategory else {
            throw .invalid("products", "must not become empty; to make it good for everything, send category null too")
        }
        return scope
    }

    /// `null` is without end.
    private static func uses(_ known: CouponUses?, _ fields: inout FieldReader) throws(ShopError) -> CouponUses {
        let range = 1...Int64(CouponUses.maximum)
        let total =
            fields.takesNull("max_uses")
            ? nil : try fields.optionalInteger("max_uses", in: range).map { Int($0) } ?? known?.total
        let perBuyer =
            fields.takesNull("max_uses_per_buyer")
            ? nil : try fields.optionalInteger("max_uses_per_buyer", in: range).map { Int($0) } ?? known?.perBuyer
        guard let uses = CouponUses(total: total, perBuyer: perBuyer) else {
            throw .invalid("max_uses", "must be from 1 to \(CouponUses.maximum)")
        }
        return uses
    }

    func slugs() -> [ProductID: String] {
        Dictionary(ports.cache.products().map { ($0.id, $0.slug.text) }) { first, _ in first }
    }

    private func write(_ coupon: Coupon, _ slugs: [ProductID: String], to json: inout JSONWriter) {
        let terms = coupon.terms
        json.string("code", coupon.code.text)
        switch terms.discount {
        case .fixed(let amount): json.integer("amount", amount)
        case .percent(let percent): json.integer("percent", percent)
        }
        json.string("currency", terms.currency.code)
        json.integer("minimum", terms.minimum)
        json.array("products", terms.scope.products.compactMap { slugs[$0] }.sorted()) { $0.string($1) }
        json.string("category", terms.scope.category.flatMap { ports.cache.category($0)?.slug.text })
        json.integer("max_uses", terms.uses.total)
        json.integer("max_uses_per_buyer", terms.uses.perBuyer)
        json.time("opens_at", terms.window.opensAt)
        json.time("closes_at", terms.window.closesAt)
        json.bool("enabled", terms.isEnabled)
        json.integer("version", coupon.version)
    }
}

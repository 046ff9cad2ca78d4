import Domain
import Hummingbird
import Shop
import WebSupport

// What the owner sells.
extension WebAPI {
    var adminProductRoutes: [Route] {
        [
            owner(.get, "/products", listProducts),
            owner(.post, "/products", createProduct),
            owner(.get, "/products/{slug}", showProduct),
            owner(.patch, "/products/{slug}", changeProduct),
        ]
    }

    @Sendable private func listProducts(_ request: Request, _ context: ShopRequestContext) async throws -> Response {
        let (listings, channels) = (ports.cache.listings(), channels())
        return .json(
            JSONWriter.object { json in
                json.array("items", listings) { json, listing in
                    json.object { writeForOwner(listing, channels, to: &$0) }
                }
            })
    }

    @Sendable private func showProduct(_ request: Request, _ context: ShopRequestContext) async throws -> Response {
        guard let slug = Slug(context.parameter("slug")), let listing = ports.cache.listing(slug) else {
            throw ShopError(.noSuchProduct, "no product is called that")
        }
        return .json(JSONWriter.object { writeForOwner(listing, channels(), to: &$0) })
    }

    @Sendable private func createProduct(_ request: Request, _ context: ShopRequestContext) async throws -> Response {
        var fields = try await request.fields(maximumBytes: ports.limits.ownerBodyBytes)
        var draft = try Self.newProduct(&fields)
        try read(&fields, into: &draft)
        let shared = try Self.sharedStock(draft.kind, &fields)
        let note = try note(&fields)
        try fields.end()
        let listing = try await useCases.createProduct(draft, shared: shared, by: note)
        return .json(JSONWriter.object { writeForOwner(listing, channels(), to: &$0) }, status: .created)
    }

    @Sendable private func changeProduct(_ request: Request, _ context: ShopRequestContext) async throws -> Response {
        var fields = try await request.fields(maximumBytes: ports.limits.ownerBodyBytes)
        let version = try fields.optionalInteger("version", in: 1...Int64.max)
        let note = try note(&fields)
        let listing = try await useCases.changeProduct(
            context.parameter("slug"), version: version.map { Int(clamping: $0) }, by: note
        ) { draft throws(ShopError) in
            try read(&fields, into: &draft)
            try fields.end()
        }
        return .json(JSONWriter.object { writeForOwner(listing, channels(), to: &$0) })
    }

    func writeForOwner(_ listing: Listing, _ channels: [String], to json: inout JSONWriter) {
        write(listing, for: .owner, channels, to: &json)
        json.string("instructions", listing.page.instructions)
        json.string("stock_display", listing.page.stockDisplay.rawValue)
        json.integer("position", listing.page.position)
        json.bool("hidden", listing.page.isHidden)
        json.integer("max_held_per_buyer", listing.product.limits.heldPerBuyer)
        json.integer("version", listing.product.version)
    }

    // MARK: A new one

    /// What must be said of a product, with defaults for the rest.
    private static func newProduct(_ fields: inout FieldReader) throws(ShopError) -> ProductDraft {
        guard let slug = Slug(try fields.string("slug")) else {
            throw .invalid("slug", "must be 1 to 64 of a-z, 0-9 and -")
        }
        let kind = try kind(&fields)
        for name in ["title", "amount", "currency"] where !fields.holds(name) { throw .invalid(name, "is missing") }
        guard let price = Money(amount: 0, currency: try currency(&fields)),
            let limits = PurchaseLimits(perOrder: 1, perBuyer: PurchaseLimits.maximumPerBuyer)
        else { throw ShopError(.internalFault, "the defaults are none") }
        return ProductDraft(
            slug: slug, title: "", price: price, limits: limits, holdSeconds: 900, window: .always, fields: [],
            kind: kind)
    }

    static func currency(_ fields: inout FieldReader) throws(ShopError) -> Currency {
        guard let currency = Currency(code: try fields.string("currency")) else {
            throw .invalid("currency", "must be three upper-case letters")
        }
        return currency
    }

    /// A shared product is counted when it is made with `units`, and without end otherwise.
    private static func kind(_ fields: inout FieldReader) throws(ShopError) -> ProductKind {
        switch try fields.optionalString("kind") ?? "card" {
        case "card": return .card
        case "shared": return fields.holds("units") ? .sharedCounted : .sharedEndless
        case "manual": return .manual
        default: throw .invalid("kind", "must be card, shared or manual")
        }
    }

    private static func sharedStock(
        _ kind: ProductKind, _ fields: inout FieldReader
    ) throws(ShopError) -> SharedStock? {
        guard kind.name == "shared" else { return nil }
        let secret = try fields.string("secret")
        guard kind.isPooled else { return SharedStock(secret: secret, units: nil) }
        return SharedStock(secret: secret, units: try units(&fields, atLeast: 0))
    }

    static func units(_ fields: inout FieldReader, atLeast minimum: Int64) throws(ShopError) -> Int {
        guard let units = try fields.optionalInteger("units", in: minimum...Int64(CreateProduct.maximumUnits)) else {
            throw .invalid("units", "is missing")
        }
        return Int(units)
    }

    // MARK: What may be said of each

    private func read(_ fields: inout FieldReader, into draft: inout ProductDraft) throws(ShopError) {
        try Self.readTerms(&fields, into: &draft)
        draft.limits = try Self.limits(draft.limits, &fields)
        draft.window = try Self.window(draft.window, &fields)
        if let list = try fields.list("fields", maximumCount: OrderField.maximumCount) {
            draft.fields = try list.map { element throws(ShopError) in
                try Self.orderField(element.1, prefix: element.name + ".")
            }
        }
        if let list = try fields.list("tiers", maximumCount: PriceTier.maximumCount) {
            draft.tiers = try list.map { element throws(ShopError) in
                try Self.tier(element.1, prefix: element.name + ".")
            }
        }
        draft.category = try category(draft.category, &fields)
        draft.page = try Self.page(draft.page, &fields)
    }

    private static func readTerms(_ fields: inout FieldReader, into draft: inout ProductDraft) throws(ShopError) {
        if let title = try fields.optionalString("title") {
            guard (1...Product.maximumTitleLength).contains(title.unicodeScalars.count) else {
                throw .invalid("title", "must have 1 to \(Product.maximumTitleLength) characters")
            }
            draft.title = title
        }
        let amount = try fields.optionalInteger("amount", in: 0...Money.maximumAmount) ?? draft.price.amount
        let currency = fields.holds("currency") ? try currency(&fields) : draft.price.currency
        if let price = Money(amount: amount, currency: currency) { draft.price = price }
        if let seconds = try fields.optionalInteger("hold_seconds", in: 1...Product.maximumHoldSeconds) {
            draft.holdSeconds = seconds
        }
        if let text = try fields.optionalString("late_money") {
            guard let lateMoney = LateMoney(rawValue: text) else {
                throw .invalid("late_money", "must be deliver, wait or review")
            }
            draft.lateMoney = lateMoney
        }
        draft.isPickable = try fields.optionalBool("pickable") ?? draft.isPickable
    }

    private static func limits(
        _ known: PurchaseLimits, _ fields: inout FieldReader
    ) throws(ShopError) -> PurchaseLimits {
        let perOrder = try fields.optionalInteger(
            "max_per_order", in: 1...Int64(PurchaseLimits.maximumPerOrder)
        ).map { Int($0) }
        let perBuyer =
            try fields.optionalInteger(
                "max_per_buyer", in: 1...Int64(PurchaseLimits.maximumPerBuyer)
            ).map { Int($0) } ?? known.perBuyer
        // Follows the limit of all units as long as nothing else was said.
        let follows = known.heldPerBuyer == known.perBuyer
        let held = try fields.optionalInteger("max_held_per_buyer").map { Int(clamping: $0) }
        let limits = PurchaseLimits(
            perOrder: perOrder ?? known.perOrder, perBuyer: perBuyer,
            heldPerBuyer: held ?? (follows ? perBuyer : min(known.heldPerBuyer, perBuyer)))
        guard let limits else { throw .invalid("max_held_per_buyer", "must be from 1 to max_per_buyer") }
        return limits
    }

    /// A time that is `null` is no bound any more.
    static func window(_ known: SaleWindow, _ fields: inout FieldReader) throws(ShopError) -> SaleWindow {
        let opensAt = fields.takesNull("opens_at") ? nil : try time("opens_at", &fields) ?? known.opensAt
        let closesAt = fields.takesNull("closes_at") ? nil : try time("closes_at", &fields) ?? known.closesAt
        guard let window = SaleWindow(opensAt: opensAt, closesAt: closesAt) else {
            throw .invalid("closes_at", "must be after opens_at")
        }
        return window
    }

    private static func time(_ name: String, _ fields: inout FieldReader) throws(ShopError) -> Timestamp? {
        guard let text = try fields.optionalString(name) else { return nil }
        guard let time = RFC3339.read(text) else { throw .invalid(name, "must be a time such as 2026-01-31T12:00:00Z") }
        return time
    }

    /// A name alone is a text that must be filled in.
    private static func orderField(_ value: JSONValue, prefix: String) throws(ShopError) -> OrderField {
        if case .string(let name) = value { return OrderField(name: name) }
        var fields = try FieldReader(value, prefix: prefix)
        let word = try fields.optionalString("type") ?? OrderField.Kind.text.rawValue
        guard let kind = OrderField.Kind(rawValue: word) else {
            throw .invalid(prefix + "type", "must be text, email, number, choice or pattern")
        }
        let field = OrderField(
            name: try fields.string("name"), label: try fields.optionalString("label"), kind: kind,
            isOptional: try fields.optionalBool("optional") ?? false,
            minimum: try fields.optionalInteger("minimum"), maximum: try fields.optionalInteger("maximum"),
            choices: try fields.stringList("choices", maximumCount: OrderField.maximumChoices),
            pattern: try fields.optionalString("pattern"))
        try fields.end()
        return field
    }

    private static func tier(_ value: JSONValue, prefix: String) throws(ShopError) -> PriceTier {
        var fields = try FieldReader(value, prefix: prefix)
        let tier = PriceTier(from: Int(clamping: try fields.integer("from")), amount: try fields.integer("amount"))
        try fields.end()
        return tier
    }

    /// `null` takes it out of its category.
    func category(_ known: CategoryID?, _ fields: inout FieldReader) throws(ShopError) -> CategoryID? {
        if fields.takesNull("category") { return nil }
        guard let text = try fields.optionalString("category") else { return known }
        guard let category = Slug(text).flatMap({ ports.cache.category($0) }) else {
            throw .invalid("category", "is not a category")
        }
        return category.id
    }

    private static func page(_ known: ProductPage, _ fields: inout FieldReader) throws(ShopError) -> ProductPage {
        let maximum = ProductPage.maximumTextLength
        let description = try fields.optionalText("description", maximumLength: maximum)
        let instructions = try fields.optionalText("instructions", maximumLength: maximum)
        var picture = known.picture
        if fields.takesNull("picture") {
            picture = nil
        } else if let text = try fields.optionalString("picture") {
            guard ProductPage.isPicture(text) else {
                throw .invalid("picture", "must be an https address, or a path of this shop that begins with /")
            }
            picture = text
        }
        var stockDisplay = known.stockDisplay
        if let text = try fields.optionalString("stock_display") {
            guard let display = StockDisplay(rawValue: text) else {
                throw .invalid("stock_display", "must be exact, band or hidden")
            }
            stockDisplay = display
        }
        return ProductPage(
            description: description ?? known.description, instructions: instructions ?? known.instructions,
            picture: picture, stockDisplay: stockDisplay, position: try position(&fields) ?? known.position,
            isHidden: try fields.optionalBool("hidden") ?? known.isHidden)
    }

    static func position(_ fields: inout FieldReader) throws(ShopError) -> Int? {
        let maximum = Int64(Category.maximumPosition)
        return try fields.optionalInteger("position", in: -maximum...maximum).map { Int($0) }
    }
}

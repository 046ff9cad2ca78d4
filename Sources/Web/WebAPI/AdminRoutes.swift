import Domain
import HTTPTypes
import Hummingbird
import NIOCore
import Shop
import WebSupport

extension WebAPI {
    var adminRoutes: [Route] {
        [
            owner(.post, "/products", createProduct),
            owner(.put, "/channels/{channel}", configureChannel),
            owner(.get, "/audit", audit),
        ] + adminOrderRoutes + adminMoneyRoutes + adminCardRoutes
    }

    /// A route that asks for the admin token before anything else.
    func owner(
        _ method: HTTPRequest.Method, _ path: String, _ handler: @escaping Route.Handler
    ) -> Route {
        Route(method, "/api/v1/admin" + path, for: .owner) { request, context in
            guard let token = request.bearerToken, ConstantTime.areEqual(token, settings.adminToken) else {
                throw ShopError(.unauthorized, "send Authorization: Bearer with the admin token")
            }
            return try await handler(request, context)
        }
    }

    // MARK: Writing

    @Sendable private func createProduct(_ request: Request, _ context: ShopRequestContext) async throws -> Response {
        var fields = try await request.fields(maximumBytes: ports.limits.bodyBytes)
        let draft = try Self.productDraft(&fields)
        let shared = try Self.sharedStock(draft.kind, &fields)
        try fields.end()
        let product = try await useCases.createProduct(draft, shared: shared)
        return .json(JSONWriter.object { write(product, to: &$0) }, status: .created)
    }

    private static func productDraft(_ fields: inout FieldReader) throws(ShopError) -> ProductDraft {
        guard let slug = Slug(try fields.string("slug")) else {
            throw .invalid("slug", "must be 1 to 64 of a-z, 0-9 and -")
        }
        let kind = try kind(&fields)
        guard let lateMoney = LateMoney(rawValue: try fields.optionalString("late_money") ?? "deliver") else {
            throw .invalid("late_money", "must be deliver, wait or review")
        }
        let title = try fields.string("title")
        guard (1...Product.maximumTitleLength).contains(title.unicodeScalars.count) else {
            throw .invalid("title", "must have 1 to \(Product.maximumTitleLength) characters")
        }
        let amount = try fields.integer("amount")
        guard let currency = Currency(code: try fields.string("currency")) else {
            throw .invalid("currency", "must be three upper-case letters")
        }
        guard let price = Money(amount: amount, currency: currency) else {
            throw .invalid("amount", "must be from 0 to \(Money.maximumAmount)")
        }
        let holdSeconds = try fields.optionalInteger("hold_seconds") ?? 900
        guard (1...Product.maximumHoldSeconds).contains(holdSeconds) else {
            throw .invalid("hold_seconds", "must be from 1 to \(Product.maximumHoldSeconds)")
        }
        return ProductDraft(
            slug: slug, title: title, price: price, limits: try limits(&fields), holdSeconds: holdSeconds,
            window: try window(&fields), fields: try fieldNames(&fields), kind: kind, lateMoney: lateMoney)
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
        let units = try fields.integer("units")
        guard (minimum...Int64(CreateProduct.maximumUnits)).contains(units) else {
            throw .invalid("units", "must be from \(minimum) to \(CreateProduct.maximumUnits)")
        }
        return Int(units)
    }

    private static func limits(_ fields: inout FieldReader) throws(ShopError) -> PurchaseLimits {
        let perOrder = try fields.optionalInteger("max_per_order") ?? 1
        let perBuyer = try fields.optionalInteger("max_per_buyer") ?? Int64(PurchaseLimits.maximumPerBuyer)
        let held = try fields.optionalInteger("max_held_per_buyer")
        guard (1...Int64(PurchaseLimits.maximumPerOrder)).contains(perOrder) else {
            throw .invalid("max_per_order", "must be from 1 to \(PurchaseLimits.maximumPerOrder)")
        }
        guard (1...Int64(PurchaseLimits.maximumPerBuyer)).contains(perBuyer) else {
            throw .invalid("max_per_buyer", "must be from 1 to \(PurchaseLimits.maximumPerBuyer)")
        }
        let limits = PurchaseLimits(
            perOrder: Int(perOrder), perBuyer: Int(perBuyer), heldPerBuyer: held.map { Int(clamping: $0) })
        guard let limits else { throw .invalid("max_held_per_buyer", "must be from 1 to max_per_buyer") }
        return limits
    }

    private static func window(_ fields: inout FieldReader) throws(ShopError) -> SaleWindow {
        let opensAt = try time("opens_at", &fields)
        let closesAt = try time("closes_at", &fields)
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

    private static func fieldNames(_ fields: inout FieldReader) throws(ShopError) -> [String] {
        let names = try fields.stringList("fields")
        guard Set(names).count == names.count, names.allSatisfy({ Slug($0.replacing("_", with: "-")) != nil }) else {
            throw .invalid("fields", "must be distinct names of a-z, 0-9, - and _")
        }
        return names
    }

    @Sendable private func configureChannel(_ request: Request, _ context: ShopRequestContext) async throws -> Response
    {
        guard let name = Slug(context.parameter("channel")) else {
            throw ShopError.invalid("channel", "must be 1 to 64 of a-z, 0-9 and -")
        }
        var fields = try await request.fields(maximumBytes: ports.limits.bodyBytes)
        let kind = try fields.string("kind")
        let given = try fields.strings("settings")
        let isEnabled = try fields.optionalBool("enabled") ?? true
        try fields.end()
        let isNew = try await useCases.configureChannel(
            name: name, kind: kind, settings: given, isEnabled: isEnabled, mayEnable: sandboxRule)
        let body = JSONWriter.object { json in
            json.string("channel", name.text)
            json.string("kind", kind)
            json.bool("enabled", isEnabled)
        }
        return .json(body, status: isNew ? .created : .ok)
    }

    /// Play money must not be taken for real by strangers.
    private func sandboxRule(_ kind: String) throws(ShopError) {
        guard kind == "sandbox", !settings.allowsSandbox, !PublicURL.isLoopback(settings.publicURL()) else { return }
        throw ShopError(
            .forbidden,
            "a sandbox gives cards away for nothing; set SLUICE_ALLOW_SANDBOX=1 to allow it on a public address")
    }

    @Sendable private func audit(_ request: Request, _ context: ShopRequestContext) async throws -> Response {
        .json(AuditJSON.write(try await ports.ledger.audit()))
    }
}

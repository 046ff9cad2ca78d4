import Domain
import HTTPTypes
import Hummingbird
import NIOCore
import Shop
import WebSupport

// The ways to pay, and how they are offered.
extension WebAPI {
    var adminChannelRoutes: [Route] {
        [
            owner(.get, "/channels") { _, _ in
                let channels = ports.cache.channels()
                return .json(
                    JSONWriter.object { json in
                        json.array("items", channels) { json, configured in
                            json.object { write(configured, to: &$0) }
                        }
                    })
            },
            owner(.put, "/channels/{channel}", configureChannel),
        ]
    }

    @Sendable private func configureChannel(
        _ request: Request, _ context: ShopRequestContext
    ) async throws -> Response {
        guard let name = Slug(context.parameter("channel")) else {
            throw ShopError.invalid("channel", "must be 1 to 64 of a-z, 0-9 and -")
        }
        var fields = try await request.fields(maximumBytes: ports.limits.bodyBytes)
        let kind = try fields.string("kind")
        let given = try fields.strings("settings")
        let isEnabled = try fields.optionalBool("enabled") ?? true
        let change = try ChannelTermsChange(&fields)
        try fields.end()
        let isNew = try await useCases.configureChannel(
            name: name, kind: kind, settings: given, isEnabled: isEnabled,
            by: OwnerNote(actor: "admin token", reason: nil), terms: change.apply, mayEnable: sandboxRule)
        guard let configured = ports.cache.channel(name) else {
            throw ShopError(.internalFault, "the channel was stored and is not known")
        }
        return .json(JSONWriter.object { write(configured, to: &$0) }, status: isNew ? .created : .ok)
    }

    /// Play money must not be taken for real by strangers.
    private func sandboxRule(_ kind: String) throws(ShopError) {
        guard kind == "sandbox", !settings.allowsSandbox, !PublicURL.isLoopback(settings.publicURL()) else { return }
        throw ShopError(
            .forbidden,
            "a sandbox gives cards away for nothing; set SLUICE_ALLOW_SANDBOX=1 to allow it on a public address")
    }

    private func write(_ configured: ConfiguredChannel, to json: inout JSONWriter) {
        json.string("channel", configured.channel.name.text)
        json.string("kind", configured.channel.kind)
        json.bool("enabled", configured.isEnabled)
        json.integer("position", configured.terms.position)
        json.string("label", configured.terms.label)
        json.array("amounts", configured.terms.amounts) { json, bounds in
            json.object { json in
                json.string("currency", bounds.currency.code)
                json.integer("minimum", bounds.minimum)
                json.integer("maximum", bounds.maximum)
            }
        }
    }
}

/// What is said of a channel's terms; what is not said stays as it is.
private struct ChannelTermsChange {
    private let position: Int?
    private let clearsLabel: Bool
    private let label: String?
    private let amounts: [AmountBounds]?

    init(_ fields: inout FieldReader) throws(ShopError) {
        let bound = Int64(Category.maximumPosition)
        position = try fields.optionalInteger("position", in: -bound...bound).map { Int($0) }
        clearsLabel = fields.takesNull("label")
        label = clearsLabel ? nil : try fields.optionalString("label")
        amounts = try fields.list("amounts", maximumCount: ChannelTerms.maximumCurrencies).map {
            list throws(ShopError) in
            try list.map { element throws(ShopError) in try Self.bounds(element.1, element.name) }
        }
    }

    private static func bounds(_ value: JSONValue, _ name: String) throws(ShopError) -> AmountBounds {
        var fields = try FieldReader(value, prefix: name + ".")
        let code = try fields.string("currency")
        guard let currency = Currency(code: code) else {
            throw .invalid("\(name).currency", "must be three upper-case letters")
        }
        let minimum = fields.takesNull("minimum") ? nil : try fields.optionalInteger("minimum")
        let maximum = fields.takesNull("maximum") ? nil : try fields.optionalInteger("maximum")
        try fields.end()
        guard let bounds = AmountBounds(currency: currency, minimum: minimum, maximum: maximum) else {
            throw .invalid(
                name, "must have a minimum or a maximum from 1 to \(Money.maximumAmount), the smaller one first")
        }
        return bounds
    }

    func apply(_ terms: inout ChannelTerms) throws(ShopError) {
        terms = ChannelTerms(
            position: position ?? terms.position, label: clearsLabel ? nil : label ?? terms.label,
            amounts: amounts ?? terms.amounts)
    }
}

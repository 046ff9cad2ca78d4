import Domain
import HTTPTypes
import Hummingbird
import NIOCore
import Shop
import WebSupport

extension WebAPI {
    var adminRoutes: [Route] {
        [
            owner(.put, "/channels/{channel}", configureChannel),
            owner(.get, "/audit", audit),
        ] + adminProductRoutes + adminOfferRoutes + adminNoticeRoutes + adminSettingRoutes + adminOrderRoutes
            + adminMoneyRoutes
            + adminCardRoutes
    }

    /// A route that asks for the admin token before anything else.
    func owner(
        _ method: HTTPRequest.Method, _ path: String, _ handler: @escaping Route.Handler
    ) -> Route {
        Route(method, "/api/v1/admin" + path, for: .owner) { request, context in
            guard let token = request.bearerToken, ConstantTime.areEqual(token, settings.adminToken) else {
                throw ShopError(.unauthorized, "send Authorization: Bearer with the admin token")
            }
            let response = try await handler(request, context)
            if method != .get { await settings.ownerChanged() }
            return response
        }
    }

    // MARK: Channels and the books

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
            name: name, kind: kind, settings: given, isEnabled: isEnabled,
            by: OwnerNote(actor: "admin token", reason: nil), mayEnable: sandboxRule)
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

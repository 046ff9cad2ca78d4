import Domain
import HTTPTypes
import Hummingbird
import NIOCore
import Shop
import WebSupport

extension WebAPI {
    var adminRoutes: [Route] {
        [
            owner(.get, "/audit", audit)
        ] + adminChannelRoutes + adminProductRoutes + adminOfferRoutes + adminNoticeRoutes + adminSettingRoutes
            + adminOrderRoutes + adminMoneyRoutes + adminCardRoutes
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

    // MARK: The books

    @Sendable private func audit(_ request: Request, _ context: ShopRequestContext) async throws -> Response {
        .json(AuditJSON.write(try await ports.ledger.audit()))
    }
}

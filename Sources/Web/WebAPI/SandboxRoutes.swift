import Domain
import HTTPTypes
import Hummingbird
import Shop
import WebSupport

extension WebAPI {
    var sandboxRoutes: [Route] {
        [Route(.post, "/api/v1/sandbox/orders/{id}/pay", for: .visitors, handler: paySandboxOrder)]
    }

    @Sendable private func paySandboxOrder(_ request: Request, _ context: ShopRequestContext) async throws -> Response {
        let id = try useCases.readOrder.authorize(id: context.parameter("id"), token: token(request))
        try await request.noFields(maximumBytes: ports.limits.bodyBytes)
        let answer = try await useCases.paySandboxOrder(order: id)
        let order = try await ports.ledger.order(id)
        return .json(
            JSONWriter.object { json in
                json.string("id", id.text)
                json.string("status", (order?.state ?? .queued).rawValue)
                json.string("verdict", answer.verdict?.rawValue)
            })
    }
}

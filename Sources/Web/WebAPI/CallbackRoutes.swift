import Domain
import HTTPTypes
import Hummingbird
import NIOCore
import Shop
import WebSupport

extension WebAPI {
    var callbackRoutes: [Route] {
        [
            Route(.get, "/callbacks/{channel}", for: .providers, handler: receiveCallback),
            Route(.post, "/callbacks/{channel}", for: .providers, handler: receiveCallback),
        ]
    }

    /// Answers the provider's word. A callback that is not recorded is answered with an error status as well, so that
    /// providers which look only at that send it again.
    @Sendable private func receiveCallback(_ request: Request, _ context: ShopRequestContext) async throws -> Response {
        let body = try await request.bytes(maximum: ports.limits.callbackBytes)
        let callback = CallbackRequest(
            query: request.uri.query ?? "", contentType: request.mediaType, body: Array(body.readableBytesView))
        let answer = try await useCases.receiveCallback(channel: context.parameter("channel"), callback)
        let status: HTTPResponse.Status =
            answer.isRecorded ? .ok : answer.verdict == .forged ? .badRequest : .serviceUnavailable
        return Response(
            status: status, headers: [.contentType: "text/plain; charset=utf-8", .cacheControl: "no-store"],
            body: .init(byteBuffer: ByteBuffer(string: answer.word)))
    }
}

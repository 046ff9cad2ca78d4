import Domain
import HTTPTypes
import Hummingbird
import Logging
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
        let channel = context.parameter("channel")
        let body: ByteBuffer
        do {
            body = try await request.bytes(maximum: ports.limits.callbackBytes)
        } catch  where error is NIOTooManyBytesError || (error as? ShopError)?.code == .tooLarge {
            try useCases.receiveCallback.refuseTooLarge(channel: channel)
            throw ShopError(.tooLarge, "a callback must not exceed \(ports.limits.callbackBytes) bytes")
        }
        let callback = CallbackRequest(
            query: request.uri.query ?? "", contentType: request.mediaType, body: Array(body.readableBytesView))
        let answer = try await useCases.receiveCallback(channel: channel, callback)
        if let fault = answer.fault {
            context.logger.error(
                "callback not recorded",
                metadata: ["channel": "\(channel)", "code": "\(fault.code.rawValue)", "cause": "\(fault.cause ?? "")"])
        }
        let status: HTTPResponse.Status =
            switch answer.verdict {
            case .forged: .badRequest
            case nil: .serviceUnavailable
            case .accepted, .duplicate, .late, .mismatched, .unknownOrder: .ok
            }
        return Response(
            status: status, headers: [.contentType: "text/plain; charset=utf-8", .cacheControl: "no-store"],
            body: .init(byteBuffer: ByteBuffer(string: answer.word)))
    }
}

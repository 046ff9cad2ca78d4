import Domain
import HTTPTypes
import Hummingbird
import NIOCore
import WebSupport

extension WebAPI {
    var systemRoutes: [Route] {
        [
            Route(.get, "/healthz", for: .visitors) { _, _ in .json(JSONWriter.object { $0.string("status", "ok") }) },
            Route(.get, "/readyz", for: .visitors) { _, _ in
                if let reason = settings.unreadiness() { throw ShopError(.busy, reason) }
                return .json(JSONWriter.object { $0.string("status", "ready") })
            },
            Route(.get, "/metrics", for: .visitors) { _, _ in
                Response(
                    status: .ok, headers: [.contentType: "text/plain; version=0.0.4; charset=utf-8"],
                    body: .init(byteBuffer: ByteBuffer(string: await settings.metricsText())))
            },
            Route(.get, "/openapi.yaml", for: .visitors) { _, _ in
                Response(
                    status: .ok, headers: [.contentType: "application/yaml"],
                    body: .init(byteBuffer: ByteBuffer(bytes: settings.openAPI)))
            },
        ]
    }
}

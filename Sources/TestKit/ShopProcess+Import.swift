import AsyncHTTPClient
import NIOCore
import NIOHTTP1

extension ShopProcess {
    /// Imports a text byte by byte as it is, whatever its charset.
    ///
    /// - Parameters:
    ///   - bytes: the text
    ///   - type: the content type, with or without a charset
    ///   - isDryRun: whether nothing is to be stored
    public func importCards(
        _ bytes: [UInt8], to slug: String = "game-key", type: String = "text/plain", isDryRun: Bool = false
    ) async throws -> Answer {
        try await upload(bytes, to: "/products/\(slug)/cards\(isDryRun ? "?dry_run=1" : "")", type: type)
    }

    /// Sends bytes to the admin API.
    ///
    /// - Parameters:
    ///   - bytes: the body
    ///   - path: below the admin API
    ///   - type: the content type
    ///   - url: of another listener
    public func upload(
        _ bytes: [UInt8], to path: String, type: String, url: String? = nil
    ) async throws -> Answer {
        var request = HTTPClientRequest(url: "\(url ?? self.url)/api/v1/admin\(path)")
        request.method = .POST
        request.headers.add(name: "Authorization", value: "Bearer \(Self.adminToken)")
        request.headers.add(name: "Content-Type", value: type)
        request.body = .bytes(ByteBuffer(bytes: bytes))
        let response = try await HTTPClient.shared.execute(request, timeout: .seconds(60))
        let body = try await response.body.collect(upTo: 64 << 20)
        return Answer(status: Int(response.status.code), headers: [:], body: String(buffer: body))
    }

    /// The bytes of an answer's body.
    public func download(_ path: String) async throws -> [UInt8] {
        let request = HTTPClientRequest(url: path.hasPrefix("http") ? path : url + path)
        let response = try await HTTPClient.shared.execute(request, timeout: .seconds(60))
        return Array(try await response.body.collect(upTo: 64 << 20).readableBytesView)
    }
}

public import HTTPTypes
public import Hummingbird
public import NIOCore

/// A whole answer as a value, whoever writes it to the connection.
public struct WebAnswer: Sendable {
    /// The status.
    public let status: HTTPResponse.Status
    /// The header fields, `Content-Length` among them; whoever writes the answer adds `Date`.
    public var headers: HTTPFields
    /// The body.
    public let body: ByteBuffer

    /// Puts the parts together.
    public init(status: HTTPResponse.Status, headers: HTTPFields, body: ByteBuffer) {
        self.status = status
        self.body = body
        var headers = headers
        headers[.contentLength] = "\(body.readableBytes)"
        self.headers = headers
    }

    /// A JSON answer that nobody may keep.
    public static func json(_ body: ByteBuffer, status: HTTPResponse.Status) -> WebAnswer {
        WebAnswer(
            status: status, headers: [.contentType: "application/json", .cacheControl: "no-store"], body: body)
    }

    /// Whether the connection ends with it.
    public var closes: Bool { headers[.connection] == "close" }

    /// The answer as Hummingbird takes it.
    public var response: Response { Response(status: status, headers: headers, body: .init(byteBuffer: body)) }
}

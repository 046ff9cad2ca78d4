public import HTTPTypes
public import NIOCore
import NIOHTTP1

/// An answer in the bytes of HTTP/1.1, all but its date, which comes last among its fields. For answers that are the
/// same every time.
public struct EncodedAnswer: Sendable {
    private let head: ByteBuffer
    private let body: ByteBuffer
    /// Whether the connection ends with it.
    public let closes: Bool

    /// Encodes an answer once.
    public init(_ answer: WebAnswer) {
        var head = ByteBuffer()
        head.writeStatusLine(answer.status)
        for field in answer.headers {
            head.writeString(field.name.rawName)
            head.writeStaticString(": ")
            head.writeString(field.value)
            head.writeStaticString("\r\n")
        }
        self.head = head
        body = answer.body
        closes = answer.closes
    }

    /// Appends it.
    public func write(to buffer: inout ByteBuffer, date: String) {
        buffer.writeImmutableBuffer(head)
        buffer.endHead(date: date)
        buffer.writeImmutableBuffer(body)
    }
}

extension ByteBuffer {
    /// Writes the first line of an answer as SwiftNIO does, which has reason phrases of its own.
    public mutating func writeStatusLine(_ status: HTTPResponse.Status) {
        writeStaticString("HTTP/1.1 ")
        writeString("\(status.code)")
        writeStaticString(" ")
        writeString(HTTPResponseStatus(statusCode: status.code, reasonPhrase: status.reasonPhrase).reasonPhrase)
        writeStaticString("\r\n")
    }

    /// Writes the last field of an answer and the line that ends its head.
    public mutating func endHead(date: String) {
        writeStaticString("Date: ")
        writeString(date)
        writeStaticString("\r\n\r\n")
    }
}

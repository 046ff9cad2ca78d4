import Foundation
import NIOCore

/// The requests of a drill as bytes. What they have in common is written once; an order only fills in who it is from.
struct OrderRequests: Sendable {
    private let order: ByteBuffer
    private let keyOffset: Int
    private let contactOffset: Int
    private let host: String

    /// Sixteen hexadecimal digits, until a buyer's are written over them.
    private static let blank = String(repeating: "0", count: 16)

    init(host: String, slug: String, quantity: Int) {
        self.host = host
        let bodyStart = #"{"product":"\#(slug)","quantity":\#(quantity),"contact":""#
        let body = "\(bodyStart)\(Self.blank)@drill.example\",\"channel\":\"sandbox\"}"
        let start = "POST /api/v1/orders HTTP/1.1\r\nHost: \(host)\r\nIdempotency-Key: "
        let head = """
            \(start)\(Self.blank)\(Self.blank)\r\nContent-Type: application/json\r\n\
            Content-Length: \(body.utf8.count)\r\n\r\n
            """
        order = ByteBuffer(string: head + body)
        keyOffset = start.utf8.count
        contactOffset = head.utf8.count + bodyStart.utf8.count
    }

    func place(contact: UInt64, key: (high: UInt64, low: UInt64), into buffer: inout ByteBuffer) {
        buffer.clear()
        buffer.writeImmutableBuffer(order)
        buffer.withUnsafeMutableReadableBytes { bytes in
            Self.write(key.high, to: bytes, at: keyOffset)
            Self.write(key.low, to: bytes, at: keyOffset + 16)
            Self.write(contact, to: bytes, at: contactOffset)
        }
    }

    func pay(_ order: PlaceAnswer.Order, into buffer: inout ByteBuffer) {
        buffer.clear()
        buffer.writeString(
            """
            POST /api/v1/sandbox/orders/\(order.id)/pay HTTP/1.1\r\nHost: \(host)\r\n\
            Authorization: Bearer \(order.token)\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}
            """)
    }

    func read(_ order: PlaceAnswer.Order, into buffer: inout ByteBuffer) {
        buffer.clear()
        buffer.writeString(
            """
            GET /api/v1/orders/\(order.id) HTTP/1.1\r\nHost: \(host)\r\n\
            Authorization: Bearer \(order.token)\r\n\r\n
            """)
    }

    private static func write(_ word: UInt64, to bytes: UnsafeMutableRawBufferPointer, at offset: Int) {
        for digit in 0..<16 {
            let value = UInt8(truncatingIfNeeded: word >> UInt64(60 - 4 * digit)) & 15
            bytes[offset + digit] = value < 10 ? 48 + value : 87 + value
        }
    }
}

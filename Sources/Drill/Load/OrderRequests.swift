import Foundation
import NIOCore

/// The requests of a drill as bytes. What they have in common is written once; an order only fills in who it is from.
///
/// With addresses, each buyer has an IPv6 network of their own, because its text always has the same length.
struct OrderRequests: Sendable {
    private let order: ByteBuffer
    private let keyOffset: Int
    private let contactOffset: Int
    private let addressOffset: Int?
    private let host: String

    /// Sixteen hexadecimal digits, until a buyer's are written over them.
    private static let blank = String(repeating: "0", count: 16)
    private static let addressName = "X-Forwarded-For: "
    private static let address = "2001:0000:0000:0000::1"

    init(host: String, slug: String, quantity: Int, isForwarded: Bool = false) {
        self.host = host
        let forwarded = isForwarded ? "\(Self.addressName)\(Self.address)\r\n" : ""
        let bodyStart = #"{"product":"\#(slug)","quantity":\#(quantity),"contact":""#
        let body = "\(bodyStart)\(Self.blank)@drill.example\",\"channel\":\"sandbox\"}"
        let first = "POST /api/v1/orders HTTP/1.1\r\nHost: \(host)\r\n"
        let start = "\(first)\(forwarded)Idempotency-Key: "
        let head = """
            \(start)\(Self.blank)\(Self.blank)\r\nContent-Type: application/json\r\n\
            Content-Length: \(body.utf8.count)\r\n\r\n
            """
        order = ByteBuffer(string: head + body)
        keyOffset = start.utf8.count
        addressOffset = isForwarded ? first.utf8.count + Self.addressName.utf8.count : nil
        contactOffset = head.utf8.count + bodyStart.utf8.count
    }

    func place(contact: UInt64, key: (high: UInt64, low: UInt64), into buffer: inout ByteBuffer) {
        buffer.clear()
        buffer.writeImmutableBuffer(order)
        buffer.withUnsafeMutableReadableBytes { bytes in
            Self.write(key.high, to: bytes, at: keyOffset)
            Self.write(key.low, to: bytes, at: keyOffset + 16)
            Self.write(contact, to: bytes, at: contactOffset)
            guard let addressOffset else { return }
            for group in 1...3 {
                Self.write(contact >> UInt64(16 * group), digits: 4, to: bytes, at: addressOffset + 5 * group)
            }
        }
    }

    /// The address of a buyer as a header field; empty when buyers have none.
    private func forwarded(_ contact: UInt64) -> String {
        guard addressOffset != nil else { return "" }
        var address = Array(Self.address.utf8)
        address.withUnsafeMutableBytes { bytes in
            for group in 1...3 { Self.write(contact >> UInt64(16 * group), digits: 4, to: bytes, at: 5 * group) }
        }
        return "\(Self.addressName)\(String(decoding: address, as: UTF8.self))\r\n"
    }

    func pay(_ order: PlaceAnswer.Order, contact: UInt64, into buffer: inout ByteBuffer) {
        buffer.clear()
        buffer.writeString(
            """
            POST /api/v1/sandbox/orders/\(order.id)/pay HTTP/1.1\r\nHost: \(host)\r\n\(forwarded(contact))\
            Authorization: Bearer \(order.token)\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}
            """)
    }

    func read(_ order: PlaceAnswer.Order, contact: UInt64, into buffer: inout ByteBuffer) {
        buffer.clear()
        buffer.writeString(
            """
            GET /api/v1/orders/\(order.id) HTTP/1.1\r\nHost: \(host)\r\n\(forwarded(contact))\
            Authorization: Bearer \(order.token)\r\n\r\n
            """)
    }

    /// Writes the lowest digits of a word.
    private static func write(
        _ word: UInt64, digits: Int = 16, to bytes: UnsafeMutableRawBufferPointer, at offset: Int
    ) {
        for digit in 0..<digits {
            let value = UInt8(truncatingIfNeeded: word >> UInt64(4 * (digits - 1 - digit))) & 15
            bytes[offset + digit] = value < 10 ? 48 + value : 87 + value
        }
    }
}

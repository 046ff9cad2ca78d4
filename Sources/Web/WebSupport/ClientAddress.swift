public import Domain
import Foundation
public import HTTPTypes
public import NIOCore

/// Who is at the other end, seen through the proxies that are trusted.
public struct ClientAddress: Hashable, Sendable {
    /// The address; for IPv6 its /64 network, since one subscriber has that many.
    public let key: String
    /// The address as its 4 or 16 bytes; empty when it is not known.
    public let bytes: [UInt8]
    /// True for a loopback peer that forwards for nobody.
    public let isLocal: Bool

    private static let forwardedFor = HTTPField.Name("X-Forwarded-For")

    /// - Parameters:
    ///   - peer: the socket's other end
    ///   - headers: the request's; `X-Forwarded-For` is read from right to left while the addresses are trusted
    ///   - trusted: proxies that are believed
    public init(peer: PeerAddress, headers: HTTPFields, trusted: [AddressRange]) {
        let hops = Self.forwardedFor.flatMap { headers[$0] }?.split(separator: ",").map {
            String($0.drop(while: { $0 == " " }).prefix { $0 != " " })
        }
        guard let hops else {
            key = peer.key
            bytes = peer.address?.bytes ?? []
            isLocal = peer.isLoopback
            return
        }
        var client = peer.address
        for hop in hops.reversed() {
            guard let current = client, trusted.contains(where: { $0.contains(current.bytes) }) else { break }
            guard let next = IPAddress(text: hop) else { break }
            client = next
        }
        key = client?.networkKey ?? PeerAddress.unknownKey
        bytes = client?.bytes ?? []
        isLocal = false
    }
}

extension ClientAddress {
    /// The same as people write it, such as `192.0.2.7` or `2001:db8::/64`.
    public var text: String { AddressRange(network: bytes, length: bytes.count == 4 ? 32 : 64)?.text ?? key }
}

/// What can be said of a socket's other end without a request; worked out once a connection.
public struct PeerAddress: Sendable {
    let address: IPAddress?
    let key: String
    let isLoopback: Bool

    fileprivate static let unknownKey = "unknown"

    /// - Parameter address: as the socket has it
    public init(_ address: SocketAddress?) {
        self.address = address.flatMap { IPAddress($0) }
        key = self.address?.networkKey ?? Self.unknownKey
        isLoopback = self.address?.isLoopback == true
    }
}

/// An IPv4 or IPv6 address as its bytes.
public struct IPAddress: Hashable, Sendable {
    let bytes: [UInt8]

    /// Nil unless the text is an address without port or zone.
    public init?(text: String) {
        var all = [UInt8](repeating: 0, count: 16)
        if inet_pton(AF_INET, text, &all) == 1 {
            bytes = Array(all.prefix(4))
        } else if inet_pton(AF_INET6, text, &all) == 1 {
            let isMapped = all.prefix(10).allSatisfy { $0 == 0 } && all[10] == 0xFF && all[11] == 0xFF
            bytes = isMapped ? Array(all.suffix(4)) : all
        } else {
            return nil
        }
    }

    init?(_ address: SocketAddress) {
        guard let text = address.ipAddress else { return nil }
        self.init(text: text)
    }

    /// 127.0.0.0/8 or ::1
    public var isLoopback: Bool {
        bytes.count == 4 ? bytes[0] == 127 : bytes.dropLast().allSatisfy { $0 == 0 } && bytes.last == 1
    }

    var networkKey: String {
        bytes.prefix(8).map { String($0, radix: 16) }.joined(separator: bytes.count == 4 ? "." : ":")
    }
}

extension AddressRange {
    /// Reads CIDR notation. Nil unless the text is an address, or an address and a prefix length such as `10.0.0.0/8`.
    public init?(text: String) {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard let address = IPAddress(text: String(parts[0])), parts.count <= 2 else { return nil }
        guard let length = parts.count == 2 ? Int(parts[1]) : address.bytes.count * 8 else { return nil }
        self.init(network: address.bytes, length: length)
    }

    /// The range in CIDR notation.
    public var text: String {
        var buffer = [CChar](repeating: 0, count: Int(INET6_ADDRSTRLEN))
        inet_ntop(network.count == 4 ? AF_INET : AF_INET6, network, &buffer, socklen_t(buffer.count))
        let address = String(decoding: buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
        return length == network.count * 8 ? address : "\(address)/\(length)"
    }
}

/// What a member of the staff logs in by: 1 to 64 of `a-z`, `0-9`, `.`, `_` and `-`. Upper case is made lower, so that
/// no two members differ by case only.
public struct StaffName: Hashable, Sendable, CustomStringConvertible {
    /// Longest name, in characters.
    public static let maximumLength = 64

    /// The name, in lower case.
    public let text: String

    /// Nil when a character is not allowed, or there are none or too many.
    public init?(_ text: String) {
        guard (1...Self.maximumLength).contains(text.utf8.count) else { return nil }
        var bytes: [UInt8] = []
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "A")...UInt8(ascii: "Z"): bytes.append(byte + 32)
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."),
                UInt8(ascii: "_"), UInt8(ascii: "-"):
                bytes.append(byte)
            default: return nil
            }
        }
        self.text = String(decoding: bytes, as: UTF8.self)
    }

    public var description: String { text }
}

/// Somebody who may log in to the back office.
public struct StaffMember: Hashable, Sendable {
    /// Row number, from 1.
    public let id: Int64
    /// What they log in by; unique, and never changes.
    public let name: StaffName
    /// What they may do.
    public let role: StaffRole
    /// Whether they may not log in. Members are never removed, since the journals name them.
    public let isDisabled: Bool
    /// Whether a code of their second factor is asked for.
    public let hasTOTP: Bool
    /// Whether somebody else chose the password, so that they must choose another before anything else.
    public let mustChangePassword: Bool
    /// When they were made.
    public let createdAt: Timestamp
    /// Counts changes, from 1.
    public let version: Int

    /// Puts stored parts together.
    public init(
        id: Int64, name: StaffName, role: StaffRole, isDisabled: Bool, hasTOTP: Bool, mustChangePassword: Bool,
        createdAt: Timestamp, version: Int
    ) {
        self.id = id
        self.name = name
        self.role = role
        self.isDisabled = isDisabled
        self.hasTOTP = hasTOTP
        self.mustChangePassword = mustChangePassword
        self.createdAt = createdAt
        self.version = version
    }

    /// Whether they may do it now. One who must choose a password may do nothing else.
    public func may(_ right: StaffRight) -> Bool { !isDisabled && !mustChangePassword && role.may(right) }
}

/// From where somebody logs in, bounded, for lists of sessions only: both are what the client says of itself.
public struct StaffOrigin: Hashable, Sendable {
    /// Longest address, in UTF-8 bytes.
    public static let maximumAddressBytes = 64
    /// Longest name of a browser, in UTF-8 bytes.
    public static let maximumAgentBytes = 200

    /// The network address.
    public let address: String
    /// The browser's name for itself.
    public let agent: String

    /// Cuts both to their bounds and replaces control characters.
    public init(address: String, agent: String) {
        self.address = Self.cut(address, Self.maximumAddressBytes)
        self.agent = Self.cut(agent, Self.maximumAgentBytes)
    }

    private static func cut(_ text: String, _ maximum: Int) -> String {
        var kept = String.UnicodeScalarView()
        var bytes = 0
        for scalar in text.unicodeScalars {
            let plain: Unicode.Scalar = scalar.value < 32 || (127...159).contains(scalar.value) ? " " : scalar
            bytes += UTF8.width(plain)
            guard bytes <= maximum else { break }
            kept.append(plain)
        }
        return String(kept)
    }
}

/// A browser that is logged in.
public struct StaffSession: Hashable, Sendable {
    /// Row number, from 1; names the session in lists. It is not what the browser holds.
    public let id: Int64
    /// Row number of the member.
    public let member: Int64
    /// When they logged in.
    public let createdAt: Timestamp
    /// When it was last used, to the minute.
    public let lastSeenAt: Timestamp
    /// When it ends however much it is used.
    public let expiresAt: Timestamp
    /// From where they logged in.
    public let origin: StaffOrigin

    /// Puts stored parts together.
    public init(
        id: Int64, member: Int64, createdAt: Timestamp, lastSeenAt: Timestamp, expiresAt: Timestamp,
        origin: StaffOrigin
    ) {
        self.id = id
        self.member = member
        self.createdAt = createdAt
        self.lastSeenAt = lastSeenAt
        self.expiresAt = expiresAt
        self.origin = origin
    }

    /// Whether it still counts: not past its end, and used within so many hours.
    public func isLive(at moment: Timestamp, idleHours: Int64) -> Bool {
        moment < expiresAt && moment < lastSeenAt.advanced(seconds: idleHours * 3600)
    }
}

/// A reply of Redis, or a part of one.
public enum RedisValue: Hashable, Sendable {
    /// Nothing: a key that is not there.
    case null
    /// A number.
    case integer(Int64)
    /// A short word such as `OK`.
    case status(String)
    /// An error inside an array. One that is the whole reply comes as ``RedisError/reply(_:)``.
    case error(String)
    /// Bytes of any kind.
    case bytes([UInt8])
    /// Several.
    case array([RedisValue])

    /// The number, if it is one or is the decimal text of one.
    public var number: Int64? {
        switch self {
        case .integer(let number): number
        case .bytes(let bytes): Int64(String(decoding: bytes, as: UTF8.self))
        case .null, .status, .error, .array: nil
        }
    }

    /// The parts, if it is an array.
    public var array: [RedisValue]? {
        if case .array(let parts) = self { parts } else { nil }
    }

    /// The bytes, if it is such.
    public var bytes: [UInt8]? {
        if case .bytes(let bytes) = self { bytes } else { nil }
    }
}

/// Why a command has no reply.
public enum RedisError: Error, Hashable, Sendable {
    /// Too much waits already, or the command is larger than allowed. Nothing was sent.
    case refused
    /// There is no connection. Nothing was sent.
    case unavailable
    /// The command was sent and its reply was lost: it may have taken effect.
    case unknown
    /// Redis refused the command; the text begins with a word in capitals.
    case reply(String)
}

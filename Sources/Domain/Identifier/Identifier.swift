/// 128 bits that sort by time and carry the shard they live in.
///
/// Layout, most significant first: 48 bits of Unix milliseconds, 16 bits of shard, 64 random bits. The text form is
/// 26 lower-case Crockford base32 characters (https://www.crockford.com/base32.html), which sort like the number and
/// contain letters and digits only, so that an identifier may serve as a merchant order number of at most 32
/// characters.
public struct Identifier: Hashable, Sendable {
    /// Milliseconds and shard.
    public let high: UInt64
    /// The random half.
    public let low: UInt64

    /// Restores an identifier from its two halves.
    public init(high: UInt64, low: UInt64) {
        self.high = high
        self.low = low
    }

    /// Makes an identifier. Only the low 48 bits of `time` are kept, which last until the year 10889.
    public init(time: Timestamp, shard: UInt16, random: UInt64) {
        let milliseconds = UInt64(truncatingIfNeeded: time.milliseconds) & 0xFFFF_FFFF_FFFF
        self.init(high: milliseconds << 16 | UInt64(shard), low: random)
    }

    /// The shard that holds the thing named.
    public var shard: UInt16 { UInt16(truncatingIfNeeded: high) }

    /// When the identifier was made, to the millisecond.
    public var time: Timestamp { Timestamp(milliseconds: Int64(high >> 16)) }
}

extension Identifier: Comparable {
    /// Earlier identifiers first.
    public static func < (left: Identifier, right: Identifier) -> Bool {
        (left.high, left.low) < (right.high, right.low)
    }
}

extension Identifier {
    /// Number of bytes of the stored form, big-endian.
    public static let byteCount = 16
    /// Number of characters of the text form.
    public static let textLength = 26

    private static let alphabet = Array("0123456789abcdefghjkmnpqrstvwxyz".utf8)

    /// The stored form.
    public var bytes: [UInt8] {
        [UInt8](unsafeUninitializedCapacity: Self.byteCount) { buffer, count in
            for index in 0..<8 {
                let shift = UInt64(56 - 8 * index)
                buffer[index] = UInt8(truncatingIfNeeded: high >> shift)
                buffer[index + 8] = UInt8(truncatingIfNeeded: low >> shift)
            }
            count = Self.byteCount
        }
    }

    /// Restores an identifier from its stored form; nil unless there are exactly 16 bytes.
    public init?(bytes: some Collection<UInt8>) {
        guard bytes.count == Self.byteCount else { return nil }
        let high = bytes.prefix(8).reduce(0 as UInt64) { $0 << 8 | UInt64($1) }
        let low = bytes.dropFirst(8).reduce(0 as UInt64) { $0 << 8 | UInt64($1) }
        self.init(high: high, low: low)
    }

    /// The text form: 26 lower-case letters and digits.
    public var text: String {
        String(unsafeUninitializedCapacity: Self.textLength) { buffer in
            var (high, low) = (self.high, self.low)
            for index in stride(from: Self.textLength - 1, through: 0, by: -1) {
                buffer[index] = Self.alphabet[Int(low & 31)]
                low = low >> 5 | (high & 31) << 59
                high >>= 5
            }
            return Self.textLength
        }
    }

    /// Reads the text form; nil for another length, another character or a number over 128 bits. Upper case is not
    /// accepted, so that an identifier has one spelling.
    public init?(text: some StringProtocol) {
        let characters = text.utf8
        guard characters.count == Self.textLength else { return nil }
        var (high, low) = (0 as UInt64, 0 as UInt64)
        for (index, character) in characters.enumerated() {
            guard let digit = Self.digit(character), index > 0 || digit < 8 else { return nil }
            high = high << 5 | low >> 59
            low = low << 5 | UInt64(digit)
        }
        self.init(high: high, low: low)
    }

    private static func digit(_ character: UInt8) -> UInt8? {
        switch character {
        case 0x30...0x39: character - 0x30
        case UInt8(ascii: "a")...UInt8(ascii: "h"): character - UInt8(ascii: "a") + 10
        case UInt8(ascii: "j"), UInt8(ascii: "k"): character - UInt8(ascii: "j") + 18
        case UInt8(ascii: "m"), UInt8(ascii: "n"): character - UInt8(ascii: "m") + 20
        case UInt8(ascii: "p")...UInt8(ascii: "t"): character - UInt8(ascii: "p") + 22
        case UInt8(ascii: "v")...UInt8(ascii: "z"): character - UInt8(ascii: "v") + 27
        default: nil
        }
    }
}

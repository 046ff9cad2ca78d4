public import Domain
public import NIOCore

/// A JSON value that keeps what Foundation's coders drop: repeated names, and whether a number is an integer.
public enum JSONValue: Hashable, Sendable {
    /// `null`
    case null
    /// `true` or `false`
    case bool(Bool)
    /// A number without fraction and exponent that fits 64 bits.
    case integer(Int64)
    /// Any other number, as it was written.
    case number(String)
    /// A string
    case string(String)
    /// An array
    case array([JSONValue])
    /// An object: its members in the order they were written, repeated names included.
    case object([JSONMember])
}

/// A name and a value of a JSON object.
public struct JSONMember: Hashable, Sendable {
    /// The name
    public let name: String
    /// The value
    public let value: JSONValue
}

/// Reads JSON (RFC 8259) strictly, with a bound on depth.
public struct JSONReader {
    /// Valid only within ``read(_:)``.
    private let bytes: UnsafeBufferPointer<UInt8>
    private var position = 0

    /// Values nested deeper than this are refused.
    public static let maximumDepth = 16

    private struct Fault: Error {}
    private struct TooDeep: Error {}

    /// Reads a text that holds exactly one value.
    ///
    /// - Throws: *malformed* when the text is not JSON or not UTF-8, *invalid_request* when it is nested too deeply.
    public static func read(_ text: ByteBuffer) throws(ShopError) -> JSONValue {
        let result = text.withUnsafeReadableBytes { bytes in
            bytes.withMemoryRebound(to: UInt8.self) { bytes in
                Result { () throws(ShopError) in try read(bytes) }
            }
        }
        return try result.get()
    }

    private static func read(_ bytes: UnsafeBufferPointer<UInt8>) throws(ShopError) -> JSONValue {
        guard bytes.allSatisfy({ $0 < 0x80 }) || String(validating: bytes, as: UTF8.self) != nil else {
            throw ShopError(.malformed, "the body is not UTF-8")
        }
        var reader = JSONReader(bytes: bytes)
        do {
            let value = try reader.value(depth: 0)
            reader.skipSpace()
            guard reader.position == bytes.count else { throw Fault() }
            return value
        } catch is TooDeep {
            throw ShopError(.invalidRequest, "the body is nested deeper than \(maximumDepth) levels")
        } catch {
            throw ShopError(.malformed, "the body is not JSON (near byte \(reader.position))")
        }
    }

    private init(bytes: UnsafeBufferPointer<UInt8>) { self.bytes = bytes }

    private var next: UInt8? { position < bytes.count ? bytes[position] : nil }

    private mutating func value(depth: Int) throws -> JSONValue {
        guard depth < Self.maximumDepth else { throw TooDeep() }
        skipSpace()
        switch next {
        case UInt8(ascii: "{"): return try object(depth: depth)
        case UInt8(ascii: "["): return try array(depth: depth)
        case UInt8(ascii: "\""): return .string(try string())
        case UInt8(ascii: "t"): return try word("true", .bool(true))
        case UInt8(ascii: "f"): return try word("false", .bool(false))
        case UInt8(ascii: "n"): return try word("null", .null)
        default: return try number()
        }
    }

    private mutating func object(depth: Int) throws -> JSONValue {
        position += 1
        var members: [JSONMember] = []
        skipSpace()
        if take("}") { return .object(members) }
        repeat {
            skipSpace()
            guard next == UInt8(ascii: "\"") else { throw Fault() }
            let name = try string()
            skipSpace()
            guard take(":") else { throw Fault() }
            members.append(JSONMember(name: name, value: try value(depth: depth + 1)))
            skipSpace()
        } while take(",")
        guard take("}") else { throw Fault() }
        return .object(members)
    }

    private mutating func array(depth: Int) throws -> JSONValue {
        position += 1
        var values: [JSONValue] = []
        skipSpace()
        if take("]") { return .array(values) }
        repeat {
            values.append(try value(depth: depth + 1))
            skipSpace()
        } while take(",")
        guard take("]") else { throw Fault() }
        return .array(values)
    }

    private mutating func word(_ word: StaticString, _ value: JSONValue) throws -> JSONValue {
        let matches = word.withUTF8Buffer { bytes[position...].starts(with: $0) }
        guard matches else { throw Fault() }
        position += word.utf8CodeUnitCount
        return value
    }

    private mutating func number() throws -> JSONValue {
        let start = position
        _ = take("-")
        let digits = takeDigits()
        guard digits > 0, digits == 1 || bytes[position - digits] != UInt8(ascii: "0") else { throw Fault() }
        var isInteger = true
        if take(".") {
            guard takeDigits() > 0 else { throw Fault() }
            isInteger = false
        }
        if take("e") || take("E") {
            _ = take("+") || take("-")
            guard takeDigits() > 0 else { throw Fault() }
            isInteger = false
        }
        let text = String(decoding: bytes[start..<position], as: UTF8.self)
        if isInteger, let value = Int64(text) { return .integer(value) }
        return .number(text)
    }

    private mutating func string() throws -> String {
        position += 1
        let start = position
        while let byte = next, byte >= 0x20, byte != UInt8(ascii: "\""), byte != UInt8(ascii: "\\") { position += 1 }
        if take("\"") { return String(decoding: bytes[start..<(position - 1)], as: UTF8.self) }
        // There is an escape, which makes a copy necessary, or a fault.
        var text = Array(bytes[start..<position])
        while let byte = next {
            position += 1
            switch byte {
            case UInt8(ascii: "\""): return String(decoding: text, as: UTF8.self)
            case UInt8(ascii: "\\"): text.append(contentsOf: try escape())
            case 0..<0x20: throw Fault()
            default: text.append(byte)
            }
        }
        throw Fault()
    }

    private mutating func escape() throws -> [UInt8] {
        guard let byte = next else { throw Fault() }
        position += 1
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): return [byte]
        case UInt8(ascii: "b"): return [0x08]
        case UInt8(ascii: "f"): return [0x0C]
        case UInt8(ascii: "n"): return [0x0A]
        case UInt8(ascii: "r"): return [0x0D]
        case UInt8(ascii: "t"): return [0x09]
        case UInt8(ascii: "u"): return Array(String(Character(try scalar())).utf8)
        default: throw Fault()
        }
    }

    private mutating func scalar() throws -> Unicode.Scalar {
        let first = try codeUnit()
        guard UTF16.isLeadSurrogate(first) else {
            guard let scalar = Unicode.Scalar(first) else { throw Fault() }
            return scalar
        }
        guard take("\\"), take("u") else { throw Fault() }
        let second = try codeUnit()
        guard UTF16.isTrailSurrogate(second) else { throw Fault() }
        return UTF16.decode(UTF16.EncodedScalar([first, second]))
    }

    private mutating func codeUnit() throws -> UInt16 {
        guard position + 4 <= bytes.count else { throw Fault() }
        let digits = bytes[position..<position + 4]
        let isHexadecimal = digits.allSatisfy {
            (0x30...0x39).contains($0) || (0x41...0x46).contains($0) || (0x61...0x66).contains($0)
        }
        guard isHexadecimal, let unit = UInt16(String(decoding: digits, as: UTF8.self), radix: 16) else {
            throw Fault()
        }
        position += 4
        return unit
    }

    // MARK: Parts

    private mutating func skipSpace() {
        while let byte = next, byte == 0x20 || byte == 0x09 || byte == 0x0A || byte == 0x0D { position += 1 }
    }

    private mutating func take(_ character: Unicode.Scalar) -> Bool {
        guard next == UInt8(ascii: character) else { return false }
        position += 1
        return true
    }

    private mutating func takeDigits() -> Int {
        let start = position
        while let byte = next, (0x30...0x39).contains(byte) { position += 1 }
        return position - start
    }
}

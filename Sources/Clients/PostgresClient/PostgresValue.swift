/// A value of a parameter. Sent in the server's binary form, so nothing is ever quoted or escaped.
public enum PostgresValue: Hashable, Sendable {
    /// Nothing; of the type that the statement makes of it.
    case null
    /// A bigint.
    case integer(Int64)
    /// A text.
    case text(String)
    /// A bytea.
    case bytes([UInt8])
    /// A bigint[], for UNNEST and ANY.
    case integers([Int64?])
    /// A text[].
    case texts([String?])
    /// A bytea[].
    case byteStrings([[UInt8]?])
}

/// Numbers of the types that are sent or understood, as every server has them.
enum PostgresType {
    static let bool: UInt32 = 16
    static let bytea: UInt32 = 17
    static let int8: UInt32 = 20
    static let int2: UInt32 = 21
    static let int4: UInt32 = 23
    static let text: UInt32 = 25
    static let varchar: UInt32 = 1043
    static let byteaArray: UInt32 = 1001
    static let textArray: UInt32 = 1009
    static let int8Array: UInt32 = 1016
}

/// Parameters in binary form, one after the other in one buffer.
struct EncodedParameters {
    /// 0 where the server decides.
    private(set) var types: [UInt32] = []
    private(set) var bytes: [UInt8] = [0]
    /// Where each stands; nil for null.
    private(set) var places: [Range<Int>?] = []

    init(_ values: [PostgresValue]) throws(ConnectionFault) {
        types.reserveCapacity(values.count)
        places.reserveCapacity(values.count)
        for value in values { append(value) }
        // The protocol counts bytes in 32 bits, and the server takes no message above 1 GiB.
        guard bytes.count < 1 << 30, values.count <= Int(UInt16.max) else {
            throw .invalid("the parameters are too large: \(bytes.count) bytes")
        }
    }

    private mutating func append(_ value: PostgresValue) {
        let start = bytes.count
        let type: UInt32
        switch value {
        case .null:
            types.append(0)
            return places.append(nil)
        case .integer(let number):
            append(number)
            type = PostgresType.int8
        case .text(let text):
            bytes.append(contentsOf: text.utf8)
            type = PostgresType.text
        case .bytes(let given):
            bytes.append(contentsOf: given)
            type = PostgresType.bytea
        case .integers(let elements):
            appendArray(elements, of: PostgresType.int8) { $0.append($1) }
            type = PostgresType.int8Array
        case .texts(let elements):
            appendArray(elements, of: PostgresType.text) { $0.bytes.append(contentsOf: $1.utf8) }
            type = PostgresType.textArray
        case .byteStrings(let elements):
            appendArray(elements, of: PostgresType.bytea) { $0.bytes.append(contentsOf: $1) }
            type = PostgresType.byteaArray
        }
        types.append(type)
        places.append(start..<bytes.count)
    }

    /// Dimensions, whether one is null, the type, how many, the first one's number; then each with its length.
    private mutating func appendArray<Element>(
        _ elements: [Element?], of type: UInt32, _ body: (inout EncodedParameters, Element) -> Void
    ) {
        append(elements.isEmpty ? 0 : Int32(1))
        append(elements.contains { $0 == nil } ? 1 : Int32(0))
        append(Int32(bitPattern: type))
        guard !elements.isEmpty else { return }
        append(Int32(truncatingIfNeeded: elements.count))
        append(Int32(1))
        for element in elements {
            guard let element else {
                append(Int32(-1))
                continue
            }
            let start = bytes.count
            append(Int32(0))
            body(&self, element)
            let length = UInt32(truncatingIfNeeded: bytes.count - start - 4)
            for index in 0..<4 { bytes[start + index] = UInt8(truncatingIfNeeded: length >> (24 - 8 * index)) }
        }
    }

    private mutating func append(_ number: some FixedWidthInteger) {
        withUnsafeBytes(of: number.bigEndian) { bytes.append(contentsOf: $0) }
    }

    /// Gives the pointers and lengths as the library wants them, for as long as the body runs.
    func withPointers<Value>(_ body: ([UnsafePointer<CChar>?], [Int32], [Int32]) throws -> Value) rethrows -> Value {
        try bytes.withUnsafeBytes { buffer in
            let base = buffer.baseAddress?.assumingMemoryBound(to: CChar.self)
            let pointers = places.map { place in place.flatMap { range in base.map { $0 + range.lowerBound } } }
            return try body(
                pointers, places.map { Int32($0?.count ?? 0) }, Array(repeating: 1, count: places.count))
        }
    }
}

/// Reads the binary form of a column. Whatever the bytes are, it gives a value or throws.
enum PostgresDecoder {
    /// - Parameter bytes: nil for null
    static func decode(_ type: UInt32, _ bytes: UnsafeRawBufferPointer?) throws(ConnectionFault) -> PostgresValue {
        guard let bytes else { return .null }
        switch type {
        case PostgresType.int8: return .integer(try number(bytes, as: Int64.self))
        case PostgresType.int4: return .integer(Int64(try number(bytes, as: Int32.self)))
        case PostgresType.int2: return .integer(Int64(try number(bytes, as: Int16.self)))
        case PostgresType.bool:
            let truth = try number(bytes, as: UInt8.self)
            guard truth <= 1 else { throw .invalid("a truth that is none") }
            return .integer(Int64(truth))
        case PostgresType.text, PostgresType.varchar:
            guard let text = String(validating: bytes, as: UTF8.self) else { throw .invalid("a text that is none") }
            return .text(text)
        case PostgresType.bytea: return .bytes(Array(bytes))
        default: throw .invalid("a column of type number \(type), which is not understood")
        }
    }

    private static func number<Number: FixedWidthInteger>(
        _ bytes: UnsafeRawBufferPointer, as _: Number.Type
    ) throws(ConnectionFault) -> Number {
        guard bytes.count == MemoryLayout<Number>.size else {
            throw .invalid("a number of \(bytes.count) bytes")
        }
        return Number(bigEndian: bytes.loadUnaligned(as: Number.self))
    }
}

public import Domain
public import NIOCore

/// Writes JSON straight into a buffer.
public struct JSONWriter {
    /// What has been written.
    public private(set) var buffer: ByteBuffer
    private var needsComma = false

    /// An empty text.
    public init(capacity: Int = 512) { buffer = ByteBufferAllocator().buffer(capacity: capacity) }

    private init(buffer: ByteBuffer) { self.buffer = buffer }

    /// Writes one object to a new buffer.
    public static func object(_ body: (inout JSONWriter) -> Void) -> ByteBuffer {
        var writer = JSONWriter()
        writer.object(body)
        return writer.buffer
    }

    /// Appends one object to a buffer.
    public static func append(to buffer: inout ByteBuffer, _ body: (inout JSONWriter) -> Void) {
        // Swapped, so that there is one owner at a time and nothing is copied.
        var writer = JSONWriter(buffer: ByteBuffer())
        swap(&writer.buffer, &buffer)
        writer.object(body)
        swap(&writer.buffer, &buffer)
    }

    /// An object as a value.
    public mutating func object(_ body: (inout JSONWriter) -> Void) { enclosed("{", "}", body) }

    /// An array as a value.
    public mutating func array<Element>(_ elements: [Element], _ body: (inout JSONWriter, Element) -> Void) {
        enclosed("[", "]") { writer in
            for element in elements { body(&writer, element) }
        }
    }

    /// A member that is an object.
    public mutating func object(_ name: String, _ body: (inout JSONWriter) -> Void) {
        self.name(name)
        object(body)
    }

    /// A member that is an array.
    public mutating func array<Element>(
        _ name: String, _ elements: [Element], _ body: (inout JSONWriter, Element) -> Void
    ) {
        self.name(name)
        array(elements, body)
    }

    /// A member that is a string, or null.
    public mutating func string(_ name: String, _ value: String?) {
        self.name(name)
        string(value)
    }

    /// A member that is an integer, or null.
    public mutating func integer(_ name: String, _ value: (some BinaryInteger)?) {
        self.name(name)
        value.map { raw("\($0)") } ?? raw("null")
    }

    /// A member that is true or false.
    public mutating func bool(_ name: String, _ value: Bool) {
        self.name(name)
        raw(value ? "true" : "false")
    }

    /// A member that is a time, or null.
    public mutating func time(_ name: String, _ value: Timestamp?) { string(name, value.map(RFC3339.text)) }

    /// The two members of an amount of money.
    public mutating func money(_ value: Money) {
        integer("amount", value.amount)
        string("currency", value.currency.code)
    }

    /// A string as a value.
    public mutating func string(_ value: String?) {
        separate()
        guard let value else {
            buffer.writeString("null")
            return
        }
        buffer.writeInteger(UInt8(ascii: "\""))
        if value.utf8.allSatisfy({ $0 >= 0x20 && $0 != UInt8(ascii: "\"") && $0 != UInt8(ascii: "\\") }) {
            buffer.writeString(value)
        } else {
            for byte in value.utf8 { writeEscaped(byte) }
        }
        buffer.writeInteger(UInt8(ascii: "\""))
    }

    // MARK: Parts

    private mutating func enclosed(_ open: String, _ close: String, _ body: (inout JSONWriter) -> Void) {
        separate()
        buffer.writeString(open)
        needsComma = false
        body(&self)
        buffer.writeString(close)
        needsComma = true
    }

    private mutating func name(_ name: String) {
        string(name)
        buffer.writeInteger(UInt8(ascii: ":"))
        needsComma = false
    }

    private mutating func raw(_ text: String) {
        separate()
        buffer.writeString(text)
    }

    private mutating func separate() {
        if needsComma { buffer.writeInteger(UInt8(ascii: ",")) }
        needsComma = true
    }

    private mutating func writeEscaped(_ byte: UInt8) {
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"):
            buffer.writeBytes([UInt8(ascii: "\\"), byte])
        case UInt8(ascii: "\n"):
            buffer.writeString("\\n")
        case 0..<0x20:
            buffer.writeString("\\u00" + (byte < 16 ? "0" : "") + String(byte, radix: 16))
        default:
            buffer.writeInteger(byte)
        }
    }
}

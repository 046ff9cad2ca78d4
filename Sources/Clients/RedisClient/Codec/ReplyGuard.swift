/// What a reply may cost. Past a bound the connection is closed.
public struct RedisBounds: Hashable, Sendable {
    /// Bytes of one reply as it comes over the wire.
    public var replyBytes = 32 << 20
    /// Bytes of one bulk string.
    public var bulkBytes = 16 << 20
    /// Parts of all arrays of one reply together.
    public var elements = 1 << 20
    /// Arrays within arrays; hiredis reads 7 at most.
    public var nesting = 7
    /// Bytes of a line: a status, an error, a number or a length.
    public var lineBytes = 16 << 10

    /// The defaults.
    public init() {}
}

/// Bytes that are no reply, or one that is too large.
struct BadReply: Error, Hashable {
    let reason: String
}

/// Walks over incoming bytes before they are parsed, and throws before anybody makes room for what they announce: the
/// parser trusts lengths, and would ask the system for what a broken server says.
struct ReplyGuard {
    private enum Place {
        /// At the first byte of a value.
        case type
        /// In the line of a value of that type.
        case line(UInt8)
        /// In a bulk string, so many bytes from its end, which is CR LF.
        case bulk(Int)
    }

    private let bounds: RedisBounds
    private var place = Place.type
    private var line: [UInt8] = []
    private var isAfterReturn = false
    /// Parts that are still to come, of each open array.
    private var open: [Int] = []
    private var elements = 0
    private var bytes = 0

    init(_ bounds: RedisBounds) {
        self.bounds = bounds
        line.reserveCapacity(32)
    }

    mutating func check(_ input: UnsafeRawBufferPointer) throws(BadReply) {
        var index = 0
        while index < input.count {
            let before = index
            switch place {
            case .type:
                place = .line(input[index])
                line.removeAll(keepingCapacity: true)
                isAfterReturn = false
                index += 1
            case .line(let type):
                if try take(input[index], of: type) { try finished(type) }
                index += 1
            case .bulk(let left):
                let taken = min(left, input.count - index)
                index += taken
                place = .bulk(left - taken)
                if left == taken { valueEnded() }
            }
            // A value that ended has set the count to zero; what came after it is of the next.
            if !isBetweenReplies { bytes += index - before }
            guard bytes <= bounds.replyBytes else { throw BadReply(reason: "a reply of more than \(bytes) bytes") }
        }
    }

    private var isBetweenReplies: Bool {
        if case .type = place { open.isEmpty } else { false }
    }

    /// Whether the line has ended.
    private mutating func take(_ byte: UInt8, of type: UInt8) throws(BadReply) -> Bool {
        if isAfterReturn {
            guard byte == 0x0A else { throw BadReply(reason: "a line that does not end with CR LF") }
            return true
        }
        if byte == 0x0D {
            isAfterReturn = true
            return false
        }
        guard line.count < bounds.lineBytes else { throw BadReply(reason: "a line of more than \(line.count) bytes") }
        line.append(byte)
        return false
    }

    private mutating func finished(_ type: UInt8) throws(BadReply) {
        switch type {
        case UInt8(ascii: "+"), UInt8(ascii: "-"):
            valueEnded()
        case UInt8(ascii: ":"):
            guard Self.number(line) != nil else { throw BadReply(reason: "no number") }
            valueEnded()
        case UInt8(ascii: "$"):
            let length = try length("bulk string", atMost: bounds.bulkBytes)
            guard bytes + length <= bounds.replyBytes else { throw BadReply(reason: "a reply with too many bytes") }
            if length < 0 { valueEnded() } else { place = .bulk(length + 2) }
        case UInt8(ascii: "*"):
            try arrayBegan(length("array", atMost: bounds.elements - elements))
        default:
            throw BadReply(reason: "a value of type \(type)")
        }
    }

    private mutating func arrayBegan(_ count: Int) throws(BadReply) {
        guard count > 0 else { return valueEnded() }
        guard open.count < bounds.nesting else { throw BadReply(reason: "arrays nested too deeply") }
        elements += count
        open.append(count)
        place = .type
    }

    /// -1 for nothing.
    private func length(_ what: String, atMost bound: Int) throws(BadReply) -> Int {
        guard let number = Self.number(line), number >= -1 else { throw BadReply(reason: "no length of a \(what)") }
        guard number <= bound else { throw BadReply(reason: "a \(what) of \(number)") }
        return Int(number)
    }

    private mutating func valueEnded() {
        place = .type
        while let left = open.popLast() {
            guard left == 1 else { return open.append(left - 1) }
        }
        elements = 0
        bytes = 0
    }

    /// Digits with a minus or not; nil for anything else and for what 64 bits cannot hold.
    private static func number(_ line: [UInt8]) -> Int64? {
        let isNegative = line.first == UInt8(ascii: "-")
        let digits = isNegative ? line.dropFirst() : line[...]
        guard !digits.isEmpty, digits.count <= 19 else { return nil }
        var value: Int64 = 0
        for digit in digits {
            guard (0x30...0x39).contains(digit) else { return nil }
            let (shifted, isTooLarge) = value.multipliedReportingOverflow(by: 10)
            // Downwards, since there is one more negative number than there are positive ones.
            let (next, isBeyond) = shifted.subtractingReportingOverflow(Int64(digit - 0x30))
            guard !isTooLarge, !isBeyond else { return nil }
            value = next
        }
        if isNegative { return value }
        return value == .min ? nil : -value
    }
}

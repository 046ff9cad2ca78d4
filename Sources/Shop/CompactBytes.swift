import Domain

/// Writes parts one behind the other, few bytes each: numbers have seven bits a byte, signed ones zigzag; texts and
/// bytes follow their length.
struct CompactWriter {
    private(set) var bytes: [UInt8] = []

    init(format: UInt8) {
        bytes.reserveCapacity(256)
        bytes.append(format)
    }

    mutating func append(byte: UInt8) { bytes.append(byte) }

    mutating func append(raw part: [UInt8]) { bytes.append(contentsOf: part) }

    mutating func append(_ number: UInt64) {
        var rest = number
        while rest >= 0x80 {
            bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        bytes.append(UInt8(rest))
    }

    mutating func append(_ number: some SignedInteger) {
        let number = Int64(number)
        append(UInt64(bitPattern: number << 1 ^ number >> 63))
    }

    mutating func append(_ text: String) {
        append(UInt64(text.utf8.count))
        bytes.append(contentsOf: text.utf8)
    }

    mutating func append(_ part: [UInt8]) {
        append(UInt64(part.count))
        bytes.append(contentsOf: part)
    }

    /// Whether there is something, then what it is.
    mutating func append<Value>(optional value: Value?, _ write: (inout Self, Value) -> Void) {
        bytes.append(value == nil ? 0 : 1)
        if let value { write(&self, value) }
    }

    mutating func append(_ lines: [PriceLine]) {
        append(UInt64(lines.count))
        for line in lines {
            append(line.word)
            append(line.amount)
            switch line.reason {
            case .goods(let number), .tier(let number): append(number)
            case .pick(let card): append(card)
            case .coupon(let code): append(code.text)
            }
        }
    }

    /// What was written, and a sum of it.
    func sealed() -> [UInt8] {
        let sum = CompactReader.sum(bytes[...])
        return bytes + [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: sum >> ($0 as UInt32)) }
    }
}

/// Reads what a ``CompactWriter`` wrote; everything is nil where it cannot be read.
struct CompactReader {
    private(set) var rest: ArraySlice<UInt8>

    /// Nil unless the sum at the end is that of the bytes before, and they begin with the format's number.
    init?(_ bytes: [UInt8], format: UInt8, maximumBytes: Int) {
        guard (5...maximumBytes).contains(bytes.count) else { return nil }
        let sum = bytes.suffix(4).reduce(0 as UInt32) { $0 << 8 | UInt32($1) }
        let body = bytes.dropLast(4)
        guard body.first == format, Self.sum(body) == sum else { return nil }
        rest = body.dropFirst()
    }

    /// FNV-1a (http://www.isthe.com/chongo/tech/comp/fnv/), so that damage is noticed.
    static func sum(_ bytes: ArraySlice<UInt8>) -> UInt32 {
        bytes.withUnsafeBufferPointer { $0.reduce(2_166_136_261 as UInt32) { ($0 ^ UInt32($1)) &* 16_777_619 } }
    }

    mutating func byte() -> UInt8? { rest.popFirst() }

    mutating func raw(_ count: Int) -> ArraySlice<UInt8>? {
        guard count <= rest.count else { return nil }
        defer { rest = rest.dropFirst(count) }
        return rest.prefix(count)
    }

    mutating func natural() -> UInt64? {
        var number: UInt64 = 0
        for shift in stride(from: 0 as UInt64, to: 64, by: 7) {
            guard let byte = byte(), shift < 63 || byte <= 1 else { return nil }
            number |= UInt64(byte & 0x7F) << shift
            if byte < 0x80 { return number }
        }
        return nil
    }

    mutating func number() -> Int64? {
        natural().map { Int64(bitPattern: $0 >> 1) ^ -Int64(bitPattern: $0 & 1) }
    }

    mutating func integer() -> Int? { number().flatMap { Int(exactly: $0) } }

    mutating func bytes() -> [UInt8]? {
        guard let count = natural(), count <= UInt64(rest.count) else { return nil }
        return raw(Int(count)).map { Array($0) }
    }

    mutating func text() -> String? {
        guard let count = natural(), count <= UInt64(rest.count) else { return nil }
        return raw(Int(count)).flatMap { String(validating: $0, as: UTF8.self) }
    }

    /// Nil when it cannot be read; nothing inside when there is nothing.
    mutating func optional<Value>(_ read: (inout Self) -> Value?) -> Value?? {
        switch byte() {
        case 0: .some(nil)
        case 1: read(&self).map { .some($0) }
        default: nil
        }
    }

    mutating func lines() -> [PriceLine]? {
        // A line takes three bytes or more.
        guard let count = natural(), count <= UInt64(rest.count) else { return nil }
        var lines: [PriceLine] = []
        for _ in 0..<count {
            guard let word = text(), let amount = number(), let reason = reason(word) else { return nil }
            lines.append(PriceLine(reason, amount: amount))
        }
        return lines
    }

    private mutating func reason(_ word: String) -> PriceLine.Reason? {
        switch word {
        case "goods": integer().map { .goods(quantity: $0) }
        case "tier": integer().map { .tier(from: $0) }
        case "pick": number().map { .pick(card: $0) }
        case "coupon": text().flatMap { CouponCode($0) }.map { .coupon($0) }
        default: nil
        }
    }
}

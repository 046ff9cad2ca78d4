public import Domain

/// How an order stands, as a board keeps it: a few hundred bytes. Everything that is secret in an order is sealed in
/// it, too, and what it delivers is no part of it.
///
/// Layout: a format number, the 16 bytes of the order's number, what is known of it, the order, and a sum of all that
/// (FNV-1a, http://www.isthe.com/chongo/tech/comp/fnv/), so that damage is noticed. Numbers have seven bits a byte,
/// signed ones zigzag; texts and bytes follow their length.
public enum OrderEntry {
    /// The most bytes of an entry; past it nothing is read.
    public static let maximumBytes = 64 << 10

    private static let format: UInt8 = 1

    /// The entry of an order.
    public static func bytes(_ id: OrderID, _ standing: OrderStanding) -> [UInt8] {
        var writer = EntryWriter()
        writer.bytes.append(format)
        writer.bytes.append(contentsOf: id.identifier.bytes)
        switch standing {
        case .unwritten: writer.bytes.append(0)
        case .fenced: writer.bytes.append(1)
        case .written(let order):
            writer.bytes.append(2)
            writer.append(order)
        }
        let sum = Self.sum(writer.bytes[...])
        for shift in [24, 16, 8, 0] as [UInt32] { writer.bytes.append(UInt8(truncatingIfNeeded: sum >> shift)) }
        return writer.bytes
    }

    /// What an entry says of an order; nil when it is damaged, of another format or about another order.
    public static func standing(_ bytes: [UInt8], of id: OrderID) -> OrderStanding? {
        guard (22...maximumBytes).contains(bytes.count) else { return nil }
        let sum = bytes.suffix(4).reduce(0 as UInt32) { $0 << 8 | UInt32($1) }
        let body = bytes.dropLast(4)
        guard Self.sum(body) == sum, body[0] == format, Identifier(bytes: body[1..<17]) == id.identifier else {
            return nil
        }
        var reader = EntryReader(rest: body[18...])
        let standing: OrderStanding? =
            switch body[17] {
            case 0: .unwritten
            case 1: .fenced
            case 2: reader.order(id).map { .written($0) }
            default: nil
            }
        return reader.rest.isEmpty ? standing : nil
    }

    private static func sum(_ bytes: ArraySlice<UInt8>) -> UInt32 {
        bytes.reduce(2_166_136_261 as UInt32) { ($0 ^ UInt32($1)) &* 16_777_619 }
    }
}

private struct EntryWriter {
    var bytes: [UInt8] = []

    init() { bytes.reserveCapacity(256) }

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

    mutating func append(_ text: String) { append(Array(text.utf8)) }

    mutating func append(_ part: [UInt8]) {
        append(UInt64(part.count))
        bytes.append(contentsOf: part)
    }

    /// Whether there is something, then what it is.
    mutating func append<Value>(optional value: Value?, _ write: (inout Self, Value) -> Void) {
        bytes.append(value == nil ? 0 : 1)
        if let value { write(&self, value) }
    }

    mutating func append(_ order: Order) {
        append(order.product.number)
        append(order.slug.text)
        append(order.quantity)
        append(order.buyer.contact)
        append(order.channel.text)
        append(order.total.amount)
        append(order.total.currency.code)
        append(UInt64(order.lines.count))
        for line in order.lines { append(line) }
        append(optional: order.coupon) { $0.append($1.number) }
        append(optional: order.sealedFields) { $0.append($1) }
        append(order.state.rawValue)
        append(order.version)
        append(order.createdAt.milliseconds)
        append(optional: order.expiresAt) { $0.append($1.milliseconds) }
        append(order.kind.rawValue)
    }

    private mutating func append(_ line: PriceLine) {
        append(line.word)
        append(line.amount)
        switch line.reason {
        case .goods(let number), .tier(let number): append(number)
        case .pick(let card): append(card)
        case .coupon(let code): append(code.text)
        }
    }
}

private struct EntryReader {
    var rest: ArraySlice<UInt8>

    mutating func byte() -> UInt8? { rest.popFirst() }

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
        defer { rest = rest.dropFirst(Int(count)) }
        return Array(rest.prefix(Int(count)))
    }

    mutating func text() -> String? { bytes().flatMap { String(validating: $0, as: UTF8.self) } }

    /// Nil when it cannot be read; nothing inside when there is nothing.
    mutating func optional<Value>(_ read: (inout Self) -> Value?) -> Value?? {
        switch byte() {
        case 0: .some(nil)
        case 1: read(&self).map { .some($0) }
        default: nil
        }
    }

    mutating func order(_ id: OrderID) -> Order? {
        guard let product = number(), let slug = text().flatMap({ Slug($0) }), let quantity = integer(),
            let contact = text(), let channel = text().flatMap({ Slug($0) }), let amount = number(),
            let currency = text().flatMap({ Currency(code: $0) }),
            let total = Money(amount: amount, currency: currency), let lines = lines(),
            let coupon = optional({ $0.number() }), let sealed = optional({ $0.bytes() }),
            let state = text().flatMap({ OrderState(rawValue: $0) }), let version = integer(),
            let createdAt = number(), let expiresAt = optional({ $0.number() }),
            let kind = text().flatMap({ ProductKind(rawValue: $0) })
        else { return nil }
        return Order(
            id: id, product: ProductID(product), slug: slug, quantity: quantity, buyer: Buyer(stored: contact),
            channel: channel, total: total, lines: lines, coupon: coupon.map { CouponID($0) }, sealedFields: sealed,
            state: state, version: version, createdAt: Timestamp(milliseconds: createdAt),
            expiresAt: expiresAt.map { Timestamp(milliseconds: $0) }, kind: kind)
    }

    private mutating func lines() -> [PriceLine]? {
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

public import Domain

/// How an order stands, as a board keeps it: a few hundred bytes. Everything that is secret in an order is sealed in
/// it, too, and what it delivers is no part of it.
///
/// Layout: a format number, the 16 bytes of the order's number, what is known of it, the order, and a sum of all that.
public enum OrderEntry {
    /// The most bytes of an entry; past it nothing is read.
    public static let maximumBytes = 64 << 10

    private static let format: UInt8 = 1

    /// The entry of an order.
    public static func bytes(_ id: OrderID, _ standing: OrderStanding) -> [UInt8] {
        var writer = CompactWriter(format: format)
        writer.append(raw: id.identifier.bytes)
        switch standing {
        case .unwritten: writer.append(byte: 0)
        case .fenced: writer.append(byte: 1)
        case .written(let order):
            writer.append(byte: 2)
            writer.append(order)
        }
        return writer.sealed()
    }

    /// What an entry says of an order; nil when it is damaged, of another format or about another order.
    public static func standing(_ bytes: [UInt8], of id: OrderID) -> OrderStanding? {
        guard var reader = CompactReader(bytes, format: format, maximumBytes: maximumBytes),
            let named = reader.raw(Identifier.byteCount), Identifier(bytes: named) == id.identifier
        else { return nil }
        let standing: OrderStanding? =
            switch reader.byte() {
            case 0: .unwritten
            case 1: .fenced
            case 2: reader.order(id).map { .written($0) }
            default: nil
            }
        return reader.rest.isEmpty ? standing : nil
    }
}

extension CompactWriter {
    fileprivate mutating func append(_ order: Order) {
        append(order.product.number)
        append(order.slug.text)
        append(order.quantity)
        append(order.buyer.contact)
        append(order.channel.text)
        append(order.total.amount)
        append(order.total.currency.code)
        append(order.lines)
        append(optional: order.coupon) { $0.append($1.number) }
        append(optional: order.sealedFields) { $0.append($1) }
        append(order.state.rawValue)
        append(order.version)
        append(order.createdAt.milliseconds)
        append(optional: order.expiresAt) { $0.append($1.milliseconds) }
        append(order.kind.rawValue)
    }
}

extension CompactReader {
    fileprivate mutating func order(_ id: OrderID) -> Order? {
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
}

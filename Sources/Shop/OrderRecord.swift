public import Domain

/// An order that is asked for, as it stands in a log and in the gate's outbox: some 150 bytes, since it is written
/// twice and read once for each order of a sale.
///
/// Of the product it holds what the ledger judges by. Title, price, fields and tiers of it did their work before, and
/// are empty in a draft that was read.
///
/// Layout: a format number, the 16 bytes of the order's number, the draft, and a sum of all that.
public enum OrderRecord {
    /// A record that is no order.
    public struct Unreadable: Error, CustomStringConvertible {
        /// What is wrong with it.
        public let description: String
    }

    /// The most bytes of a record; past it nothing is read.
    public static let maximumBytes = 64 << 10

    private static let format: UInt8 = 2

    /// The record of a draft.
    public static func bytes(_ draft: OrderDraft) -> [UInt8] {
        var writer = CompactWriter(format: format)
        writer.append(raw: draft.id.identifier.bytes)
        writer.append(draft)
        return writer.sealed()
    }

    /// The draft of a record.
    public static func draft(_ bytes: [UInt8]) throws(Unreadable) -> OrderDraft {
        guard bytes.count <= maximumBytes else { throw Unreadable(description: "\(bytes.count) bytes are too many") }
        guard var reader = CompactReader(bytes, format: format, maximumBytes: maximumBytes) else {
            throw Unreadable(description: "it is damaged, or of another format")
        }
        guard let id = reader.raw(Identifier.byteCount).flatMap({ Identifier(bytes: $0) }),
            let draft = reader.draft(OrderID(id)), reader.rest.isEmpty
        else { throw Unreadable(description: "it is no order that a shop places") }
        return draft
    }
}

extension CompactWriter {
    fileprivate mutating func append(_ draft: OrderDraft) {
        append(draft.product)
        append(draft.quantity)
        append(draft.buyer.contact)
        append(draft.channel.text)
        append(draft.price.total.amount)
        append(draft.price.total.currency.code)
        append(draft.price.lines)
        append(optional: draft.coupon) { writer, coupon in
            writer.append(coupon.id.number)
            writer.append(coupon.version)
        }
        append(optional: draft.sealedFields) { $0.append($1) }
        append(optional: draft.queryTag) { $0.append($1) }
        append(optional: draft.idempotency) { writer, idempotency in
            writer.append(idempotency.key)
            writer.append(idempotency.bodyDigest)
        }
        append(draft.placedAt.milliseconds)
    }

    private mutating func append(_ product: Product) {
        append(product.id.number)
        append(product.slug.text)
        append(product.kind.rawValue)
        append(product.limits.perOrder)
        append(product.limits.perBuyer)
        append(product.limits.heldPerBuyer)
        append(product.holdSeconds)
        append(optional: product.window.opensAt) { $0.append($1.milliseconds) }
        append(optional: product.window.closesAt) { $0.append($1.milliseconds) }
        append(product.lateMoney.rawValue)
        append(product.version)
    }
}

extension CompactReader {
    fileprivate mutating func draft(_ id: OrderID) -> OrderDraft? {
        guard let product = product(), let quantity = integer(),
            (1...PurchaseLimits.maximumPerOrder).contains(quantity), let contact = text(),
            let channel = text().flatMap({ Slug($0) }), let amount = number(),
            let currency = text().flatMap({ Currency(code: $0) }),
            let total = Money(amount: amount, currency: currency),
            let price = lines().flatMap({ OrderPrice(stored: $0, total: total) }),
            let coupon = optional({ $0.coupon() }),
            let fields = optional({ $0.bytes() }), let tag = optional({ $0.bytes() }),
            let idempotency = optional({ $0.idempotency() }), let placedAt = number(),
            let sold = product(currency)
        else { return nil }
        return OrderDraft(
            id: id, product: sold, quantity: quantity, buyer: Buyer(stored: contact), channel: channel, price: price,
            coupon: coupon, sealedFields: fields, queryTag: tag, idempotency: idempotency,
            placedAt: Timestamp(milliseconds: placedAt))
    }

    /// A product, once the currency is known that it is sold in.
    private mutating func product() -> ((Currency) -> Product?)? {
        guard let id = number(), let slug = text().flatMap({ Slug($0) }),
            let kind = text().flatMap({ ProductKind(rawValue: $0) }), let perOrder = integer(),
            let perBuyer = integer(), let heldPerBuyer = integer(),
            let limits = PurchaseLimits(perOrder: perOrder, perBuyer: perBuyer, heldPerBuyer: heldPerBuyer),
            let hold = number(), (1...Product.maximumHoldSeconds).contains(hold),
            let opens = optional({ $0.number() }), let closes = optional({ $0.number() }),
            let window = SaleWindow(
                opensAt: opens.map { Timestamp(milliseconds: $0) }, closesAt: closes.map { Timestamp(milliseconds: $0) }
            ),
            let late = text().flatMap({ LateMoney(rawValue: $0) }), let version = integer()
        else { return nil }
        return { currency in
            guard let price = Money(amount: 0, currency: currency) else { return nil }
            return Product(
                id: ProductID(id), slug: slug, title: "", price: price, limits: limits, holdSeconds: hold,
                window: window, fields: [], kind: kind, lateMoney: late, version: version)
        }
    }

    private mutating func coupon() -> UsedCoupon? {
        guard let id = number(), let version = integer() else { return nil }
        return UsedCoupon(id: CouponID(id), version: version)
    }

    private mutating func idempotency() -> IdempotencyKey? {
        guard let key = text(), let digest = bytes() else { return nil }
        return IdempotencyKey(key: key, bodyDigest: digest)
    }
}

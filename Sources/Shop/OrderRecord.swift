public import Domain
import Foundation

/// An order that is asked for, as it stands in a log and in the gate's outbox: JSON, so that whoever looks into a log
/// can read it.
///
/// Of the product it holds what the ledger judges by. Title, price, fields and tiers of it did their work before, and
/// are empty in a draft that was read.
public enum OrderRecord {
    /// A record that is no order.
    public struct Unreadable: Error, CustomStringConvertible {
        /// What is wrong with it.
        public let description: String
    }

    /// The most bytes of a record; past it nothing is read.
    public static let maximumBytes = 64 << 10

    /// The record of a draft.
    public static func bytes(_ draft: OrderDraft) throws(ShopError) -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = .withoutEscapingSlashes
        do {
            return Array(try encoder.encode(StoredDraft(draft)))
        } catch {
            throw ShopError(.internalFault, "the order cannot be written down", cause: "\(error)")
        }
    }

    /// The draft of a record.
    public static func draft(_ bytes: [UInt8]) throws(Unreadable) -> OrderDraft {
        guard bytes.count <= maximumBytes else { throw Unreadable(description: "\(bytes.count) bytes are too many") }
        let stored: StoredDraft
        do {
            stored = try JSONDecoder().decode(StoredDraft.self, from: Data(bytes))
        } catch {
            throw Unreadable(description: "not the JSON of an order: \(error)")
        }
        guard stored.v == StoredDraft.version else { throw Unreadable(description: "version \(stored.v) is unknown") }
        return try stored.draft()
    }
}

/// The stored form. Names are short because a log holds millions.
private struct StoredDraft: Codable {
    static let version = 1

    struct StoredProduct: Codable {
        var id: Int64
        var slug: String
        var kind: String
        /// Most units of an order, of a buyer, and of a buyer's holds.
        var limits: [Int]
        /// How long a hold lasts, in seconds.
        var hold: Int64
        var opens: Int64?
        var closes: Int64?
        var late: String
        var version: Int
    }

    var v = Self.version
    var id: String
    var product: StoredProduct
    var quantity: Int
    var contact: String
    var channel: String
    /// Minor units.
    var amount: Int64
    var currency: String
    var lines: String
    var coupon: [Int64]?
    var fields: Data?
    var tag: Data?
    var key: String?
    var digest: Data?
    /// Milliseconds since 1970.
    var at: Int64

    init(_ draft: OrderDraft) {
        let product = draft.product
        id = draft.id.text
        self.product = StoredProduct(
            id: product.id.number, slug: product.slug.text, kind: product.kind.rawValue,
            limits: [product.limits.perOrder, product.limits.perBuyer, product.limits.heldPerBuyer],
            hold: product.holdSeconds, opens: product.window.opensAt?.milliseconds,
            closes: product.window.closesAt?.milliseconds, late: product.lateMoney.rawValue,
            version: product.version)
        quantity = draft.quantity
        contact = draft.buyer.contact
        channel = draft.channel.text
        amount = draft.price.total.amount
        currency = draft.price.total.currency.code
        lines = PriceLine.text(draft.price.lines)
        coupon = draft.coupon.map { [$0.id.number, Int64($0.version)] }
        fields = draft.sealedFields.map { Data($0) }
        tag = draft.queryTag.map { Data($0) }
        key = draft.idempotency?.key
        digest = draft.idempotency.map { Data($0.bodyDigest) }
        at = draft.placedAt.milliseconds
    }

    func draft() throws(OrderRecord.Unreadable) -> OrderDraft {
        func known<Value>(_ value: Value?, _ name: String) throws(OrderRecord.Unreadable) -> Value {
            guard let value else { throw OrderRecord.Unreadable(description: "\(name) cannot be read") }
            return value
        }
        let total = try known(Currency(code: currency).flatMap { Money(amount: amount, currency: $0) }, "amount")
        let price = try known(
            PriceLine.lines(lines).flatMap { OrderPrice(stored: $0, total: total) }, "lines")
        guard coupon == nil || coupon?.count == 2 else {
            throw OrderRecord.Unreadable(description: "coupon is no pair")
        }
        var idempotency: IdempotencyKey?
        if let key {
            idempotency = try known(IdempotencyKey(key: key, bodyDigest: Array(digest ?? Data())), "key")
        }
        guard (1...PurchaseLimits.maximumPerOrder).contains(quantity) else {
            throw OrderRecord.Unreadable(description: "quantity is out of range")
        }
        return OrderDraft(
            id: try known(OrderID(text: id), "id"), product: try known(storedProduct(total.currency), "product"),
            quantity: quantity, buyer: Buyer(stored: contact), channel: try known(Slug(channel), "channel"),
            price: price, coupon: coupon.map { UsedCoupon(id: CouponID($0[0]), version: Int($0[1])) },
            sealedFields: fields.map { Array($0) }, queryTag: tag.map { Array($0) }, idempotency: idempotency,
            placedAt: Timestamp(milliseconds: at))
    }

    private func storedProduct(_ currency: Currency) -> Product? {
        guard product.limits.count == 3, product.hold >= 1, product.hold <= Product.maximumHoldSeconds,
            let slug = Slug(product.slug), let kind = ProductKind(rawValue: product.kind),
            let limits = PurchaseLimits(
                perOrder: product.limits[0], perBuyer: product.limits[1], heldPerBuyer: product.limits[2]),
            let window = SaleWindow(
                opensAt: product.opens.map { Timestamp(milliseconds: $0) },
                closesAt: product.closes.map { Timestamp(milliseconds: $0) }),
            let late = LateMoney(rawValue: product.late), let price = Money(amount: 0, currency: currency)
        else { return nil }
        return Product(
            id: ProductID(product.id), slug: slug, title: "", price: price, limits: limits,
            holdSeconds: product.hold, window: window, fields: [], kind: kind, lateMoney: late,
            version: product.version)
    }
}

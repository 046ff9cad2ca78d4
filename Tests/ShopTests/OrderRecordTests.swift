import Domain
import Shop
import TestKit
import Testing

@Suite("Orders as records")
struct OrderRecordTests {
    private static func drafts() -> [OrderDraft] {
        let clock = MockClock()
        let identifiers = Fixtures.identifiers(clock)
        func draft(_ product: Product) -> OrderDraft {
            Fixtures.draft(OrderID(identifiers.make()), product, buyer: Fixtures.buyer(1), at: clock.now())
        }
        let plain = Fixtures.product()
        let window = SaleWindow(opensAt: clock.now(), closesAt: clock.now().advanced(seconds: 9)) ?? .always
        let coupon = Coupon(id: CouponID(7), code: Fixtures.code("SUMMER"), terms: Fixtures.terms(), version: 3)
        return [
            draft(plain), draft(Fixtures.product(window: window)),
            Fixtures.draft(
                OrderID(identifiers.make()), plain, buyer: Buyer(stored: "ä\u{0}\"/\\@例.com"), quantity: 2,
                key: "a\"b\\ c", digest: 255, queryTag: [0, 255],
                picks: [
                    PickedCard(card: 1, surcharge: 0), PickedCard(card: 9, surcharge: 500),
                ], coupon: coupon, sealedFields: Array(0...255), at: clock.now()),
        ]
    }

    /// What a record keeps of a draft.
    private static func kept(_ draft: OrderDraft) -> OrderDraft {
        let product = draft.product
        guard let nothing = Money(amount: 0, currency: product.price.currency) else { return draft }
        return OrderDraft(
            id: draft.id,
            product: Product(
                id: product.id, slug: product.slug, title: "", price: nothing, limits: product.limits,
                holdSeconds: product.holdSeconds, window: product.window, fields: [], kind: product.kind,
                lateMoney: product.lateMoney, version: product.version),
            quantity: draft.quantity, buyer: draft.buyer, channel: draft.channel, price: draft.price,
            coupon: draft.coupon, sealedFields: draft.sealedFields, queryTag: draft.queryTag,
            idempotency: draft.idempotency, placedAt: draft.placedAt)
    }

    @Test("are read as they were written", arguments: drafts())
    func roundTrip(draft: OrderDraft) throws {
        #expect(try OrderRecord.draft(OrderRecord.bytes(draft)) == Self.kept(draft))
    }

    @Test("of which a byte is gone or other never crash, and never give another order's number", arguments: drafts())
    func damaged(draft: OrderDraft) throws {
        let bytes = OrderRecord.bytes(draft)
        var generator = SeededGenerator(seed: 1)
        for length in 0..<bytes.count {
            #expect(throws: OrderRecord.Unreadable.self) { try OrderRecord.draft(Array(bytes.prefix(length))) }
            var other = bytes
            other[length] = UInt8.random(in: 0...255, using: &generator)
            _ = try? OrderRecord.draft(other)
        }
    }

    @Test("of another format, of no units, of no hold or of too many bytes are refused")
    func refused() throws {
        let draft = Self.drafts()[0]
        var other = OrderRecord.bytes(draft)
        other[0] += 1
        let none = OrderDraft(
            id: draft.id, product: draft.product, quantity: 0, buyer: draft.buyer, channel: draft.channel,
            price: draft.price, queryTag: nil, idempotency: nil, placedAt: draft.placedAt)
        let product = draft.product
        let brief = OrderDraft(
            id: draft.id,
            product: Product(
                id: product.id, slug: product.slug, title: "", price: product.price, limits: product.limits,
                holdSeconds: 0, window: .always, fields: [], version: 1),
            quantity: 1, buyer: draft.buyer, channel: draft.channel, price: draft.price, queryTag: nil,
            idempotency: nil, placedAt: draft.placedAt)
        let long = Array(repeating: 0x20 as UInt8, count: OrderRecord.maximumBytes + 1)
        for bytes in [other, OrderRecord.bytes(none), OrderRecord.bytes(brief), long] {
            #expect(throws: OrderRecord.Unreadable.self) { try OrderRecord.draft(bytes) }
        }
    }

    @Test("are small", arguments: [drafts()[0]])
    func size(draft: OrderDraft) { #expect(OrderRecord.bytes(draft).count < 200) }
}

import Domain
import Shop
import TestKit
import Testing

@Suite("How an order stands, as an entry")
struct OrderEntryTests {
    private static func order(_ number: UInt64, _ state: OrderState, lines: [PriceLine] = []) -> Order {
        Order(
            id: OrderID(Identifier(high: 1 << 16, low: number)), product: ProductID(1),
            slug: Fixtures.slug("game-key"), quantity: 1, buyer: Fixtures.buyer(1), channel: Fixtures.slug("sandbox"),
            total: Fixtures.price, lines: lines, coupon: nil, sealedFields: nil, state: state, version: 1,
            createdAt: Timestamp(milliseconds: 0), expiresAt: nil)
    }

    /// Any order there may be, and some that there may not.
    private static func random(_ generator: inout SeededGenerator) -> Order {
        func number() -> Int64 {
            Int64.random(in: .min ... .max, using: &generator) >> Int64.random(in: 0...63, using: &generator)
        }
        func pick<Value>(_ values: [Value]) -> Value { values[Int.random(in: 0..<values.count, using: &generator)] }
        let lines = (0..<Int.random(in: 0...6, using: &generator)).map { _ -> PriceLine in
            let reasons: [PriceLine.Reason] = [
                .goods(quantity: Int(number())), .tier(from: Int(number())), .pick(card: number()),
                .coupon(Fixtures.code(pick(["SUMMER-24", "AAAA", String(repeating: "Z", count: 32)]))),
            ]
            return PriceLine(pick(reasons), amount: number())
        }
        let fields = (0..<Int.random(in: 0...300, using: &generator)).map { _ in UInt8(truncatingIfNeeded: number()) }
        return Order(
            id: OrderID(Identifier(high: UInt64(bitPattern: number()), low: UInt64(bitPattern: number()))),
            product: ProductID(number()), slug: Fixtures.slug(pick(["a", "game-key", "0-"])), quantity: Int(number()),
            buyer: Buyer(stored: pick(["", "ä\u{0}\"/\\@例.com", "12345", "a@example.com"])),
            channel: Fixtures.slug(pick(["sandbox", "epay-1"])),
            total: Fixtures.money(Int64.random(in: 0...Money.maximumAmount, using: &generator), pick(["CNY", "JPY"])),
            lines: lines, coupon: pick([nil, CouponID(number())]), sealedFields: pick([nil, [], fields]),
            state: pick(OrderState.allCases), version: Int(number()), createdAt: Timestamp(milliseconds: number()),
            expiresAt: pick([nil, Timestamp(milliseconds: number())]), kind: pick(ProductKind.allCases))
    }

    @Test("every order is read as it was written, and only as itself")
    func roundTrip() throws {
        var generator = SeededGenerator(seed: 7)
        for _ in 0..<5000 {
            let order = Self.random(&generator)
            let bytes = OrderEntry.bytes(order.id, .written(order))
            try #require(OrderEntry.standing(bytes, of: order.id) == .written(order))
            let other = OrderID(Identifier(high: order.id.identifier.high, low: ~order.id.identifier.low))
            try #require(OrderEntry.standing(bytes, of: other) == nil)
        }
        let id = Self.order(1, .queued).id
        for standing in [OrderStanding.unwritten, .fenced] {
            #expect(OrderEntry.standing(OrderEntry.bytes(id, standing), of: id) == standing)
        }
    }

    @Test("every state and every kind is kept, and an entry is small", arguments: OrderState.allCases)
    func states(state: OrderState) {
        let order = Self.order(1, state, lines: [PriceLine(.goods(quantity: 1), amount: 1990)])
        let bytes = OrderEntry.bytes(order.id, .written(order))
        #expect(OrderEntry.standing(bytes, of: order.id) == .written(order))
        #expect(bytes.count < 160)
    }

    @Test("damage is noticed: a byte that is gone, too many, or other")
    func damaged() {
        var generator = SeededGenerator(seed: 1)
        for _ in 0..<20 {
            let order = Self.random(&generator)
            let bytes = OrderEntry.bytes(order.id, .written(order))
            for index in bytes.indices {
                var other = bytes
                other[index] ^= UInt8.random(in: 1...255, using: &generator)
                #expect(OrderEntry.standing(other, of: order.id) == nil)
                #expect(OrderEntry.standing(Array(bytes[..<index]), of: order.id) == nil)
            }
            #expect(OrderEntry.standing(bytes + [0], of: order.id) == nil)
        }
        #expect(OrderEntry.standing([], of: Self.order(1, .queued).id) == nil)
    }

    /// An entry with a right sum over something wrong.
    @Test("of another format, or with something left over, it is none")
    func unknown() {
        let order = Self.order(1, .delivered)
        func summed(_ change: (inout [UInt8]) -> Void) -> [UInt8] {
            var body = Array(OrderEntry.bytes(order.id, .written(order)).dropLast(4))
            change(&body)
            let sum = body.reduce(2_166_136_261 as UInt32) { ($0 ^ UInt32($1)) &* 16_777_619 }
            return body + [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: sum >> $0) }
        }
        #expect(OrderEntry.standing(summed { _ in }, of: order.id) == .written(order))
        #expect(OrderEntry.standing(summed { $0[0] = 2 }, of: order.id) == nil)
        #expect(OrderEntry.standing(summed { $0[17] = 3 }, of: order.id) == nil)
        #expect(OrderEntry.standing(summed { $0[17] = 0 }, of: order.id) == nil, "an order that is not written")
        #expect(OrderEntry.standing(summed { $0.append(0) }, of: order.id) == nil)
        var generator = SeededGenerator(seed: 3)
        for _ in 0..<2000 {
            let bytes = summed { body in
                body[Int.random(in: 18..<body.count, using: &generator)] = .random(in: 0...255, using: &generator)
            }
            _ = OrderEntry.standing(bytes, of: order.id)
        }
    }
}

@Suite("What the board is told")
struct BoardEntryTests {
    private let product = Fixtures.product()

    private func draft(_ number: UInt64) -> OrderDraft {
        Fixtures.draft(
            OrderID(Identifier(high: 0, low: number)), product, buyer: Fixtures.buyer(1),
            at: Timestamp(milliseconds: 5))
    }

    private func placed(_ draft: OrderDraft) -> Order {
        Order(draft, state: .awaitingPayment, version: 1, expiresAt: draft.expiresAt)
    }

    @Test("an order that was placed, as it is")
    func placed() {
        let order = placed(draft(1))
        #expect(BoardEntry(draft(1), .placed(order)) == BoardEntry(order))
        let free = order.moved(to: .delivered)
        #expect(BoardEntry(draft(1), .placed(free))?.standing == .written(free))
        #expect(BoardEntry(draft(1), .placed(free))?.version == 2)
    }

    @Test("an order that was there already, by its version only")
    func existing() {
        let entry = BoardEntry(draft(1), .existing(placed(draft(1)).moved(to: .cancelled)))
        #expect(entry?.order == draft(1).id && entry?.version == 2 && entry?.standing == nil)
    }

    @Test(
        "one that another stands for, or that was refused, as rejected",
        arguments: [0, 1, 2])
    func rejected(number: Int) {
        let placements: [Placement] = [.existing(placed(draft(2))), .mismatched, .refused(.soldOut)]
        let rejected = Order(draft(1), state: .rejected, version: 1, expiresAt: nil)
        #expect(BoardEntry(draft(1), placements[number]) == BoardEntry(rejected))
    }

    @Test("one that was cancelled before it came, as cancelled")
    func fenced() {
        let entry = BoardEntry(draft(1), .fenced)
        #expect(entry == BoardEntry(fenced: draft(1).id))
        #expect(entry?.standing?.state == .cancelled && entry?.version == 1)
    }

    @Test("nothing of one that is not judged")
    func nothing() {
        #expect(BoardEntry(draft(1), .queued(draft(1))) == nil)
        #expect(BoardEntry(draft(1), .unknownKey) == nil)
        #expect(BoardEntry(judged: draft(1).id).standing == nil)
        #expect(BoardEntry(judged: draft(1).id).version > OrderStanding.unwritten.version)
    }
}

@Suite("Watching orders in one process")
struct OrderWatchTests {
    private func order(_ state: OrderState, version: Int = 1) -> Order {
        Order(
            id: OrderID(Identifier(high: 0, low: 1)), product: ProductID(1), slug: Fixtures.slug("game-key"),
            quantity: 1, buyer: Fixtures.buyer(1), channel: Fixtures.slug("sandbox"), total: Fixtures.price,
            lines: [PriceLine(.goods(quantity: 1), amount: Fixtures.price.amount)], coupon: nil, sealedFields: nil,
            state: state, version: version, createdAt: Timestamp(milliseconds: 0), expiresAt: nil)
    }

    private func board() -> OrderWatch {
        OrderWatch(maximum: 1, maximumPerOrder: 1) { _ throws(ShopError) in .fenced }
    }

    @Test("those who watch hear of newer states, and of the end")
    func hearing() async throws {
        let watch = board()
        let stream = try #require(watch.watch(order(.queued).id))
        for change in [order(.awaitingPayment), order(.delivered, version: 2), order(.awaitingPayment)] {
            watch.tell([BoardEntry(change)])
        }
        watch.close()
        let heard = await stream.reduce(into: []) { $0.append($1) }
        #expect(
            heard == [OrderNews(state: .awaitingPayment, version: 1), OrderNews(state: .delivered, version: 2)])
        #expect(watch.watch(order(.queued).id) == nil)
    }

    @Test("only so many may watch, and who leaves makes room")
    func bound() throws {
        let watch = board()
        do {
            let stream = try #require(watch.watch(order(.queued).id))
            #expect(watch.watch(order(.queued).id) == nil)
            _ = stream
        }
        #expect(watch.watch(order(.queued).id) != nil)
    }

    @Test("how an order stands is what the ledger says")
    func standing() async throws {
        let watch = board()
        watch.tell([BoardEntry(order(.delivered))])
        #expect(try await watch.standing(of: order(.queued).id) == .fenced)
    }
}

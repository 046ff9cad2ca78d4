import Domain
import Shop

/// What every ledger must do. Each case gets a ledger of its own.
public enum LedgerContract {
    /// All cases.
    public static let cases: [ContractCase<LedgerBench>] =
        [
            ContractCase("the last card has one winner among 200", lastCard),
            ContractCase("500 cards and 4,000 buyers make 500 orders", hotSale),
            ContractCase("a buyer limit of 2 lets two of 50 concurrent orders through", buyerLimit),
            ContractCase("a buyer's limit holds inside one batch", buyerLimitInBatch),
            ContractCase("50 submissions under one idempotency key make one order", idempotency),
            ContractCase("the same key with another body is a mismatch", idempotencyMismatch),
            ContractCase("a key is remembered for accepted orders only", idempotencyOfRefused),
            ContractCase("a replay never claims", replay),
            ContractCase("a cancel that comes first keeps the order out", cancelBeforeClaim),
            ContractCase("an order is unwritten, fenced, or as it stands", standings),
            ContractCase("a cancel gives card and units back, once", cancelTwice),
            ContractCase("expiry ends what has run out, and nothing else", expiry),
            ContractCase("an attempt is opened once an order and channel", attempts),
            ContractCase("a page of orders is newest first and can be gone through", pages),
            ContractCase("a query tag finds its orders only", lookup),
            ContractCase("cards seen before are duplicates, per product", duplicates),
            ContractCase("a card is found by its content, in its product only, wherever it stands", byContent),
            ContractCase("the gate's snapshot is what the ledger holds", snapshot),
        ] + paymentCases + byHandCases + cardCases + changeCases + offerCases + couponCases + pickCases + noticeCases
        + settingCases + staffCases + journalCases + figureCases

    // MARK: Scarce things

    @Sendable private static func lastCard(_ bench: LedgerBench) async throws {
        let product = try await bench.product(cards: 1)
        let winners = try await concurrently(200) { number in
            if case .placed = try await bench.place(bench.draft(product, buyer: number)) { 1 } else { 0 }
        }
        try expect(winners, is: 1)
        try await bench.audit()
    }

    @Sendable private static func hotSale(_ bench: LedgerBench) async throws {
        let product = try await bench.product(cards: 500)
        let winners = try await concurrently(4000) { number in
            if case .placed = try await bench.place(bench.draft(product, buyer: number)) { 1 } else { 0 }
        }
        try expect(winners, is: 500)
        try expect(try await bench.stock().held, is: 500)
        try await bench.audit()
    }

    @Sendable private static func buyerLimit(_ bench: LedgerBench) async throws {
        let product = try await bench.product(cards: 100, limits: Fixtures.limits(perOrder: 2, perBuyer: 2))
        let winners = try await concurrently(50) { _ in
            if case .placed = try await bench.place(bench.draft(product, buyer: 1)) { 1 } else { 0 }
        }
        try expect(winners, is: 2)
        try await bench.audit()
    }

    @Sendable private static func buyerLimitInBatch(_ bench: LedgerBench) async throws {
        let product = try await bench.product(cards: 100, limits: Fixtures.limits(perOrder: 2, perBuyer: 2))
        let batch = (1...50).map { _ in Submission.place(bench.draft(product, buyer: 1)) }
        let refused = try await bench.place(batch).filter { $0 == .refused(.limitReached) }
        try expect(refused.count, is: 48)
        try await bench.audit()
    }

    // MARK: Idempotency keys

    @Sendable private static func idempotency(_ bench: LedgerBench) async throws {
        let product = try await bench.product(cards: 100)
        let ids = try await withThrowingTaskGroup(of: OrderID.self) { group in
            for _ in 1...50 {
                group.addTask {
                    switch try await bench.place(bench.draft(product, buyer: 1, key: "key")) {
                    case .placed(let order), .existing(let order): return order.id
                    case let other: throw ContractViolation(description: "unexpected placement \(other)")
                    }
                }
            }
            return try await group.reduce(into: Set<OrderID>()) { $0.insert($1) }
        }
        try expect(ids.count, is: 1)
        try expect(try await bench.stock().held, is: 1)
    }

    @Sendable private static func idempotencyMismatch(_ bench: LedgerBench) async throws {
        let product = try await bench.product(cards: 10)
        let other = try await bench.product("other-key")
        _ = try await bench.placed(bench.draft(product, buyer: 1, key: "key", digest: 1))
        try expect(try await bench.place(bench.draft(product, buyer: 1, key: "key", digest: 2)), is: .mismatched)
        let elsewhere = try await bench.place(bench.draft(other, buyer: 1, key: "key", digest: 2))
        try expect(elsewhere, is: .refused(.soldOut), "the scope of a key is the product")
    }

    @Sendable private static func idempotencyOfRefused(_ bench: LedgerBench) async throws {
        let product = try await bench.product()
        try expect(try await bench.place(bench.draft(product, buyer: 1, key: "key")), is: .refused(.soldOut))
        try await bench.restock(product, Fixtures.cards(0..<1))
        _ = try await bench.placed(bench.draft(product, buyer: 1, key: "key"))
    }

    @Sendable private static func replay(_ bench: LedgerBench) async throws {
        let product = try await bench.product(cards: 1)
        let draft = bench.draft(product, buyer: 1, key: "key")
        try expect(try await bench.find(draft), is: .unknownKey)
        let order = try await bench.placed(draft)
        let again = bench.draft(product, buyer: 1, key: "key")
        try expect(try await bench.find(again), is: .existing(order))
    }

    // MARK: Endings

    @Sendable private static func cancelBeforeClaim(_ bench: LedgerBench) async throws {
        let product = try await bench.product(cards: 1)
        let draft = bench.draft(product, buyer: 1)
        try expect(try await bench.ledger.cancel(draft.id, at: bench.clock.now()), is: .fenced)
        try expect(try await bench.ledger.cancel(draft.id, at: bench.clock.now()), is: .fenced, "again")
        try expect(try await bench.place(draft), is: .fenced)
        try expect(try await bench.ledger.order(draft.id), is: nil)
        try expect(try await bench.ledger.standing(of: draft.id), is: .fenced)
        try expect(try await bench.stock().available, is: 1)
        try await bench.audit()
    }

    @Sendable private static func standings(_ bench: LedgerBench) async throws {
        let product = try await bench.product(cards: 2)
        let (draft, other) = (bench.draft(product, buyer: 1, sealedFields: [1, 2]), bench.draft(product, buyer: 2))
        try expect(try await bench.ledger.standing(of: draft.id), is: .unwritten)
        try expect(try await bench.ledger.cancel(other.id, at: bench.clock.now()), is: .fenced)
        try expect(try await bench.ledger.standing(of: draft.id), is: .unwritten, "the fence is another order's")
        let order = try await bench.placed(draft)
        try expect(try await bench.ledger.standing(of: draft.id), is: .written(order))
        _ = try await bench.ledger.cancel(draft.id, at: bench.clock.now())
        try expect(try await bench.ledger.standing(of: draft.id), is: .written(order.moved(to: .cancelled)))
    }

    @Sendable private static func cancelTwice(_ bench: LedgerBench) async throws {
        let product = try await bench.product(cards: 1, limits: Fixtures.limits(perOrder: 1, perBuyer: 1))
        let order = try await bench.placed(bench.draft(product, buyer: 1))
        guard case .order(let first) = try await bench.ledger.cancel(order.id, at: bench.clock.now()),
            case .order(let second) = try await bench.ledger.cancel(order.id, at: bench.clock.now())
        else { throw ContractViolation(description: "the order is there") }
        try expect(first.changed && first.order.state == .cancelled, "cancelled")
        try expect(!second.changed && second.order == first.order, "nothing changes")
        _ = try await bench.placed(bench.draft(product, buyer: 1))
        try await bench.audit()
    }

    @Sendable private static func expiry(_ bench: LedgerBench) async throws {
        let product = try await bench.product(cards: 3, holdSeconds: 10)
        let first = try await bench.placed(bench.draft(product, buyer: 1))
        let paid = try await bench.placed(bench.draft(product, buyer: 2))
        _ = try await bench.pay(paid.id)
        bench.clock.advance(seconds: 5)
        let later = try await bench.placed(bench.draft(product, buyer: 3))
        try expect(try await bench.ledger.expire(at: bench.clock.now(), limit: 10), is: [])
        bench.clock.advance(seconds: 5)
        let ended = try await bench.ledger.expire(at: bench.clock.now(), limit: 10)
        try expect(ended.map(\.id), is: [first.id])
        try expect(ended.map(\.state), is: [.expired])
        try expect(try await bench.ledger.order(later.id)?.state, is: .awaitingPayment)
        try await bench.audit()
    }

    // MARK: Reading

    @Sendable private static func attempts(_ bench: LedgerBench) async throws {
        let product = try await bench.product(cards: 1)
        let order = try await bench.placed(bench.draft(product, buyer: 1))
        let first = try await bench.attempt(order.id)
        try expect(try await bench.attempt(order.id), is: first)
        try expect(try await bench.ledger.attempt(first.id), is: first)
    }

    @Sendable private static func pages(_ bench: LedgerBench) async throws {
        let product = try await bench.product(cards: 5)
        var ids: [OrderID] = []
        for number in 1...5 {
            bench.clock.advance(seconds: 1)
            ids.append(try await bench.placed(bench.draft(product, buyer: number)).id)
        }
        _ = try await bench.ledger.cancel(ids[2], at: bench.clock.now())
        let first = try await bench.ledger.orders(OrderFilter(limit: 2)).map(\.id)
        try expect(first, is: [ids[4], ids[3]])
        let second = try await bench.ledger.orders(OrderFilter(after: ids[3], limit: 2)).map(\.id)
        try expect(second, is: [ids[2], ids[1]])
        let cancelled = try await bench.ledger.orders(OrderFilter(state: .cancelled, limit: 9)).map(\.id)
        try expect(cancelled, is: [ids[2]])
        let ofBuyer = try await bench.ledger.orders(OrderFilter(buyer: Fixtures.buyer(1), limit: 9)).map(\.id)
        try expect(ofBuyer, is: [ids[0]])
    }

    @Sendable private static func lookup(_ bench: LedgerBench) async throws {
        let product = try await bench.product(cards: 3)
        let order = try await bench.placed(bench.draft(product, buyer: 1, queryTag: [1]))
        _ = try await bench.placed(bench.draft(product, buyer: 1, queryTag: [2]))
        _ = try await bench.placed(bench.draft(product, buyer: 1))
        try expect(try await bench.ledger.orders(queryTag: [1], limit: 9), is: [order])
        try expect(try await bench.ledger.orders(queryTag: [], limit: 9), is: [])
    }

    @Sendable private static func duplicates(_ bench: LedgerBench) async throws {
        let product = try await bench.product(cards: 5)
        let other = try await bench.product("other-key")
        let batch = try await bench.cards.openBatch(of: product.id, at: bench.clock.now())
        let again = try await bench.cards.add(Fixtures.cards(3..<8), to: product.id, batch: batch)
        try expect(again, is: ImportedSlice(imported: 3, duplicates: [0, 1], change: 2))
        try await bench.restock(other, Fixtures.cards(0..<5))
        try await bench.audit()
    }

    @Sendable private static func byContent(_ bench: LedgerBench) async throws {
        let product = try await bench.product(cards: 3)
        let other = try await bench.product("other-key")
        try await bench.restock(other, Fixtures.cards(2..<4, surcharge: 5))
        let order = try await bench.placed(bench.draft(product, buyer: 1))
        func find(_ numbers: Range<Int>, in products: [Product]) async throws -> [CardEntry] {
            try await bench.cards.cards(
                withFingerprints: products.flatMap { product in
                    Fixtures.cards(numbers).map { CardFingerprint(product: product.id, digest: $0.fingerprint) }
                })
        }
        let sold = try unwrap(try await find(0..<1, in: [product]).first)
        try expect(sold.state == .held && sold.order == order.id && sold.product == product.id, "\(sold)")
        try expect(try await bench.cards.card(sold.id), is: sold)
        try expect(try await find(3..<4, in: [product]), is: [])
        try expect(try await find(0..<2, in: [other]), is: [])
        try expect(try await find(0..<0, in: [other]), is: [])
        let both = try await find(0..<9, in: [product, other, product])
        try expect(both.map(\.product), is: Array(repeating: product.id, count: 3) + [other.id, other.id])
        try expect(both.map(\.id), is: both.map(\.id).sorted(), "in the order of their numbers")
        try expect(both.last?.preview, is: CardPreview(text: "number 3", surcharge: 5))
        // A card that comes again after its batch was undone has another number.
        let batch = try unwrap(both.last?.batch)
        _ = try await bench.cards.undo(batch, below: .max, limit: 9)
        try expect(try await find(2..<4, in: [other]), is: [])
        try await bench.restock(other, Fixtures.cards(2..<3))
        let again = try unwrap(try await find(2..<3, in: [other]).first)
        try expect(again.id > both[4].id && again.preview == nil, "\(again)")
    }

    @Sendable private static func snapshot(_ bench: LedgerBench) async throws {
        let product = try await bench.product(cards: 5)
        let held = try await bench.placed(bench.draft(product, buyer: 1, quantity: 2, key: "key"))
        let sold = try await bench.placed(bench.draft(product, buyer: 2))
        _ = try await bench.pay(sold.id)
        let snapshot = try await bench.ledger.gateSnapshot(
            keysSince: bench.clock.now().advanced(seconds: -1), maximumUnits: 10, maximumKeys: 10)
        try expect(snapshot.available, is: [product.id: 2])
        try expect(snapshot.pickable, is: [:])
        try expect(snapshot.changes, is: [product.id: 1])
        try expect(try await bench.ledger.stock(), is: [StockPlace(product: product.id, pool: .drawn): 2])
        let ticket = GateSnapshot.Ticket(order: held.id, product: product.id, buyer: held.buyer, quantity: 2)
        try expect(snapshot.tickets, is: [ticket])
        try expect(snapshot.keys, is: [GateSnapshot.Key(product: product.id, key: "key")])
        try expect(
            Set(snapshot.units.map(\.units)), is: [BuyerUnits(total: 2, held: 2), BuyerUnits(total: 1, held: 0)])
    }

    /// Runs so many tasks at once and adds up what they return.
    static func concurrently(_ count: Int, _ body: @escaping @Sendable (Int) async throws -> Int) async throws -> Int {
        try await withThrowingTaskGroup(of: Int.self) { group in
            for number in 1...count { group.addTask { try await body(number) } }
            return try await group.reduce(0, +)
        }
    }
}

import Domain
import NIOConcurrencyHelpers
import Shop

// Changes of stock and units that go past the gate are numbered.
extension LedgerContract {
    static let changeCases: [ContractCase<LedgerBench>] = [
        ContractCase("what changes a pool past the gate has the next number of its product", changesOfPools),
        ContractCase("what late money and refunds change has the next number of its product", changesByMoney),
        ContractCase("what an order does that came through the gate has no number", orderWithoutChange),
        ContractCase("changes at once are numbered without a gap, and one that fails takes no number", changesAtOnce),
        ContractCase("a snapshot holds the changes up to its number and no other", changesOfSnapshot),
    ]

    private static func changes(_ bench: LedgerBench) async throws -> [ProductID: Int64] {
        try await bench.ledger.gateSnapshot(keysSince: bench.clock.now(), maximumUnits: 0, maximumKeys: 0).changes
    }

    @Sendable private static func changesOfPools(_ bench: LedgerBench) async throws {
        let product = try await bench.product()
        let other = try await bench.product("other-key", cards: 1)
        try expect(try await changes(bench), is: [other.id: 1])
        let batch = try await bench.cards.openBatch(of: product.id, at: bench.clock.now())
        try expect(try await bench.cards.add(Fixtures.cards(0..<5), to: product.id, batch: batch).change, is: 1)
        let again = try await bench.cards.add(Fixtures.cards(0..<5), to: product.id, batch: batch)
        try expect(again.change, is: 0, "nothing was added")
        let cards = try await bench.cards.cards(CardFilter(product: product.id, limit: 9))
        let voided = try await bench.cards.void(cards[0].id, by: bench.owner, at: bench.clock.now())
        try expect(voided.change, is: 2)
        let order = try await bench.placed(bench.draft(product, buyer: 1))
        _ = try await bench.pay(order.id)
        let sold = try unwrap(
            try await bench.cards.cards(CardFilter(product: product.id, state: .sold, limit: 1)).first)
        let replaced = try await bench.cards.replace(sold.id, with: nil, by: bench.owner, at: bench.clock.now())
        try expect(replaced.change, is: 3)
        try expect(try await changes(bench), is: [product.id: 3, other.id: 1])
        try expect(try await bench.cards.undo(batch, below: .max, limit: 9).change, is: 4)
        let nothing = try await bench.cards.undo(batch, below: .max, limit: 9)
        try expect(nothing.change, is: 0, "nothing was left to take out")
        try expect(try await changes(bench), is: [product.id: 4, other.id: 1])
    }

    @Sendable private static func changesByMoney(_ bench: LedgerBench) async throws {
        let product = try await bench.product(cards: 1, lateMoney: .wait)
        let order = try await bench.placed(bench.draft(product, buyer: 1))
        let attempt = try await bench.attempt(order.id)
        bench.clock.advance(seconds: product.holdSeconds)
        _ = try await bench.ledger.expire(at: bench.clock.now(), limit: 10)
        let second = try await bench.placed(bench.draft(product, buyer: 2))
        let paid = try await bench.ledger.record(bench.receipt(attempt))
        try expect(paid.change?.gate, is: GateEffect(units: 1, change: 2))
        _ = try await bench.ledger.cancel(second.id, at: bench.clock.now())
        let delivered = try await bench.ledger.deliverWaiting(at: bench.clock.now(), limit: 9)
        try expect(delivered.map(\.gate), is: [GateEffect(cardsTaken: 1, change: 3)])
        let returned = try await bench.ledger.requestRefund(order.id, by: bench.owner, at: bench.clock.now())
        try expect(returned.gate, is: GateEffect(units: -1, change: 4))
        let again = try await bench.ledger.requestRefund(order.id, by: bench.owner, at: bench.clock.now())
        try expect(again.gate, is: .none)
        let manual = try await bench.product("by-hand", kind: .manual)
        let late = try await bench.placed(bench.draft(manual, buyer: 1))
        bench.clock.advance(seconds: manual.holdSeconds)
        _ = try await bench.ledger.expire(at: bench.clock.now(), limit: 10)
        let confirmed = try await bench.ledger.confirm(late.id, by: bench.owner, at: bench.clock.now())
        try expect(confirmed.gate, is: GateEffect(units: 1, change: 1))
        let done = try await bench.ledger.fulfil(late.id, sealed: [1], by: bench.owner, at: bench.clock.now())
        try expect(done.gate, is: .none)
        try expect(try await changes(bench), is: [product.id: 4, manual.id: 1])
    }

    @Sendable private static func orderWithoutChange(_ bench: LedgerBench) async throws {
        let product = try await bench.product(cards: 5)
        let orders = [
            try await bench.placed(bench.draft(product, buyer: 1)),
            try await bench.placed(bench.draft(product, buyer: 2)),
            try await bench.placed(bench.draft(product, buyer: 3)),
        ]
        try expect(try await bench.pay(orders[0].id).change?.gate, is: GateEffect(end: .sold))
        let cancelled = try await bench.ledger.cancel(orders[1].id, at: bench.clock.now())
        guard case .order(let change) = cancelled else {
            throw ContractViolation(description: "the order was not cancelled")
        }
        try expect(change.gate, is: GateEffect(end: .released))
        bench.clock.advance(seconds: product.holdSeconds)
        _ = try await bench.ledger.expire(at: bench.clock.now(), limit: 10)
        try expect(try await changes(bench), is: [product.id: 1], "the import alone")
    }

    @Sendable private static func changesAtOnce(_ bench: LedgerBench) async throws {
        let product = try await bench.product(cards: 40)
        let cards = try await bench.cards.cards(CardFilter(product: product.id, limit: 40))
        let numbers = NIOLockedValueBox<[Int64]>([])
        // Each card is voided twice, and the second of them fails.
        let voided = try await concurrently(80) { number in
            let card = cards[number / 2 % 40].id
            let changed = try? await bench.cards.void(card, by: bench.owner, at: bench.clock.now())
            if let changed { numbers.withLockedValue { $0.append(changed.change) } }
            return changed == nil ? 0 : 1
        }
        try expect(voided, is: 40)
        try expect(numbers.withLockedValue { $0.sorted() }, is: (2...41).map { $0 })
        try expect(try await changes(bench), is: [product.id: 41])
    }

    /// Each change adds one card, so that a snapshot must have as many cards as changes.
    @Sendable private static func changesOfSnapshot(_ bench: LedgerBench) async throws {
        let product = try await bench.product()
        let batch = try await bench.cards.openBatch(of: product.id, at: bench.clock.now())
        let seen = try await withThrowingTaskGroup(of: Bool.self) { group in
            for worker in 0..<4 {
                group.addTask {
                    for number in 0..<15 {
                        let card = Fixtures.cards(worker * 100 + number..<worker * 100 + number + 1)
                        _ = try await bench.cards.add(card, to: product.id, batch: batch)
                    }
                    return true
                }
            }
            group.addTask {
                var known: Int64 = 0
                while known < 60 {
                    let snapshot = try await bench.ledger.gateSnapshot(
                        keysSince: bench.clock.now(), maximumUnits: 0, maximumKeys: 0)
                    known = snapshot.changes[product.id] ?? 0
                    guard snapshot.available[product.id] ?? 0 == Int(known) else { return false }
                }
                return true
            }
            return try await group.reduce(true) { $0 && $1 }
        }
        try expect(seen, is: true)
    }
}

import Domain
import Shop

// Cards that buyers pick: claimed by number, each by one.
extension LedgerContract {
    static var pickCases: [ContractCase<LedgerBench>] {
        [
            ContractCase("two buyers of one picked card, 100 rounds: one winner each", twoBuyers),
            ContractCase("picked and drawn cards are two pools, and neither takes from the other", twoPools),
            ContractCase("a card is not picked for another surcharge, of another product, or twice", wrongPicks),
            ContractCase("a picked card goes back to be picked when its order ends", pickComesBack),
            ContractCase("late money has the same card or goes to review, also where others wait", latePick),
            ContractCase("pickable cards are listed in pages, oldest first, while they are there", pickablePages),
            ContractCase("a replacement may be named, and the history is kept", replaceByName),
            ContractCase("a card to be picked may replace a drawn one, and the reverse", replaceAcrossPools),
            ContractCase("undoing a batch says what it took out of which pool", undoOfPicks),
            ContractCase("the gate's snapshot tells the pools apart", snapshotOfPools),
        ]
    }

    private static func pickable(
        _ bench: LedgerBench, _ count: Int, drawn: Int = 0, lateMoney: LateMoney = .deliver
    ) async throws -> (product: Product, picks: [PickedCard]) {
        let product = try await bench.product(
            cards: drawn, holdSeconds: 10, lateMoney: lateMoney, isPickable: true)
        try await bench.restock(product, Fixtures.cards(1000..<(1000 + count), surcharge: 500))
        let cards = try await bench.cards.pickable(product.id, after: 0, limit: count)
        return (product, try await bench.cards.pickable(cards.map(\.id), of: product.id))
    }

    private static func draft(
        _ bench: LedgerBench, _ product: Product, _ buyer: Int, _ picks: [PickedCard]
    ) -> OrderDraft {
        bench.draft(product, buyer: buyer, quantity: picks.count, picks: picks)
    }

    @Sendable private static func twoBuyers(_ bench: LedgerBench) async throws {
        let (product, picks) = try await pickable(bench, 100)
        for pick in picks {
            let winners = try await concurrently(2) { buyer in
                switch try await bench.place(draft(bench, product, buyer, [pick])) {
                case .placed(let order):
                    try expect(order.total, is: Fixtures.money(1990 + 500), "the surcharge is paid")
                    return 1
                case .refused(.cardTaken): return 0
                case let other: throw ContractViolation(description: "unexpected placement \(other)")
                }
            }
            try expect(winners, is: 1)
        }
        try await bench.audit()
    }

    @Sendable private static func twoPools(_ bench: LedgerBench) async throws {
        let (product, picks) = try await pickable(bench, 2, drawn: 1)
        _ = try await bench.placed(bench.draft(product, buyer: 1))
        try expect(try await bench.place(bench.draft(product, buyer: 2)), is: .refused(.soldOut), "none is drawn")
        let both = try await bench.placed(draft(bench, product, 3, picks))
        try expect(both.total, is: Fixtures.money(2 * (1990 + 500)))
        let held = try await bench.cards.cards(CardFilter(product: product.id, order: both.id, limit: 9)).map(\.id)
        try expect(held, is: picks.map(\.card))
        try expect(try await bench.pay(both.id).order?.state, is: .delivered)
        try await bench.audit()
    }

    @Sendable private static func wrongPicks(_ bench: LedgerBench) async throws {
        let (product, picks) = try await pickable(bench, 2)
        let other = try await bench.product("other-key", isPickable: true)
        try await bench.restock(other, Fixtures.cards(0..<2))
        let cheap = PickedCard(card: picks[0].card, surcharge: 0)
        try expect(try await bench.place(draft(bench, product, 1, [cheap])), is: .refused(.cardTaken), "cheaper")
        try expect(try await bench.place(draft(bench, other, 1, [picks[0]])), is: .refused(.cardTaken), "elsewhere")
        let twice = [picks[0], picks[0]]
        try expect(try await bench.place(draft(bench, product, 1, twice)), is: .refused(.cardTaken), "twice")
        let drawn = try unwrap(try await bench.cards.cards(CardFilter(product: other.id, limit: 1)).first)
        let asPick = PickedCard(card: drawn.id, surcharge: 0)
        try expect(try await bench.place(draft(bench, other, 1, [asPick])), is: .refused(.cardTaken), "not pickable")
        try expect(try await bench.cards.pickable([drawn.id, 9999], of: other.id), is: [])
        _ = try await bench.placed(draft(bench, product, 1, picks))
        try await bench.audit()
    }

    @Sendable private static func pickComesBack(_ bench: LedgerBench) async throws {
        let (product, picks) = try await pickable(bench, 1)
        let first = try await bench.placed(draft(bench, product, 1, picks))
        try expect(try await bench.cards.pickable(product.id, after: 0, limit: 9), is: [])
        bench.clock.advance(seconds: 10)
        _ = try await bench.ledger.expire(at: bench.clock.now(), limit: 10)
        try expect(try await bench.ledger.order(first.id)?.state, is: .expired)
        let second = try await bench.placed(draft(bench, product, 2, picks))
        _ = try await bench.pay(second.id)
        try expect(try await bench.place(draft(bench, product, 3, picks)), is: .refused(.cardTaken))
        try await bench.audit()
    }

    @Sendable private static func latePick(_ bench: LedgerBench) async throws {
        let (product, picks) = try await pickable(bench, 2, drawn: 5, lateMoney: .wait)
        var late: [Attempt] = []
        for (buyer, pick) in picks.enumerated() {
            late.append(try await bench.attempt(try await bench.placed(draft(bench, product, buyer, [pick])).id))
        }
        bench.clock.advance(seconds: 10)
        _ = try await bench.ledger.expire(at: bench.clock.now(), limit: 10)
        _ = try await bench.placed(draft(bench, product, 9, [picks[1]]))
        let delivered = try await bench.ledger.record(bench.receipt(late[0]))
        try expect(delivered.order?.state, is: .delivered)
        try expect(delivered.change?.gate, is: GateEffect(cardsTaken: 1, units: 1, change: 3))
        let cards = try await bench.cards.cards(CardFilter(product: product.id, order: late[0].order, limit: 9))
        try expect(cards.map(\.id), is: [picks[0].card])
        let reviewed = try await bench.ledger.record(bench.receipt(late[1]))
        try expect(reviewed.order?.state, is: .review, "another card is not what was bought")
        try await refuses(.cardTaken) {
            try await bench.ledger.confirm(late[1].order, by: bench.owner, at: bench.clock.now())
        }
        try await bench.audit()
    }

    @Sendable private static func pickablePages(_ bench: LedgerBench) async throws {
        let (product, picks) = try await pickable(bench, 5, drawn: 3)
        let first = try await bench.cards.pickable(product.id, after: 0, limit: 3)
        try expect(first.map(\.id), is: picks.prefix(3).map(\.card))
        try expect(first[0].preview, is: CardPreview(text: "number 1000", surcharge: 500))
        _ = try await bench.placed(draft(bench, product, 1, [picks[3]]))
        let second = try await bench.cards.pickable(product.id, after: try unwrap(first.last).id, limit: 3)
        try expect(second.map(\.id), is: [picks[4].card])
    }

    @Sendable private static func replaceByName(_ bench: LedgerBench) async throws {
        let (product, picks) = try await pickable(bench, 3)
        let order = try await bench.placed(draft(bench, product, 1, [picks[0]]))
        _ = try await bench.pay(order.id)
        try await refuses(.soldOut) {
            try await bench.cards.replace(picks[0].card, with: nil, by: bench.owner, at: bench.clock.now())
        }
        let second = try await bench.cards.replace(
            picks[0].card, with: picks[1].card, by: bench.owner, at: bench.clock.now()
        ).card
        try expect(second.order, is: order.id)
        try expect(second.pool, is: .picked)
        try await refuses(.wrongState) {
            try await bench.cards.replace(second.id, with: picks[0].card, by: bench.owner, at: bench.clock.now())
        }
        _ = try await bench.cards.replace(second.id, with: picks[2].card, by: bench.owner, at: bench.clock.now())
        let history = try await bench.cards.replacements(of: order.id)
        try expect(history.map(\.card), is: [picks[0].card, picks[1].card])
        try expect(history.map(\.replacement), is: [picks[1].card, picks[2].card])
        try expect(history.first?.note, is: bench.owner)
        try expect(try await bench.ledger.goods(of: order.id).count, is: 1)
        try await bench.audit()
    }

    @Sendable private static func replaceAcrossPools(_ bench: LedgerBench) async throws {
        let (product, picks) = try await pickable(bench, 2, drawn: 2)
        let drawn = try await bench.placed(bench.draft(product, buyer: 1))
        let picked = try await bench.placed(draft(bench, product, 2, [picks[0]]))
        for order in [drawn, picked] { _ = try await bench.pay(order.id) }
        let card = try unwrap(
            try await bench.cards.cards(CardFilter(product: product.id, order: drawn.id, limit: 1)).first)
        _ = try await bench.cards.replace(card.id, with: picks[1].card, by: bench.owner, at: bench.clock.now())
        _ = try await bench.cards.replace(picks[0].card, with: nil, by: bench.owner, at: bench.clock.now())
        try await bench.audit()
    }

    @Sendable private static func undoOfPicks(_ bench: LedgerBench) async throws {
        let (product, picks) = try await pickable(bench, 4)
        _ = try await bench.placed(draft(bench, product, 1, [picks[0]]))
        let batch = try unwrap(try await bench.cards.batches(of: product.id, limit: 1).first)
        let slice = try await bench.cards.undo(batch.id, below: .max, limit: 100)
        try expect(slice.removed[.picked], is: 3)
        try expect(slice.removed[.drawn] ?? 0, is: 0)
        try expect(try await bench.cards.pickable(product.id, after: 0, limit: 9), is: [])
        try await bench.audit()
    }

    @Sendable private static func snapshotOfPools(_ bench: LedgerBench) async throws {
        let (product, picks) = try await pickable(bench, 3, drawn: 4)
        let picked = try await bench.placed(draft(bench, product, 1, [picks[0]]))
        let drawn = try await bench.placed(bench.draft(product, buyer: 2))
        let snapshot = try await bench.ledger.gateSnapshot(
            keysSince: bench.clock.now(), maximumUnits: 10, maximumKeys: 10)
        try expect(snapshot.available, is: [product.id: 3])
        try expect(snapshot.pickable, is: [product.id: 2])
        let pools = Dictionary(uniqueKeysWithValues: snapshot.tickets.map { ($0.order, $0.pool) })
        try expect(pools, is: [picked.id: .picked, drawn.id: .drawn])
    }
}

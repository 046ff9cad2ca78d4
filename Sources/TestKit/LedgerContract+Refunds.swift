import Domain
import Shop

extension LedgerContract {
    @Sendable static func secondPaymentRefund(_ bench: LedgerBench) async throws {
        let product = try await bench.product(cards: 5)
        let order = try await bench.placed(bench.draft(product, buyer: 1))
        let attempt = try await bench.attempt(order.id)
        _ = try await bench.ledger.record(bench.receipt(attempt, event: "one"))
        _ = try await bench.ledger.record(bench.receipt(attempt, event: "two"))
        let open = try unwrap(try await bench.ledger.refunds(RefundFilter(state: .open, limit: 10)).first)
        try expect(open.attempt, is: nil, "a provider could not tell the two apart")
        try await refuses(.wrongState) {
            try await bench.ledger.finishRefund(open.id, outcome: "x", by: bench.owner, at: bench.clock.now())
        }
        let requested = try await bench.ledger.requestRefund(case: open.id, by: bench.owner, at: bench.clock.now())
        try expect(requested.state, is: .requested)
        let done = try await bench.ledger.finishRefund(
            open.id, outcome: "by hand", by: bench.owner, at: bench.clock.now())
        try expect(done.refund.state, is: .done)
        try expect(done.change.order.state, is: .delivered, "the order keeps its cards")
        try await bench.audit()
    }

    @Sendable static func refund(_ bench: LedgerBench) async throws {
        let product = try await bench.product(cards: 5, limits: Fixtures.limits(perOrder: 1, perBuyer: 1))
        let order = try await bench.placed(bench.draft(product, buyer: 1))
        _ = try await bench.pay(order.id)
        let change = try await bench.ledger.requestRefund(order.id, by: bench.owner, at: bench.clock.now())
        try expect(change.order.state, is: .refundPending)
        try expect(change.gate, is: GateEffect(units: -1, change: 2))
        try expect(try await bench.ledger.goods(of: order.id), is: [], "no longer shown")
        try await bench.audit()
        let refund = try unwrap(try await bench.ledger.refunds(RefundFilter(order: order.id, limit: 10)).first)
        try expect(refund.state, is: .requested)
        try expect(refund.note, is: bench.owner)
        try await bench.ledger.note(refund: refund.id, outcome: "no answer", at: bench.clock.now())
        for _ in 1...2 {
            let done = try await bench.ledger.finishRefund(
                refund.id, outcome: "done", by: bench.owner, at: bench.clock.now())
            try expect(done.change.order.state, is: .refunded)
        }
        try expect(try await bench.entry(.accepted).resolution, is: .refunded)
        _ = try await bench.placed(bench.draft(product, buyer: 1))
        try await bench.audit()
    }

    @Sendable static func refundAndSecond(_ bench: LedgerBench) async throws {
        let product = try await bench.product(cards: 5)
        let order = try await bench.placed(bench.draft(product, buyer: 1))
        let attempt = try await bench.attempt(order.id)
        _ = try await bench.ledger.record(bench.receipt(attempt, event: "one"))
        _ = try await bench.ledger.requestRefund(order.id, by: bench.owner, at: bench.clock.now())
        let first = try unwrap(try await bench.ledger.refunds(RefundFilter(state: .requested, limit: 1)).first)
        let told = try await concurrently(20) { _ in
            try await bench.ledger.beginTelling(refund: first.id, at: bench.clock.now()) ? 1 : 0
        }
        try expect(told, is: 1, "the provider is told once")
        _ = try await bench.ledger.record(bench.receipt(attempt, event: "two"))
        let done = try await bench.ledger.finishRefund(
            first.id, outcome: "done", by: bench.owner, at: bench.clock.now())
        try expect(done.change.order.state, is: .refunded)
        try await bench.audit()
        let second = try unwrap(try await bench.ledger.refunds(RefundFilter(state: .open, limit: 1)).first)
        _ = try await bench.ledger.requestRefund(case: second.id, by: bench.owner, at: bench.clock.now())
        try await bench.audit()
    }

    @Sendable static func refundAtOnce(_ bench: LedgerBench) async throws {
        let product = try await bench.product(cards: 5)
        let order = try await bench.placed(bench.draft(product, buyer: 1))
        _ = try await bench.pay(order.id)
        let changed = try await concurrently(50) { _ in
            try await bench.ledger.requestRefund(order.id, by: bench.owner, at: bench.clock.now()).changed ? 1 : 0
        }
        try expect(changed, is: 1)
        try expect(try await bench.ledger.refunds(RefundFilter(limit: 10)).count, is: 1)
        try await bench.audit()
    }

    @Sendable static func refundUnpaid(_ bench: LedgerBench) async throws {
        let product = try await bench.product(cards: 5)
        let order = try await bench.placed(bench.draft(product, buyer: 1))
        try await refuses(.wrongState) {
            try await bench.ledger.requestRefund(order.id, by: bench.owner, at: bench.clock.now())
        }
        try expect(try await bench.ledger.order(order.id), is: order)
        try await bench.audit()
    }

    @Sendable static func queries(_ bench: LedgerBench) async throws {
        let product = try await bench.product(cards: 5)
        let order = try await bench.placed(bench.draft(product, buyer: 1))
        let attempt = Attempt(
            id: AttemptID(bench.identifiers.make()), order: order.id, channel: order.channel, amount: order.total,
            createdAt: bench.clock.now())
        _ = try await bench.ledger.open(attempt, queryAt: bench.clock.now().advanced(seconds: 60))
        try expect(try await bench.ledger.dueQueries(at: bench.clock.now(), limit: 10), is: [])
        bench.clock.advance(seconds: 60)
        let due = try await bench.ledger.dueQueries(at: bench.clock.now(), limit: 10)
        try expect(due, is: [DueQuery(attempt: attempt, queries: 0)])
        try expect(try await bench.ledger.schedule(due[0], number: 1, at: nil), is: true, "the first")
        try expect(
            try await bench.ledger.schedule(due[0], number: 1, at: bench.clock.now()), is: false, "somebody else")
        try expect(try await bench.ledger.dueQueries(at: bench.clock.now(), limit: 10), is: [], "set once")
    }

    // MARK: Cards

    static let cardCases: [ContractCase<LedgerBench>] = [
        ContractCase("a card is voided from the pool only", void),
        ContractCase("a sold card is replaced by one of the pool", replace),
        ContractCase("one spare card replaces one of 20", replaceAtOnce),
        ContractCase("a batch is taken out as if it had never come", undo),
        ContractCase("taking a batch out leaves what is sold", undoSold),
        ContractCase("a dry run finds what an import would, and stores nothing", rehearsal),
        ContractCase("a page of cards can be gone through", cardPages),
    ]

    @Sendable private static func void(_ bench: LedgerBench) async throws {
        let product = try await bench.product(cards: 2)
        _ = try await bench.placed(bench.draft(product, buyer: 1))
        let cards = try await bench.cards.cards(CardFilter(product: product.id, limit: 10))
        try await refuses(.wrongState) {
            try await bench.cards.void(cards[0].id, by: bench.owner, at: bench.clock.now())
        }
        let voided = try await bench.cards.void(cards[1].id, by: bench.owner, at: bench.clock.now())
        try expect(voided.card.state, is: .voided)
        try expect(try await bench.place(bench.draft(product, buyer: 2)), is: .refused(.soldOut))
        let entry = try await bench.cards.ownerJournal(after: nil, limit: 1).first
        try expect(entry?.action, is: "void")
        try expect(entry?.note, is: bench.owner)
        try await bench.audit()
    }

    @Sendable private static func replace(_ bench: LedgerBench) async throws {
        let product = try await bench.product(cards: 2)
        let order = try await bench.placed(bench.draft(product, buyer: 1))
        _ = try await bench.pay(order.id)
        let before = try await bench.ledger.goods(of: order.id)
        let card = try unwrap(
            try await bench.cards.cards(CardFilter(product: product.id, order: order.id, limit: 10)).first)
        let other = try await bench.cards.replace(card.id, with: nil, by: bench.owner, at: bench.clock.now()).card
        try expect(other.order, is: order.id)
        let after = try await bench.ledger.goods(of: order.id)
        try expect(after.count == 1 && after != before, "another card")
        try await refuses(.soldOut) {
            try await bench.cards.replace(other.id, with: nil, by: bench.owner, at: bench.clock.now())
        }
        try expect(try await bench.stock().voided, is: 1)
        try await bench.audit()
    }

    @Sendable private static func replaceAtOnce(_ bench: LedgerBench) async throws {
        let product = try await bench.product(cards: 21)
        let order = try await bench.placed(bench.draft(product, buyer: 1, quantity: 10))
        let second = try await bench.placed(bench.draft(product, buyer: 2, quantity: 10))
        _ = try await bench.pay(order.id)
        _ = try await bench.pay(second.id)
        let sold = try await bench.cards.cards(CardFilter(product: product.id, state: .sold, limit: 50))
        let replaced = try await concurrently(20) { number in
            let card = sold[number - 1].id
            return (try? await bench.cards.replace(card, with: nil, by: bench.owner, at: bench.clock.now())) == nil
                ? 0 : 1
        }
        try expect(replaced, is: 1)
        try await bench.audit()
    }

    @Sendable private static func undo(_ bench: LedgerBench) async throws {
        let product = try await bench.product(cards: 5)
        let batch = try await bench.cards.openBatch(of: product.id, at: bench.clock.now())
        _ = try await bench.cards.add(Fixtures.cards(100..<110), to: product.id, batch: batch)
        let first = try await bench.cards.undo(batch, below: .max, limit: 4)
        try expect(first.count, is: 4)
        try await bench.audit()
        let rest = try await bench.cards.undo(batch, below: try unwrap(first.next), limit: 100)
        try expect(rest.count, is: 6)
        try expect(rest.next, is: nil)
        try expect(try await bench.cards.undo(batch, below: .max, limit: 100).count, is: 0)
        try expect(try await bench.stock().available, is: 5)
        let again = try await bench.cards.add(Fixtures.cards(100..<110), to: product.id, batch: batch)
        try expect(again.imported, is: 10, "they may come again")
        try await bench.audit()
    }

    @Sendable private static func undoSold(_ bench: LedgerBench) async throws {
        let product = try await bench.product(cards: 5)
        let order = try await bench.placed(bench.draft(product, buyer: 1))
        _ = try await bench.pay(order.id)
        let batch = try unwrap(try await bench.cards.batches(of: product.id, limit: 1).first)
        try expect(try await bench.cards.undo(batch.id, below: .max, limit: 100).count, is: 4)
        try expect(try await bench.cards.batch(batch.id)?.cards, is: [.sold: 1])
        try expect(try await bench.stock().sold, is: 1)
        try await bench.audit()
    }

    @Sendable private static func rehearsal(_ bench: LedgerBench) async throws {
        let product = try await bench.product(cards: 3)
        let rehearsal = try await bench.cards.rehearsal(of: product.id)
        let first = try await rehearsal.duplicates(in: Fixtures.cards(2..<6).map(\.fingerprint))
        try expect(first, is: [0])
        let second = try await rehearsal.duplicates(in: Fixtures.cards(5..<8).map(\.fingerprint))
        try expect(second, is: [0], "seen before in this run")
        try expect(try await bench.stock().imported, is: 3)
    }

    @Sendable private static func cardPages(_ bench: LedgerBench) async throws {
        let product = try await bench.product(cards: 5)
        var filter = CardFilter(product: product.id, state: .available, limit: 2)
        var seen: [Int64] = []
        while let last = try await bench.cards.cards(filter).last {
            seen += try await bench.cards.contents(filter).map(\.id)
            filter.after = last.id
        }
        try expect(seen.count, is: 5)
        try expect(seen, is: seen.sorted())
    }
}

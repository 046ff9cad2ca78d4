import Domain
import Shop

// What every ledger must do when money comes.
extension LedgerContract {
    static let paymentCases: [ContractCase<LedgerBench>] = [
        ContractCase("50 identical callbacks at once make one delivery", repeatedPayment),
        ContractCase("a delivered order shows its cards, no other does", cardsOfDelivered),
        ContractCase("money after expiry claims again when stock is left", lateWithStock),
        ContractCase("money after expiry without stock goes to review", lateWithoutStock),
        ContractCase("money after expiry does not lift a buyer's limit", lateOverLimit),
        ContractCase("money after a cancel claims again when stock is left", lateAfterCancel),
        ContractCase("a wrong, absent or foreign amount delivers nothing", mismatch),
        ContractCase("a second payment changes nothing and is seen", secondPayment),
        ContractCase("a payment for nobody is kept for review", unknownOrder),
        ContractCase("forged callbacks are kept up to the bound", forged),
        ContractCase("1,000 rounds of expiry against payment end legally", expiryAgainstPayment),
        ContractCase("cancel, payment and expiry in any order end legally", allOrders),
    ]

    @Sendable private static func repeatedPayment(_ bench: LedgerBench) async throws {
        let product = try await bench.product(cards: 5)
        let order = try await bench.placed(bench.draft(product, buyer: 1))
        let attempt = try await bench.attempt(order.id)
        let accepted = try await concurrently(50) { _ in
            try await bench.ledger.record(bench.receipt(attempt)).verdict == .accepted ? 1 : 0
        }
        try expect(accepted, is: 1)
        try expect(try await bench.stock().sold, is: 1)
        let duplicates = try await bench.ledger.payments(PaymentFilter(verdict: .duplicate, limit: 100))
        try expect(duplicates.count, is: 49)
        try await bench.audit()
    }

    @Sendable private static func cardsOfDelivered(_ bench: LedgerBench) async throws {
        let product = try await bench.product(cards: 5)
        let order = try await bench.placed(bench.draft(product, buyer: 1, quantity: 2))
        try expect(try await bench.ledger.goods(of: order.id), is: [])
        let record = try await bench.pay(order.id)
        try expect(record.order?.state, is: .delivered)
        try expect(try await bench.ledger.goods(of: order.id).count, is: 2)
    }

    private static func expired(_ bench: LedgerBench, _ product: Product, buyer: Int) async throws -> Attempt {
        let order = try await bench.placed(bench.draft(product, buyer: buyer))
        let attempt = try await bench.attempt(order.id)
        bench.clock.advance(seconds: product.holdSeconds)
        _ = try await bench.ledger.expire(at: bench.clock.now(), limit: 10)
        return attempt
    }

    @Sendable private static func lateWithStock(_ bench: LedgerBench) async throws {
        let attempt = try await expired(bench, bench.product(cards: 1), buyer: 1)
        let record = try await bench.ledger.record(bench.receipt(attempt))
        try expect(record.verdict, is: .late)
        try expect(record.order?.state, is: .delivered)
        try expect(record.change?.gate, is: GateEffect(cardsTaken: 1, units: 1, change: 2), "the gate must hear of it")
        try await bench.audit()
    }

    @Sendable private static func lateWithoutStock(_ bench: LedgerBench) async throws {
        let product = try await bench.product(cards: 1)
        let attempt = try await expired(bench, product, buyer: 1)
        _ = try await bench.placed(bench.draft(product, buyer: 2))
        let record = try await bench.ledger.record(bench.receipt(attempt))
        try expect(record.verdict, is: .late)
        try expect(record.order?.state, is: .review)
        let entry = try await bench.ledger.payments(PaymentFilter(verdict: .late, limit: 1)).first
        try expect(entry?.resolution, is: .review)
        try await bench.audit()
    }

    @Sendable private static func lateOverLimit(_ bench: LedgerBench) async throws {
        let product = try await bench.product(cards: 5, limits: Fixtures.limits(perOrder: 1, perBuyer: 1))
        let attempt = try await expired(bench, product, buyer: 1)
        _ = try await bench.placed(bench.draft(product, buyer: 1))
        let record = try await bench.ledger.record(bench.receipt(attempt))
        try expect(record.order?.state, is: .review)
        try await bench.audit()
    }

    @Sendable private static func lateAfterCancel(_ bench: LedgerBench) async throws {
        let product = try await bench.product(cards: 1)
        let order = try await bench.placed(bench.draft(product, buyer: 1))
        let attempt = try await bench.attempt(order.id)
        _ = try await bench.ledger.cancel(order.id, at: bench.clock.now())
        let record = try await bench.ledger.record(bench.receipt(attempt))
        try expect(record.verdict, is: .late)
        try expect(record.order?.state, is: .delivered)
        try await bench.audit()
    }

    @Sendable private static func mismatch(_ bench: LedgerBench) async throws {
        let product = try await bench.product(cards: 5)
        let wrong: [Money?] = [
            Fixtures.money(1989), Fixtures.money(1991), Fixtures.money(1990, "USD"), Fixtures.money(0), nil,
        ]
        for (number, amount) in wrong.enumerated() {
            let order = try await bench.placed(bench.draft(product, buyer: number))
            let attempt = try await bench.attempt(order.id)
            let record = try await bench.ledger.record(bench.receipt(attempt, amount: .some(amount)))
            try expect(record.verdict, is: .mismatched)
            try expect(record.order?.state, is: .review)
        }
        try expect(try await bench.stock().available, is: 5, "the cards go back to the pool")
        try await bench.audit()
    }

    @Sendable private static func secondPayment(_ bench: LedgerBench) async throws {
        let product = try await bench.product(cards: 5)
        let order = try await bench.placed(bench.draft(product, buyer: 1))
        let attempt = try await bench.attempt(order.id)
        let first = try await bench.ledger.record(bench.receipt(attempt, event: "one"))
        let second = try await bench.ledger.record(bench.receipt(attempt, event: "two"))
        try expect(second.verdict, is: .late)
        try expect(!second.changed && second.order == first.order, "nothing changes")
        let entry = try await bench.ledger.payments(PaymentFilter(verdict: .late, limit: 1)).first
        try expect(entry?.resolution, is: .review)
        try await bench.audit()
    }

    @Sendable private static func unknownOrder(_ bench: LedgerBench) async throws {
        let attempt = Attempt(
            id: AttemptID(bench.identifiers.make()), order: OrderID(bench.identifiers.make()),
            channel: Fixtures.slug("sandbox"), amount: Fixtures.price, createdAt: bench.clock.now())
        let record = try await bench.ledger.record(bench.receipt(attempt))
        try expect(record.verdict, is: .unknownOrder)
        try expect(record.order, is: nil)
        try await bench.audit()
    }

    @Sendable private static func forged(_ bench: LedgerBench) async throws {
        let channel = Fixtures.slug("sandbox")
        for number in 1...1010 {
            let callback = ForgedCallback(raw: "\(number)", receivedAt: bench.clock.now())
            try await bench.ledger.recordForged([callback], uncounted: 0, channel: channel)
        }
        let kept = try await bench.ledger.payments(PaymentFilter(verdict: .forged, limit: 2000))
        try expect(kept.count, is: Limits().callbacksKept)
        try expect(kept.last?.id, is: 11, "the newest are kept")
    }

    // MARK: Races

    @Sendable private static func expiryAgainstPayment(_ bench: LedgerBench) async throws {
        let product = try await bench.product(cards: 1000, holdSeconds: 1)
        for round in 1...1000 {
            let order = try await bench.placed(bench.draft(product, buyer: round))
            let attempt = try await bench.attempt(order.id)
            bench.clock.advance(seconds: 1)
            async let ended = bench.ledger.expire(at: bench.clock.now(), limit: 10)
            async let record = bench.ledger.record(bench.receipt(attempt))
            let (expired, paid) = try await (ended, record)
            // Stock is left, so the money is always answered with the card, held or claimed again.
            try expect(paid.order?.state, is: .delivered, "round \(round)")
            let isPastTheGate = paid.change?.gate.cardsTaken == 1
            try expect(isPastTheGate, is: expired.map(\.id) == [order.id], "round \(round)")
        }
        try expect(try await bench.stock().sold, is: 1000)
        try await bench.audit()
    }

    @Sendable private static func allOrders(_ bench: LedgerBench) async throws {
        enum Event: CaseIterable { case cancel, pay, payAgain, expire }
        let product = try await bench.product(cards: 100, holdSeconds: 1)
        for (number, events) in permutations(Event.allCases).enumerated() {
            let order = try await bench.placed(bench.draft(product, buyer: number))
            let attempt = try await bench.attempt(order.id)
            bench.clock.advance(seconds: 1)
            for event in events {
                switch event {
                case .cancel: _ = try await bench.ledger.cancel(order.id, at: bench.clock.now())
                case .pay, .payAgain: _ = try await bench.ledger.record(bench.receipt(attempt))
                case .expire: _ = try await bench.ledger.expire(at: bench.clock.now(), limit: 10)
                }
            }
            try expect(try await bench.ledger.order(order.id)?.state, is: .delivered, "\(events)")
        }
        try await bench.audit()
    }

    private static func permutations<Element>(_ elements: [Element]) -> [[Element]] {
        guard elements.count > 1 else { return [elements] }
        return elements.indices.flatMap { index in
            var rest = elements
            let first = rest.remove(at: index)
            return permutations(rest).map { [first] + $0 }
        }
    }
}

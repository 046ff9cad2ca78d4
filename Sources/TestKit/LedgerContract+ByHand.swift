import Domain
import Shop

// What every ledger must do for its owner: late money, kinds of products, confirming, refunding, replaying.
extension LedgerContract {
    static let byHandCases: [ContractCase<LedgerBench>] = [
        ContractCase("late money waits for restock and is delivered by itself", waitForRestock),
        ContractCase("an order that waits for more than there is blocks no other", waitingOfOthers),
        ContractCase("late money goes to review where the product says so, and a replay delivers", reviewAndReplay),
        ContractCase("a replay of money that is settled, wrong or forged changes nothing", idleReplays),
        ContractCase("an endless shared product delivers without a pool", endless),
        ContractCase("a counted shared product has as many units as it has", counted),
        ContractCase("a manual order is paid, then fulfilled by the owner", manual),
        ContractCase("a manual order whose money is late is paid", manualLate),
        ContractCase("a notice without money does not stand in the way of the payment", unpaidFirst),
        ContractCase("one event that says two things counts once and is seen", conflict),
        ContractCase("confirming delivers, once, with who and why", confirm),
        ContractCase("confirming over wrong money keeps the books", confirmOverReview),
        ContractCase("confirming an order that was paid twice opens a refund case", confirmOneOfTwo),
        ContractCase("replaying one of two payments opens a refund case for the other", replayOneOfTwo),
        ContractCase("confirming without stock changes nothing", confirmSoldOut),
        ContractCase("the money of a confirmed order that comes later is no second payment", confirmedThenPaid),
        ContractCase("a second payment is a refund case of its own", secondPaymentRefund),
        ContractCase("a refund is requested before it is done, and ends the order", refund),
        ContractCase("50 refunds of one order at once make one", refundAtOnce),
        ContractCase("a second payment while the first goes back is a case of its own", refundAndSecond),
        ContractCase("what was not paid cannot be refunded", refundUnpaid),
        ContractCase("due attempts are asked about, once a moment", queries),
    ]

    private static func paidLate(_ bench: LedgerBench, _ product: Product, buyer: Int) async throws -> PaymentRecord {
        let order = try await bench.placed(bench.draft(product, buyer: buyer))
        let attempt = try await bench.attempt(order.id)
        bench.clock.advance(seconds: product.holdSeconds)
        _ = try await bench.ledger.expire(at: bench.clock.now(), limit: 10)
        if product.kind.isPooled { _ = try await bench.placed(bench.draft(product, buyer: buyer + 1000)) }
        return try await bench.ledger.record(bench.receipt(attempt))
    }

    // MARK: Late money

    @Sendable private static func waitForRestock(_ bench: LedgerBench) async throws {
        let product = try await bench.product(cards: 1, lateMoney: .wait)
        let record = try await paidLate(bench, product, buyer: 1)
        try expect(record.order?.state, is: .paid)
        try expect(record.change?.gate, is: GateEffect(units: 1, change: 2))
        try await bench.audit()
        try expect(try await bench.ledger.deliverWaiting(at: bench.clock.now(), limit: 10), is: [])
        try await bench.restock(product, Fixtures.cards(100..<101))
        let delivered = try await bench.ledger.deliverWaiting(at: bench.clock.now(), limit: 10)
        try expect(delivered.map(\.order.state), is: [.delivered])
        try expect(delivered.map(\.gate), is: [GateEffect(cardsTaken: 1, change: 4)])
        try expect(try await bench.ledger.deliverWaiting(at: bench.clock.now(), limit: 10), is: [])
        try await bench.audit()
    }

    @Sendable private static func waitingOfOthers(_ bench: LedgerBench) async throws {
        let product = try await bench.product(cards: 2, lateMoney: .wait)
        let other = try await bench.product("other-key", cards: 1, lateMoney: .wait)
        let large = try await bench.placed(bench.draft(product, buyer: 1, quantity: 2))
        let attempt = try await bench.attempt(large.id)
        bench.clock.advance(seconds: product.holdSeconds)
        _ = try await bench.ledger.expire(at: bench.clock.now(), limit: 10)
        _ = try await bench.pay(try await bench.placed(bench.draft(product, buyer: 2)).id)
        try expect(try await bench.ledger.record(bench.receipt(attempt)).order?.state, is: .paid)
        _ = try await paidLate(bench, other, buyer: 3)
        try await bench.restock(other, Fixtures.cards(100..<101))
        let delivered = try await bench.ledger.deliverWaiting(at: bench.clock.now(), limit: 1)
        try expect(delivered.map(\.order.product), is: [other.id], "who waits for more than there is blocks nobody")
        try await bench.audit()
    }

    @Sendable private static func reviewAndReplay(_ bench: LedgerBench) async throws {
        let product = try await bench.product(cards: 2, lateMoney: .review)
        let record = try await paidLate(bench, product, buyer: 1)
        try expect(record.order?.state, is: .review)
        let entry = try await bench.entry(.late)
        let replays = try await concurrently(20) { _ in
            let replay = try await bench.ledger.replay(entry.id, by: bench.owner, at: bench.clock.now())
            return replay.change?.changed == true ? 1 : 0
        }
        try expect(replays, is: 1, "one replay delivers")
        let id = try unwrap(record.order?.id)
        try expect(try await bench.ledger.order(id)?.state, is: .delivered)
        try expect(try await bench.ledger.journal(of: id).last?.note, is: bench.owner)
        try await bench.audit()
    }

    @Sendable private static func idleReplays(_ bench: LedgerBench) async throws {
        let product = try await bench.product(cards: 5)
        let paid = try await bench.placed(bench.draft(product, buyer: 1))
        _ = try await bench.pay(paid.id)
        let wrong = try await bench.placed(bench.draft(product, buyer: 2))
        let attempt = try await bench.attempt(wrong.id)
        _ = try await bench.ledger.record(bench.receipt(attempt, amount: Fixtures.money(1)))
        let forged = ForgedCallback(raw: "x", receivedAt: bench.clock.now())
        try await bench.ledger.recordForged([forged], uncounted: 3, channel: Fixtures.slug("sandbox"))
        for verdict in [PaymentVerdict.accepted, .mismatched] {
            let entry = try await bench.entry(verdict)
            let replay = try await bench.ledger.replay(entry.id, by: bench.owner, at: bench.clock.now())
            try expect(replay.change?.changed, is: false, "\(verdict)")
            try expect(replay.entry, is: entry)
        }
        let entry = try await bench.entry(.forged)
        try await refuses(.wrongState) {
            try await bench.ledger.replay(entry.id, by: bench.owner, at: bench.clock.now())
        }
        try await refuses(.notFound) { try await bench.ledger.replay(999, by: bench.owner, at: bench.clock.now()) }
        try expect(try await bench.ledger.census().callbacks.first?.count, is: 4, "forged callbacks counted")
        try await bench.audit()
    }

    // MARK: Kinds

    @Sendable private static func endless(_ bench: LedgerBench) async throws {
        let product = try await bench.product(kind: .sharedEndless)
        let order = try await bench.placed(bench.draft(product, buyer: 1, quantity: 3))
        let expiring = try await bench.placed(bench.draft(product, buyer: 2))
        let record = try await bench.pay(order.id)
        try expect(record.order?.state, is: .delivered)
        try expect(try await bench.ledger.goods(of: order.id).count, is: 3)
        bench.clock.advance(seconds: product.holdSeconds)
        try expect(try await bench.ledger.expire(at: bench.clock.now(), limit: 10).map(\.id), is: [expiring.id])
        try expect(try await bench.pay(expiring.id).order?.state, is: .delivered)
        try await bench.audit()
    }

    @Sendable private static func counted(_ bench: LedgerBench) async throws {
        let product = try await bench.product(cards: 3, kind: .sharedCounted)
        let winners = try await concurrently(50) { number in
            guard case .placed(let order) = try await bench.place(bench.draft(product, buyer: number)) else { return 0 }
            _ = try await bench.pay(order.id)
            return try await bench.ledger.goods(of: order.id) == [SealedGoods(secret: Array("sealed for all".utf8))]
                ? 1 : 0
        }
        try expect(winners, is: 3)
        try await bench.audit()
    }

    @Sendable private static func manual(_ bench: LedgerBench) async throws {
        let product = try await bench.product(limits: Fixtures.limits(perOrder: 1, perBuyer: 1), kind: .manual)
        let order = try await bench.placed(bench.draft(product, buyer: 1))
        try await refuses(.wrongState) {
            try await bench.ledger.fulfil(order.id, sealed: [1], by: bench.owner, at: bench.clock.now())
        }
        let record = try await bench.pay(order.id)
        try expect(record.order?.state, is: .paid)
        try expect(record.change?.gate, is: GateEffect(end: .sold))
        try expect(try await bench.ledger.goods(of: order.id), is: [])
        try expect(try await bench.place(bench.draft(product, buyer: 1)), is: .refused(.limitReached))
        try await bench.audit()
        let fulfilled = try await concurrently(10) { _ in
            (try? await bench.ledger.fulfil(order.id, sealed: [1], by: bench.owner, at: bench.clock.now())) == nil
                ? 0 : 1
        }
        try expect(fulfilled, is: 1)
        try expect(try await bench.ledger.goods(of: order.id), is: [SealedGoods(secret: [1])])
        try await bench.audit()
    }

    @Sendable private static func manualLate(_ bench: LedgerBench) async throws {
        let product = try await bench.product(kind: .manual)
        let record = try await paidLate(bench, product, buyer: 1)
        try expect(record.verdict, is: .late)
        try expect(record.order?.state, is: .paid)
        try await bench.audit()
    }

    // MARK: Notices

    @Sendable private static func unpaidFirst(_ bench: LedgerBench) async throws {
        let product = try await bench.product(cards: 1)
        let order = try await bench.placed(bench.draft(product, buyer: 1))
        let attempt = try await bench.attempt(order.id)
        let waiting = try await bench.ledger.record(bench.receipt(attempt, claim: .notPaid))
        try expect(waiting.verdict, is: .mismatched)
        try expect(waiting.order?.state, is: .awaitingPayment)
        try expect(try await bench.ledger.record(bench.receipt(attempt, claim: .notPaid)).verdict, is: .duplicate)
        try expect(try await bench.ledger.record(bench.receipt(attempt)).verdict, is: .accepted)
        try await bench.audit()
    }

    @Sendable private static func conflict(_ bench: LedgerBench) async throws {
        let product = try await bench.product(cards: 5)
        let one = try await bench.attempt(try await bench.placed(bench.draft(product, buyer: 1)).id)
        let two = try await bench.attempt(try await bench.placed(bench.draft(product, buyer: 2)).id)
        try expect(try await bench.ledger.record(bench.receipt(one, event: "same")).verdict, is: .accepted)
        let other = try await bench.ledger.record(bench.receipt(two, event: "same"))
        try expect(other.verdict, is: .mismatched)
        try expect(!other.isConfirmed, "the provider hears failure")
        try expect(try await bench.ledger.order(two.order)?.state, is: .awaitingPayment)
        let again = try await bench.ledger.record(bench.receipt(two, event: "same"))
        try expect(again.verdict, is: .duplicate)
        try expect(!again.isConfirmed, "and hears it again")
        try await bench.audit()
    }

    // MARK: Confirming

    @Sendable private static func confirm(_ bench: LedgerBench) async throws {
        let product = try await bench.product(cards: 5)
        let order = try await bench.placed(bench.draft(product, buyer: 1))
        let confirmed = try await concurrently(20) { _ in
            (try? await bench.ledger.confirm(order.id, by: bench.owner, at: bench.clock.now())) == nil ? 0 : 1
        }
        try expect(confirmed, is: 1)
        try expect(try await bench.ledger.goods(of: order.id).count, is: 1)
        try expect(try await bench.ledger.journal(of: order.id).last?.note, is: bench.owner)
        let expired = try await bench.placed(bench.draft(product, buyer: 2))
        bench.clock.advance(seconds: product.holdSeconds)
        _ = try await bench.ledger.expire(at: bench.clock.now(), limit: 10)
        let late = try await bench.ledger.confirm(expired.id, by: bench.owner, at: bench.clock.now())
        try expect(late.gate, is: GateEffect(cardsTaken: 1, units: 1, change: 2))
        try await refuses(.notFound) {
            try await bench.ledger.confirm(OrderID(bench.identifiers.make()), by: bench.owner, at: bench.clock.now())
        }
        try await bench.audit()
    }

    @Sendable private static func confirmOverReview(_ bench: LedgerBench) async throws {
        let product = try await bench.product(cards: 5)
        let order = try await bench.placed(bench.draft(product, buyer: 1))
        _ = try await bench.ledger.record(
            bench.receipt(try await bench.attempt(order.id), amount: Fixtures.money(1989)))
        let change = try await bench.ledger.confirm(order.id, by: bench.owner, at: bench.clock.now())
        try expect(change.order.state, is: .delivered)
        let payments = try await bench.ledger.payments(PaymentFilter(order: order.id, limit: 10))
        try expect(payments.map(\.resolution), is: [.delivered, .confirmed])
        try await bench.audit()
        _ = try await bench.ledger.requestRefund(order.id, by: bench.owner, at: bench.clock.now())
        let refunds = try await bench.ledger.refunds(RefundFilter(order: order.id, limit: 10))
        try expect(refunds.map(\.amount.amount), is: [1989], "what came goes back, not what was vouched for")
        _ = try await bench.ledger.finishRefund(
            refunds[0].id, outcome: "done", by: bench.owner, at: bench.clock.now())
        try expect(try await bench.ledger.order(order.id)?.state, is: .refunded)
        try await bench.audit()
    }

    @Sendable private static func confirmOneOfTwo(_ bench: LedgerBench) async throws {
        let product = try await bench.product(cards: 3, lateMoney: .review)
        let order = try unwrap(try await paidLate(bench, product, buyer: 1).order)
        let attempt = try await bench.attempt(order.id)
        _ = try await bench.ledger.record(bench.receipt(attempt, event: "second"))
        _ = try await bench.ledger.confirm(order.id, by: bench.owner, at: bench.clock.now())
        try expect(try await bench.ledger.refunds(RefundFilter(state: .open, limit: 9)).count, is: 1)
        try await bench.audit()
    }

    @Sendable private static func replayOneOfTwo(_ bench: LedgerBench) async throws {
        let product = try await bench.product(cards: 3, lateMoney: .review)
        let order = try unwrap(try await paidLate(bench, product, buyer: 1).order)
        let attempt = try await bench.attempt(order.id)
        _ = try await bench.ledger.record(bench.receipt(attempt, event: "second"))
        let entry = try await bench.entry(.late)
        let replay = try await bench.ledger.replay(entry.id, by: bench.owner, at: bench.clock.now())
        try expect(replay.change?.order.state, is: .delivered)
        try expect(try await bench.ledger.refunds(RefundFilter(state: .open, limit: 9)).count, is: 1)
        try await bench.audit()
    }

    @Sendable private static func confirmSoldOut(_ bench: LedgerBench) async throws {
        let product = try await bench.product(cards: 1)
        let order = try unwrap(try await paidLate(bench, product, buyer: 1).order)
        try await refuses(.soldOut) {
            try await bench.ledger.confirm(order.id, by: bench.owner, at: bench.clock.now())
        }
        try expect(try await bench.ledger.order(order.id), is: order)
        try await bench.restock(product, Fixtures.cards(100..<101))
        _ = try await bench.ledger.confirm(order.id, by: bench.owner, at: bench.clock.now())
        try expect(try await bench.ledger.payments(PaymentFilter(limit: 10)).map(\.resolution), is: [.delivered])
        try await bench.audit()
    }

    @Sendable private static func confirmedThenPaid(_ bench: LedgerBench) async throws {
        let product = try await bench.product(cards: 5)
        let order = try await bench.placed(bench.draft(product, buyer: 1))
        let attempt = try await bench.attempt(order.id)
        _ = try await bench.ledger.confirm(order.id, by: bench.owner, at: bench.clock.now())
        try expect(try await bench.ledger.record(bench.receipt(attempt, event: "one")).verdict, is: .late)
        try expect(try await bench.entry(.late).resolution, is: .confirmed)
        try expect(try await bench.ledger.refunds(RefundFilter(limit: 10)), is: [])
        _ = try await bench.ledger.record(bench.receipt(attempt, event: "two"))
        try expect(try await bench.ledger.refunds(RefundFilter(limit: 10)).count, is: 1, "but the next one is")
        let second = try await bench.placed(bench.draft(product, buyer: 2))
        let other = try await bench.attempt(second.id)
        _ = try await bench.ledger.confirm(second.id, by: bench.owner, at: bench.clock.now())
        _ = try await bench.ledger.record(bench.receipt(other, event: "three", claim: .paidToAnother))
        try expect(try await bench.entry(.mismatched).resolution, is: .review, "another's money is not this order's")
        try await bench.audit()
    }
}

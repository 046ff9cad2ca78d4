import Domain
import Shop

// Coupons: never used more often than they may be, and given back with the order.
extension LedgerContract {
    static var couponCases: [ContractCase<LedgerBench>] {
        [
            ContractCase("a coupon with 100 uses lets exactly 100 of 1,000 concurrent buyers have it", hundredUses),
            ContractCase("a coupon's last use has one winner inside one batch", lastUseInBatch),
            ContractCase("a buyer uses a coupon as often as one buyer may, over all products", usesPerBuyer),
            ContractCase("a buyer's uses hold against 50 orders at once", usesPerBuyerAtOnce),
            ContractCase("a use is given back on cancel and on expiry, once, and can be used again", givenBack),
            ContractCase("a use is given back with a refund", givenBackWithRefund),
            ContractCase("late money needs a use of its own, and goes to review without one", lateMoneyNeedsUse),
            ContractCase("an order is refused on terms that were changed since, or switched off", changedTerms),
            ContractCase("a coupon is not cut below its uses, and changed on the version that was seen", changeCoupon),
            ContractCase("coupons come back as they were made", couponsAreKept),
            ContractCase("an order that a coupon makes free is delivered at once, and the books balance", freeOrder),
            ContractCase("a free order of a manual product is paid, and fulfilled by the owner", freeManual),
            ContractCase("the lines of a price are kept with the order", linesAreKept),
        ]
    }

    private static func place(_ bench: LedgerBench, _ product: Product, _ buyer: Int, _ coupon: Coupon) async throws
        -> Placement
    {
        try await bench.place(bench.draft(product, buyer: buyer, coupon: coupon))
    }

    @Sendable private static func hundredUses(_ bench: LedgerBench) async throws {
        let product = try await bench.product(cards: 1000)
        let coupon = try await bench.coupon(Fixtures.terms(uses: 100))
        let winners = try await concurrently(1000) { number in
            switch try await place(bench, product, number, coupon) {
            case .placed: return 1
            case .refused(.couponUsedUp): return 0
            case let other: throw ContractViolation(description: "unexpected placement \(other)")
            }
        }
        try expect(winners, is: 100)
        try expect(try await bench.used(coupon), is: 100)
        try expect(try await bench.stock().held, is: 100)
        try await bench.audit()
    }

    @Sendable private static func lastUseInBatch(_ bench: LedgerBench) async throws {
        let product = try await bench.product(cards: 50)
        let coupon = try await bench.coupon(Fixtures.terms(uses: 1))
        let batch = (1...50).map { Submission.place(bench.draft(product, buyer: $0, coupon: coupon)) }
        let refused = try await bench.place(batch).filter { $0 == .refused(.couponUsedUp) }
        try expect(refused.count, is: 49)
        try expect(try await bench.used(coupon), is: 1)
        try await bench.audit()
    }

    @Sendable private static func usesPerBuyer(_ bench: LedgerBench) async throws {
        let first = try await bench.product(cards: 10)
        let second = try await bench.product("other-key")
        try await bench.restock(second, Fixtures.cards(0..<10))
        let coupon = try await bench.coupon(Fixtures.terms(perBuyer: 2))
        _ = try await bench.placed(bench.draft(first, buyer: 1, coupon: coupon))
        _ = try await bench.placed(bench.draft(second, buyer: 1, coupon: coupon))
        try expect(try await place(bench, first, 1, coupon), is: .refused(.couponUsed))
        try expect(try await place(bench, second, 1, coupon), is: .refused(.couponUsed))
        _ = try await bench.placed(bench.draft(first, buyer: 1))
        _ = try await bench.placed(bench.draft(second, buyer: 2, coupon: coupon))
        try expect(try await bench.used(coupon), is: 3)
        try await bench.audit()
    }

    @Sendable private static func usesPerBuyerAtOnce(_ bench: LedgerBench) async throws {
        let product = try await bench.product(cards: 100)
        let coupon = try await bench.coupon(Fixtures.terms(perBuyer: 3))
        let winners = try await concurrently(50) { _ in
            if case .placed = try await place(bench, product, 1, coupon) { 1 } else { 0 }
        }
        try expect(winners, is: 3)
        try await bench.audit()
    }

    @Sendable private static func givenBack(_ bench: LedgerBench) async throws {
        let product = try await bench.product(cards: 5, holdSeconds: 10)
        let coupon = try await bench.coupon(Fixtures.terms(uses: 1, perBuyer: 1))
        let first = try await bench.placed(bench.draft(product, buyer: 1, coupon: coupon))
        try expect(try await place(bench, product, 2, coupon), is: .refused(.couponUsedUp))
        for _ in 1...2 { _ = try await bench.ledger.cancel(first.id, at: bench.clock.now()) }
        try expect(try await bench.used(coupon), is: 0)
        let second = try await bench.placed(bench.draft(product, buyer: 1, coupon: coupon))
        bench.clock.advance(seconds: 10)
        for _ in 1...2 { _ = try await bench.ledger.expire(at: bench.clock.now(), limit: 10) }
        try expect(try await bench.ledger.order(second.id)?.state, is: .expired)
        let third = try await bench.placed(bench.draft(product, buyer: 1, coupon: coupon))
        _ = try await bench.pay(third.id)
        try expect(try await place(bench, product, 2, coupon), is: .refused(.couponUsedUp))
        try expect(try await bench.used(coupon), is: 1)
        try await bench.audit()
    }

    @Sendable private static func givenBackWithRefund(_ bench: LedgerBench) async throws {
        let product = try await bench.product(cards: 5)
        let coupon = try await bench.coupon(Fixtures.terms(uses: 1))
        let order = try await bench.placed(bench.draft(product, buyer: 1, coupon: coupon))
        _ = try await bench.pay(order.id)
        _ = try await bench.ledger.requestRefund(order.id, by: bench.owner, at: bench.clock.now())
        try expect(try await bench.used(coupon), is: 0)
        _ = try await bench.placed(bench.draft(product, buyer: 2, coupon: coupon))
        try await bench.audit()
    }

    @Sendable private static func lateMoneyNeedsUse(_ bench: LedgerBench) async throws {
        let product = try await bench.product(cards: 5, holdSeconds: 10)
        let coupon = try await bench.coupon(Fixtures.terms(uses: 1))
        let late = try await bench.placed(bench.draft(product, buyer: 1, coupon: coupon))
        let lateAgain = try await bench.attempt(late.id)
        bench.clock.advance(seconds: 10)
        _ = try await bench.ledger.expire(at: bench.clock.now(), limit: 10)
        let other = try await bench.placed(bench.draft(product, buyer: 2, coupon: coupon))
        let record = try await bench.ledger.record(bench.receipt(lateAgain))
        try expect(record.verdict, is: .late)
        try expect(record.order?.state, is: .review)
        try await refuses(.couponUsedUp) {
            try await bench.ledger.confirm(late.id, by: bench.owner, at: bench.clock.now())
        }
        _ = try await bench.ledger.cancel(other.id, at: bench.clock.now())
        let entry = try await bench.entry(.late)
        let replayed = try await bench.ledger.replay(entry.id, by: bench.owner, at: bench.clock.now())
        try expect(replayed.change?.order.state, is: .delivered)
        try expect(try await bench.used(coupon), is: 1)
        try await bench.audit()
    }

    @Sendable private static func changedTerms(_ bench: LedgerBench) async throws {
        let product = try await bench.product(cards: 5)
        let coupon = try await bench.coupon(Fixtures.terms(.percent(50)))
        let changed = try await bench.catalog.change(
            coupon.id, version: coupon.version, to: Fixtures.terms(.percent(10)), bench.deed)
        try expect(try await place(bench, product, 1, coupon), is: .refused(.couponUsedUp), "the old terms")
        let order = try await bench.placed(bench.draft(product, buyer: 1, coupon: changed))
        try expect(order.total, is: Fixtures.money(1791))
        let off = try await bench.catalog.change(
            coupon.id, version: changed.version, to: Fixtures.terms(.percent(10), isEnabled: false), bench.deed)
        try expect(try await place(bench, product, 2, off), is: .refused(.couponUsedUp), "switched off")
        try await bench.audit()
    }

    @Sendable private static func changeCoupon(_ bench: LedgerBench) async throws {
        let product = try await bench.product(cards: 5)
        let coupon = try await bench.coupon(Fixtures.terms(uses: 5, perBuyer: 5))
        for _ in 1...3 { _ = try await bench.placed(bench.draft(product, buyer: 1, coupon: coupon)) }
        try await refuses(.invalidRequest) {
            try await bench.catalog.change(
                coupon.id, version: coupon.version, to: Fixtures.terms(uses: 2, perBuyer: 5), bench.deed)
        }
        let changed = try await bench.catalog.change(
            coupon.id, version: coupon.version, to: Fixtures.terms(uses: 3, perBuyer: 1), bench.deed)
        try await refuses(.wrongState) {
            try await bench.catalog.change(
                coupon.id, version: coupon.version, to: Fixtures.terms(uses: 9), bench.deed)
        }
        try expect(try await place(bench, product, 2, changed), is: .refused(.couponUsedUp))
        try await refuses(.alreadyExists) {
            try await bench.catalog.create(coupon.code, Fixtures.terms(), bench.deed)
        }
        // Who used it under a higher limit has broken no rule.
        try await bench.audit()
    }

    @Sendable private static func couponsAreKept(_ bench: LedgerBench) async throws {
        let product = try await bench.product()
        let category = try await bench.catalog.create(
            CategoryDraft(slug: Fixtures.slug("games"), name: "Games", position: 1, isHidden: false), bench.deed)
        let now = bench.clock.now()
        let window = try unwrap(SaleWindow(opensAt: now, closesAt: now.advanced(seconds: 60)))
        let scope = CouponScope(products: [product.id], category: category.id)
        let terms = Fixtures.terms(.fixed(500), minimum: 1000, scope: scope, uses: 7, perBuyer: 2, window: window)
        let first = try await bench.coupon(terms, code: "FIVE-OFF")
        let second = try await bench.coupon(Fixtures.terms(.percent(10), isEnabled: false), code: "TENTH")
        let kept = [CouponEntry(coupon: second, used: 0), CouponEntry(coupon: first, used: 0)]
        try expect(try await bench.catalog.coupons(code: nil, after: nil, limit: 9), is: kept)
        try expect(try await bench.catalog.coupons(code: nil, after: nil, limit: 1), is: [kept[0]])
        try expect(try await bench.catalog.coupons(code: nil, after: second.id, limit: 9), is: [kept[1]])
        try expect(try await bench.catalog.coupons(code: first.code, after: nil, limit: 9), is: [kept[1]])
        try await refuses(.invalidRequest) {
            let gone = CouponScope(products: [], category: CategoryID(99))
            return try await bench.catalog.create(Fixtures.code("GONE"), Fixtures.terms(scope: gone), bench.deed)
        }
        try expect(first.terms, is: terms)
    }

    // MARK: Free orders and lines

    @Sendable private static func freeOrder(_ bench: LedgerBench) async throws {
        let product = try await bench.product(cards: 2)
        let coupon = try await bench.coupon(Fixtures.terms(.percent(100), uses: 1))
        let order = try await bench.placed(bench.draft(product, buyer: 1, key: "key", coupon: coupon))
        try expect(order.total.amount, is: 0)
        try expect(order.state, is: .delivered)
        try expect(try await bench.ledger.order(order.id), is: order)
        try expect(try await bench.ledger.goods(of: order.id).count, is: 1)
        try expect(try await bench.stock().sold, is: 1)
        try expect(try await bench.find(bench.draft(product, buyer: 1, key: "key")), is: .existing(order))
        try expect(try await bench.ledger.journal(of: order.id).map(\.event), is: ["claim", "deliver"])
        bench.clock.advance(seconds: 100_000)
        try expect(try await bench.ledger.expire(at: bench.clock.now(), limit: 10), is: [])
        try await bench.audit()
    }

    @Sendable private static func freeManual(_ bench: LedgerBench) async throws {
        let product = try await bench.product(kind: .manual, price: Fixtures.money(0))
        let order = try await bench.placed(bench.draft(product, buyer: 1))
        try expect(order.state, is: .paid)
        try await bench.audit()
        let done = try await bench.ledger.fulfil(order.id, sealed: [1], by: bench.owner, at: bench.clock.now())
        try expect(done.order.state, is: .delivered)
        try await bench.audit()
    }

    @Sendable private static func linesAreKept(_ bench: LedgerBench) async throws {
        let product = try await bench.product(cards: 20)
        let tiered = try await bench.catalog.change(
            product.id, version: 1,
            to: bench.draft(of: product) { $0.tiers = [PriceTier(from: 5, amount: 1500)] }, bench.deed
        ).product
        let coupon = try await bench.coupon(Fixtures.terms(.percent(10)), code: "SAVE-10")
        let plain = try await bench.placed(bench.draft(tiered, buyer: 1, quantity: 2))
        try expect(plain.lines, is: [PriceLine(.goods(quantity: 2), amount: 3980)])
        let rich = try await bench.placed(bench.draft(tiered, buyer: 2, quantity: 6, coupon: coupon))
        try expect(
            rich.lines,
            is: [
                PriceLine(.goods(quantity: 6), amount: 11_940), PriceLine(.tier(from: 5), amount: -2940),
                PriceLine(.coupon(coupon.code), amount: -900),
            ])
        try expect(rich.total, is: Fixtures.money(8100))
        try expect(rich.coupon, is: coupon.id)
        try expect(try await bench.ledger.order(plain.id), is: plain)
        try expect(try await bench.ledger.order(rich.id), is: rich)
        let record = try await bench.pay(rich.id)
        try expect(record.order?.lines, is: rich.lines)
        try await bench.audit()
    }
}

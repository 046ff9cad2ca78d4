import Domain
import TestKit
import Testing

@Suite("The price of an order")
struct OrderPriceTests {
    private static func coupon(_ terms: CouponTerms, code: String = "SUMMER") -> Coupon {
        Coupon(id: CouponID(1), code: Fixtures.code(code), terms: terms, version: 1)
    }

    /// An order made up from a seed, with all rules in an order made up as well.
    private struct Story {
        let product: Product
        let quantity: Int
        let picks: [PickedCard]
        let coupon: Coupon?

        init(seed: UInt64, shuffle: UInt64 = 0) {
            var generator = SeededGenerator(seed: seed)
            func number(_ range: ClosedRange<Int64>) -> Int64 { Int64.random(in: range, using: &generator) }
            let price = number(0...5) == 0 ? number(0...3) : number(0...1_000_000)
            let tiers = (0..<number(0...5)).map { _ in
                // Not only such as an owner may write: what is stored must never give a wrong price.
                PriceTier(from: Int(number(1...20)), amount: number(-5...1_200_000))
            }.filter { $0.amount >= 0 }
            quantity = Int(number(1...30))
            let picks = (0..<number(0...4)).map { PickedCard(card: $0 + 1, surcharge: number(-10...100_000)) }
            let discount: Discount = number(0...1) == 0 ? .fixed(number(1...3_000_000)) : .percent(Int(number(1...100)))
            coupon = number(0...3) == 0 ? nil : OrderPriceTests.coupon(Fixtures.terms(discount))
            var order = SeededGenerator(seed: shuffle)
            product = Fixtures.product(
                price: Fixtures.money(price), tiers: shuffle == 0 ? tiers : tiers.shuffled(using: &order))
            self.picks = shuffle == 0 ? picks : picks.shuffled(using: &order)
        }

        func price() throws -> OrderPrice {
            try OrderPrice(product, quantity: quantity, picks: picks, coupon: coupon)
        }
    }

    @Test("is never below zero, nor lower than any single rule allows, and its lines come to it")
    func bounds() throws {
        for seed in 1...20_000 {
            let story = Story(seed: UInt64(seed))
            let price = try story.price()
            let list = story.product.price.amount * Int64(story.quantity)
            let cheapest = story.product.tiers.map(\.amount).min() ?? .max
            let floor = min(story.product.price.amount, cheapest) * Int64(story.quantity)
            let surcharges = story.picks.reduce(0) { $0 + max(0, $1.surcharge) }
            let off: Int64 =
                switch story.coupon?.terms.discount {
                case nil: 0
                case .fixed(let amount): amount
                case .percent(let percent): list * Int64(percent) / 100
                }
            #expect(price.total.amount >= 0)
            #expect(price.total.amount >= surcharges, "a surcharge is never taken off")
            #expect(price.total.amount >= floor - off + surcharges, "no more than each rule says")
            #expect(price.total.amount <= list + surcharges)
            #expect(price.lines.reduce(0) { $0 + $1.amount } == price.total.amount)
            let without = try OrderPrice(story.product, quantity: story.quantity, picks: story.picks)
            #expect(without.total.amount - price.total.amount <= off, "a coupon takes off what it says")
        }
    }

    @Test("is the same in any order of the rules")
    func order() throws {
        for seed in 1...3_000 {
            let first = try Story(seed: UInt64(seed)).price()
            for shuffle in 1...5 { #expect(try Story(seed: UInt64(seed), shuffle: UInt64(shuffle)).price() == first) }
        }
    }

    @Test(
        "takes the cheapest tier that the quantity reaches",
        arguments: [
            (1, 1990), (4, 1990), (5, 1500), (9, 1500), (10, 1000), (99, 1000),
        ] as [(Int, Int64)])
    func tiers(quantity: Int, unit: Int64) throws {
        let product = Fixtures.product(tiers: [PriceTier(from: 10, amount: 1000), PriceTier(from: 5, amount: 1500)])
        let price = try OrderPrice(product, quantity: quantity)
        #expect(price.total.amount == unit * Int64(quantity))
        #expect(price.lines.count == (unit == 1990 ? 1 : 2))
    }

    @Test("a coupon takes off a part of a minor unit only as a whole one, for the owner")
    func rounding() throws {
        let third = try OrderPrice(
            Fixtures.product(price: Fixtures.money(101)), quantity: 1, coupon: Self.coupon(Fixtures.terms(.percent(33)))
        )
        #expect(third.total.amount == 101 - 33)
        let tiny = try OrderPrice(
            Fixtures.product(price: Fixtures.money(1)), quantity: 1, coupon: Self.coupon(Fixtures.terms(.percent(99))))
        #expect(tiny.total.amount == 1)
    }

    @Test("a coupon never takes off more than the goods, and leaves surcharges")
    func largeCoupon() throws {
        let coupon = Self.coupon(Fixtures.terms(.fixed(1_000_000)))
        #expect(try OrderPrice(Fixtures.product(), quantity: 1, coupon: coupon).total.amount == 0)
        let picks = [PickedCard(card: 7, surcharge: 300)]
        let price = try OrderPrice(Fixtures.product(), quantity: 1, picks: picks, coupon: coupon)
        #expect(price.total.amount == 300)
        #expect(price.lines.map(\.word) == ["goods", "pick", "coupon"])
    }

    @Test("a coupon's minimum is held against the goods after the tier, without surcharges")
    func minimum() throws {
        let coupon = Self.coupon(Fixtures.terms(.fixed(1), minimum: 1990))
        _ = try OrderPrice(Fixtures.product(), quantity: 1, coupon: coupon)
        let cheap = Fixtures.product(price: Fixtures.money(1989))
        for picks in [[], [PickedCard(card: 1, surcharge: 500)]] {
            let error = #expect(throws: ShopError.self) {
                try OrderPrice(cheap, quantity: 1, picks: picks, coupon: coupon)
            }
            #expect(error?.field == "coupon")
        }
    }

    @Test("too much money is refused, at every step")
    func tooMuch() {
        let dear = Fixtures.product(price: Fixtures.money(Money.maximumAmount))
        for (quantity, surcharge) in [(2, 0), (1, 1), (Int.max, 0)] as [(Int, Int64)] {
            let error = #expect(throws: ShopError.self) {
                try OrderPrice(dear, quantity: quantity, picks: [PickedCard(card: 1, surcharge: surcharge)])
            }
            #expect(error?.field == "quantity")
        }
    }

    @Test("its lines are stored and read")
    func storedForm() throws {
        for seed in 1...500 {
            let lines = try Story(seed: UInt64(seed)).price().lines
            #expect(PriceLine.lines(PriceLine.text(lines)) == lines)
        }
        for text in ["", "goods", "goods=1", "goods=1,", "goods=x,1", "other=1,1", "goods=1,1;", "coupon=-1,a b c d"] {
            #expect(PriceLine.lines(text) == nil, "\(text)")
        }
    }
}

@Suite("Tiers")
struct PriceTierTests {
    private func fault(_ tiers: [(Int, Int64)], perOrder: Int = 100) -> String? {
        PriceTier.fault(
            in: tiers.map { PriceTier(from: $0.0, amount: $0.1) }, price: Fixtures.price, perOrder: perOrder)
    }

    @Test("get cheaper with the quantity, and can be reached")
    func rules() {
        #expect(fault([]) == nil)
        #expect(fault([(10, 1000), (2, 1989)]) == nil)
        let wrong: [[(Int, Int64)]] = [
            [(1, 1000)], [(0, 1)], [(2, 1990)], [(2, -1)], [(2, 1000), (2, 900)], [(2, 1000), (3, 1000)],
            [(2, 1000), (3, 1001)], [(101, 1)],
        ]
        for tiers in wrong { #expect(fault(tiers) != nil, "\(tiers)") }
        #expect(fault((2...22).map { ($0, Int64(1900 - $0)) }) != nil, "too many")
    }
}

@Suite("Coupons")
struct CouponTests {
    @Test("a code has one spelling", arguments: ["summer-10", " SUMMER-10 ", "\u{3000}Summer-10\n"])
    func spelling(text: String) { #expect(CouponCode(text)?.text == "SUMMER-10") }

    @Test("what is no code", arguments: ["", "ABC", "A B C D", "ÀBCD", "ſUMMER", "SUM=MER", "SUM;MER", "a\0bcd"])
    func noCode(text: String) {
        #expect(CouponCode(text) == nil)
        #expect(CouponCode(String(repeating: "A", count: 33)) == nil)
    }

    @Test("is good for its products, its category, its money and its time only")
    func scope() throws {
        let now = Timestamp(milliseconds: 1_000_000)
        func error(_ terms: CouponTerms, _ product: Product = Fixtures.product()) -> String? {
            do throws(ShopError) {
                try Coupon(id: CouponID(1), code: Fixtures.code("SUMMER"), terms: terms, version: 1)
                    .check(product, at: now)
                return nil
            } catch {
                return error.detail
            }
        }
        func scope(_ products: Set<Int64>, _ category: Int64? = nil) -> CouponScope {
            CouponScope(products: Set(products.map { ProductID($0) }), category: category.map { CategoryID($0) })
        }
        let game = Product(
            id: ProductID(2), slug: Fixtures.slug("game"), title: "Game", price: Fixtures.price,
            limits: Fixtures.limits(), holdSeconds: 1, window: .always, fields: [], category: CategoryID(5))
        #expect(error(Fixtures.terms()) == nil)
        #expect(error(Fixtures.terms(scope: scope([2])), game) == nil)
        #expect(error(Fixtures.terms(scope: scope([9], 5)), game) == nil)
        #expect(error(Fixtures.terms(scope: scope([9])), game) == "coupon: is not for this product")
        #expect(error(Fixtures.terms(scope: scope([], 6)), game) == "coupon: is not for this product")
        #expect(error(Fixtures.terms(scope: scope([], 5))) == "coupon: is not for this product")
        #expect(error(Fixtures.terms(), Fixtures.product(price: Fixtures.money(1, "USD"))) != nil)
        #expect(error(Fixtures.terms(isEnabled: false)) == "coupon: is not known")
        let later = try #require(SaleWindow(opensAt: now.advanced(seconds: 1), closesAt: nil))
        let over = try #require(SaleWindow(opensAt: nil, closesAt: now))
        #expect(error(Fixtures.terms(window: later)) == "coupon: is not valid yet")
        #expect(error(Fixtures.terms(window: over)) == "coupon: is not valid any more")
    }
}

import Testing

@testable import Drill

@Suite("The judge")
struct JudgeTests {
    /// A sale of 10 cards to 30 buyers, all well, with one thing changed.
    private static func verdict(
        stock: Int = 10, quantity: Int = 1, lag: Double = 1,
        sold: Int = 10, held: Int = 0, available: Int = 0, imported: Int = 10, ok: Bool = true, slug: String = "drill",
        _ change: (inout DrillCounts) -> Void = { _ in }
    ) -> DrillVerdict {
        var counts = DrillCounts(arrivalsPlanned: 30, buyers: 30)
        (counts.arrivalsSent, counts.accepted, counts.soldOut, counts.delivered) = (30, 10, 20, 10)
        change(&counts)
        let product = AuditFigures.Product(
            slug: slug, imported: imported, available: available, held: held, sold: sold, voided: 0)
        let check = AuditFigures.Check(id: "I1", ok: ok, violations: ok ? 0 : 1, statement: "it adds up")
        return DrillJudge(
            slug: "drill", stock: stock, quantity: quantity, counts: counts, lagP99: lag, maximumLag: 5,
            audits: [.init(name: "live", figures: AuditFigures(ok: ok, products: [product], checks: [check]))]
        ).verdict()
    }

    @Test("a sale in which all went well passes")
    func passes() {
        #expect(Self.verdict() == DrillVerdict(violations: [], voids: []))
        #expect(Self.verdict().passed)
        // Ten cards by threes are three orders, and one card is left.
        let byThrees = Self.verdict(quantity: 3, sold: 9, available: 1) {
            ($0.accepted, $0.delivered, $0.soldOut) = (3, 3, 27)
        }
        #expect(byThrees.passed, "\(byThrees)")
        let someUnpaid = Self.verdict(sold: 7, held: 3) { ($0.delivered, $0.unpaid) = (7, 3) }
        #expect(someUnpaid.passed, "\(someUnpaid)")
        // Demand that does not reach the stock.
        let few = Self.verdict(sold: 4, available: 6) { ($0.accepted, $0.delivered, $0.soldOut) = (4, 4, 0) }
        #expect(few.passed, "\(few)")
    }

    @Test("an accepted order that is rejected or never claimed is a violation, and holds no card or perhaps one")
    func queued() {
        let rejected = Self.verdict(sold: 9, available: 1) { ($0.delivered, $0.rejected) = (9, 1) }
        #expect(rejected.violations == ["1 orders were accepted, and no card was left for them."])
        for held in 0...1 {
            let unclaimed = Self.verdict(sold: 9, held: held, available: 1 - held) {
                ($0.delivered, $0.unclaimed) = (9, 1)
            }
            #expect(unclaimed.violations == ["1 orders were accepted, and no card was claimed for them in time."])
        }
    }

    @Test("orders that are unknown widen the bounds, and no further")
    func unknown() {
        for held in 0...2 {
            let verdict = Self.verdict(sold: 8, held: held, available: 2 - held) {
                ($0.accepted, $0.delivered, $0.unknown, $0.soldOut) = (8, 8, 2, 20)
            }
            #expect(verdict.passed, "\(verdict)")
        }
        let tooFew = Self.verdict(sold: 7, held: 2, available: 1) {
            ($0.accepted, $0.delivered, $0.unknown, $0.soldOut) = (7, 7, 2, 21)
        }
        #expect(tooFew.violations.count == 1)
        #expect(tooFew.violations[0].hasPrefix("Refused while stock was left: 21 buyers"))
        let tooMany = Self.verdict(sold: 8, held: 2) {
            ($0.accepted, $0.delivered, $0.unknown, $0.soldOut) = (8, 8, 1, 21)
        }
        #expect(tooMany.violations.contains { $0.contains("2 cards held, and the drill saw 0 to 1") })
        let unknownPayment = Self.verdict(sold: 9, held: 1) { ($0.delivered, $0.payUnknown) = (8, 2) }
        #expect(unknownPayment.passed, "\(unknownPayment)")
    }

    @Test("each thing a shop may do wrong is one sentence")
    func violations() {
        let table: [(DrillVerdict, String)] = [
            (Self.verdict { ($0.failed, $0.soldOut) = (1, 19) }, "1 orders were answered with what"),
            (Self.verdict { $0.sharedOrders = 1 }, "1 buyers were given the order of another"),
            (Self.verdict { $0.acceptedTwice = 1 }, "1 requests were accepted as new a second time"),
            (Self.verdict { $0.otherOrder = 1 }, "1 repeats were answered with another order"),
            (Self.verdict { $0.cardsShownTwice = 1 }, "1 cards were shown to two buyers"),
            (Self.verdict { $0.cardsNotImported = 1 }, "1 cards were shown that were never imported"),
            (Self.verdict { ($0.delivered, $0.undelivered) = (9, 1) }, "1 orders were paid and not delivered"),
            (Self.verdict { ($0.delivered, $0.payFailed) = (9, 1) }, "1 payments or deliveries failed"),
            (Self.verdict(ok: false), "The live audit found the books wrong: I1 (it adds up)"),
            (Self.verdict(slug: "other"), "The live audit does not know the product drill"),
            (Self.verdict(available: 1), "The live audit counts 1 cards available, and the drill saw 0"),
            (Self.verdict(available: 1, imported: 11), "The live audit counts 11 cards imported"),
        ]
        for (verdict, sentence) in table {
            #expect(verdict.voids.isEmpty)
            #expect(verdict.violations.count == 1, "\(verdict.violations)")
            #expect(verdict.violations.first?.hasPrefix(sentence) == true, "\(verdict.violations)")
        }
        let oversold = Self.verdict(sold: 11, imported: 10) { ($0.accepted, $0.delivered, $0.soldOut) = (11, 11, 19) }
        #expect(oversold.violations.first?.hasPrefix("Oversold: 11 orders were accepted") == true)
        let lost = Self.verdict(sold: 9, held: 0, available: 1)
        #expect(lost.violations.contains { $0.contains("9 cards sold, and the drill saw 10") })
        let refused = Self.verdict(sold: 9, available: 1) { ($0.accepted, $0.delivered, $0.soldOut) = (9, 9, 21) }
        #expect(refused.violations.count == 1)
        #expect(refused.violations[0].hasPrefix("Refused while stock was left"))
    }

    @Test("a drill that proves nothing is void")
    func voids() {
        let nothing = Self.verdict(stock: 0, sold: 0, imported: 0) {
            ($0.accepted, $0.delivered, $0.soldOut) = (0, 0, 30)
        }
        #expect(nothing == DrillVerdict(violations: [], voids: ["No order was accepted."]))
        #expect(!nothing.passed)
        let late = Self.verdict(lag: 5.1)
        #expect(late.violations.isEmpty)
        #expect(late.voids.first?.hasPrefix("The generator did not keep up") == true)
        let short = Self.verdict { $0.arrivalsSent = 29 }
        #expect(short == DrillVerdict(violations: [], voids: ["Only 29 of 30 arrivals were sent."]))
    }
}

@Suite("What the drill saw")
struct SaleBookTests {
    private static let cards = CardNames(slug: "s")
    private var book = SaleBook(arrivals: 10, buyers: 9, stock: 2, cards: Self.cards)

    @Test("each buyer counts once, by the answer that says most")
    mutating func once() {
        let refused = book.answered(buyer: 0, isRepeat: false, .refused, order: nil)
        #expect(book.counts.refused == 1)
        let accepted = book.answered(buyer: 0, isRepeat: true, .accepted, order: "a")
        #expect((book.counts.refused, book.counts.accepted) == (0, 1))
        let again = book.answered(buyer: 0, isRepeat: true, .repeated, order: "a")
        #expect([refused, accepted, again] == [false, true, false])
        #expect(book.counts.accepted == 1)
        #expect(book.counts.repeats.sameOrder == 2)
        _ = book.answered(buyer: 1, isRepeat: false, .unknown, order: nil)
        _ = book.answered(buyer: 1, isRepeat: true, .soldOut, order: nil)
        #expect((book.counts.unknown, book.counts.soldOut, book.counts.repeats.refused) == (1, 0, 1))
        #expect(book.counts.otherOrder + book.counts.acceptedTwice + book.counts.sharedOrders == 0)
    }

    @Test("a repeat that overtakes its original is fine")
    mutating func overtaken() {
        let first = book.answered(buyer: 0, isRepeat: true, .repeated, order: "a")
        let second = book.answered(buyer: 0, isRepeat: false, .accepted, order: "a")
        #expect([first, second] == [true, false])
        #expect(book.counts.acceptedTwice == 0)
    }

    @Test("orders that are not whose they should be are found")
    mutating func wrong() {
        _ = book.answered(buyer: 0, isRepeat: false, .accepted, order: "a")
        _ = book.answered(buyer: 0, isRepeat: true, .repeated, order: "b")
        #expect(book.counts.otherOrder == 1)
        _ = book.answered(buyer: 0, isRepeat: true, .accepted, order: "a")
        #expect(book.counts.acceptedTwice == 1)
        _ = book.answered(buyer: 1, isRepeat: false, .accepted, order: "a")
        #expect(book.counts.sharedOrders == 1)
    }

    @Test("a card belongs to one buyer, and was imported")
    mutating func cardOwners() {
        book.showed([Self.cards.name(1)], to: 0)
        book.showed([Self.cards.name(1), Self.cards.name(2)], to: 0)
        #expect(book.counts.cardsShownTwice + book.counts.cardsNotImported == 0)
        book.showed([Self.cards.name(2)], to: 1)
        #expect(book.counts.cardsShownTwice == 1)
        book.showed([Self.cards.name(3), Self.cards.name(0), "CARD"], to: 2)
        #expect(book.counts.cardsNotImported == 3)
    }
}

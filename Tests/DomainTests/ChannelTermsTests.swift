import Domain
import TestKit
import Testing

@Suite("How a channel is offered")
struct ChannelTermsTests {
    private let yuan = Fixtures.money(1).currency

    private func terms(_ minimum: Int64?, _ maximum: Int64?) throws -> ChannelTerms {
        ChannelTerms(
            amounts: [try #require(AmountBounds(currency: yuan, minimum: minimum, maximum: maximum))])
    }

    @Test("bounds are in order, from 1 on, and one is there")
    func bounds() {
        let wrong: [(Int64?, Int64?)] = [(nil, nil), (0, nil), (nil, 0), (5, 4), (1, Money.maximumAmount + 1)]
        for (minimum, maximum) in wrong {
            #expect(AmountBounds(currency: yuan, minimum: minimum, maximum: maximum) == nil)
        }
        #expect(AmountBounds(currency: yuan, minimum: 5, maximum: 5) != nil)
    }

    @Test("amounts on the bounds are taken, those beyond are not, and other currencies have none")
    func takes() throws {
        let terms = try terms(100, 200)
        for (amount, isTaken) in [(99, false), (100, true), (200, true), (201, false), (0, true)] as [(Int64, Bool)] {
            #expect(terms.takes(Fixtures.money(amount)) == isTaken, "\(amount)")
            #expect(terms.takes(Fixtures.money(amount, "EUR")) && ChannelTerms.plain.takes(Fixtures.money(amount)))
        }
        #expect(try self.terms(nil, 5).takes(Fixtures.money(1)) && !self.terms(6, nil).takes(Fixtures.money(5)))
    }

    @Test("of a range some are taken when it meets the bounds")
    func ranges() throws {
        let terms = try terms(100, 200)
        #expect(terms.takesSome(of: 1...100, yuan) && terms.takesSome(of: 200...300, yuan))
        #expect(!terms.takesSome(of: 1...99, yuan) && !terms.takesSome(of: 201...300, yuan))
    }
}

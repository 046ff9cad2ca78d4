import Domain
import TestKit
import Testing

@Suite("Payment decisions")
struct PaymentDecisionTests {
    private let attempt = Attempt(
        id: AttemptID(Identifier(high: 1, low: 1)), order: OrderID(Identifier(high: 1, low: 2)),
        channel: Fixtures.slug("sandbox"), amount: Fixtures.price, createdAt: Timestamp(milliseconds: 0))

    private func notice(_ amount: Money?, channel: String = "sandbox") -> PaymentNotice {
        PaymentNotice(
            channel: Fixtures.slug(channel), providerEvent: "e", attempt: attempt.id.text, amount: amount)
    }

    @Test("only the exact amount, of the exact currency, through the exact channel delivers")
    func exactness() {
        let exact = PaymentDecision.decide(on: notice(Fixtures.price), attempt: attempt, state: .awaitingPayment)
        #expect(exact == PaymentDecision(verdict: .accepted, effect: .deliver))
        let wrong = [
            notice(Fixtures.money(1989)), notice(Fixtures.money(1991)), notice(Fixtures.money(1990, "USD")),
            notice(nil), notice(Fixtures.price, channel: "other"),
        ]
        for notice in wrong {
            let decision = PaymentDecision.decide(on: notice, attempt: attempt, state: .awaitingPayment)
            #expect(decision == PaymentDecision(verdict: .mismatched, effect: .review))
        }
    }

    @Test("the effect is legal in every state", arguments: OrderState.allCases)
    func legality(state: OrderState) {
        for amount in [Fixtures.price, Fixtures.money(1)] {
            let decision = PaymentDecision.decide(on: notice(amount), attempt: attempt, state: state)
            switch decision.effect {
            case .none: break
            case .deliver, .claimAgain: #expect(state.after(.deliver) == .delivered)
            case .review: #expect(state.after(.review) == .review)
            }
        }
    }

    @Test("a payment that names no attempt belongs to nobody")
    func unknown() {
        let decision = PaymentDecision.decide(on: notice(Fixtures.price), attempt: nil, state: nil)
        #expect(decision == PaymentDecision(verdict: .unknownOrder, effect: .none))
    }
}

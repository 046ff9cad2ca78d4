import Domain
import TestKit
import Testing

@Suite("Payment decisions")
struct PaymentDecisionTests {
    private let attempt = Attempt(
        id: AttemptID(Identifier(high: 1, low: 1)), order: OrderID(Identifier(high: 1, low: 2)),
        channel: Fixtures.slug("sandbox"), amount: Fixtures.price, createdAt: Timestamp(milliseconds: 0))

    private func notice(
        _ amount: Money?, channel: String = "sandbox", claim: PaymentNotice.Claim = .paid
    ) -> PaymentNotice {
        PaymentNotice(
            channel: Fixtures.slug(channel), providerEvent: "e", attempt: attempt.id.text, amount: amount,
            claim: claim)
    }

    private func standing(
        _ state: OrderState, _ kind: ProductKind = .card, _ lateMoney: LateMoney = .deliver,
        due: Money? = Fixtures.price
    ) -> PaymentDecision.Standing {
        PaymentDecision.Standing(state: state, kind: kind, lateMoney: lateMoney, due: due)
    }

    private func decide(_ notice: PaymentNotice, _ standing: PaymentDecision.Standing) -> PaymentDecision {
        PaymentDecision.decide(on: notice, attempt: attempt, order: standing)
    }

    @Test("money that is not what the order's price comes to delivers nothing, whatever the attempt says")
    func dueAmount() {
        for due in [nil, Fixtures.money(1989), Fixtures.money(1990, "USD")] {
            let decision = decide(notice(Fixtures.price), standing(.awaitingPayment, due: due))
            #expect(decision == PaymentDecision(verdict: .mismatched, effect: .review))
        }
    }

    @Test("only the exact amount, of the exact currency, to the exact merchant and channel delivers")
    func exactness() {
        let exact = decide(notice(Fixtures.price), standing(.awaitingPayment))
        #expect(exact == PaymentDecision(verdict: .accepted, effect: .deliver))
        let wrong = [
            notice(Fixtures.money(1989)), notice(Fixtures.money(1991)), notice(Fixtures.money(1990, "USD")),
            notice(nil), notice(Fixtures.price, channel: "other"), notice(Fixtures.price, claim: .paidToAnother),
        ]
        for notice in wrong {
            let decision = decide(notice, standing(.awaitingPayment))
            #expect(decision == PaymentDecision(verdict: .mismatched, effect: .review))
        }
    }

    @Test("a notice that claims no money changes nothing", arguments: OrderState.allCases)
    func noMoney(state: OrderState) {
        let decision = decide(notice(Fixtures.price, claim: .notPaid), standing(state))
        #expect(decision == PaymentDecision(verdict: .mismatched, effect: .none))
    }

    @Test("the effect is legal in every state", arguments: OrderState.allCases, ProductKind.allCases)
    func legality(state: OrderState, kind: ProductKind) {
        for amount in [Fixtures.price, Fixtures.money(1)] {
            for rule in LateMoney.allCases {
                let first = decide(notice(amount), standing(state, kind, rule))
                let again = PaymentDecision.replay(
                    of: notice(amount), attempt: attempt, order: standing(state, kind, rule))
                for effect in [first.effect, again.effect] { #expect(isLegal(effect, in: state)) }
            }
        }
    }

    private func isLegal(_ effect: PaymentDecision.Effect, in state: OrderState) -> Bool {
        switch effect {
        case .none: true
        case .deliver: state.after(.deliver) == .delivered
        case .pay: state.after(.pay) == .paid
        case .claimAgain(.wait): state.after(.deliver) == .delivered && state.after(.pay) == .paid
        case .claimAgain(.review):
            state.after(.deliver) == .delivered && (state == .review || state.after(.review) == .review)
        case .review: state.after(.review) == .review
        case .openRefund: [.paid, .delivered, .refundPending, .refunded].contains(state)
        }
    }

    @Test("late money follows the product's rule")
    func lateMoney() {
        let effects: [LateMoney: PaymentDecision.Effect] = [
            .deliver: .claimAgain(otherwise: .review), .wait: .claimAgain(otherwise: .wait), .review: .review,
        ]
        for state in [OrderState.expired, .cancelled] {
            for (rule, effect) in effects {
                let decision = decide(notice(Fixtures.price), standing(state, .card, rule))
                #expect(decision == PaymentDecision(verdict: .late, effect: effect))
            }
        }
    }

    @Test("a replay gives an order in review its goods, for the exact amount only")
    func replay() {
        let exact = PaymentDecision.replay(of: notice(Fixtures.price), attempt: attempt, order: standing(.review))
        #expect(exact.effect == .claimAgain(otherwise: .review))
        let wrong = PaymentDecision.replay(of: notice(Fixtures.money(1)), attempt: attempt, order: standing(.review))
        #expect(wrong.effect == PaymentDecision.Effect.none)
    }

    @Test("a second payment is a case for a refund")
    func second() {
        #expect(decide(notice(Fixtures.price), standing(.delivered)).effect == .openRefund)
        #expect(decide(notice(Fixtures.money(1)), standing(.paid)).effect == .openRefund)
    }

    @Test("a payment that names no attempt belongs to nobody")
    func unknown() {
        let decision = PaymentDecision.decide(on: notice(Fixtures.price), attempt: nil, order: nil)
        #expect(decision == PaymentDecision(verdict: .unknownOrder, effect: .none))
    }
}

@Suite("Refund cases and queries")
struct RefundAndQueryTests {
    @Test("a refund case moves from open over requested to done and in no other way")
    func refunds() {
        let moves = RefundState.allCases.flatMap { state in
            RefundEvent.allCases.map { event in "\(state) \(event) \(state.after(event).map { "\($0)" } ?? "-")" }
        }
        let expected = [
            "open request requested", "open finish -", "requested request -", "requested finish done",
            "done request -", "done finish -",
        ]
        #expect(moves == expected)
    }

    @Test("a provider is asked a bounded number of times, and what was missed is asked once")
    func schedule() {
        let opened = Timestamp(milliseconds: 0)
        var moments: [Int64] = []
        var next = QuerySchedule.next(after: 0, opened: opened, now: opened)
        while let due = next {
            moments.append(due.at.milliseconds / 1000)
            next = QuerySchedule.next(after: due.number + 1, opened: opened, now: due.at)
        }
        #expect(moments == QuerySchedule.seconds)
        let afterPause = QuerySchedule.next(after: 1, opened: opened, now: opened.advanced(seconds: 1000))
        #expect(afterPause?.at == opened.advanced(seconds: 1800))
    }
}

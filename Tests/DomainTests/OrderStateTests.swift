import Domain
import Testing

@Suite("Order states")
struct OrderStateTests {
    /// Every legal move. What is not here is illegal.
    private static let legal: [OrderState: [OrderEvent: OrderState]] = [
        .queued: [.claim: .awaitingPayment, .reject: .rejected, .cancel: .cancelled],
        .awaitingPayment: [
            .cancel: .cancelled, .expire: .expired, .pay: .paid, .deliver: .delivered, .review: .review,
        ],
        .expired: [.pay: .paid, .deliver: .delivered, .review: .review],
        .cancelled: [.pay: .paid, .deliver: .delivered, .review: .review],
        .paid: [.deliver: .delivered, .review: .review, .requestRefund: .refundPending],
        .review: [.pay: .paid, .deliver: .delivered, .requestRefund: .refundPending],
        .delivered: [.requestRefund: .refundPending],
        .refundPending: [.refund: .refunded, .review: .review],
        .rejected: [:],
        .refunded: [:],
    ]

    @Test("moves as the table says and in no other way", arguments: OrderState.allCases)
    func transitions(state: OrderState) {
        for event in OrderEvent.allCases {
            #expect(state.after(event) == Self.legal[state]?[event], "\(state) \(event)")
        }
    }

    @Test("a card moves as the table says and in no other way")
    func cards() {
        let legal: [CardState: [CardEvent: CardState]] = [
            .available: [.claim: .held, .void: .voided], .held: [.release: .available, .deliver: .sold],
            .sold: [.replace: .voided],
        ]
        for state in CardState.allCases {
            for event in CardEvent.allCases { #expect(state.after(event) == legal[state]?[event]) }
        }
    }
}

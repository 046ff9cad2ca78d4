import Domain
import KafkaIntake
import NIOConcurrencyHelpers
import RedisGate
import Shop
import TestKit
import Testing

extension ClusterTests {
    /// The order writer tells one board; buyers ask at the other, which is another node's.
    @Suite("How an order stands on any node")
    struct Boards {
        /// Hands an order to the gate and to the log.
        private func submit(_ draft: OrderDraft, to stack: ClusterStack) async throws {
            let admission = await withCheckedContinuation { continuation in
                stack.gate.admit(AdmissionRequest(draft)) { continuation.resume(returning: $0) }
            }
            #expect(admission == .admitted)
            let placement = try await withCheckedContinuation { continuation in
                stack.intake.submit(.place(draft)) { continuation.resume(returning: $0) }
            }.get()
            #expect(placement == .queued(draft))
        }

        private func state(_ id: OrderID, _ stack: ClusterStack) async throws -> OrderState {
            try await stack.useCases.readOrder(id: id.text, token: stack.keys.token(for: id)).state
        }

        @Test("a queued order is seen to be placed, and each of its changes is heard")
        func placed() async throws {
            try await withCluster { stack, _ in
                let draft = stack.ledger.draft(try await stack.product(cards: 3), buyer: 1)
                let heard = NIOLockedValueBox<[OrderState]>([])
                let stream = try #require(stack.boards[1].watch(draft.id))
                let listening = Task { for await news in stream { heard.withLockedValue { $0.append(news.state) } } }
                #expect(try await state(draft.id, stack) == .queued)
                try await refuses(.notReady) { try await stack.useCases.beginPayment(draft.id, channel: "sandbox") }
                try await submit(draft, to: stack)
                try await eventually("it is placed") { try await state(draft.id, stack) == .awaitingPayment }
                try await eventually("it is heard") { heard.withLockedValue { $0.last } == .awaitingPayment }
                let cancellation = try await stack.ledger.ledger.cancel(draft.id, at: stack.clock.now())
                guard case .order(let change) = cancellation else {
                    Issue.record("is not there")
                    return
                }
                Announcer(gate: stack.gate, board: stack.boards[0]).announce(change)
                try await eventually("it is heard") { heard.withLockedValue { $0.last } == .cancelled }
                #expect(try await state(draft.id, stack) == .cancelled)
                listening.cancel()
            }
        }

        @Test("of two that want the last card one is seen to be rejected, as the ledger has it")
        func rejected() async throws {
            try await withCluster { stack, _ in
                let product = try await stack.product(cards: 1)
                _ = try await stack.ledger.placed(stack.ledger.draft(product, buyer: 2))
                let draft = stack.ledger.draft(product, buyer: 1)
                #expect(try await state(draft.id, stack) == .queued)
                try await submit(draft, to: stack)
                try await eventually("it is rejected") { try await state(draft.id, stack) == .rejected }
                let kept = try await stack.boards[0].standing(of: draft.id)
                #expect(try await stack.ledger.ledger.standing(of: draft.id) == kept)
            }
        }

        @Test("an order that is cancelled before it is written is seen to be, before it comes and after")
        func fenced() async throws {
            try await withCluster { stack, _ in
                let draft = stack.ledger.draft(try await stack.product(cards: 3), buyer: 1)
                #expect(try await stack.boards[0].standing(of: draft.id) == .unwritten)
                #expect(try await stack.useCases.cancelOrder(draft.id) == .fenced)
                try await eventually("it is seen") {
                    try await stack.boards[0].standing(of: draft.id) == .fenced
                }
                #expect(try await state(draft.id, stack) == .cancelled)
                try await refuses(.wrongState) { try await stack.useCases.beginPayment(draft.id, channel: "sandbox") }
                try await submit(draft, to: stack)
                try await stack.settled()
                #expect(try await state(draft.id, stack) == .cancelled)
                #expect(try await stack.ledger.ledger.standing(of: draft.id) == .fenced)
            }
        }
    }
}

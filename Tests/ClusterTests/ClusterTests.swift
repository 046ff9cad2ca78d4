import Domain
import KafkaIntake
import RedisClient
import RedisGate
import Shop
import TestKit
import Testing

/// One after the other: they share the one shard that Redis has for them.
@Suite("Gate, log and ledger on real engines", .serialized, .engines)
struct ClusterTests {
    @Test("the intake's contract, into PostgreSQL", arguments: IntakeContract.cases)
    func contract(contract: ContractCase<IntakeBench>) async throws {
        try await withCluster { stack, _ in
            try await contract.run(
                IntakeBench(stack.intake, ledger: stack.ledger) {
                    try await stack.settled()
                } stuck: { limits in
                    try stack.stuckIntake(limits)
                })
        }
    }

    @Test("300 buyers of 100 cards: exactly 100 hold one, the others are turned away, and the gate agrees")
    func sale() async throws {
        try await withCluster { stack, _ in
            _ = try await stack.product(cards: 100)
            let accepted = await stack.placeAll(1...300)
            #expect(accepted.count == 100)
            try await stack.settled()
            let stock = try await stack.ledger.stock()
            #expect(stock.held == 100 && stock.available == 0)
            for id in accepted { #expect(try await stack.ledger.ledger.order(id)?.state == .awaitingPayment) }
            #expect(await stack.available() == 0)
            try await eventually("the outbox is empty") {
                try await stack.gate.unlogged(at: stack.clock.now(), limit: 1).isEmpty
            }
            try await stack.ledger.audit()
        }
    }

    @Test("an order that the gate let through and that never came to the log is swept, and placed once")
    func swept() async throws {
        try await withCluster { stack, _ in
            let product = try await stack.product(cards: 3)
            let draft = stack.ledger.draft(product, buyer: 1)
            let admission = await withCheckedContinuation { continuation in
                stack.gate.admit(AdmissionRequest(draft)) { continuation.resume(returning: $0) }
            }
            #expect(admission == .admitted)
            await stack.sweeper.sweep()
            try await stack.settled()
            #expect(try await stack.ledger.ledger.order(draft.id) == nil, "its node may still be about to write it")
            stack.clock.advance(seconds: 60)
            await stack.sweeper.sweep()
            await stack.sweeper.sweep()
            try await stack.settled()
            #expect(try await stack.ledger.ledger.order(draft.id)?.state == .awaitingPayment)
            #expect(try await stack.ledger.stock().held == 1)
            #expect(await stack.available() == 2)
        }
    }

    @Test("when Redis's answer is lost the outcome is unknown, and the same key finds the one order")
    func lostAnswer() async throws {
        try await withCluster(hasProxy: true) { stack, proxy in
            _ = try await stack.product(cards: 3)
            try unwrap(proxy).set(.cutAfterServer, count: 1)
            guard case .failed(let error) = await stack.place(stack.request(1, key: "key")) else {
                Issue.record("was answered")
                return
            }
            #expect(error.code == .outcomeUnknown)
            try await eventually("Redis is back") { stack.redis.connected == stack.redis.expected }
            stack.clock.advance(seconds: 60)
            await stack.sweeper.sweep()
            try await stack.settled()
            guard case .existing(let placed) = await stack.place(stack.request(1, key: "key")) else {
                Issue.record("is not the same order")
                return
            }
            #expect(placed.order.state == .awaitingPayment)
            #expect(try await stack.ledger.stock().held == 1)
            #expect(await stack.available() == 2)
        }
    }

    @Test("what the ledger rejects gives the gate its stock, units and key back")
    func rejected() async throws {
        try await withCluster { stack, _ in
            let product = try await stack.product(cards: 2)
            // The gate does not hear that the ledger's cards went another way.
            for number in 1...2 {
                _ = try await stack.ledger.placed(stack.ledger.draft(product, buyer: 100 + number))
            }
            guard case .placed(let placed) = await stack.place(stack.request(1, key: "key")) else {
                Issue.record("was not accepted")
                return
            }
            #expect(placed.order.state == .queued)
            try await stack.settled()
            #expect(try await stack.ledger.ledger.order(placed.order.id)?.state == .rejected)
            try await eventually("the gate has heard") { await stack.available() == 2 }
            try await stack.openGate()
            guard case .refused(.soldOut) = await stack.place(stack.request(1, key: "key")) else {
                Issue.record("was not refused")
                return
            }
            try await stack.ledger.audit()
        }
    }

    @Test("a gate that was loaded during a sale agrees with the ledger")
    func loaded() async throws {
        try await withCluster { stack, _ in
            _ = try await stack.product(cards: 50, perBuyer: 1)
            let accepted = await stack.placeAll(1...20)
            try await stack.settled()
            try await stack.openGate()
            #expect(await stack.available() == 30)
            #expect(await stack.placeAll(1...20).isEmpty, "each has one, and may have no more")
            _ = try await stack.ledger.ledger.cancel(accepted[0], at: stack.clock.now())
            stack.gate.end(accepted[0], .released)
            try await eventually("the gate has heard") { await stack.available() == 31 }
        }
    }
}

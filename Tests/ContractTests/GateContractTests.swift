import Domain
import MemoryGate
import Shop
import TestKit
import Testing

@Suite("The gate's contract")
struct GateContractTests {
    private let clock = MockClock()
    private let product = Fixtures.product()

    private func admit(
        _ gate: MemoryGate, _ order: Int, key: String? = nil, buyer: Int = 1, isKeyNew: Bool = false,
        pool: Pool = .drawn
    ) async -> Admission {
        let request = AdmissionRequest(
            order: OrderID(Identifier(high: 0, low: UInt64(order))), product: product, quantity: 1, pool: pool,
            buyer: Fixtures.buyer(buyer), key: key, moment: clock.now(), isKeyNew: isKeyNew)
        return await withCheckedContinuation { continuation in
            gate.admit(request) { continuation.resume(returning: $0) }
        }
    }

    private func id(_ order: Int) -> OrderID { OrderID(Identifier(high: 0, low: UInt64(order))) }

    @Test("is closed until it is loaded")
    func closed() async { #expect(await admit(MemoryGate(limits: Limits()), 1) == .refused(.soldOut)) }

    @Test("the last card has one winner among 200")
    func lastCard() async {
        let gate = MemoryGate(limits: Limits())
        gate.restock(product.id, .drawn, by: 1)
        let winners = await withTaskGroup(of: Int.self) { group in
            for number in 1...200 {
                group.addTask { await admit(gate, number, buyer: number) == .admitted ? 1 : 0 }
            }
            return await group.reduce(0, +)
        }
        #expect(winners == 1)
    }

    @Test("a known key is for the ledger to answer, even when sold out, and takes nothing")
    func knownKey() async {
        let gate = MemoryGate(limits: Limits())
        gate.restock(product.id, .drawn, by: 1)
        #expect(await admit(gate, 1, key: "key") == .admitted)
        #expect(await admit(gate, 2, key: "key") == .seenBefore)
        #expect(await admit(gate, 3, key: "other") == .refused(.soldOut))
        gate.end(id(1), .released)
        #expect(await admit(gate, 4, key: "key") == .seenBefore)
        #expect(gate.available(product.id, .drawn) == 1)
    }

    @Test("the key of an order that was not placed is forgotten")
    func forgottenKey() async {
        let gate = MemoryGate(limits: Limits())
        gate.restock(product.id, .drawn, by: 1)
        #expect(await admit(gate, 1, key: "key") == .admitted)
        gate.end(id(1), .notPlaced)
        #expect(await admit(gate, 2, key: "key") == .admitted)
    }

    @Test("a snapshot brings back stock, holds, units and keys")
    func snapshot() async {
        let gate = MemoryGate(limits: Limits())
        var snapshot = GateSnapshot()
        snapshot.available = [product.id: 1]
        snapshot.tickets = [.init(order: id(1), product: product.id, buyer: Fixtures.buyer(1), quantity: 1)]
        snapshot.units = [.init(product: product.id, buyer: Fixtures.buyer(1), units: BuyerUnits(total: 1, held: 1))]
        snapshot.keys = [.init(product: product.id, key: "key")]
        gate.load(snapshot)
        #expect(await admit(gate, 2, key: "key") == .seenBefore)
        #expect(await admit(gate, 3, buyer: 2) == .admitted)
        #expect(await admit(gate, 4, buyer: 2) == .refused(.soldOut))
        gate.end(id(1), .released)
        #expect(await admit(gate, 5, buyer: 2) == .admitted)
    }

    @Test("says of a key whether it may have been seen")
    func mayKnow() async {
        let gate = MemoryGate(limits: Limits())
        func mayKnow(_ key: String) async -> Bool {
            await withCheckedContinuation { continuation in
                gate.mayKnow(key, of: product.id) { continuation.resume(returning: $0) }
            }
        }
        #expect(await mayKnow("new") == false)
        gate.restock(product.id, .drawn, by: 1)
        _ = await admit(gate, 1, key: "new")
        #expect(await mayKnow("new"))
        var snapshot = GateSnapshot()
        snapshot.hasAllKeys = false
        gate.load(snapshot)
        #expect(await mayKnow("another"), "there are older ones")
    }

    @Test("pools are apart: what is drawn does not take what is picked, and each comes back to its own")
    func pools() async {
        let gate = MemoryGate(limits: Limits())
        gate.restock(product.id, .drawn, by: 1)
        gate.restock(product.id, .picked, by: 1)
        #expect(await admit(gate, 1, pool: .picked) == .admitted)
        #expect(await admit(gate, 2, pool: .picked) == .refused(.soldOut))
        #expect(await admit(gate, 3) == .admitted)
        gate.end(OrderID(Identifier(high: 0, low: 1)), .released)
        #expect(gate.available(product.id, .picked) == 1)
        #expect(gate.available(product.id, .drawn) == 0)
    }

    @Test("with older keys about, a refused request with a key goes to the ledger first")
    func olderKeys() async {
        let gate = MemoryGate(limits: Limits())
        var snapshot = GateSnapshot()
        snapshot.hasAllKeys = false
        gate.load(snapshot)
        #expect(await admit(gate, 1, key: "key") == .seenBefore)
        #expect(await admit(gate, 2, key: "key", isKeyNew: true) == .refused(.soldOut))
        #expect(await admit(gate, 3) == .refused(.soldOut))
    }

    @Test("buyers beyond the bound are left to the ledger")
    func bound() async {
        var limits = Limits()
        limits.gateBuyers = 1
        let gate = MemoryGate(limits: limits)
        gate.restock(product.id, .drawn, by: 10)
        for number in 1...5 { #expect(await admit(gate, number, buyer: number) == .admitted) }
    }

    @Test("stock taken past the gate is not given out again")
    func takenPast() async {
        let gate = MemoryGate(limits: Limits())
        gate.restock(product.id, .drawn, by: 1)
        gate.restock(product.id, .drawn, by: -1)
        #expect(await admit(gate, 1) == .refused(.soldOut))
    }
}

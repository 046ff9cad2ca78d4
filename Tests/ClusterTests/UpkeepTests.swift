import CoreMetrics
import Domain
import KafkaClient
import KafkaIntake
import NIOConcurrencyHelpers
import PostgresLedger
import RedisGate
import SQLLedger
import Shop
import TestKit
import Testing

/// Leases that can be taken away from whoever asks.
private final class FaultyLeases: Leases {
    private let leases: any Leases
    let isDown = NIOLockedValueBox(false)

    init(_ leases: any Leases) { self.leases = leases }

    func hold(_ name: String, by holder: String, milliseconds: Int64) async throws(ShopError) -> Int64? {
        guard !isDown.withLockedValue({ $0 }) else { throw ShopError(.busy, "a test") }
        return try await leases.hold(name, by: holder, milliseconds: milliseconds)
    }
}

/// A gate whose answer comes late by the shop's clock.
private struct SlowGate: Gate {
    let gate: any Gate
    let clock: MockClock
    let milliseconds: Int64

    func admit(_ request: AdmissionRequest, reply: @escaping @Sendable (Admission) -> Void) {
        gate.admit(request) { admission in
            clock.advance(milliseconds: milliseconds)
            reply(admission)
        }
    }
    func mayKnow(_ key: String, of product: ProductID, reply: @escaping @Sendable (Bool) -> Void) {
        gate.mayKnow(key, of: product, reply: reply)
    }
    func end(_ order: OrderID, _ end: TicketEnd) { gate.end(order, end) }
    func judged(_ orders: [OrderID]) { gate.judged(orders) }
    func restock(_ product: ProductID, _ pool: Pool, by count: Int) { gate.restock(product, pool, by: count) }
    func count(_ buyer: Buyer, of product: ProductID, units: Int) { gate.count(buyer, of: product, units: units) }
    func close(term: Int64) async throws(ShopError) { try await gate.close(term: term) }
    func look() async throws(ShopError) -> GateLook { try await gate.look() }
    func load(_ snapshot: GateSnapshot) async throws(ShopError) { try await gate.load(snapshot) }
    func available(_ product: ProductID, _ pool: Pool) -> Int { gate.available(product, pool) }
}

/// A node with the role upkeep.
private struct Node {
    let task: Task<Void, Never>
    let leases: FaultyLeases
    let failures = NIOLockedValueBox<[ShopError]>([])

    init(_ stack: ClusterStack, _ inquirer: KafkaInquirer, holder: String, leaseMilliseconds: Int64 = 800) {
        var limits = Limits()
        limits.gateLookMilliseconds = 20
        limits.expiryIntervalMilliseconds = 20
        let (leases, failures) = (FaultyLeases(stack.postgres), failures)
        self.leases = leases
        let upkeep = ShardUpkeep(
            ShardUpkeep.Ports(
                leases: leases, gate: stack.gate, ledger: stack.postgres,
                log: KafkaLogProgress(inquirer, log: stack.log, shard: 0),
                announcer: Announcer(gate: stack.gate, watch: OrderWatch(maximum: 1, maximumPerOrder: 1)),
                clock: stack.clock, limits: limits, metrics: NOOPMetricsHandler.instance),
            shard: 0, holder: holder, leaseMilliseconds: leaseMilliseconds, drainMilliseconds: 50,
            sweepOutbox: { mayWrite in await stack.sweeper.sweep(mayWrite: mayWrite) },
            onFailure: { error in failures.withLockedValue { $0.append(error) } })
        task = Task { await upkeep.run(pause: pauseReally) }
    }

    func stop() async {
        task.cancel()
        await task.value
    }
}

/// One after the other: they share the one shard that Redis has for them.
@Suite("A shard's leader on real engines", .serialized, .engines)
struct UpkeepTests {
    /// The gate, asked of Redis.
    private func isOpen(_ stack: ClusterStack) async -> Bool { (try? await stack.gate.look().isOpen) == true }

    private func withInquirer(_ body: @escaping @Sendable (ClusterStack, KafkaInquirer) async throws -> Void)
        async throws
    {
        try await withCluster { stack, _ in
            let inquirer = try KafkaInquirer(brokers: stack.brokers)
            let result: Result<Void, any Error>
            do { result = .success(try await body(stack, inquirer)) } catch { result = .failure(error) }
            _ = await inquirer.close()
            try result.get()
        }
    }

    @Test("opens a closed gate, ends holds, writes forgotten orders, and mends what the gate did not hear of")
    func leads() async throws {
        try await withInquirer { stack, inquirer in
            let product = try await stack.product(cards: 5)
            try await stack.gate.close(term: 1)
            let node = Node(stack, inquirer, holder: "a")
            try await eventually("the gate is open") { await isOpen(stack) }
            // A hold that runs out.
            let held = stack.ledger.draft(product, buyer: 1)
            _ = try await stack.ledger.placed(held)
            // An order whose node died.
            let forgotten = stack.ledger.draft(product, buyer: 2)
            _ = await withCheckedContinuation { continuation in
                stack.gate.admit(AdmissionRequest(forgotten)) { continuation.resume(returning: $0) }
            }
            stack.clock.advance(seconds: 60)
            try await eventually("it is written") {
                try await stack.ledger.ledger.order(forgotten.id)?.state == .awaitingPayment
            }
            // The gate has 4, and the ledger 3: it never heard of the first.
            try await eventually("the gate is loaded anew") { await stack.available() == 3 }
            stack.clock.advance(seconds: 3600)
            try await eventually("the holds are ended") {
                try await stack.ledger.ledger.order(held.id)?.state == .expired
            }
            try await eventually("their cards are back") { await stack.available() == 5 }
            await node.stop()
        }
    }

    @Test("of two nodes one leads; the other goes on when it stops, and when it hears nothing of its lease")
    func takesOver() async throws {
        try await withInquirer { stack, inquirer in
            _ = try await stack.product(cards: 5)
            func holder() async throws -> String? {
                try await stack.postgres.read { transaction in
                    try transaction.value("SELECT holder FROM leases WHERE until > clock_timestamp()")
                }
            }
            let first = Node(stack, inquirer, holder: "a")
            try await eventually("a leads") { try await holder() == "a" }
            let second = Node(stack, inquirer, holder: "b")
            first.leases.isDown.withLockedValue { $0 = true }
            try await eventually("b leads") { try await holder() == "b" }
            try await stack.gate.close(term: 1)
            try await eventually("the gate is open") { await isOpen(stack) }
            first.leases.isDown.withLockedValue { $0 = false }
            await second.stop()
            try await eventually("a leads again") { try await holder() == "a" }
            try await stack.gate.close(term: 3)
            try await eventually("the gate is open again") { await isOpen(stack) }
            await first.stop()
        }
    }

    @Test("an order whose admission came too late is not handed to the log, and its outcome is unknown")
    func late() async throws {
        try await withCluster { stack, _ in
            _ = try await stack.product(cards: 5)
            func place(_ buyer: Int, lateBy milliseconds: Int64) async -> PlaceOrderAnswer {
                let gate = SlowGate(gate: stack.gate, clock: stack.clock, milliseconds: milliseconds)
                let placeOrder = PlaceOrder(stack.ports(gate))
                return await withCheckedContinuation { continuation in
                    placeOrder(stack.request(buyer)) { continuation.resume(returning: $0) }
                }
            }
            guard case .placed = await place(1, lateBy: Limits().admissionMilliseconds) else {
                Issue.record("was not taken")
                return
            }
            guard case .failed(let error) = await place(2, lateBy: Limits().admissionMilliseconds + 1) else {
                Issue.record("was handed over")
                return
            }
            #expect(error.code == .outcomeUnknown)
            try await stack.settled()
            #expect(try await stack.ledger.stock().held == 1)
            #expect(await stack.available() == 3, "its ticket stays")
            stack.clock.advance(seconds: 60)
            await stack.sweeper.sweep()
            try await stack.settled()
            #expect(try await stack.ledger.stock().held == 2, "and it is placed all the same")
        }
    }
}

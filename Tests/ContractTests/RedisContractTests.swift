import Domain
import MemoryGate
import RedisGate
import Shop
import TestKit
import Testing

@Suite("The gate in Redis", .redis)
struct RedisContractTests {
    @Test("keeps the gate's contract", arguments: GateContract.cases)
    func contract(contract: ContractCase<GateBench>) async throws {
        let gate = try RedisBench.shared().gate()
        try await contract.run(GateBench(gate, clock: MockClock(), settled: { await gate.refresh() }))
    }

    @Test("knows the stock rule", arguments: StockScenario.all)
    func stockRule(scenario: StockScenario) async throws {
        let clock = MockClock()
        let gate = try RedisBench.shared().gate()
        try await gate.load(GateSnapshot())
        let product = scenario.product(startingAt: clock.now())
        try await scenario.run(on: GateSubject(gate: gate, product: product), clock: clock)
    }

    @Test("leaves buyers beyond the bound to the ledger")
    func bound() async throws {
        var limits = Limits()
        limits.gateBuyers = 1
        let bench = GateBench(try RedisBench.shared().gate(limits: limits), clock: MockClock())
        try await bench.open(10)
        for number in 1...5 { #expect(await bench.admit(number, buyer: number) == .admitted) }
    }

    @Test("with more news than it keeps while it is closed it does not open, until it is closed anew")
    func lateNews() async throws {
        var limits = Limits()
        limits.gateLateNews = 3
        let gate = try RedisBench.shared().gate(limits: limits)
        try await tooMuchNews(GateBench(gate, clock: MockClock(), settled: { await gate.refresh() }))
    }

    @Test("answers 10,000 random histories as the gate in memory does")
    func histories() async throws {
        let bench = try RedisBench.shared()
        let told = try await withThrowingTaskGroup(of: Int.self) { group in
            for worker in 0..<64 {
                group.addTask {
                    var told = 0
                    for seed in stride(from: worker, to: 10_000, by: 64) {
                        let history = GateHistory(seed: UInt64(seed), steps: 24)
                        let gate = bench.gate()
                        let answers = try await history.tell(gate) { await gate.refresh() }
                        let expected = try await history.tell(MemoryGate(limits: Limits()))
                        #expect(answers == expected, "history \(seed)")
                        told += 1
                    }
                    return told
                }
            }
            return try await group.reduce(0, +)
        }
        print("\(told) histories told")
        #expect(told == 10_000)
    }
}

import Domain
import MemoryGate
import Shop
import TestKit
import Testing

@Suite("The stock rule")
struct StockScenarioTests {
    @Test("in pure Swift", arguments: StockScenario.all)
    func model(scenario: StockScenario) async throws {
        let clock = MockClock()
        let product = scenario.product(startingAt: clock.now())
        try await scenario.run(on: StockModel(product: product), clock: clock)
    }

    @Test("in the memory gate", arguments: StockScenario.all)
    func memoryGate(scenario: StockScenario) async throws {
        let clock = MockClock()
        let gate = MemoryGate(limits: Limits())
        try gate.load(GateSnapshot())
        let product = scenario.product(startingAt: clock.now())
        try await scenario.run(on: GateSubject(gate: gate, product: product), clock: clock)
    }

    @Test("in the SQLite ledger", arguments: StockScenario.all)
    func sqliteLedger(scenario: StockScenario) async throws {
        try await withSQLiteLedger { bench in
            let terms = scenario.product(startingAt: bench.clock.now())
            let product = try await bench.product(limits: terms.limits, window: terms.window)
            try await scenario.run(on: LedgerSubject(bench: bench, product: product), clock: bench.clock)
            try await bench.audit()
        }
    }

    @Test("in the PostgreSQL ledger", arguments: StockScenario.all)
    func postgresLedger(scenario: StockScenario) async throws {
        try await withPostgresLedger { bench in
            let terms = scenario.product(startingAt: bench.clock.now())
            let product = try await bench.product(limits: terms.limits, window: terms.window)
            try await scenario.run(on: LedgerSubject(bench: bench, product: product), clock: bench.clock)
            try await bench.audit()
        }
    }

    @Test("a gate and a ledger that hear the same story agree with the model on random stories", arguments: 1...20)
    func randomStories(seed: UInt64) async throws {
        let story = StockScenario.random(seed: seed, steps: 200)
        let clock = MockClock()
        let product = story.product(startingAt: clock.now())
        let gate = MemoryGate(limits: Limits())
        try gate.load(GateSnapshot())
        try await story.run(on: GateSubject(gate: gate, product: product), clock: clock)
        try await withSQLiteLedger { bench in
            let product = try await bench.product(limits: story.limits)
            try await story.run(on: LedgerSubject(bench: bench, product: product), clock: bench.clock)
            try await bench.audit()
        }
        try await withPostgresLedger { bench in
            let product = try await bench.product(limits: story.limits)
            try await story.run(on: LedgerSubject(bench: bench, product: product), clock: bench.clock)
            try await bench.audit()
        }
    }
}

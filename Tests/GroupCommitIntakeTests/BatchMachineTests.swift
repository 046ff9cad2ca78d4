import Domain
import Testing

@testable import GroupCommitIntake

@Suite("Batches")
struct BatchMachineTests {
    private func machine(_ change: (inout Limits) -> Void = { _ in }) -> BatchMachine<Int> {
        var limits = Limits()
        limits.batchOrders = 3
        limits.batchBytes = 100
        limits.intakeOrders = 5
        limits.intakeBytes = 200
        change(&limits)
        return BatchMachine(limits: limits)
    }

    private func batch(_ action: BatchMachine<Int>.Action) -> [Int]? {
        if case .flush(let batch) = action { batch } else { nil }
    }

    private func expectBatch(
        _ action: BatchMachine<Int>.Action, _ expected: [Int]?, at location: SourceLocation = #_sourceLocation
    ) {
        #expect(batch(action) == expected, sourceLocation: location)
    }

    @Test("the first waits for company, and all who came share the flush")
    func company() {
        var machine = machine()
        if case .startTimer = machine.submit(1, bytes: 1) {} else { Issue.record("another action") }
        if case .none = machine.submit(2, bytes: 1) {} else { Issue.record("another action") }
        expectBatch(machine.timerFired(), [1, 2])
    }

    @Test("a full batch does not wait")
    func fullByCount() {
        var machine = machine()
        _ = machine.submit(1, bytes: 1)
        _ = machine.submit(2, bytes: 1)
        expectBatch(machine.submit(3, bytes: 1), [1, 2, 3])
        expectBatch(machine.timerFired(), nil)
    }

    @Test("a batch is bounded in bytes")
    func fullByBytes() {
        var machine = machine()
        _ = machine.submit(1, bytes: 60)
        expectBatch(machine.submit(2, bytes: 60), [1])
        if case .none = machine.flushed() {} else { Issue.record("another action") }
        expectBatch(machine.timerFired(), [2])
    }

    @Test("what comes during a flush is the next batch")
    func next() {
        var machine = machine()
        _ = machine.submit(1, bytes: 1)
        _ = machine.timerFired()
        if case .none = machine.submit(2, bytes: 1) {} else { Issue.record("another action") }
        #expect(machine.depth == 1)
        // A few wait for company after a flush as before the first one.
        if case .startTimer = machine.flushed() {} else { Issue.record("another action") }
        if case .none = machine.submit(3, bytes: 1) {} else { Issue.record("another action") }
        expectBatch(machine.timerFired(), [2, 3])
        expectBatch(machine.flushed(), nil)
    }

    @Test("enough of them after a flush do not wait")
    func worthwhile() {
        var machine = machine { $0.batchWorthwhileOrders = 2 }
        _ = machine.submit(1, bytes: 1)
        _ = machine.timerFired()
        for number in 2...3 { _ = machine.submit(number, bytes: 1) }
        expectBatch(machine.flushed(), [2, 3])
    }

    @Test("a full queue refuses, by count and by bytes")
    func refusal() {
        var machine = machine()
        for number in 1...3 { _ = machine.submit(number, bytes: 1) }
        for number in 4...8 {
            if case .none = machine.submit(number, bytes: 1) {} else { Issue.record("another action") }
        }
        if case .refuse = machine.submit(9, bytes: 1) {} else { Issue.record("another action") }
        var heavy = self.machine()
        _ = heavy.submit(1, bytes: 150)
        _ = heavy.submit(2, bytes: 150)
        if case .refuse = heavy.submit(3, bytes: 51) {} else { Issue.record("another action") }
    }

    @Test("thousands go through in order, none twice and none lost")
    func order() {
        var machine = machine {
            $0.intakeOrders = 10_000
            $0.intakeBytes = 10_000
        }
        var seen: [Int] = batch(machine.submit(0, bytes: 1)) ?? []
        for number in 1..<5000 { seen += batch(machine.submit(number, bytes: 1)) ?? [] }
        while let more = batch(machine.flushed()) { seen += more }
        seen += batch(machine.timerFired()) ?? []
        let isInOrder = seen == Array(0..<5000)
        #expect(isInOrder, "\(seen.count) seen")
    }
}

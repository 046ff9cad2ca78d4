import Shop
import Testing

@Suite("Loading a gate during a sale")
struct GateRebuildMachineTests {
    private let first = LogPartition(log: "log", number: 0)
    private let second = LogPartition(log: "log", number: 1)

    @Test("waits for producers, then until the ledger has judged the log's end, and loads once")
    func steps() {
        var machine = GateRebuildMachine(drainMilliseconds: 9000)
        #expect(machine.next(after: .start) == .close)
        #expect(machine.next(after: .closed) == .wait(milliseconds: 9000))
        #expect(machine.next(after: .waited) == .askEnds)
        #expect(machine.next(after: .ends([first: 10, second: 0])) == .askPositions([first]))
        let look = GateRebuildMachine.Action.wait(milliseconds: GateRebuildMachine.lookMilliseconds)
        #expect(machine.next(after: .positions([first: 9])) == look)
        #expect(machine.next(after: .waited) == .askPositions([first]))
        #expect(machine.next(after: .positions([first: 12])) == .load)
        #expect(machine.next(after: .loaded) == .done)
    }

    @Test("an empty log is not waited for")
    func emptyLog() {
        var machine = GateRebuildMachine(drainMilliseconds: 1)
        _ = machine.next(after: .start)
        _ = machine.next(after: .closed)
        _ = machine.next(after: .waited)
        #expect(machine.next(after: .ends([first: 0])) == .load)
    }

    @Test("a failure of any step begins with closing again", arguments: 0...4)
    func failures(step: Int) {
        let events: [GateRebuildMachine.Event] = [
            .start, .closed, .waited, .ends([first: 1]), .positions([first: 1]),
        ]
        var machine = GateRebuildMachine(drainMilliseconds: 1)
        for event in events.prefix(step + 1) { _ = machine.next(after: event) }
        #expect(machine.next(after: .failed) == .wait(milliseconds: GateRebuildMachine.retryMilliseconds))
        #expect(machine.next(after: .waited) == .close)
    }
}

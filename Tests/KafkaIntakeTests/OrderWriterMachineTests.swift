import Domain
import Shop
import TestKit
import Testing

@testable import KafkaIntake

private typealias Machine = OrderWriterMachine

@Suite("The order writer's decisions")
struct OrderWriterMachineTests {
    private static let log = LogPartition(log: "cluster/topic", number: 0)

    /// The record at a position; every seventh is no order.
    fileprivate static func record(_ position: Int64) -> LoggedRecord {
        let draft = Fixtures.draft(
            OrderID(Identifier(high: 0, low: UInt64(position))), Fixtures.product(), buyer: Fixtures.buyer(1),
            at: Timestamp(milliseconds: 0))
        let isOrder = position % 7 != 6
        return LoggedRecord(
            position: position, bytes: [UInt8(truncatingIfNeeded: position)], draft: isOrder ? draft : nil,
            reason: isOrder ? nil : "no order")
    }

    fileprivate static func records(_ range: Range<Int64>) -> [LoggedRecord] { range.map(record) }

    fileprivate static func placements(_ batch: LogBatch) -> [Placement] {
        batch.drafts.map { .placed(Order($0, state: .awaitingPayment, version: 1, expiresAt: nil)) }
    }

    private func reading(_ position: Int64 = 0, end: Int64 = 100) -> Machine {
        var machine = Machine()
        _ = machine.handle(.assigned)
        _ = machine.handle(.found(Self.log, position: position, low: 0, high: end))
        return machine
    }

    private func writing(_ range: Range<Int64> = 0..<4) -> Machine {
        var machine = reading(range.lowerBound)
        _ = machine.handle(.read(Self.records(range)))
        return machine
    }

    private func written(_ actions: [Machine.Action]) -> LogBatch? {
        for case .write(let batch) in actions { return batch }
        return nil
    }

    @Test("looks for the position, reads from there, writes, tells, and reads on")
    func straight() {
        var machine = Machine()
        #expect(machine.handle(.assigned) == [.find])
        #expect(
            machine.handle(.found(Self.log, position: 5, low: 0, high: 9)) == [.stored(5), .start(5)])
        let records = Self.records(5..<9)
        let batch = LogSlice(from: 5, records: records).batch(of: Self.log)
        #expect(batch.drafts.count == 3 && batch.poison.map(\.position) == [6] && batch.next == 9)
        #expect(machine.handle(.read(records)) == [.write(batch)])
        let placements = Self.placements(batch)
        #expect(
            machine.handle(.wrote(.written(placements))) == [
                .settle(batch.drafts, placements), .parked([Self.record(6)]), .stored(9), .readOn,
            ])
        #expect(machine.state == .reading(9))
    }

    @Test("what was read already is left out, and a gap is looked at once before it stops the partition")
    func gaps() {
        var machine = reading(4)
        #expect(machine.handle(.read(Self.records(1..<4))) == [.readOn])
        let batch = written(machine.handle(.read(Self.records(2..<6))))
        #expect(batch?.from == 4 && batch?.next == 6)
        _ = machine.handle(.wrote(.written([])))
        #expect(machine.handle(.read(Self.records(8..<9))) == [.find])
        _ = machine.handle(.found(Self.log, position: 6, low: 0, high: 9))
        let actions = machine.handle(.read(Self.records(8..<9)))
        guard case .halt(let reason)? = actions.last else { unexpected(actions); return }
        #expect(reason.contains("8 after 6"))
        // A gap in the middle: what is before it is written.
        var other = reading(0)
        let part = written(other.handle(.read(Self.records(0..<2) + Self.records(5..<6))))
        #expect(part?.next == 2)
    }

    private func unexpected(_ actions: [Machine.Action]) { Issue.record("\(actions)") }

    @Test("a position that the log does not have stops the partition", arguments: [(101, 0), (3, 4)])
    func outside(position: Int64, low: Int64) {
        var machine = Machine()
        _ = machine.handle(.assigned)
        let actions = machine.handle(.found(Self.log, position: position, low: low, high: 100))
        guard case .halt = actions.last, case .halted = machine.state else { return unexpected(actions) }
        #expect(machine.handle(.read(Self.records(0..<4))).isEmpty)
        #expect(machine.handle(.woke).isEmpty)
        #expect(machine.handle(.assigned) == [.find], "it is looked at again when it is given anew")
    }

    @Test("busy writes the same batch again after a rest, which grows up to a bound")
    func busy() {
        var machine = writing()
        var rests: [Int] = []
        for _ in 0..<12 {
            guard case .rest(let milliseconds)? = machine.handle(.failed(.busy, "")).first else {
                return unexpected([])
            }
            rests.append(milliseconds)
            #expect(written(machine.handle(.woke))?.from == 0)
        }
        #expect(rests == rests.sorted() && rests[0] == 50 && rests[11] == 5000)
    }

    @Test("after an unknown outcome the ledger is asked, and what it says holds")
    func unknown() {
        var machine = writing()
        #expect(machine.handle(.failed(.outcomeUnknown, "")) == [.find])
        #expect(machine.handle(.notFound) == [.rest(50)])
        #expect(machine.handle(.woke) == [.find])
        var (landed, moved) = (machine, machine)
        #expect(written(machine.handle(.found(Self.log, position: 0, low: 0, high: 9)))?.next == 4)
        let drafts = Self.records(0..<4).compactMap(\.draft)
        #expect(
            landed.handle(.found(Self.log, position: 4, low: 0, high: 9)) == [
                .settleUnheard(drafts), .stored(4), .readOn,
            ])
        #expect(moved.handle(.found(Self.log, position: 2, low: 0, high: 9)) == [.stored(2), .start(2)])
    }

    @Test("a log with another name is another log, whatever stands at the position")
    func otherLog() {
        var machine = writing()
        _ = machine.handle(.failed(.outcomeUnknown, ""))
        let other = LogPartition(log: "another/topic", number: 0)
        #expect(machine.handle(.found(other, position: 0, low: 0, high: 0)) == [.stored(0), .start(0)])
        #expect(written(machine.handle(.read(Self.records(0..<1))))?.partition == other)
    }

    @Test("when somebody else has written, the batch is dropped and reading goes on from there")
    func moved() {
        var machine = writing()
        #expect(machine.handle(.wrote(.moved(to: 2))) == [.stored(2), .start(2)])
        #expect(machine.state == .reading(2))
    }

    @Test("a batch that cannot be taken is halved until the one record is alone, which is parked", arguments: 0..<8)
    func halving(bad: Int64) {
        var machine = reading()
        var actions = machine.handle(.read(Self.records(0..<8)))
        var position: Int64 = 0
        var placed: [Int64] = []
        var parked: [Int64] = []
        for _ in 0..<40 {
            guard let batch = written(actions) else { break }
            #expect(batch.from == position)
            if batch.drafts.contains(where: { $0.id.identifier.low == UInt64(bad) }) {
                actions = machine.handle(.failed(.internalFault, "no"))
                continue
            }
            position = batch.next
            placed += batch.drafts.map { Int64($0.id.identifier.low) }
            parked += batch.poison.map(\.position)
            actions = machine.handle(.wrote(.written(Self.placements(batch))))
        }
        #expect(position == 8 && machine.state == .reading(8))
        #expect(Set(placed + parked) == Set(0..<8) && placed.count + parked.count == 8)
        #expect(Set(parked) == [6, bad])
    }

    @Test("a ledger that takes no order at all stops the partition, before all orders are parked")
    func sickLedger() {
        var machine = reading()
        var actions = machine.handle(.read(Self.records(0..<64)))
        var parked = 0
        for _ in 0..<1000 {
            guard let batch = written(actions) else { break }
            if batch.drafts.isEmpty {
                parked += batch.poison.count
                actions = machine.handle(.wrote(.written([])))
            } else {
                actions = machine.handle(.failed(.internalFault, "no"))
            }
        }
        guard case .halted = machine.state else {
            Issue.record("goes on")
            return
        }
        #expect(parked < 24, "the orders and the records that are none between them")
        #expect(machine.handle(.assigned) == [.find], "whoever has looked starts it again")
    }

    @Test("a record that cannot even be parked is tried again after a rest, and never skipped")
    func notParked() {
        var machine = writing(0..<1)
        _ = machine.handle(.failed(.internalFault, "no"))
        #expect(machine.handle(.failed(.internalFault, "no")) == [.rest(50)])
        #expect(written(machine.handle(.woke))?.poison.map(\.position) == [0])
    }

    @Test("a partition that is given away while it is written is told of the end, and comes back after it")
    func givenAway() {
        var machine = writing()
        #expect(machine.handle(.revoked).isEmpty)
        #expect(machine.handle(.assigned).isEmpty, "one thing at a time")
        let batch = LogSlice(from: 0, records: Self.records(0..<4)).batch(of: Self.log)
        let placements = Self.placements(batch)
        #expect(
            machine.handle(.wrote(.written(placements))) == [.settle(batch.drafts, placements), .stored(4), .find])
    }

    @Test("in every state every event starts at most one thing, and none while another is under way")
    func everywhere() {
        let slice = LogSlice(from: 3, records: Self.records(3..<6))
        let states: [Machine.State] = [
            .idle, .finding([]), .finding([slice]), .restingBeforeFind([slice]), .restingBeforeWrite([slice]),
            .reading(3), .writing([slice]), .writing([slice, LogSlice(from: 6, records: Self.records(6..<7))]),
            .halted("x"), .leaving(written: nil, again: false), .leaving(written: slice, again: true),
        ]
        let events: [Machine.Event] = [
            .assigned, .revoked, .found(Self.log, position: 3, low: 0, high: 9),
            .found(Self.log, position: 6, low: 0, high: 9), .found(Self.log, position: 99, low: 0, high: 9),
            .notFound, .read(Self.records(3..<6)), .read([]), .read(Self.records(9..<10)), .nothingThere("x"),
            .wrote(.written([])), .wrote(.moved(to: 1)), .failed(.busy, ""), .failed(.outcomeUnknown, ""),
            .failed(.internalFault, ""), .woke,
        ]
        for state in states {
            for event in events {
                var machine = Machine(state: state, partition: Self.log)
                let before = machine.underWay
                let begun = machine.handle(event).filter(\.isBeginning)
                #expect(begun.count <= 1, "\(state) \(event)")
                if before != nil, !event.ends(before) { #expect(begun.isEmpty, "\(state) \(event)") }
                #expect((machine.underWay != nil) == !(begun.isEmpty && (before == nil || event.ends(before))))
            }
        }
    }
}

/// What a machine waits for.
private enum UnderWay { case finding, writing, resting, leaving }

extension OrderWriterMachine {
    fileprivate var underWay: UnderWay? {
        switch state {
        case .idle, .reading, .halted: nil
        case .finding: .finding
        case .writing: .writing
        case .restingBeforeFind, .restingBeforeWrite: .resting
        case .leaving: .leaving
        }
    }
}

extension OrderWriterMachine.Action {
    fileprivate var isBeginning: Bool {
        switch self {
        case .find, .write, .rest: true
        default: false
        }
    }
}

extension OrderWriterMachine.Event {
    /// Whether it is how such a thing ends.
    fileprivate func ends(_ thing: UnderWay?) -> Bool {
        switch (self, thing) {
        case (.found, .finding), (.notFound, .finding), (.wrote, .writing), (.failed, .writing), (.woke, .resting):
            true
        case (.found, .leaving), (.notFound, .leaving), (.wrote, .leaving), (.failed, .leaving), (.woke, .leaving):
            true
        default: false
        }
    }
}

// MARK: Random stories

/// A machine with a log and a ledger that do as chance wants.
private struct Story {
    var machine = OrderWriterMachine()
    var random: SeededGenerator
    let end: Int64 = 60
    let bad: Int64 = 17
    var ledger: Int64 = 0
    /// Positions in the order in which the ledger took them.
    var taken: [Int64] = []
    var told: [Int64] = []
    var operation: OrderWriterMachine.Action?
    /// From where the consumer hands over next; nil when it waits or was not started.
    var reader: Int64?
    var isWanted = false
    var isCalm = false

    init(seed: UInt64) { random = SeededGenerator(seed: seed) }

    mutating func chance(_ percent: Int) -> Bool { !isCalm && Int.random(in: 0..<100, using: &random) < percent }

    mutating func feed(_ event: OrderWriterMachine.Event) {
        for action in machine.handle(event) {
            switch action {
            case .find, .rest, .write:
                #expect(operation == nil, "two things at once")
                operation = action
            case .start(let position): (reader, isWanted) = (position, true)
            case .readOn: isWanted = true
            case .settle(let drafts, _), .settleUnheard(let drafts):
                told += drafts.map { Int64($0.id.identifier.low) }
            case .stopReading: reader = nil
            case .halt(let reason): Issue.record("\(reason)")
            case .parked, .stored: break
            }
        }
    }

    /// Another writer takes some records.
    mutating func other() {
        let next = min(end, ledger + 3)
        taken += Array(ledger..<next)
        ledger = next
    }

    mutating func write(_ batch: LogBatch) -> OrderWriterMachine.Event {
        if chance(10) { return .failed(.busy, "") }
        if chance(5) { return .failed(.outcomeUnknown, "") }
        guard batch.from == ledger else { return .wrote(.moved(to: ledger)) }
        if batch.drafts.contains(where: { $0.id.identifier.low == UInt64(bad) }) {
            return .failed(.internalFault, "bad")
        }
        let positions = batch.drafts.map { Int64($0.id.identifier.low) } + batch.poison.map(\.position)
        #expect(positions.sorted() == Array(batch.from..<batch.next), "nothing is skipped")
        taken += positions.sorted()
        ledger = batch.next
        if chance(8) { return .failed(.outcomeUnknown, "") }
        return .wrote(.written(OrderWriterMachineTests.placements(batch)))
    }

    mutating func step() {
        if chance(4) { feed(.revoked) }
        if chance(8) { feed(.assigned) }
        if chance(3) { other() }
        if let running = operation, isCalm || chance(60) {
            operation = nil
            switch running {
            case .find:
                let log = LogPartition(log: "l", number: 0)
                feed(chance(10) ? .notFound : .found(log, position: ledger, low: 0, high: end))
            case .rest: feed(.woke)
            case .write(let batch): feed(write(batch))
            default: break
            }
        } else if let from = reader, isWanted, from < end {
            let next = min(end, from + Int64.random(in: 1...9, using: &random))
            (reader, isWanted) = (next, false)
            feed(.read(OrderWriterMachineTests.records(from..<next)))
        }
    }
}

@Suite("Random stories of the order writer")
struct OrderWriterStoryTests {
    @Test("never two things at once, nothing skipped, nothing taken twice, and the end is reached", arguments: 1...200)
    func story(seed: UInt64) {
        var story = Story(seed: seed)
        story.feed(.assigned)
        for _ in 0..<200 { story.step() }
        story.isCalm = true
        story.feed(.assigned)
        for _ in 0..<400 where story.ledger < story.end || story.operation != nil { story.step() }
        #expect(story.ledger == story.end)
        #expect(story.taken == Array(0..<story.end), "each once, in order")
        #expect(Set(story.told).isSubset(of: Set(story.taken)), "nobody hears of what the ledger does not have")
    }
}

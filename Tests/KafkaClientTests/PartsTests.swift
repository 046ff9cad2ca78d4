import Foundation
import NIOConcurrencyHelpers
import TestKit
import Testing

@testable import KafkaClient

@Suite("Parts of the client")
struct PartsTests {
    @Test("slots are given to one at a time, up to the bound, and back once")
    func slots() {
        var slots = ReplySlots<Int>(capacity: 2)
        let (one, two, three) = (slots.take(10), slots.take(20), slots.take(30))
        #expect(one != nil && two != nil && one != two && three == nil)
        let given = [one ?? 0, one ?? 0, 0, 99].map { slots.give($0) }
        #expect(given == [10, nil, nil, nil], "once")
        let again = slots.take(40)
        #expect(again == one && slots.count == 2)
        let left = slots.giveAll()
        #expect(left.sorted() == [20, 40])
        #expect(slots.count == 0)
    }

    private func buffer(records: Int = 3, bytes: Int = 100, milliseconds: Int = 5) -> PartitionBuffer {
        var bounds = KafkaConsumer.BatchBounds()
        bounds.records = records
        bounds.bytes = bytes
        bounds.milliseconds = milliseconds
        return PartitionBuffer(from: 0, bounds: bounds)
    }

    private func record(_ position: Int64, bytes: Int = 1) -> KafkaRecord {
        KafkaRecord(position: position, key: [], value: Array(repeating: 0, count: bytes))
    }

    @Test("a batch is due when it is old or full, and pauses its partition when it is full")
    func due() {
        var buffer = buffer()
        #expect(buffer.due(at: 0) == nil)
        var pauses = [buffer.add(record(0), at: 10)]
        #expect(buffer.due(at: 11) == 4)
        let early = buffer.take(at: 11)
        let batch = buffer.take(at: 15)
        #expect(early == nil && batch?.records.map(\.position) == [0] && batch?.resume == false)
        // The owner has it: nothing more is due, however much there is.
        for position in 1...3 { pauses.append(buffer.add(record(Int64(position)), at: 20)) }
        #expect(pauses == [false, false, false, true])
        #expect(buffer.due(at: 100) == nil)
        buffer.want()
        let next = buffer.take(at: 20)
        #expect(next?.records.map(\.position) == [1, 2, 3] && next?.resume == true)
    }

    @Test("bytes fill a batch too, and what was read before is dropped")
    func bytes() {
        var buffer = buffer()
        let pauses = [(5, 100), (5, 1), (4, 1)].map { buffer.add(record($0.0, bytes: $0.1), at: 0) }
        #expect(pauses == [true, false, false])
        let batch = buffer.take(at: 0)
        #expect(batch?.records.map(\.position) == [5])
    }

    @Test("waiting for a thread that hangs ends, and for one that ended too")
    func watchdog() async {
        let latch = DispatchSemaphore(value: 0)
        let thread = OwnThread(name: "kafka-hangs") { latch.wait() }
        #expect(await thread.ends(within: 100) == false)
        latch.signal()
        #expect(await thread.ends(within: 5000))
        #expect(await thread.ends(within: 0))
    }

    @Test("questions are done in order, so many may wait, and none after the end")
    func jobs() async throws {
        let latch = DispatchSemaphore(value: 0)
        let jobs = JobThread(name: "kafka-jobs", maximum: 1)
        let begun = NIOLockedValueBox(false)
        let told = NIOLockedValueBox<[String]>([])
        try jobs.add { _ in
            begun.withLockedValue { $0 = true }
            latch.wait()
        }
        try await eventually("it began") { begun.withLockedValue { $0 } }
        try jobs.add { isStopped in told.withLockedValue { $0.append("waited, stopped: \(isStopped)") } }
        #expect(throws: KafkaError.busy) { try jobs.add { _ in } }
        jobs.stop { told.withLockedValue { $0.append("last") } }
        #expect(throws: KafkaError.closed) { try jobs.add { _ in } }
        #expect(await jobs.ends(within: 50) == false)
        latch.signal()
        #expect(await jobs.ends(within: 5000))
        #expect(told.withLockedValue { $0 } == ["waited, stopped: true", "last"])
    }
}

import SQLLedger
import Testing

@testable import SQLiteLedger

@Suite("The writer's queue")
struct WriterQueueTests {
    @Test("urgent writes share a transaction up to the bound")
    func sharing() {
        var queue = WriterQueue<Int>(maximum: 10, perFlush: 3)
        for number in 1...5 { _ = queue.add(number, to: .urgent) }
        let flushes = [queue.next(), queue.next(), queue.next()]
        #expect(flushes == [[1, 2, 3], [4, 5], []])
    }

    @Test("patient writes run alone, and neither lane starves")
    func fairness() {
        var queue = WriterQueue<Int>(maximum: 100, perFlush: 1)
        for number in 1...20 { _ = queue.add(number, to: .urgent) }
        for number in 101...103 { _ = queue.add(number, to: .patient) }
        var order: [Int] = []
        while !queue.isEmpty {
            let jobs = queue.next()
            #expect(jobs.count == 1)
            order += jobs
        }
        #expect(order.count == 23)
        #expect(order.firstIndex(of: 101) == 4)
        #expect(order.firstIndex(of: 103) == 14)
    }

    @Test("a full lane refuses, and only that lane")
    func bound() {
        var queue = WriterQueue<Int>(maximum: 1, perFlush: 1)
        let urgent = [queue.add(1, to: .urgent), queue.add(2, to: .urgent)]
        let patient = [queue.add(3, to: .patient), queue.add(4, to: .patient)]
        #expect(urgent == [true, false])
        #expect(patient == [true, false])
    }
}

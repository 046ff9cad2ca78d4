import Testing

@testable import KafkaIntake

@Suite("When the log is silent")
struct IntakeBreakerTests {
    private func breaker(_ orders: Int, at now: Int64 = 0) -> IntakeBreaker {
        var breaker = IntakeBreaker(silenceMilliseconds: 3000)
        for _ in 0..<orders { _ = breaker.admits(at: now) }
        return breaker
    }

    @Test("orders go on while acknowledgements come, however slowly")
    func slow() {
        var breaker = breaker(1)
        for round in 1...10 as ClosedRange<Int64> {
            let admitted = breaker.admits(at: round * 2000)
            breaker.answered(isAcknowledged: true, at: round * 2000)
            #expect(admitted && !breaker.isOpen)
        }
    }

    @Test("a log that nothing was written to for long is not silent")
    func idle() {
        var breaker = breaker(1)
        breaker.answered(isAcknowledged: true, at: 5)
        let first = breaker.admits(at: 100_000)
        let second = breaker.admits(at: 102_999)
        #expect(first && second)
    }

    @Test("past the silence orders are refused but for one a second, until one is acknowledged")
    func silence() {
        var breaker = breaker(3)
        var admitted = [2999, 3000, 3999, 4000, 4001, 4999, 5000].map { breaker.admits(at: $0) }
        #expect(admitted == [true, false, false, true, false, false, true] && breaker.isOpen)
        breaker.answered(isAcknowledged: false, at: 8000)
        #expect(breaker.isOpen, "given up is not heard")
        breaker.answered(isAcknowledged: true, at: 8100)
        admitted = [8101, 11_099].map { breaker.admits(at: $0) }
        #expect(admitted == [true, true] && !breaker.isOpen)
    }

    @Test("one that was given up after the silence opens it, though nobody has asked meanwhile")
    func alone() {
        var breaker = breaker(1)
        breaker.answered(isAcknowledged: false, at: 8000)
        let (refused, trial) = (!breaker.admits(at: 8001), breaker.admits(at: 9000))
        #expect(refused && trial)
    }

    @Test("one that was refused at once says nothing of silence")
    func refused() {
        var breaker = breaker(2)
        breaker.answered(isAcknowledged: false, at: 5)
        #expect(!breaker.isOpen)
    }

    @Test("it stays open when everything that was under way was given up")
    func givenUp() {
        var breaker = breaker(1)
        let refused = !breaker.admits(at: 3000)
        breaker.answered(isAcknowledged: false, at: 8000)
        let trial = breaker.admits(at: 60_000)
        let second = breaker.admits(at: 60_001)
        #expect(refused && trial && !second)
    }
}

import Domain
import Shop
import Testing

@Suite("Who leads")
struct LeadershipTests {
    @Test("a leader stops by itself before its lease has run out, counted from when it asked")
    func stops() {
        var machine = LeadershipMachine(leaseMilliseconds: 8000)
        #expect(machine.standing(at: 0) == .follower)
        machine.answered(7, asked: 1000)
        #expect(machine.standing(at: 7999) == .leader(term: 7))
        #expect(machine.standing(at: 8000) == .follower)
        machine.answered(7, asked: 7500)
        #expect(machine.standing(at: 8000) == .leader(term: 7))
    }

    @Test("one that hears that another leads follows at once")
    func refused() {
        var machine = LeadershipMachine(leaseMilliseconds: 8000)
        machine.answered(7, asked: 0)
        machine.answered(nil, asked: 100)
        #expect(machine.standing(at: 101) == .follower)
    }
}

@Suite("What a gate did not hear of")
struct DriftWatchTests {
    private let place = StockPlace(product: ProductID(1), pool: .drawn)

    /// Looks so often, at these numbers of cards in ledger and gate; whether each look said that the gate is to be
    /// loaded.
    private func looks(_ watch: inout DriftWatch, _ numbers: [(Int, Int)], isQuiet: Bool = true) -> [Bool] {
        numbers.map { watch.look(ledger: [place: $0.0], gate: [place: $0.1], isQuiet: isQuiet) }
    }

    @Test("the same difference three times in quiet is a reason to load the gate")
    func stays() {
        var watch = DriftWatch()
        let verdicts = looks(&watch, [(5, 3), (5, 3), (9, 7)])
        #expect(verdicts == [false, false, true])
        #expect(watch.drift == [place: 2])
    }

    @Test("differences that change, or orders on their way, are none")
    func moves() {
        var watch = DriftWatch()
        let moving = looks(&watch, [(2, 0), (3, 0), (2, 0), (3, 0), (2, 0)])
        let busy = looks(&watch, [(1, 0), (1, 0), (1, 0), (1, 0)], isQuiet: false)
        let equal = looks(&watch, [(4, 4)])
        #expect(!(moving + busy + equal).contains(true))
        #expect(watch.drift.isEmpty)
    }
}

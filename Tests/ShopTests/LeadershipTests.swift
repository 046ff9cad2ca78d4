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
    private let place = DriftWatch.Place(product: ProductID(1), pool: .drawn)

    @Test("the same difference three times in quiet is a reason to load the gate")
    func stays() {
        var watch = DriftWatch()
        #expect(!watch.look(ledger: [place: 5], gate: [place: 3], isQuiet: true))
        #expect(!watch.look(ledger: [place: 5], gate: [place: 3], isQuiet: true))
        #expect(watch.look(ledger: [place: 9], gate: [place: 7], isQuiet: true))
        #expect(watch.drift == [place: 2])
    }

    @Test("differences that change, or orders on their way, are none")
    func moves() {
        var watch = DriftWatch()
        for difference in [2, 3, 2, 3, 2] {
            #expect(!watch.look(ledger: [place: difference], gate: [:], isQuiet: true))
        }
        for _ in 1...5 { #expect(!watch.look(ledger: [place: 1], gate: [:], isQuiet: false)) }
        #expect(!watch.look(ledger: [:], gate: [:], isQuiet: true))
        #expect(watch.drift.isEmpty)
    }
}

import Domain
import Shop
import TestKit
import Testing

@Suite("Upkeep")
struct UpkeepTests {
    private let machine = UpkeepMachine(batch: 10)

    @Test("sweeps until a sweep is not full")
    func sweeps() {
        #expect(machine.next(after: .woke(.writable)) == .expire)
        #expect(machine.next(after: .expired(10)) == .expire)
        #expect(machine.next(after: .expired(9)) == .deliverWaiting)
        #expect(machine.next(after: .delivered(10)) == .deliverWaiting)
        #expect(machine.next(after: .delivered(9)) == .rest)
        #expect(machine.next(after: .gaveUp) == .rest)
    }

    @Test("probes a ledger that may recover, and leaves one that may not")
    func probes() {
        #expect(machine.next(after: .woke(.stopped(reason: "full", recovers: true))) == .probe)
        #expect(machine.next(after: .woke(.stopped(reason: "broken", recovers: false))) == .rest)
    }
}

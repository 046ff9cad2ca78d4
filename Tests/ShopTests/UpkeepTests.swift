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

    @Test("does what it is told to do, and wakes the ledger in any case")
    func duties() {
        let (expiry, delivery) = (UpkeepMachine(batch: 10, duties: .expire), UpkeepMachine(batch: 10, duties: .deliver))
        #expect(expiry.next(after: .woke(.writable)) == .expire)
        #expect(expiry.next(after: .expired(9)) == .rest)
        #expect(delivery.next(after: .woke(.writable)) == .deliverWaiting)
        let none = UpkeepMachine(batch: 10, duties: [])
        #expect(none.next(after: .woke(.writable)) == .rest)
        for machine in [expiry, delivery, none] {
            #expect(machine.next(after: .woke(.stopped(reason: "full", recovers: true))) == .probe)
        }
    }

    @Test("probes a ledger that may recover, and leaves one that may not")
    func probes() {
        #expect(machine.next(after: .woke(.stopped(reason: "full", recovers: true))) == .probe)
        #expect(machine.next(after: .woke(.stopped(reason: "broken", recovers: false))) == .rest)
    }
}

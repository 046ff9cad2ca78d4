import Domain
import Shop
import Testing

/// A machine with the time, and what it wanted last.
private struct Story {
    typealias Action = ShardUpkeepMachine.Action

    var machine: ShardUpkeepMachine
    var now: Int64 = 0
    private(set) var actions: [Action] = []

    static let place = StockPlace(product: ProductID(1), pool: .drawn)

    init() { machine = ShardUpkeepMachine(leaseMilliseconds: 8000, limits: Limits(), now: 0) }

    /// Something happens so many milliseconds later.
    mutating func then(_ event: ShardUpkeepMachine.Event, after milliseconds: Int64 = 0) {
        now += milliseconds
        actions = machine.handle(event, at: now)
    }

    /// The lease is asked for and had.
    mutating func lead(_ term: Int64 = 1) { then(.lease(term: term, asked: now)) }

    /// A leader whose gate is open and in which nothing moved at the first look.
    static func leading(cards: Int = 5, waiting: Int = 0) -> Story {
        var story = Story()
        story.then(.woke)
        story.lead()
        story.look(cards, waiting: waiting, isFirst: true)
        story.then(.swept)
        return story
    }

    /// The next look at the gate, when it is due.
    mutating func look(_ cards: Int, waiting: Int = 0, unlogged: Int = 0, isFirst: Bool = false) {
        if !isFirst {
            then(.woke, after: Limits().gateLookMilliseconds)
            then(.lease(term: 1, asked: now))
            #expect(machine.leads(1, at: now))
        }
        if !isFirst { then(.swept) }
        then(.looked(Self.open(cards, waiting: waiting, unlogged: unlogged)))
    }

    static func open(_ cards: Int, waiting: Int = 0, unlogged: Int = 0) -> GateLook {
        GateLook(isOpen: true, available: [place: cards], waitingBytes: waiting, unlogged: unlogged)
    }

    func wants(_ action: Action) -> Bool { actions.contains(action) }
    var rebuilds: Bool { actions.contains { if case .rebuild = $0 { true } else { false } } }
    var counts: Bool { wants(.count) }
}

@Suite("What a shard's leader does")
struct ShardUpkeepMachineTests {
    @Test("one that starts asks for the lease and does nothing else, until it has it")
    func follower() {
        var story = Story()
        story.then(.woke)
        #expect(story.actions == [.askLease, .wait(milliseconds: ShardUpkeepMachine.tickMilliseconds)])
        story.then(.lease(term: nil, asked: 0))
        #expect(story.actions.isEmpty)
        story.then(.woke, after: 1999)
        #expect(story.actions == [.wait(milliseconds: ShardUpkeepMachine.tickMilliseconds)])
        story.then(.woke, after: 1)
        #expect(story.wants(.askLease))
        #expect(!story.machine.leads(1, at: story.now))
    }

    @Test("one that leads ends holds and looks at the gate at once; a closed one is loaded in its term")
    func closedGate() {
        var story = Story()
        story.then(.woke)
        story.lead(7)
        #expect(story.actions == [.tell(.leader(term: 7)), .expire(term: 7), .look])
        story.then(.looked(GateLook(isOpen: false)))
        #expect(story.actions == [.tellOpen(false), .rebuild(term: 7)])
        story.then(.expired)
        story.then(.woke, after: Limits().expiryIntervalMilliseconds)
        #expect(story.wants(.expire(term: 7)), "a load holds up nothing else")
        #expect(!story.wants(.look) && !story.rebuilds && !story.machine.mayWrite(7, at: story.now))
        story.then(.rebuilt(true))
        #expect(story.actions.first == .look)
        story.then(.looked(Story.open(5)))
        #expect(story.actions == [.tellOpen(true), .sweepOutbox(term: 7)])
    }

    @Test("the gate is loaded only when no sweep of the outbox is under way, and none begins before it is loaded")
    func sweepsAndLoads() {
        var story = Story()
        story.then(.woke)
        story.lead()
        story.look(5, isFirst: true)
        #expect(story.wants(.sweepOutbox(term: 1)) && story.machine.mayWrite(1, at: story.now))
        story.then(.woke, after: 1000)
        story.then(.looked(GateLook(isOpen: false)))
        #expect(!story.rebuilds)
        #expect(!story.machine.mayWrite(1, at: story.now) && story.machine.leads(1, at: story.now))
        story.then(.swept)
        #expect(story.rebuilds)
        story.then(.woke, after: 2000)
        #expect(!story.actions.contains(.sweepOutbox(term: 1)))
    }

    @Test("a difference over three looks in quiet is a reason to load, and again only after a while")
    func drift() {
        var story = Story.leading()
        for look in 1...3 {
            story.look(5)
            #expect(story.counts)
            story.then(.counted([Story.place: 8]))
            #expect(story.wants(.tellDrift([Story.place: 3])) && story.rebuilds == (look == 3))
        }
        story.then(.rebuilt(true))
        story.then(.looked(Story.open(5)))
        for _ in 1...10 {
            story.look(5)
            story.then(.counted([Story.place: 8]))
            #expect(!story.rebuilds)
        }
        story.then(.woke, after: ShardUpkeepMachine.driftPauseMilliseconds)
        story.lead()
        for _ in 1...5 where !story.rebuilds {
            story.look(5)
            story.then(.counted([Story.place: 8]))
        }
        #expect(story.rebuilds)
    }

    @Test("the ledger's cards are counted only when nothing moves, and seldom while they agree")
    func quiet() {
        var story = Story.leading()
        story.look(4)
        #expect(!story.counts, "cards went")
        story.look(4, unlogged: 1)
        #expect(!story.counts, "an order is on its way into the log")
        story.look(4, waiting: 100)
        #expect(!story.counts && story.wants(.askLog))
        story.then(.logRead(false))
        #expect(!story.counts, "an order waits for the ledger")
        story.look(4)
        #expect(story.counts)
        story.then(.counted([Story.place: 4]))
        let counts = (1...10).map { _ in
            story.look(4)
            defer { if story.counts { story.then(.counted([Story.place: 4])) } }
            return story.counts
        }
        #expect(counts.count { $0 } == 10 / ShardUpkeepMachine.looksBetweenCounts)
    }

    @Test("bytes that wait although the log is read to its end are a reason to load")
    func stuck() {
        var story = Story.leading(waiting: 100)
        for look in 1...3 {
            story.look(5, waiting: 100)
            #expect(story.wants(.askLog))
            story.then(.logRead(true))
            if story.counts { story.then(.counted([Story.place: 5])) }
            #expect(story.rebuilds == (look == 3))
        }
    }

    @Test("bytes that come and go are no reason")
    func moving() {
        var story = Story.leading(waiting: 100)
        for look in 1...9 {
            story.look(5, waiting: 100 + look % 2)
            story.then(.logRead(true))
            if story.counts { story.then(.counted([Story.place: 5])) }
            #expect(!story.rebuilds)
        }
    }

    @Test("a lease that is lost in the middle of a load ends it, and the next term begins with a look")
    func lost() {
        var story = Story()
        story.then(.woke)
        story.lead(1)
        story.then(.looked(GateLook(isOpen: false)))
        #expect(story.rebuilds)
        story.then(.expired)
        #expect(story.machine.leads(1, at: 6999) && !story.machine.leads(1, at: 7000))
        story.then(.woke, after: 7000)
        #expect(story.wants(.tell(.follower)) && story.wants(.askLease))
        #expect(!story.wants(.expire(term: 1)))
        story.then(.lease(term: 3, asked: story.now))
        #expect(story.wants(.tell(.leader(term: 3))) && story.wants(.expire(term: 3)))
        #expect(!story.wants(.look), "what was begun has not ended")
        #expect(!story.machine.leads(1, at: story.now) && !story.machine.mayWrite(3, at: story.now))
        story.then(.rebuilt(false))
        #expect(story.wants(.look))
        story.then(.looked(GateLook(isOpen: false)))
        #expect(story.wants(.rebuild(term: 3)))
    }

    @Test("a look that was begun in an earlier term is repeated, whatever it found")
    func staleLook() {
        var story = Story()
        story.then(.woke)
        story.lead(1)
        story.then(.lease(term: 2, asked: 0))
        story.then(.looked(GateLook(isOpen: false)))
        #expect(!story.rebuilds && story.wants(.look))
    }

    @Test("a gate whose engine is down is not loaded, and asked again after a pause")
    func gateDown() {
        var story = Story.leading()
        for _ in 1...5 {
            story.then(.woke, after: 1000)
            #expect(story.wants(.look))
            story.then(.lease(term: 1, asked: story.now))
            story.then(.checkFailed)
            #expect(!story.rebuilds && !story.wants(.look))
            #expect(!story.machine.handle(.woke, at: story.now + 999).contains(.look))
        }
        story.then(.woke, after: 1000)
        story.then(.swept)
        story.then(.looked(GateLook(isOpen: false)))
        #expect(story.rebuilds, "it came back empty")
        story.then(.rebuilt(false))
        #expect(!story.wants(.look))
        story.then(.woke, after: GateRebuildMachine.retryMilliseconds)
        #expect(story.wants(.look))
    }

    @Test("without answers about the lease it steps down before others may take it, and goes on asking")
    func leasesDown() {
        var story = Story()
        story.then(.woke)
        story.lead(1)
        story.then(.woke, after: 2000)
        #expect(story.wants(.askLease))
        story.then(.leaseFailed, after: 1000)
        story.then(.woke, after: 2000)
        #expect(story.wants(.askLease) && story.machine.leads(1, at: story.now))
        story.then(.woke, after: 2000)
        #expect(story.wants(.tell(.follower)) && !story.wants(.askLease), "one question at once")
        story.then(.lease(term: 1, asked: story.now - 2000))
        #expect(story.wants(.tell(.leader(term: 1))), "the answer came late, and is good for what is left")
        story.then(.lease(term: nil, asked: story.now))
        #expect(story.wants(.tell(.follower)))
    }
}

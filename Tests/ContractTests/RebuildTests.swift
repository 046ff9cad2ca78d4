import Domain
import MemoryGate
import RedisGate
import Shop
import TestKit
import Testing

@Suite("A gate that is loaded anew while the ledger changes", .redis)
struct RebuildTests {
    @Test("in memory it agrees with the ledger in the end, whenever it hears", arguments: 1...12)
    func memory(seed: UInt64) async throws {
        try await withSQLiteLedger { bench in
            let gate = GateBench(MemoryGate(limits: Limits()), clock: bench.clock)
            try await RebuildStory.run(seed: seed, steps: 150, bench, gate)
        }
    }

    @Test("in Redis it agrees with the ledger in the end, whenever it hears", arguments: 1...12)
    func redis(seed: UInt64) async throws {
        let gate = try RedisBench.shared().gate()
        try await withSQLiteLedger { bench in
            try await RebuildStory.run(
                seed: seed, steps: 150, bench, GateBench(gate, clock: bench.clock, settled: { await gate.refresh() }))
        }
    }

    @Test("with PostgreSQL too", arguments: 1...2)
    func postgres(seed: UInt64) async throws {
        let gate = try RedisBench.shared().gate()
        try await withPostgresLedger { bench in
            try await RebuildStory.run(
                seed: seed, steps: 150, bench, GateBench(gate, clock: bench.clock, settled: { await gate.refresh() }))
        }
    }
}

/// A random story of a shop that imports, voids, sells, is paid late and refunds, while its gate is closed and loaded
/// again and again. What the ledger does is told to the gate at any time after it; news of one order in its order.
private struct RebuildStory {
    private typealias News = @Sendable (any Gate) -> Void

    private enum Load {
        case open
        case closed
        case taken(GateSnapshot)
    }

    private let bench: LedgerBench
    private let gate: GateBench
    private let product: Product
    private var generator: SeededGenerator
    private var load = Load.open
    private var orders: [OrderID: Attempt] = [:]
    private var untold: [[News]] = []
    private var untoldOf: [OrderID: [News]] = [:]
    private var cards = 0

    static func run(seed: UInt64, steps: Int, _ bench: LedgerBench, _ gate: GateBench) async throws {
        let limits = Fixtures.limits(perOrder: 3, perBuyer: 6)
        let product = try await bench.product(limits: limits, holdSeconds: 10, lateMoney: .deliver)
        var story = RebuildStory(
            bench: bench, gate: gate, product: product, generator: SeededGenerator(seed: seed))
        try await gate.gate.load(GateSnapshot())
        for _ in 0..<steps { try await story.step() }
        try await story.end()
    }

    private init(bench: LedgerBench, gate: GateBench, product: Product, generator: SeededGenerator) {
        (self.bench, self.gate, self.product, self.generator) = (bench, gate, product, generator)
    }

    private mutating func step() async throws {
        switch Int.random(in: 1...20, using: &generator) {
        case 1, 2: try await add(Int.random(in: 1...3, using: &generator))
        case 3: try await void()
        case 4...8: try await place()
        case 9, 10: try await pay()
        case 11: try await expire()
        case 12: try await cancel()
        case 13: try await refund()
        case 14...17: tellSome()
        default: try await rebuild()
        }
    }

    // MARK: What the ledger does

    private mutating func add(_ count: Int) async throws {
        let batch = try await bench.cards.openBatch(of: product.id, at: bench.clock.now())
        let added = try await bench.cards.add(Fixtures.cards(cards..<cards + count), to: product.id, batch: batch)
        cards += count
        untold.append([{ [product] in $0.restock(product.id, .drawn, by: count, change: added.change) }])
    }

    private mutating func void() async throws {
        let free = try await bench.cards.cards(CardFilter(product: product.id, state: .available, limit: 50))
        guard let card = free.randomElement(using: &generator) else { return }
        let voided = try await bench.cards.void(card.id, by: bench.owner, at: bench.clock.now())
        untold.append([{ [product] in $0.restock(product.id, .drawn, by: -1, change: voided.change) }])
    }

    private mutating func place() async throws {
        let quantity = Int.random(in: 1...2, using: &generator)
        let draft = bench.draft(product, buyer: Int.random(in: 1...3, using: &generator), quantity: quantity)
        guard await admit(draft) == .admitted else { return }
        guard case .placed(let order) = try await bench.place(draft) else {
            return announce(draft.id) { $0.end(draft.id, .notPlaced) }
        }
        orders[order.id] = try await bench.attempt(order.id)
    }

    private func admit(_ draft: OrderDraft) async -> Admission {
        await withCheckedContinuation { continuation in
            gate.gate.admit(AdmissionRequest(draft)) { continuation.resume(returning: $0) }
        }
    }

    private mutating func someOrder() -> OrderID? {
        orders.keys.sorted { $0.text < $1.text }.randomElement(using: &generator)
    }

    /// In time or late.
    private mutating func pay() async throws {
        guard let id = someOrder(), let attempt = orders[id] else { return }
        announce(try await bench.ledger.record(bench.receipt(attempt)).change)
    }

    private mutating func expire() async throws {
        bench.clock.advance(seconds: 4)
        for order in try await bench.ledger.expire(at: bench.clock.now(), limit: 100) {
            announce(OrderChange(order: order, changed: true, gate: GateEffect(end: .released)))
        }
    }

    private mutating func cancel() async throws {
        guard let id = someOrder() else { return }
        if case .order(let change) = try await bench.ledger.cancel(id, at: bench.clock.now()) { announce(change) }
    }

    private mutating func refund() async throws {
        guard let id = someOrder() else { return }
        announce(try? await bench.ledger.requestRefund(id, by: bench.owner, at: bench.clock.now()))
    }

    // MARK: What the gate hears

    private mutating func announce(_ change: OrderChange?) {
        guard let change, change.changed else { return }
        announce(change.order.id) { gate in
            Announcer(gate: gate, watch: OrderWatch(maximum: 1, maximumPerOrder: 1)).announce(change)
        }
    }

    private mutating func announce(_ order: OrderID, _ news: @escaping News) {
        untoldOf[order, default: []].append(news)
    }

    private mutating func tellSome() {
        if let index = untold.indices.randomElement(using: &generator) {
            for news in untold.remove(at: index) { news(gate.gate) }
        }
        let waiting = untoldOf.keys.sorted { $0.text < $1.text }
        guard let order = waiting.randomElement(using: &generator) else { return }
        for news in untoldOf.removeValue(forKey: order) ?? [] { news(gate.gate) }
    }

    private mutating func rebuild() async throws {
        try await gate.settle()
        switch load {
        case .open:
            try await gate.gate.close(term: 1)
            load = .closed
        case .closed:
            load = .taken(try await snapshot())
        case .taken(let snapshot):
            try await gate.gate.load(snapshot)
            load = .open
        }
    }

    private func snapshot() async throws -> GateSnapshot {
        try await bench.ledger.gateSnapshot(keysSince: bench.clock.now(), maximumUnits: 10_000, maximumKeys: 10)
    }

    // MARK: The end

    private mutating func end() async throws {
        while true {
            if case .open = load { break }
            try await rebuild()
        }
        while !(untold.isEmpty && untoldOf.isEmpty) { tellSome() }
        let truth = try await snapshot()
        let available = truth.available[product.id] ?? 0
        #expect(try await gate.available(product) == available)
        // All tickets are there, and no other.
        for ticket in truth.tickets { gate.gate.end(ticket.order, .released) }
        for id in orders.keys { gate.gate.end(id, .released) }
        let held = truth.tickets.reduce(0) { $0 + $1.quantity }
        #expect(try await gate.available(product) == available + held)
        // Each buyer gets what the limit leaves, and no more.
        gate.gate.restock(product.id, .drawn, by: 1000, change: .max >> 12)
        try await gate.settle()
        for buyer in 1...3 {
            let units = truth.units.first { $0.buyer == Fixtures.buyer(buyer) }?.units ?? .none
            var more = 0
            while await admit(bench.draft(product, buyer: buyer)) == .admitted { more += 1 }
            #expect(more == product.limits.perBuyer - (units.total - units.held), "buyer \(buyer)")
        }
    }
}

extension GateBench {
    fileprivate func available(_ product: Product) async throws -> Int {
        try await settle()
        return gate.available(product.id, .drawn)
    }
}

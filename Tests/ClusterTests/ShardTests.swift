import CoreMetrics
import Domain
import PostgresClient
import PostgresLedger
import SQLLedger
import Shards
import Shop
import TestKit
import Testing

@Suite("Two databases as one ledger")
struct ShardTests {
    private func open(_ url: String, shard: UInt16) async throws -> PostgresLedger {
        var settings = try PostgresSettings(url: url)
        settings.connections = 2
        return try await PostgresLedger.open(
            settings, shard: shard, readers: 1, limits: Limits(), metrics: NOOPMetricsHandler.instance)
    }

    /// Runs a test with a ledger of two shards.
    private func withShards(_ body: @escaping @Sendable (LedgerBench, [PostgresLedger]) async throws -> Void)
        async throws
    {
        try await SharedPostgres.instance.withDatabases([.ledger, .empty]) { server, names in
            let shards = [
                try await open(server.url(names[0]), shard: 0), try await open(server.url(names[1]), shard: 1),
            ]
            defer { for shard in shards { shard.close() } }
            try await body(LedgerBench(ShardedLedger(shards), clock: MockClock()), shards)
        }
    }

    /// An order of a product, named for its shard.
    private func draft(_ bench: LedgerBench, _ product: Product, buyer: Int) -> OrderDraft {
        Fixtures.draft(
            OrderID(bench.identifiers.make(shard: product.id.shard)), product, buyer: Fixtures.buyer(buyer),
            at: bench.clock.now())
    }

    @Test("products spread over the shards, and what is bought of one stays with it")
    func spread() async throws {
        try await withShards { bench, shards in
            let first = try await bench.product("first", cards: 3)
            let second = try await bench.product("second", cards: 3)
            #expect(first.id.shard == 0 && second.id.shard == 1)
            let drafts = [
                draft(bench, first, buyer: 1), draft(bench, second, buyer: 1), draft(bench, second, buyer: 2),
            ]
            let placements = try await bench.place(drafts.map { .place($0) })
            for (draft, placement) in zip(drafts, placements) {
                guard case .placed(let order) = placement else {
                    Issue.record("was not placed: \(placement)")
                    continue
                }
                #expect(order.id == draft.id)
            }
            #expect(try await (shards[0] as any Ledger).orders(OrderFilter(limit: 9)).map(\.id) == [drafts[0].id])
            #expect(try await (shards[1] as any Ledger).orders(OrderFilter(limit: 9)).count == 2)
            #expect(try await bench.ledger.orders(OrderFilter(limit: 2)).map(\.id) == [drafts[2].id, drafts[1].id])
            _ = try await bench.ledger.cancel(drafts[2].id, at: bench.clock.now())
            #expect(try await bench.ledger.order(drafts[2].id)?.state == .cancelled)
            let wanted = [second, first].flatMap { product in
                Fixtures.cards(0..<9).map { CardFingerprint(product: product.id, digest: $0.fingerprint) }
            }
            let found = try await bench.cards.cards(withFingerprints: wanted)
            #expect(found.map(\.product) == [first, first, first, second, second, second].map(\.id))
            let report = try await bench.ledger.audit()
            #expect(report.ok && report.products.map(\.slug) == ["first", "second"])
            #expect(report.products.map(\.held) == [1, 1])
        }
    }

    @Test("money finds its order's shard, and a slug is there once in all of them")
    func money() async throws {
        try await withShards { bench, _ in
            _ = try await bench.product("first", cards: 1)
            let product = try await bench.product("second", cards: 1)
            let order = draft(bench, product, buyer: 1)
            _ = try await bench.place([.place(order)])
            let attempt = try await bench.ledger.open(
                Attempt(
                    id: AttemptID(bench.identifiers.make(shard: product.id.shard)), order: order.id,
                    channel: order.channel, amount: order.price.total, createdAt: bench.clock.now()), queryAt: nil
            ).attempt
            #expect(try await bench.ledger.record(bench.receipt(attempt)).verdict == .accepted)
            #expect(try await bench.ledger.order(order.id)?.state == .delivered)
            #expect(try await bench.ledger.goods(of: order.id).count == 1)
            #expect(ShardNumber.shard(of: try await bench.entry(.accepted).id) == 1)
            await #expect(throws: ShopError.self) { try await bench.product("first") }
            await #expect(throws: ShopError.self) { try await bench.coupon(Fixtures.terms()) }
            let scope = CouponScope(products: [product.id], category: nil)
            let coupon = try await bench.coupon(Fixtures.terms(scope: scope))
            #expect(ShardNumber.shard(of: coupon.id.number) == 1)
            try await bench.audit()
        }
    }

    @Test("a category lives in shard 0, and products of every shard are of it")
    func categories() async throws {
        try await withShards { bench, shards in
            let category = try await bench.catalog.create(
                CategoryDraft(slug: Fixtures.slug("games"), name: "Games", position: 1, isHidden: false), bench.deed)
            for slug in ["first", "second"] {
                let product = try await bench.product(slug)
                let draft = bench.draft(of: product) { $0.category = category.id }
                _ = try await bench.catalog.change(product.id, version: 1, to: draft, bench.deed)
                let missing = bench.draft(of: product) { $0.category = CategoryID(99) }
                await #expect(throws: ShopError.self) {
                    try await bench.catalog.change(product.id, version: 2, to: missing, bench.deed)
                }
            }
            #expect(try await shards[1].listings().map(\.product.category) == [category.id])
            await #expect(throws: ShopError.self) { try await bench.catalog.remove(category.id, bench.deed) }
            await #expect(throws: ShopError.self) { try await shards[1].claimShards(count: 2) }
            try await shards[0].claimShards(count: 2)
            let stock = try await bench.ledger.stock()
            #expect(stock.isEmpty)
        }
    }

    @Test("one log for two shards: each partition is its shard's, and a shard that is down fails only its own")
    func log() async throws {
        try await withShards { bench, shards in
            let products = [try await bench.product("first", cards: 2), try await bench.product("second", cards: 3)]
            let log = ShardedLog(shards, partitionsPerShard: 2)
            let partitions = [1, 2].map { LogPartition(log: "log", number: $0) }
            for (partition, product) in zip(partitions, products) {
                let order = draft(bench, product, buyer: 1)
                let poison = PoisonRecord(position: 1, bytes: [1], reason: "a test")
                let batch = LogBatch(partition: partition, from: 0, next: 2, drafts: [order], poison: [poison])
                guard case .written(let placements) = try await log.write(batch, at: bench.clock.now()) else {
                    Issue.record("was not written")
                    continue
                }
                #expect(placements.count == 1)
                #expect(try await log.order(order.id)?.state == .awaitingPayment)
                #expect(try await log.position(of: partition) == 2)
                #expect(try await shards[Int(product.id.shard)].position(of: partition) == 2)
            }
            let parked = try await log.parked(after: nil, limit: 10)
            #expect(parked.map(\.partition) == partitions)
            #expect(try await log.parked(after: parked[0].id, limit: 10).map(\.id) == [parked[1].id])
            let late = draft(bench, products[1], buyer: 2)
            _ = try await log.replay(
                parked: parked[1].id, as: late, by: bench.owner, at: bench.clock.now())
            #expect(try await shards[1].parked(after: nil, limit: 1).first?.replayedAt != nil)
            shards[1].close()
            await #expect(throws: ShopError.self) { try await log.position(of: partitions[1]) }
            #expect(try await log.position(of: partitions[0]) == 2)
            await #expect(throws: ShopError.self) {
                try await log.position(of: LogPartition(log: "log", number: 4))
            }
        }
    }

    @Test("a shard whose ledger takes no writes is closed at the gate, and the others sell on")
    func gate() async throws {
        let gates = [RecordingGate(), RecordingGate()]
        let gate = ShardedGate(gates) { $0 == 0 }
        let clock = MockClock()
        func request(_ shard: UInt16) -> AdmissionRequest {
            let id = OrderID(Identifier(time: clock.now(), shard: shard, random: 1))
            let product = Fixtures.product(id: ShardNumber.start(of: shard) + 1)
            return AdmissionRequest(Fixtures.draft(id, product, buyer: Fixtures.buyer(1), at: clock.now()))
        }
        for (shard, expected) in [(0, Admission.admitted), (1, .closed), (2, .closed)] as [(UInt16, Admission)] {
            let answer = await withCheckedContinuation { continuation in
                gate.admit(request(shard)) { continuation.resume(returning: $0) }
            }
            #expect(answer == expected)
            gate.logged([request(shard).draft.id])
        }
        #expect(gates.map(\.loggedOrders) == [[request(0).draft.id], [request(1).draft.id]])
    }

    @Test("a gate's snapshot comes apart by shard, and a database keeps its number")
    func parts() async throws {
        try await withShards { bench, _ in
            let products = [try await bench.product("first", cards: 2), try await bench.product("second", cards: 3)]
            let whole = try await bench.ledger.gateSnapshot(
                keysSince: bench.clock.now(), maximumUnits: 10, maximumKeys: 10)
            #expect(whole.part(0).available == [products[0].id: 2])
            #expect(whole.part(1).available == [products[1].id: 3])
            #expect(whole.changes == [products[0].id: 1, products[1].id: 1])
            #expect(whole.part(1).changes == [products[1].id: 1])
        }
        try await SharedPostgres.instance.withDatabase(.empty) { server, database in
            try await open(server.url(database), shard: 1).close()
            await #expect(throws: ShopError.self) { _ = try await open(server.url(database), shard: 0) }
        }
    }
}

import CoreMetrics
import Domain
import PostgresClient
import PostgresLedger
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
        try await SharedPostgres.instance.withDatabase(.ledger) { server, first in
            try await SharedPostgres.instance.withDatabase(.empty) { other, second in
                let shards = [
                    try await open(server.url(first), shard: 0), try await open(other.url(second), shard: 1),
                ]
                defer { for shard in shards { shard.close() } }
                try await body(LedgerBench(ShardedLedger(shards), clock: MockClock()), shards)
            }
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

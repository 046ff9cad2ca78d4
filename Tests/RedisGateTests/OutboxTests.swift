import Domain
import RedisClient
import RedisGate
import Shop
import TestKit
import Testing

@Suite("The gate's outbox and what waits in the log", .redis)
struct OutboxTests {
    private static func unlogged(_ node: Node, seconds: Int64 = 0, limit: Int = 1000) async throws -> [OrderID] {
        try await node.gate.unlogged(at: node.bench.clock.now().advanced(seconds: seconds), limit: limit).map(\.id)
    }

    @Test("holds admitted orders, oldest first, until the log has them, they are judged or they end")
    func leaves() async throws {
        try await withNode { node in
            try await node.bench.open(10)
            for order in 1...5 { _ = await node.bench.admit(order, buyer: order) }
            #expect(try await Self.unlogged(node) == (1...5).map { node.bench.id($0) })
            #expect(try await Self.unlogged(node, limit: 2) == [node.bench.id(1), node.bench.id(2)])
            #expect(try await Self.unlogged(node, seconds: -1) == [])
            node.gate.logged([node.bench.id(1)])
            node.gate.judged([node.bench.id(2)])
            node.bench.end(3, .released)
            #expect(try await Self.unlogged(node) == [node.bench.id(4), node.bench.id(5)])
            #expect(await node.bench.admit(4) == .admitted)
            #expect(try await Self.unlogged(node).count == 2, "asked for again, it is there once")
        }
    }

    @Test("gives whole drafts, and finds them beyond its first page")
    func drafts() async throws {
        try await withNode { node in
            try await node.bench.open(200)
            for order in 1...150 { _ = await node.bench.admit(order, key: "k\(order)", buyer: order) }
            let drafts = try await node.gate.unlogged(at: node.bench.clock.now(), limit: 1000)
            #expect(drafts.map(\.id) == (1...150).map { node.bench.id($0) })
            #expect(drafts[99].buyer == Fixtures.buyer(100) && drafts[99].idempotency?.key == "k100")
        }
    }

    @Test("takes out what cannot be read, once, and counts it")
    func unreadable() async throws {
        let shard = freshShard()
        try await withNode(shard: shard) { node in
            try await node.bench.open(10)
            let outbox = "{s\(shard)}:e\(try await node.epoch(shard)):outbox"
            _ = try await node.client.call(RedisCommand("XADD", outbox, "*", "r", "no order"))
            _ = try await node.client.call(RedisCommand("XADD", outbox, "*", "a", "b", "c", "d"))
            _ = await node.bench.admit(1)
            for _ in 1...2 { #expect(try await Self.unlogged(node) == [node.bench.id(1)]) }
            #expect(node.metrics["sluice_gate_unreadable_total"] == 2)
            #expect(try await node.client.call(RedisCommand("XLEN", outbox)) == .integer(1))
        }
    }

    @Test("of a closed gate cannot be asked")
    func closed() async throws {
        try await withNode { node in
            try await refuses(.busy) { try await Self.unlogged(node) }
        }
    }

    @Test("what the ledger has not judged closes its lane, and no other, until it is judged")
    func backlog() async throws {
        try await withNode(lanes: 2, limits: { $0.gateBacklogBytes = 800 }) { node in
            var snapshot = GateSnapshot()
            snapshot.available = [ProductID(1): 100, ProductID(2): 100]
            try await node.gate.load(snapshot)
            var admitted: [Int] = []
            for order in 1...20 where await node.bench.admit(order, buyer: order) == .admitted {
                admitted.append(order)
            }
            #expect((1...10).contains(admitted.count))
            #expect(await node.bench.admit(50, buyer: 50) == .closed)
            #expect(await node.available() == 100 - admitted.count)
            #expect(await node.bench.admit(60, product: Fixtures.product(id: 2), buyer: 60) == .admitted)
            let id = node.bench.id(admitted[0])
            node.gate.logged([id])
            #expect(await node.bench.admit(50, buyer: 50) == .closed, "logged is not judged")
            for _ in 1...5 { node.gate.judged([id]) }
            #expect(await node.bench.admit(50, buyer: 50) == .admitted)
            #expect(await node.bench.admit(51, buyer: 51) == .closed, "it was taken off once")
            // A ticket that ends without having been judged does not count either.
            node.bench.end(50, .released)
            #expect(await node.bench.admit(51, buyer: 51) == .admitted)
        }
    }

    @Test("hundreds are judged in one call")
    func manyJudged() async throws {
        try await withNode { node in
            try await node.bench.open(700)
            #expect(await node.admitAll(0..<600).count(of: .admitted) == 600)
            node.gate.judged((0..<600).map { node.bench.id($0) })
            #expect(try await Self.unlogged(node) == [])
            #expect(await node.available() == 100)
        }
    }
}

import Domain
import RedisClient
import RedisGate
import Shop
import TestKit
import Testing

@Suite("A gate whose Redis has an access list")
struct AccessTests {
    /// As in `docs/security.md`.
    private static let rights = """
        ~{s*}:* ~{limits}:* ~sluice:catalog:* &{s*}:* &sluice:catalog -@all +auth +select +ping +script|load +eval \
        +evalsha +subscribe +unsubscribe +publish +scan +unlink +del +exists +expire +incr +get +set +time +hget \
        +hmget +hgetall +hset +hdel +hexists +hlen +hincrby +llen +lpop +rpush +xadd +xdel +xlen +xrange +info
        """

    @Test("does all it has to with the rights that the documents name")
    func rights() async throws {
        let server = try await RedisServer()
        try await withNode(port: server.port) { owner in
            var user = RedisCommand("ACL", "SETUSER", "sluice", "on", ">secret")
            for right in Self.rights.split(separator: " ") { user.append(String(right)) }
            _ = try await owner.client.call(user)
        }
        try await withNode(
            port: server.port,
            settings: {
                $0.user = "sluice"
                $0.password = "secret"
            }
        ) { node in
            try await node.gate.close(term: 1)
            node.bench.restock(2, change: 1)
            try await node.bench.open(3)
            for order in 1...3 {
                #expect(await node.bench.admit(order, key: "key \(order)", buyer: order) == .admitted)
            }
            #expect(try await node.gate.unlogged(at: node.bench.clock.now(), limit: 9).count == 3)
            node.gate.logged([node.bench.id(1)])
            node.gate.judged([node.bench.id(1), node.bench.id(2)])
            node.bench.end(1, .sold)
            node.bench.end(2, .released)
            node.bench.end(3, .notPlaced)
            node.bench.count(1, change: 2)
            #expect(await node.bench.mayKnow("key 1"))
            #expect(try await node.gate.look().available.values.contains(4))
            try await node.bench.open(1)
            #expect(await node.gate.sweep())
            #expect(node.metrics["sluice_gate_lost_total"] == 0)
            let limiter = RedisRateLimiter(client: node.client, prefix: "{limits}:lookup:", inTrouble: .retry(after: 1))
            #expect(await limiter.ask("a@example.com", .init(1, in: 1000, burst: 1)) == .allowed)
            // What nodes tell each other of their catalogs.
            _ = try await node.client.call(RedisCommand("PUBLISH", "sluice:catalog", "1"))
            _ = try await node.client.call(RedisCommand("INCR", "sluice:catalog:1"))
            _ = try await node.client.call(RedisCommand("EXPIRE", "sluice:catalog:1", "60"))
            #expect(try await node.client.call(RedisCommand("GET", "sluice:catalog:1")).number == 1)
        }
    }
}

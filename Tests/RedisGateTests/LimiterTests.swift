import Domain
import NIOPosix
import RedisClient
import RedisGate
import TestKit
import Testing

/// The cell rate algorithm in plain Swift.
private struct CellRate {
    let cost: Int64
    let ahead: Int64
    var paid: Int64 = 0

    mutating func ask(at now: Int64) -> RedisRateLimiter.Answer {
        let next = max(now, paid) + cost
        guard next - now <= ahead else { return .retry(after: (next - now - ahead + 999) / 1000) }
        paid = next
        return .allowed
    }
}

@Suite("Limits that nodes share", .redis)
struct LimiterTests {
    @Test("a limiter gives the answers of the model over random times", arguments: 1...5)
    func model(seed: UInt64) async throws {
        try await withNode { node in
            var generator = SeededGenerator(seed: seed)
            let limiter = RedisRateLimiter(client: node.client, prefix: "{r\(seed)}:", inTrouble: .allowed)
            // 10 a second, 4 at once.
            let rate = RedisRateLimiter.Rate(10, in: 1000, burst: 4)
            var model = CellRate(cost: 100_000, ahead: 400_000)
            var (now, allowed) = (1_767_225_600_000_000 as Int64, 0)
            for step in 0..<200 {
                now += Int64.random(in: 0...60_000, using: &generator)
                let answer = await limiter.ask("a", rate, at: now)
                #expect(answer == model.ask(at: now), "step \(step)")
                if answer == .allowed { allowed += 1 }
            }
            #expect((20...120).contains(allowed))
        }
    }

    @Test("a limiter is exact at its edge")
    func edge() async throws {
        try await withNode { node in
            let limiter = RedisRateLimiter(client: node.client, prefix: "{edge}:", inTrouble: .allowed)
            let rate = RedisRateLimiter.Rate(1, in: 1000, burst: 2)
            #expect(await limiter.ask("a", rate, at: 0) == .allowed)
            #expect(await limiter.ask("a", rate, at: 0) == .allowed)
            #expect(await limiter.ask("a", rate, at: 0) == .retry(after: 1000))
            #expect(await limiter.ask("a", rate, at: 999_999) == .retry(after: 1))
            #expect(await limiter.ask("a", rate, at: 1_000_000) == .allowed)
            #expect(await limiter.ask("b", rate, at: 0) == .allowed, "another thing")
        }
    }

    @Test("a limiter uses Redis's time, and its key goes away")
    func serverTime() async throws {
        try await withNode { node in
            let limiter = RedisRateLimiter(client: node.client, prefix: "{time}:", inTrouble: .allowed)
            let rate = RedisRateLimiter.Rate(1, in: 60_000, burst: 1)
            #expect(await limiter.ask("a", rate) == .allowed)
            guard case .retry(after: 1...60_000) = await limiter.ask("a", rate) else {
                Issue.record("was not limited")
                return
            }
            let left = try #require(try await node.client.call(RedisCommand("PTTL", "{time}:a")).number)
            #expect((1...120_000).contains(left))
        }
    }

    @Test(
        "without Redis the limiter answers as it was told to",
        arguments: [.allowed, .retry(after: 5)] as [RedisRateLimiter.Answer])
    func trouble(inTrouble: RedisRateLimiter.Answer) async throws {
        let port = try await ServerProcess.freePort()
        let client = try RedisClient(
            RedisSettings(url: "redis://127.0.0.1:\(port)"), group: MultiThreadedEventLoopGroup.singleton.next())
        let limiter = RedisRateLimiter(client: client, prefix: "r:", inTrouble: inTrouble)
        #expect(await limiter.ask("a", RedisRateLimiter.Rate(1, in: 1, burst: 1)) == inTrouble)
        await client.shutDown()
    }
}

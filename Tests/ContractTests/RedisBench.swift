import CoreMetrics
import Domain
import MemoryGate
import NIOPosix
import RedisClient
import RedisGate
import Shop
import Synchronization
import TestKit
import Testing

/// Gives a suite a Redis of its own.
struct RedisTrait: SuiteTrait, TestScoping {
    @TaskLocal static var shared: RedisBench?

    func provideScope(
        for test: Test, testCase: Test.Case?, performing function: @Sendable () async throws -> Void
    ) async throws {
        let server = try await RedisServer()
        // One event loop, so that calls keep their order.
        var settings = try RedisSettings(url: server.url())
        settings.timeoutMilliseconds = 20_000
        let client = try RedisClient(
            settings, group: MultiThreadedEventLoopGroup.singleton.next(),
            scripts: RedisGate.scripts)
        try await eventually("Redis is connected") { client.connected == client.expected }
        try await Self.$shared.withValue(RedisBench(client: client)) { try await function() }
        await client.shutDown()
        server.kill()
    }
}

extension SuiteTrait where Self == RedisTrait {
    static var redis: Self { RedisTrait() }
}

/// Gates in one Redis, each of a shard of its own.
final class RedisBench: Sendable {
    let client: RedisClient
    private let shards = Atomic<UInt16>(0)

    init(client: RedisClient) { self.client = client }

    static func shared() throws -> RedisBench { try #require(RedisTrait.shared) }

    func gate(limits: Limits = Limits()) -> RedisGate {
        RedisGate(
            client: client, shard: shards.wrappingAdd(1, ordering: .relaxed).newValue, lanes: 3, limits: limits,
            metrics: NOOPMetricsHandler.instance)
    }
}

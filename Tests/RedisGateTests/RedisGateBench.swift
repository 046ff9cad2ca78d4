import CoreMetrics
import Domain
import NIOConcurrencyHelpers
import NIOCore
import NIOPosix
import RedisClient
import RedisGate
import Shop
import Synchronization
import TestKit
import Testing

/// Gives a suite a Redis of its own.
struct RedisTrait: SuiteTrait, TestScoping {
    @TaskLocal static var server: RedisServer?

    func provideScope(
        for test: Test, testCase: Test.Case?, performing function: @Sendable () async throws -> Void
    ) async throws {
        let server = try await RedisServer()
        try await Self.$server.withValue(server) { try await function() }
        server.kill()
    }
}

extension SuiteTrait where Self == RedisTrait {
    static var redis: Self { RedisTrait() }
}

/// Counts what a gate reports.
final class CountingMetrics: MetricsFactory {
    private final class Count: CounterHandler {
        let value = NIOLockedValueBox<Int64>(0)
        func increment(by amount: Int64) { value.withLockedValue { $0 += amount } }
        func reset() { value.withLockedValue { $0 = 0 } }
    }

    private let counters = NIOLockedValueBox<[String: Count]>([:])

    subscript(label: String) -> Int64 {
        counters.withLockedValue { $0[label]?.value.withLockedValue { $0 } } ?? 0
    }

    func makeCounter(label: String, dimensions: [(String, String)]) -> any CounterHandler {
        counters.withLockedValue { counters in
            let counter = counters[label] ?? Count()
            counters[label] = counter
            return counter
        }
    }

    func makeRecorder(label: String, dimensions: [(String, String)], aggregate: Bool) -> any RecorderHandler {
        NOOPMetricsHandler.instance
    }

    func makeTimer(label: String, dimensions: [(String, String)]) -> any TimerHandler { NOOPMetricsHandler.instance }
    func destroyCounter(_ handler: any CounterHandler) {}
    func destroyRecorder(_ handler: any RecorderHandler) {}
    func destroyTimer(_ handler: any TimerHandler) {}
}

/// A node: a gate with a client of its own.
struct Node: Sendable {
    let client: RedisClient
    let gate: RedisGate
    let bench: GateBench
    let metrics: CountingMetrics

    func available(_ product: ProductID = ProductID(1)) async -> Int {
        await gate.refresh()
        return gate.available(product, .drawn)
    }

    /// The epoch that Redis names.
    func epoch(_ shard: UInt16) async throws -> Int64 {
        try #require(try await client.call(RedisCommand("HGET", "{s\(shard)}:epoch", "epoch")).number)
    }

    /// Returns when Redis answers again.
    func isBack() async throws {
        try await eventually("the node is connected again") {
            (try? await client.call(RedisCommand("PING"))) != nil && client.connected == client.expected
        }
    }

    /// So many requests at once, of buyers of their own.
    func admitAll(_ orders: Range<Int>) async -> [Admission] {
        await withTaskGroup(of: Admission.self) { group in
            for order in orders { group.addTask { await bench.admit(order, buyer: order) } }
            return await group.reduce(into: []) { $0.append($1) }
        }
    }
}

private let shards = Atomic<UInt16>(0)

/// A shard that no other test uses.
func freshShard() -> UInt16 { shards.wrappingAdd(1, ordering: .relaxed).newValue }

/// Runs a test with a node.
func withNode(
    port: Int? = nil, shard: UInt16 = freshShard(), lanes: Int = 1,
    group: any EventLoopGroup = MultiThreadedEventLoopGroup.singleton.next(),
    limits change: (inout Limits) -> Void = { _ in },
    settings changeSettings: (inout RedisSettings) -> Void = { _ in }, _ body: (Node) async throws -> Void
) async throws {
    let port = try port ?? #require(RedisTrait.server).port
    var settings = try RedisSettings(url: "redis://127.0.0.1:\(port)")
    settings.timeoutMilliseconds = 10_000
    changeSettings(&settings)
    var limits = Limits()
    change(&limits)
    let metrics = CountingMetrics()
    let client = try RedisClient(settings, group: group, scripts: RedisGate.scripts)
    let gate = RedisGate(client: client, shard: shard, lanes: lanes, limits: limits, metrics: metrics)
    let bench = GateBench(gate, clock: MockClock()) { await gate.refresh() }
    let result: Result<Void, any Error>
    do {
        try await eventually("the node is connected") { client.connected == client.expected }
        try await body(Node(client: client, gate: gate, bench: bench, metrics: metrics))
        result = .success(())
    } catch {
        result = .failure(error)
    }
    await client.shutDown()
    try result.get()
}

extension [Admission] {
    func count(of admission: Admission) -> Int { count { $0 == admission } }
}

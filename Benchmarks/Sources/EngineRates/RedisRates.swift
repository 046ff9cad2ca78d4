import CoreMetrics
import Domain
import Foundation
import NIOCore
import NIOPosix
import RedisClient
import RedisGate
import Shop
import Synchronization
import TestKit

/// How many orders a second one Redis lets through for one node, and how many bare commands.
func redisRates() async throws {
    let (orders, goal) = (200_000, 50_000.0)
    let server = try await RedisServer()
    let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
    var settings = try RedisSettings(url: server.url())
    settings.timeoutMilliseconds = 30_000
    let client = try RedisClient(settings, group: group, scripts: RedisGate.scripts)
    try await eventually("the client is connected") { client.connected == 1 }

    let pings = try await rate(of: orders, on: group.next()) { _, done in
        client.send(RedisCommand("PING")) { result in done((try? result.get()) == .status("PONG")) }
    }
    say("PING, 256 in flight: \(Int(pings))/s")

    var limits = Limits()
    limits.gateBacklogBytes = 1 << 40
    let gate = RedisGate(client: client, shard: 0, lanes: 1, limits: limits, metrics: NOOPMetricsHandler.instance)
    let product = Fixtures.product()
    var snapshot = GateSnapshot()
    snapshot.available = [product.id: 1_000_000]
    try await gate.load(snapshot)
    let moment = MockClock().now()
    let requests = (0..<orders).map { number in
        AdmissionRequest(
            Fixtures.draft(
                OrderID(Identifier(time: moment, shard: 0, random: UInt64(number))), product,
                buyer: Fixtures.buyer(number), key: "key-\(number)", at: moment))
    }
    let takes = try await rate(of: orders, on: group.next()) { number, done in
        gate.admit(requests[number]) { done($0 == .admitted) }
    }
    say(
        "takes of distinct orders, 256 in flight: \(Int(takes))/s, goal \(Int(goal))/s: \(takes >= goal ? "ok" : "MISSED")"
    )
    await gate.refresh()
    say("stock left: \(gate.available(product.id, .drawn)) of 1000000")
    await client.shutDown()
    try await group.shutdownGracefully()
    server.kill()
}

private func say(_ line: String) { try? FileHandle.standardOutput.write(contentsOf: Data((line + "\n").utf8)) }

private struct WrongAnswer: Error {}

/// Work of which a new piece begins on the event loop whenever one is done.
private final class Pipeline: Sendable {
    typealias Piece = @Sendable (_ number: Int, _ done: @escaping @Sendable (_ isRight: Bool) -> Void) -> Void

    private let next = Atomic(0)
    private let finished = Atomic(0)
    private let count: Int
    private let piece: Piece
    private let end: EventLoopPromise<Void>

    init(count: Int, end: EventLoopPromise<Void>, piece: @escaping Piece) {
        self.count = count
        self.piece = piece
        self.end = end
    }

    func begin() {
        let number = next.wrappingAdd(1, ordering: .relaxed).oldValue
        guard number < count else { return }
        piece(number) { [self] isRight in
            guard isRight else { return end.fail(WrongAnswer()) }
            if finished.wrappingAdd(1, ordering: .relaxed).newValue == count { return end.succeed() }
            begin()
        }
    }
}

/// Pieces a second, with 256 under way at once.
private func rate(of count: Int, on loop: any EventLoop, _ piece: @escaping Pipeline.Piece) async throws -> Double {
    let end = loop.makePromise(of: Void.self)
    let pipeline = Pipeline(count: count, end: end, piece: piece)
    let start = ContinuousClock.now
    loop.execute { for _ in 0..<256 { pipeline.begin() } }
    try await end.futureResult.get()
    return Double(count) / ((ContinuousClock.now - start) / .seconds(1))
}

import Domain
import NIOConcurrencyHelpers
import RedisClient
import RedisGate
import Shop
import TestKit
import Testing

@Suite("A gate whose Redis is in trouble")
struct TroubleTests {
    private static func withProxy(_ body: (RedisServer, FaultProxy) async throws -> Void) async throws {
        let server = try await RedisServer()
        let proxy = try await FaultProxy(to: server.port)
        try await body(server, proxy)
        try await proxy.close()
    }

    @Test("an answer that is lost is unknown, and the same order asked for again takes its stock once")
    func answerLost() async throws {
        try await Self.withProxy { _, proxy in
            try await withNode(port: proxy.port) { node in
                try await node.bench.open(10)
                proxy.set(.cutAfterServer, count: 1)
                #expect(await node.bench.admit(1, key: "key") == .unknown)
                try await node.isBack()
                #expect(await node.available() == 9)
                #expect(await node.bench.admit(1, key: "key") == .admitted)
                #expect(await node.available() == 9)
            }
        }
    }

    @Test("a request that never arrived is unknown too, and takes nothing")
    func requestLost() async throws {
        try await Self.withProxy { _, proxy in
            try await withNode(port: proxy.port) { node in
                try await node.bench.open(10)
                proxy.set(.cutBeforeServer, count: 1)
                #expect(await node.bench.admit(1) == .unknown)
                try await node.isBack()
                #expect(await node.available() == 10)
            }
        }
    }

    @Test("without a connection it is closed, keys may be known, and what is told is counted as lost")
    func unreachable() async throws {
        try await Self.withProxy { _, proxy in
            try await withNode(port: proxy.port) { node in
                try await node.bench.open(10)
                proxy.set(.refuse)
                try await eventually("it is gone") { node.client.connected == 0 }
                #expect(await node.bench.admit(1) == .closed)
                #expect(await node.bench.mayKnow("new"))
                node.bench.end(1, .released)
                try await eventually("it is counted") { node.metrics["sluice_gate_lost_total"] == 1 }
                try await refuses(.busy) { try await node.gate.close(term: 1) }
                try await refuses(.busy) { try await node.gate.load(GateSnapshot()) }
                try await refuses(.busy) { try await node.gate.unlogged(at: node.bench.clock.now(), limit: 1) }
            }
        }
    }

    @Test("a Redis that hangs for ten seconds: unknown within the deadline, and nothing is taken twice after it")
    func hangs() async throws {
        let server = try await RedisServer()
        try await withNode(port: server.port, settings: { $0.timeoutMilliseconds = 1000 }) { node in
            try await node.bench.open(100)
            server.pause()
            let start = ContinuousClock.now
            let answers = await node.admitAll(0..<20)
            #expect(answers.count(of: .unknown) == 20)
            try await eventually("ten seconds have passed") { ContinuousClock.now - start > .seconds(10) }
            #expect(await node.bench.admit(50, buyer: 50) == .closed)
            server.resume()
            try await node.isBack()
            // What was sent before it hung takes effect now; asked for again, it is there once.
            try await eventually("they are all in") { await node.admitAll(0..<20).count(of: .admitted) == 20 }
            #expect(await node.available() == 80)
        }
    }

    @Test("scripts that Redis forgot are told again")
    func flushed() async throws {
        let server = try await RedisServer()
        try await withNode(port: server.port) { node in
            try await node.bench.open(10)
            for order in 1...3 {
                _ = try await node.client.call(RedisCommand("SCRIPT", "FLUSH"))
                #expect(await node.bench.admit(order, buyer: order) == .admitted)
            }
            #expect(await node.available() == 7)
        }
    }

    @Test("when memory is full it is closed, nothing is half done, and what ends gives back")
    func memoryFull() async throws {
        let server = try await RedisServer(["--maxmemory-policy", "noeviction"])
        try await withNode(port: server.port) { node in
            try await node.bench.open(10)
            #expect(await node.bench.admit(1, key: "key") == .admitted)
            _ = try await node.client.call(RedisCommand("CONFIG", "SET", "maxmemory", "1mb"))
            #expect(await node.bench.admit(2, key: "other", buyer: 2) == .closed)
            #expect(await node.available() == 9)
            #expect(await node.bench.mayKnow("other") == false)
            #expect(try await node.gate.unlogged(at: node.bench.clock.now(), limit: 9).map(\.id) == [node.bench.id(1)])
            node.gate.judged([node.bench.id(1)])
            node.bench.end(1, .released)
            #expect(await node.available() == 10)
            _ = try await node.client.call(RedisCommand("CONFIG", "SET", "maxmemory", "0"))
            #expect(await node.bench.admit(2, key: "other", buyer: 2) == .admitted)
        }
    }

    @Test("a Redis that takes no writes is closed")
    func readOnly() async throws {
        let server = try await RedisServer()
        try await withNode(port: server.port) { node in
            try await node.bench.open(10)
            _ = try await node.client.call(RedisCommand("REPLICAOF", "127.0.0.1", "1"))
            #expect(await node.bench.admit(1) == .closed)
            _ = try await node.client.call(RedisCommand("REPLICAOF", "NO", "ONE"))
            #expect(await node.bench.admit(1) == .admitted)
        }
    }

    @Test("a full queue is closed, and takes nothing")
    func queueFull() async throws {
        let server = try await RedisServer()
        try await withNode(port: server.port, settings: { $0.pendingCommands = 4 }) { node in
            try await node.bench.open(100)
            server.pause()
            let answers = NIOLockedValueBox<[Admission]>([])
            for order in 0..<50 {
                let draft = Fixtures.draft(
                    node.bench.id(order), node.bench.product, buyer: Fixtures.buyer(order), at: node.bench.clock.now())
                node.gate.admit(AdmissionRequest(draft)) { answer in answers.withLockedValue { $0.append(answer) } }
            }
            try await eventually("what is too much is refused") { answers.withLockedValue { $0.count } == 46 }
            #expect(answers.withLockedValue { $0.count(of: .closed) } == 46)
            server.resume()
            try await eventually("the others are answered") { answers.withLockedValue { $0.count } == 50 }
            #expect(answers.withLockedValue { $0.count(of: .admitted) } == 4)
            #expect(await node.available() == 96)
        }
    }
}

import Domain
import NIOConcurrencyHelpers
import NIOCore
import NIOPosix
import RedisClient
import Shop
import TestKit
import Testing

@testable import RedisGate

@Suite("A gate whose Redis starts anew")
struct RestartTests {
    @Test("started empty it is closed until it is loaded, under a later epoch")
    func empty() async throws {
        let server = try await RedisServer()
        try await withNode(port: server.port) { node in
            for _ in 1...3 { try await node.bench.open(10) }
            let before = try await node.epoch(node.gate.shard)
            try await server.restart()
            try await node.isBack()
            #expect(await node.bench.admit(1) == .closed)
            #expect(try await node.gate.look().isOpen == false)
            try await node.bench.open(5)
            #expect(await node.bench.admit(1) == .admitted)
            #expect(try await node.epoch(node.gate.shard) > before, "it does not count anew")
        }
    }

    @Test("a Redis that was emptied gives no epoch to a new node that was given before")
    func emptyForNewNode() async throws {
        let server = try await RedisServer()
        try await withNode(port: server.port) { first in
            try await first.bench.open(10)
            let before = try await first.epoch(first.gate.shard)
            _ = try await first.client.call(RedisCommand("FLUSHALL"))
            try await eventually("a second has passed") {
                let now = try await first.client.call(RedisCommand("TIME")).array?.first?.number
                return now ?? 0 > before
            }
            try await withNode(port: server.port, shard: first.gate.shard) { second in
                try await second.bench.open(10)
                #expect(try await second.epoch(second.gate.shard) > before)
            }
        }
    }

    @Test("started from an older file that says it is open, it is closed until it is loaded")
    func older() async throws {
        let server = try await RedisServer()
        try await withNode(port: server.port) { node in
            try await node.bench.open(10)
            #expect(await node.bench.admit(1, key: "key") == .admitted)
            _ = try await node.client.call(RedisCommand("SAVE"))
            for order in 2...6 { #expect(await node.bench.admit(order, buyer: order) == .admitted) }
            try await server.restart()
            try await node.isBack()
            let control = "{s\(node.gate.shard)}:epoch"
            let open = try await node.client.call(RedisCommand("HGET", control, "open")).number
            #expect(try await node.epoch(node.gate.shard) == open, "the file says it is open")
            for order in 2...12 { #expect(await node.bench.admit(order, buyer: order) == .closed) }
            #expect(await node.bench.mayKnow("new"))
            #expect(try await node.gate.look() == GateLook(isOpen: false))
            try await refuses(.busy) { try await node.gate.unlogged(at: node.bench.clock.now(), limit: 9) }
            try await withNode(port: server.port, shard: node.gate.shard) { other in
                #expect(await other.bench.admit(20) == .closed, "nor is a node let in that knew nothing")
                try await node.gate.close(term: 1)
                try await node.bench.open(4)
                let answers = await other.admitAll(20..<30)
                #expect(answers.count(of: .admitted) == 4)
                #expect(answers.count(of: .refused(.soldOut)) == 6)
                #expect(await node.available() == 0)
            }
        }
    }

    @Test("started from the file that it appends to, it is closed until it is loaded")
    func appended() async throws {
        let server = try await RedisServer(keeps: true)
        try await withNode(port: server.port) { node in
            try await node.bench.open(10)
            #expect(await node.bench.admit(1) == .admitted)
            try await server.restart()
            try await node.isBack()
            #expect(await node.bench.admit(2) == .closed)
            node.bench.restock(7, change: 1)
            try await node.bench.open(9)
            #expect(await node.bench.admit(2) == .admitted)
            #expect(await node.available() == 8)
        }
    }

    @Test("over none of many connections is anybody let in by old data, however soon they ask")
    func connections() async throws {
        let server = try await RedisServer()
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 4)
        try await withNode(port: server.port, group: group) { node in
            try await node.bench.open(10_000)
            _ = try await node.client.call(RedisCommand("SAVE"))
            let asking = Task {
                var admitted: [Bool] = []
                while !Task.isCancelled {
                    let isOld = node.client.generation > 4
                    let answers = await node.admitAll(admitted.count * 20..<admitted.count * 20 + 20)
                    admitted.append(isOld && answers.contains(.admitted))
                    await Task.yield()
                }
                return admitted
            }
            try await server.restart()
            try await node.isBack()
            #expect(await node.admitAll(1_000_000..<1_000_200).count(of: .closed) == 200)
            asking.cancel()
            #expect(await !asking.value.contains(true))
        }
        try await group.shutdownGracefully()
    }

    @Test("what a Redis lost by starting anew while it was loaded is noticed, and it stays closed")
    func loading() async throws {
        let server = try await RedisServer(keeps: true)
        try await withNode(port: server.port) { node in
            try await node.gate.close(term: 1)
            try await server.restart()
            try await node.isBack()
            try await refuses(.busy) { try await node.bench.open(5) }
            #expect(await node.bench.admit(1) == .closed)
            try await node.gate.close(term: 1)
            try await node.bench.open(5)
            #expect(await node.bench.admit(1) == .admitted)
        }
    }

    @Test("a Redis that stood still for a while goes on, and who asked meanwhile is answered")
    func paused() async throws {
        let server = try await RedisServer()
        try await withNode(port: server.port) { node in
            try await node.bench.open(10)
            let generation = node.client.generation
            server.pause()
            let start = ContinuousClock.now
            async let asked = node.bench.admit(1)
            try await eventually("a while has passed") { ContinuousClock.now - start > .milliseconds(1500) }
            server.resume()
            #expect(await asked == .admitted)
            #expect(await node.bench.admit(2) == .admitted)
            #expect(await node.available() == 8)
            #expect(node.client.generation == generation, "no connection was lost")
        }
    }

    @Test("of a thousand that must know the epoch at once, one asks")
    func onceAsked() async throws {
        let server = try await RedisServer()
        func asked(_ node: Node) async throws -> Int {
            let stats = try await node.client.call(RedisCommand("INFO", "commandstats")).bytes ?? []
            let line = String(decoding: stats, as: UTF8.self).split(separator: "\r\n").first {
                $0.hasPrefix("cmdstat_info:calls=")
            }
            return Int(line?.dropFirst("cmdstat_info:calls=".count).prefix { $0 != "," } ?? "") ?? 0
        }
        try await withNode(port: server.port) { first in
            try await first.bench.open(2000)
            try await withNode(port: server.port, shard: first.gate.shard) { node in
                let before = try await asked(node)
                let answers = NIOLockedValueBox(0)
                for order in 0..<1000 {
                    let draft = Fixtures.draft(
                        node.bench.id(order), node.bench.product, buyer: Fixtures.buyer(order),
                        at: node.bench.clock.now())
                    node.gate.admit(AdmissionRequest(draft)) { answer in
                        answers.withLockedValue { $0 += answer == .admitted ? 1 : 0 }
                    }
                }
                try await eventually("all are let in") { answers.withLockedValue { $0 } == 1000 }
                // A few when the first answer came before the last of them had asked; and the count itself.
                #expect(try await asked(node) - before <= 1 + 3)
            }
        }
    }

    @Test("who waits is bounded, and all who waited are answered")
    func enquiry() {
        var enquiry = Enquiry<Int>(maximum: 3)
        #expect((1...4).map { enquiry.add($0) } == [.ask, .wait, .wait, .refuse])
        #expect(enquiry.answered() == [1, 2, 3])
        #expect(enquiry.add(5) == .ask, "it is asked anew")
    }
}

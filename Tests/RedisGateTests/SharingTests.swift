import Domain
import RedisClient
import RedisGate
import Shop
import TestKit
import Testing

@Suite("A gate that nodes share", .redis)
struct SharingTests {
    @Test("100 cards have exactly 100 winners among 1,000 requests of two nodes")
    func lastCards() async throws {
        let shard = freshShard()
        try await withNode(shard: shard) { first in
            try await withNode(shard: shard) { second in
                try await first.bench.open(100)
                async let ofFirst = first.admitAll(0..<500)
                async let ofSecond = second.admitAll(500..<1000)
                let all = await ofFirst + ofSecond
                #expect(all.count(of: .admitted) == 100)
                #expect(all.count(of: .refused(.soldOut)) == 900)
                #expect(await first.available() == 0)
                #expect(await second.available() == 0)
            }
        }
    }

    @Test("a node learns a new epoch with its next request, and what it knew of the stock is gone")
    func epoch() async throws {
        let shard = freshShard()
        try await withNode(shard: shard) { first in
            try await withNode(shard: shard) { second in
                try await first.bench.open(5)
                #expect(await second.bench.admit(1) == .admitted)
                #expect(second.gate.available(ProductID(1), .drawn) == 4)
                try await first.bench.open(7, picked: 2)
                #expect(await second.bench.admit(2) == .admitted)
                #expect(second.gate.available(ProductID(1), .drawn) == 6)
                #expect(second.gate.available(ProductID(1), .picked) == 2, "it has looked at all of it")
                second.bench.end(1, .released)
                #expect(await second.available() == 6, "the ticket was of the epoch before")
            }
        }
    }

    @Test("a script refuses another epoch, and takes nothing")
    func refusesEpoch() async throws {
        let shard = freshShard()
        try await withNode(shard: shard) { node in
            try await node.bench.open(1)
            let epoch = try await node.epoch(shard)
            for other in [epoch - 1, epoch + 1] {
                var take = RedisCommand("EVALSHA", RedisGate.scripts[0].digest, "1", "{s\(shard)}:epoch")
                take.append(other)
                for argument in ["order", "1", "d", "1", "buyer", "", "0", "record", "0", "1"] { take.append(argument) }
                for bound in [9, 9, 9, 9999, 9, 9, 9, 9] { take.append(bound) }
                let reply = try await node.client.call(take)
                #expect(reply == .array([.integer(6), .bytes(Array("\(epoch)".utf8))]))
            }
            #expect(await node.available() == 1)
        }
    }

    @Test("a load during which somebody else closes the gate is busy, and leaves it closed")
    func lostEpoch() async throws {
        let shard = freshShard()
        try await withNode(shard: shard) { first in
            try await withNode(shard: shard) { second in
                var snapshot = GateSnapshot()
                snapshot.available = [ProductID(1): 5]
                snapshot.keys = (0..<100_000).map { .init(product: ProductID(1), key: "key \($0)") }
                let large = snapshot
                async let loading: Void = first.gate.load(large)
                // Closes as soon as the other one has begun.
                try await eventually("the load has begun") {
                    try await second.client.call(RedisCommand("EXISTS", "{s\(shard)}:epoch")) == .integer(1)
                }
                try await second.gate.close(term: 1)
                do {
                    try await loading
                    Issue.record("was not refused")
                } catch let error as ShopError {
                    #expect(error.code == .busy)
                }
                #expect(await first.bench.admit(1) == .closed)
                try await first.gate.close(term: 1)
                try await first.gate.load(large)
                #expect(await second.bench.admit(1) == .admitted)
            }
        }
    }

    @Test("who closed the gate before somebody else did does not load over what that one loaded")
    func staleLoad() async throws {
        let shard = freshShard()
        try await withNode(shard: shard) { first in
            try await withNode(shard: shard) { second in
                var (old, new) = (GateSnapshot(), GateSnapshot())
                old.available = [ProductID(1): 9]
                new.available = [ProductID(1): 3]
                try await first.gate.close(term: 1)
                try await second.gate.close(term: 1)
                try await second.gate.load(new)
                do {
                    try await first.gate.load(old)
                    Issue.record("was not refused")
                } catch let error as ShopError {
                    #expect(error.code == .busy)
                }
                #expect(await first.available() == 3)
            }
        }
    }

    @Test("a node that led in an earlier term does not close the gate of the one that leads now")
    func fenced() async throws {
        let shard = freshShard()
        try await withNode(shard: shard) { first in
            try await withNode(shard: shard) { second in
                try await first.gate.close(term: 1)
                try await second.gate.close(term: 2)
                try await second.bench.open(3)
                try await refuses(.wrongState) { try await first.gate.close(term: 1) }
                try await refuses(.busy) { try await first.bench.open(9) }
                try await refuses(.wrongState) { try await first.bench.open(9) }
                #expect(await first.bench.admit(1) == .admitted)
                #expect(await second.available() == 2)
                // An engine that was emptied knows no term.
                _ = try await first.client.call(RedisCommand("DEL", "{s\(shard)}:epoch"))
                try await first.gate.close(term: 1)
                try await first.bench.open(4)
                #expect(await second.bench.admit(2) == .admitted)
            }
        }
    }

    @Test("news takes effect whatever epoch the node knows that tells it, and is kept while another one loads")
    func newsWithoutEpoch() async throws {
        let shard = freshShard()
        try await withNode(shard: shard) { first in
            try await withNode(shard: shard) { second in
                try await first.bench.open(5)
                _ = await second.bench.admit(1)
                try await first.gate.close(term: 1)
                second.bench.restock(2, change: 3)
                second.bench.end(1, .released)
                await second.gate.refresh()
                try await first.bench.open(5)
                #expect(await first.available() == 7)
                second.bench.restock(1, change: 4)
                #expect(await second.available() == 8)
                #expect(second.metrics["sluice_gate_lost_total"] == 0)
            }
        }
    }

    @Test("100,000 units and keys are loaded and hold")
    func largeLoad() async throws {
        try await withNode { node in
            var snapshot = GateSnapshot()
            snapshot.available = [ProductID(1): 10]
            for number in 0..<100_000 {
                snapshot.units.append(
                    .init(
                        product: ProductID(1), buyer: Fixtures.buyer(number), units: BuyerUnits(total: 3, held: 0)))
                snapshot.keys.append(.init(product: ProductID(1), key: "key \(number)"))
            }
            try await node.gate.load(snapshot)
            for number in [0, 50_000, 99_999] {
                #expect(await node.bench.admit(number, buyer: number) == .refused(.limitReached))
                #expect(await node.bench.admit(number, key: "key \(number)", buyer: -1) == .seenBefore)
            }
            #expect(await node.bench.admit(1, key: "key 100000", buyer: 100_000) == .admitted)
        }
    }

    @Test("what ended epochs remembered is swept, and nothing else")
    func sweep() async throws {
        let shard = freshShard()
        func keys(_ node: Node) async throws -> Int? {
            try await node.client.call(RedisCommand("KEYS", "{s\(shard)}:*")).array?.count
        }
        try await withNode(shard: shard) { node in
            for _ in 1...3 {
                try await node.bench.open(5)
                for order in 1...3 { _ = await node.bench.admit(order, key: "key \(order)", buyer: order) }
            }
            // Control, stock, tickets, units, changes, outbox; and three keys of each epoch.
            #expect(try await keys(node) == 6 + 9)
            #expect(await node.gate.sweep())
            #expect(try await keys(node) == 6 + 3)
            #expect(await node.bench.admit(9, key: "key 1") == .seenBefore)
        }
    }

    @Test("remembered keys are complete only as long as the oldest lasts")
    func keysExpire() async throws {
        let shard = freshShard()
        try await withNode(shard: shard, limits: { $0.gateKeySeconds = 4 }) { node in
            try await node.bench.open(0)
            #expect(await node.bench.mayKnow("key") == false)
            #expect(await node.bench.admit(1, key: "key") == .refused(.soldOut))
            try await eventually("they are not complete") { await node.bench.mayKnow("key") }
            #expect(await node.bench.admit(1, key: "key") == .seenBefore)
            #expect(await node.bench.admit(1, key: "key", isKeyNew: true) == .refused(.soldOut))
        }
    }

    @Test("keys beyond the bound are not remembered, and the gate says so")
    func keyBound() async throws {
        try await withNode(limits: { $0.gateKeys = 2 }) { node in
            try await node.bench.open(10)
            for order in 1...3 { #expect(await node.bench.admit(order, key: "\(order)", buyer: order) == .admitted) }
            #expect(await node.bench.admit(4, key: "2", buyer: 4) == .seenBefore)
            #expect(await node.bench.mayKnow("new"), "there may be others")
        }
    }

    @Test("past the bound of tickets the gate is closed, until one ends")
    func ticketBound() async throws {
        try await withNode(limits: { $0.gateTickets = 2 }) { node in
            try await node.bench.open(10)
            #expect(await node.bench.admit(1, buyer: 1) == .admitted)
            #expect(await node.bench.admit(2, buyer: 2) == .admitted)
            #expect(await node.bench.admit(3, buyer: 3) == .closed)
            #expect(await node.available() == 8)
            node.bench.end(1, .sold)
            #expect(await node.bench.admit(3, buyer: 3) == .admitted)
        }
    }

    @Test(
        "a control, a stock or tickets that are missing mean closed", arguments: ["epoch", "stock", "tickets", "units"])
    func missing(what: String) async throws {
        let shard = freshShard()
        try await withNode(shard: shard) { node in
            try await node.bench.open(5)
            #expect(await node.bench.admit(1) == .admitted)
            let epoch = try await node.epoch(shard)
            let name = what == "epoch" ? "{s\(shard)}:epoch" : "{s\(shard)}:e\(epoch):\(what)"
            #expect(try await node.client.call(RedisCommand("DEL", name)) == .integer(1))
            #expect(await node.bench.admit(1) == .closed)
            #expect(await node.bench.admit(2) == .closed)
            node.bench.restock(5, change: 1)
            node.bench.count(5, change: 1)
            #expect(await node.bench.admit(2) == .closed)
            try await node.bench.open(1)
            #expect(await node.bench.admit(2) == .admitted)
        }
    }

    @Test("a role keeps up with what other nodes do, and sweeps")
    func role() async throws {
        let shard = freshShard()
        try await withNode(shard: shard) { first in
            try await withNode(shard: shard) { second in
                let role = Task {
                    await second.gate.run { _ in
                        try Task.checkCancellation()
                        await Task.yield()
                    }
                }
                try await first.bench.open(5)
                try await eventually("it has heard") { second.gate.available(ProductID(1), .drawn) == 5 }
                _ = await first.bench.admit(1)
                try await eventually("it has heard again") { second.gate.available(ProductID(1), .drawn) == 4 }
                try await first.gate.close(term: 1)
                try await eventually("it has heard of the end") { second.gate.available(ProductID(1), .drawn) == 0 }
                role.cancel()
                await role.value
            }
        }
    }
}

import CoreMetrics
import Crypto
import Domain
import PostgresClient
import PostgresLedger
import SQLLedger
import Shop
import TestKit
import Testing

@Suite("PostgreSQL ledger: who leads")
struct LeaseTests {
    @Test("of 24 that ask at once exactly one gets the lease, again and again, each time in a later term")
    func one() async throws {
        try await withLedger { postgres in
            let other = try await openLedger(postgres.server.url(postgres.database))
            defer { other.close() }
            var last: Int64 = 0
            for round in 1...5 {
                let terms = try await withThrowingTaskGroup(of: (String, Int64?).self) { group in
                    for number in 1...24 {
                        let ledger = number % 2 == 0 ? postgres.ledger : other
                        group.addTask {
                            let holder = "\(round)-\(number)"
                            return (holder, try await ledger.hold("shard", by: holder, milliseconds: 60_000))
                        }
                    }
                    return try await group.reduce(into: []) { $0.append($1) }
                }
                let winners = terms.filter { $0.1 != nil }
                #expect(winners.count == 1)
                let (holder, term) = try #require(winners.first)
                #expect(try #require(term) > last)
                last = try #require(term)
                _ = try await postgres.ledger.hold("shard", by: holder, milliseconds: 0)
            }
        }
    }

    @Test("who has it prolongs it in its term, and others wait until it has run out")
    func runsOut() async throws {
        try await withLedger { postgres in
            let ledger = postgres.ledger
            #expect(try await ledger.hold("shard", by: "a", milliseconds: 60_000) == 1)
            #expect(try await ledger.hold("shard", by: "b", milliseconds: 60_000) == nil)
            #expect(try await ledger.hold("other", by: "b", milliseconds: 60_000) == 1)
            #expect(try await ledger.hold("shard", by: "a", milliseconds: 100) == 1)
            var term: Int64?
            try await eventually("the lease runs out") {
                term = try await ledger.hold("shard", by: "b", milliseconds: 60_000)
                return term != nil
            }
            #expect(term == 2)
            #expect(try await ledger.hold("shard", by: "a", milliseconds: 60_000) == nil)
        }
    }

    @Test("who let it run out begins a new term, though nobody else had it")
    func again() async throws {
        try await withLedger { postgres in
            let ledger = postgres.ledger
            var terms: [Int64?] = []
            for milliseconds in [60_000, 0, 60_000] as [Int64] {
                terms.append(try await ledger.hold("shard", by: "a", milliseconds: milliseconds))
            }
            #expect(terms == [1, 1, 2])
        }
    }
}

@Suite("PostgreSQL ledger: a first start of several nodes")
struct FirstStartTests {
    @Test("8 that open a new ledger at once end with one set of keys")
    func keys() async throws {
        try await withLedger(connections: 4) { postgres in
            let other = try await openLedger(postgres.server.url(postgres.database), connections: 4)
            defer { other.close() }
            let master = SymmetricKey(size: .bits256)
            let order = OrderID(Identifier(high: 1, low: 1))
            let tokens = try await withThrowingTaskGroup(of: String.self) { group in
                for number in 1...8 {
                    let ledger = number % 2 == 0 ? postgres.ledger : other
                    group.addTask { try await OpenKeyRing(catalog: ledger)(master: master).token(for: order) }
                }
                return try await group.reduce(into: Set()) { $0.insert($1) }
            }
            #expect(tokens.count == 1)
            let purposes = try await postgres.ledger.wrappedKeys().map(\.purpose)
            #expect(purposes.count == Set(purposes).count && !purposes.isEmpty)
            await #expect(throws: ShopError.self) {
                _ = try await OpenKeyRing(catalog: other)(master: SymmetricKey(size: .bits256))
            }
        }
    }

    @Test("8 that migrate an empty database at once do it once")
    func migrations() async throws {
        try await SharedPostgres.instance.withDatabase(.empty) { server, database in
            let url = server.url(database)
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 1...8 { group.addTask { try await openLedger(url).close() } }
                try await group.waitForAll()
            }
        }
    }

    @Test("a shop remembers how many shards it has: more are added, and fewer are refused")
    func shards() async throws {
        try await withLedger { postgres in
            try await postgres.ledger.claimShards(count: 2)
            try await postgres.ledger.claimShards(count: 2)
            try await postgres.ledger.claimShards(count: 10)
            let error = await #expect(throws: ShopError.self) { try await postgres.ledger.claimShards(count: 9) }
            #expect(error?.detail == "the shop has 10 shards, and 9 were named; a shard is never taken away")
        }
    }

    @Test("a category cannot be removed while a product comes to be of it")
    func categories() async throws {
        try await withLedger(connections: 8) { postgres in
            let (bench, catalog) = (postgres.bench, postgres.bench.catalog)
            let product = try await bench.product()
            var version = 1
            for round in 1...20 {
                let category = try await catalog.create(
                    CategoryDraft(slug: Fixtures.slug("c\(round)"), name: "C", position: 1, isHidden: false),
                    bench.deed)
                let draft = bench.draft(of: product) { $0.category = category.id }
                async let change: Listing? = try? catalog.change(
                    product.id, version: version, to: draft, bench.deed)
                async let removal: Void? = try? catalog.remove(category.id, bench.deed)
                let (isUsed, isRemoved) = await (change != nil, removal != nil)
                #expect(isUsed != isRemoved)
                if isUsed { version += 1 }
            }
        }
    }
}

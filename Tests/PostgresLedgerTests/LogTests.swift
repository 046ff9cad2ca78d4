import Domain
import PostgresClient
import SQLLedger
import Shop
import TestKit
import Testing

@testable import PostgresLedger

@Suite("PostgreSQL ledger: orders from a log")
struct LogTests {
    private let partition = LogPartition(log: "orders.1", number: 3)

    private func batch(_ drafts: [OrderDraft], from: Int64 = 0, poison: [PoisonRecord] = []) -> LogBatch {
        LogBatch(
            partition: partition, from: from, next: from + Int64(drafts.count + poison.count), drafts: drafts,
            poison: poison)
    }

    private func written(_ write: LogWrite) throws -> [Placement] {
        guard case .written(let placements) = write else { throw ContractViolation.timeOut("\(write)") }
        return placements
    }

    @Test("a batch moves the position; the same batch, or one from elsewhere, writes nothing")
    func position() async throws {
        try await withLedger { postgres in
            let (ledger, bench, now) = (postgres.ledger, postgres.bench, postgres.bench.clock.now())
            let product = try await bench.product(cards: 10)
            #expect(try await ledger.position(of: partition) == 0)
            let first = batch([bench.draft(product, buyer: 1), bench.draft(product, buyer: 2)])
            #expect(try written(try await ledger.write(first, at: now)).count { $0.order != nil } == 2)
            #expect(try await ledger.position(of: partition) == 2)
            #expect(try await ledger.write(first, at: now) == .moved(to: 2))
            let poison = PoisonRecord(position: 7, bytes: [1], reason: "no order")
            let gap = batch([bench.draft(product, buyer: 3)], from: 7, poison: [poison])
            #expect(try await ledger.write(gap, at: now) == .moved(to: 2))
            #expect(try await ledger.order(gap.drafts[0].id) == nil)
            #expect(try await ledger.parked(after: nil, limit: 10).isEmpty)
            _ = try written(try await ledger.write(batch([bench.draft(product, buyer: 4)], from: 2), at: now))
            #expect(try await ledger.position(of: partition) == 3)
            #expect(try await bench.stock().held == 3)
            // One that was made anew is another log.
            #expect(try await ledger.position(of: LogPartition(log: "orders.2", number: 3)) == 0)
            #expect(try await ledger.position(of: LogPartition(log: "orders.1", number: 4)) == 0)
            try await bench.audit()
        }
    }

    @Test("of two that write the same batch at once one is told to move")
    func twoWriters() async throws {
        try await withLedger(connections: 4) { postgres in
            let (ledger, bench, now) = (postgres.ledger, postgres.bench, postgres.bench.clock.now())
            let product = try await bench.product(cards: 100)
            for round in 0..<10 {
                let given = batch((0..<4).map { bench.draft(product, buyer: round * 10 + $0) }, from: Int64(round * 4))
                let writes = try await withThrowingTaskGroup(of: LogWrite.self) { group in
                    for _ in 0..<4 { group.addTask { try await ledger.write(given, at: now) } }
                    return try await group.reduce(into: []) { $0.append($1) }
                }
                #expect(writes.count { $0 == .moved(to: given.next) } == 3)
            }
            #expect(try await bench.stock().held == 40)
            try await bench.audit()
        }
    }

    @Test("an order of the log that cannot be had is there as rejected, and counts for nobody")
    func rejected() async throws {
        try await withLedger { postgres in
            let (ledger, bench, now) = (postgres.ledger, postgres.bench, postgres.bench.clock.now())
            let product = try await bench.product(cards: 1)
            let has = bench.draft(product, buyer: 1, key: "a")
            let soldOut = bench.draft(product, buyer: 2, key: "b", queryTag: [9])
            let same = bench.draft(product, buyer: 1, key: "a")
            let other = bench.draft(product, buyer: 1, key: "a", digest: 2)
            let fenced = bench.draft(product, buyer: 3)
            _ = try await ledger.cancel(fenced.id, at: now)
            let placements = try written(
                try await ledger.write(batch([has, soldOut, same, other, fenced, has]), at: now))
            let order = try unwrap(placements[0].order)
            #expect(
                placements == [
                    .placed(order), .refused(.soldOut), .existing(order), .mismatched, .fenced, .existing(order),
                ])
            for draft in [soldOut, same, other] {
                let rejected = try unwrap(try await ledger.order(draft.id))
                #expect(rejected.state == .rejected && rejected.version == 1 && rejected.expiresAt == nil)
                let steps = try await ledger.journal(of: draft.id)
                #expect(steps.map(\.event) == ["reject"] && steps.map(\.from) == [nil])
            }
            #expect(try await ledger.order(fenced.id) == nil)
            // The board is told what the ledger says.
            for (draft, placement) in zip([has, soldOut, same, other, fenced], placements) {
                let entry = try unwrap(BoardEntry(draft, placement))
                #expect(entry.order == draft.id)
                #expect(try await ledger.standing(of: draft.id) == entry.standing)
            }
            #expect(try await ledger.orders(queryTag: [9], limit: 2).map(\.id) == [soldOut.id])
            // Its key is free again.
            try await bench.restock(product, Fixtures.cards(1..<2))
            _ = try await bench.placed(bench.draft(product, buyer: 2, key: "b"))
            // What is read once more stays as it is.
            let again = try written(try await ledger.write(batch([soldOut], from: 6), at: now))
            guard case .existing(let found) = again[0] else { throw ContractViolation.timeOut("\(again)") }
            #expect(found.state == .rejected)
            try await bench.audit()
        }
    }

    @Test("what is no order is parked, and placed later, once")
    func parked() async throws {
        try await withLedger { postgres in
            let (ledger, bench, now) = (postgres.ledger, postgres.bench, postgres.bench.clock.now())
            let product = try await bench.product(cards: 5)
            let poison = [
                PoisonRecord(position: 1, bytes: [0, 255], reason: "not JSON"),
                PoisonRecord(position: 2, bytes: [], reason: "empty"),
            ]
            _ = try await ledger.write(batch([bench.draft(product, buyer: 1)], poison: poison), at: now)
            let parked = try await ledger.parked(after: nil, limit: 10)
            #expect(parked.map(\.record) == poison)
            #expect(parked.map(\.partition) == [partition, partition] && parked.allSatisfy { $0.replayedAt == nil })
            #expect(try await ledger.parked(after: parked[0].id, limit: 10).map(\.id) == [parked[1].id])
            let draft = bench.draft(product, buyer: 2)
            let first = try await ledger.replay(parked: parked[0].id, as: draft, by: bench.owner, at: now)
            #expect(first.order?.id == draft.id)
            let second = try await ledger.replay(parked: parked[0].id, as: draft, by: bench.owner, at: now)
            #expect(second == .existing(try unwrap(first.order)))
            #expect(try await ledger.parked(after: nil, limit: 1)[0].replayedAt == now)
            #expect(try await ledger.ownerJournal(after: nil, limit: 10).count { $0.action == "replay" } == 1)
            try await refuses(.notFound) {
                try await ledger.replay(parked: 99, as: draft, by: bench.owner, at: now)
            }
            #expect(try await bench.stock().held == 2)
            try await bench.audit()
        }
    }

    @Test("a record that cannot be taken spoils the whole batch, and the position stays")
    func spoilt() async throws {
        try await withLedger { postgres in
            let (ledger, bench, now) = (postgres.ledger, postgres.bench, postgres.bench.clock.now())
            let product = try await bench.product(cards: 5)
            let poison = PoisonRecord(position: 1, bytes: [], reason: "a text may not hold \0")
            let given = batch([bench.draft(product, buyer: 1)], poison: [poison])
            try await refuses(.internalFault) { try await ledger.write(given, at: now) }
            #expect(try await ledger.position(of: partition) == 0)
            #expect(try await ledger.order(given.drafts[0].id) == nil)
        }
    }

    @Test("a connection that is lost at the commit is found out by the position", arguments: [true, false])
    func lostCommit(reachesServer: Bool) async throws {
        try await withProxy { postgres, proxy in
            let (ledger, bench, now) = (postgres.ledger, postgres.bench, postgres.bench.clock.now())
            let product = try await bench.product(cards: 50)
            var from: Int64 = 0
            for round in 0..<3 {
                let given = batch((0..<8).map { bench.draft(product, buyer: round * 10 + $0) }, from: from)
                try await refuses(.outcomeUnknown) {
                    try await ledger.timed { transaction in
                        let write = try PostgresLedger.write(given, at: now, transaction)
                        proxy.set(reachesServer ? .cutAfterServer : .cutBeforeServer, count: 1)
                        return write
                    }
                }
                let position = try await ledger.position(of: partition)
                #expect(position == (reachesServer ? given.next : given.from))
                // Who reads a log goes on at the ledger's position.
                if position == given.from {
                    #expect(try written(try await ledger.write(given, at: now)).count { $0.order != nil } == 8)
                }
                from = given.next
                for draft in given.drafts { #expect(try await ledger.order(draft.id) != nil) }
            }
            #expect(try await bench.stock().held == 24)
            try await bench.audit()
        }
    }

    @Test("a connection that is lost before the commit costs a second run")
    func lostBefore() async throws {
        try await withProxy { postgres, proxy in
            let (ledger, bench, now) = (postgres.ledger, postgres.bench, postgres.bench.clock.now())
            let product = try await bench.product(cards: 50)
            let given = batch((0..<8).map { bench.draft(product, buyer: $0) })
            proxy.set(.cutAfterServer, count: 1)
            #expect(try written(try await ledger.write(given, at: now)).count { $0.order != nil } == 8)
            #expect(try await bench.stock().held == 8)
            try await bench.audit()
        }
    }
}

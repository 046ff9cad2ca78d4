import Domain
import PostgresLedger
import SQLLedger
import Shop
import TestKit
import Testing

@Suite("PostgreSQL ledger: many at once")
struct ConcurrencyTests {
    /// Places orders in small batches, by as many tasks.
    private func place(_ lanes: [[OrderDraft]], on ledgers: [any Ledger], _ bench: LedgerBench) async throws -> Int {
        try await withThrowingTaskGroup(of: Int.self) { group in
            for (number, drafts) in lanes.enumerated() {
                let ledger = ledgers[number % ledgers.count]
                group.addTask {
                    var placed = 0
                    for start in stride(from: 0, to: drafts.count, by: 8) {
                        let batch = drafts[start..<min(start + 8, drafts.count)].map { Submission.place($0) }
                        let placements = try await withCheckedContinuation { continuation in
                            ledger.place(batch) { continuation.resume(returning: $0) }
                        }.get()
                        placed += placements.count { $0.order != nil }
                    }
                    return placed
                }
            }
            return try await group.reduce(0, +)
        }
    }

    @Test("16 that place 1,000 orders for 500 cards by two ledgers sell each card once")
    func lastCards() async throws {
        try await withLedger(connections: 8) { postgres in
            let other = try await openLedger(postgres.server.url(postgres.database), connections: 8)
            defer { other.close() }
            let product = try await postgres.bench.product(cards: 500)
            let lanes = (0..<16).map { lane in
                (0..<(lane < 8 ? 63 : 62)).map { postgres.bench.draft(product, buyer: lane * 100 + $0) }
            }
            #expect(lanes.reduce(0) { $0 + $1.count } == 1000)
            #expect(try await place(lanes, on: [postgres.ledger, other], postgres.bench) == 500)
            #expect(try await postgres.bench.stock().held == 500)
            try await postgres.bench.audit()
        }
    }

    @Test("one buyer's limit holds among many that place at once")
    func buyer() async throws {
        try await withLedger(connections: 8) { postgres in
            let product = try await postgres.bench.product(cards: 100, limits: Fixtures.limits(perBuyer: 7))
            let lanes = (0..<8).map { _ in (0..<10).map { _ in postgres.bench.draft(product, buyer: 1) } }
            #expect(try await place(lanes, on: [postgres.ledger], postgres.bench) == 7)
            try await postgres.bench.audit()
        }
    }

    @Test("payments, cancels and the end of holds at the same time leave every order in one state, and the books right")
    func races() async throws {
        try await withLedger(connections: 8) { postgres in
            let (ledger, bench) = (postgres.ledger, postgres.bench)
            let product = try await bench.product(cards: 120)
            var receipts: [PaymentReceipt] = []
            var orders: [OrderID] = []
            for number in 0..<120 {
                let order = try await bench.placed(bench.draft(product, buyer: number))
                orders.append(order.id)
                receipts.append(bench.receipt(try await bench.attempt(order.id)))
            }
            bench.clock.advance(seconds: 601)
            let now = bench.clock.now()
            try await withThrowingTaskGroup(of: Void.self) { [receipts, orders] group in
                for receipt in receipts { group.addTask { _ = try await ledger.record(receipt) } }
                for order in orders.reversed() { group.addTask { _ = try await ledger.cancel(order, at: now) } }
                for _ in 0..<20 { group.addTask { _ = try await ledger.expire(at: now, limit: 17) } }
                // The same payment twice.
                for receipt in receipts { group.addTask { _ = try await ledger.record(receipt) } }
                try await group.waitForAll()
            }
            for id in orders {
                let order = try unwrap(try await ledger.order(id))
                #expect(order.state == .delivered, "\(order.state)")
            }
            #expect(try await bench.stock().sold == 120)
            try await bench.audit()
        }
    }

    @Test("a coupon's last uses are given once, across products")
    func coupon() async throws {
        try await withLedger(connections: 8) { postgres in
            let bench = postgres.bench
            let first = try await bench.product("first", cards: 100)
            let second = try await bench.product("second")
            try await bench.restock(second, Fixtures.cards(100..<200))
            let coupon = try await bench.coupon(Fixtures.terms(uses: 10))
            let lanes = (0..<8).map { lane in
                (0..<10).map { number in
                    bench.draft(
                        (lane + number) % 2 == 0 ? first : second, buyer: lane * 100 + number, coupon: coupon)
                }
            }
            #expect(try await place(lanes, on: [postgres.ledger], bench) == 10)
            #expect(try await bench.used(coupon) == 10)
            try await bench.audit()
        }
    }

    @Test("an order that is cancelled while it is being placed is cancelled or never comes")
    func fence() async throws {
        try await withLedger(connections: 8) { postgres in
            let (ledger, bench) = (postgres.ledger, postgres.bench)
            let product = try await bench.product(cards: 100)
            let drafts = (0..<60).map { bench.draft(product, buyer: $0) }
            let now = bench.clock.now()
            try await withThrowingTaskGroup(of: Void.self) { group in
                for draft in drafts {
                    group.addTask { _ = try await bench.place(draft) }
                    group.addTask { _ = try await ledger.cancel(draft.id, at: now) }
                }
                try await group.waitForAll()
            }
            for draft in drafts {
                let state = try await ledger.order(draft.id)?.state
                #expect(state == nil || state == .cancelled)
            }
            #expect(try await bench.stock().available == 100)
            try await bench.audit()
        }
    }
}

import CoreMetrics
import Domain
import Foundation
import GRDB
import SQLLedger
import Shop
import TestKit
import Testing

@testable import SQLiteLedger

@Suite("Filing recent orders")
struct FilingTests {
    private func limits(files: Int, memory: Int = 1000) -> Limits {
        var limits = Limits()
        limits.filingOrders = files
        limits.filingSliceOrders = 3
        limits.recentOrders = memory
        return limits
    }

    private func open(_ folder: URL, _ limits: Limits) throws -> SQLiteLedger {
        try SQLiteLedger(
            path: folder.appendingPathComponent("ledger.sqlite").path, limits: limits,
            metrics: NOOPMetricsHandler.instance)
    }

    private func withFolder(_ body: (URL) async throws -> Void) async throws {
        let folder = try ShopProcess.makeFolder()
        defer { try? FileManager.default.removeItem(at: folder) }
        try await body(folder)
    }

    /// Orders that the file, and that memory finds by their buyer.
    private func filed(_ ledger: SQLiteLedger) async throws -> (file: Int, memory: Int) {
        try await ledger.onWriter(.patient) { database in
            (
                try Int.fetchOne(database, sql: "SELECT count(*) FROM buyer_orders") ?? 0,
                try RecentOrders(database: database).count()
            )
        }
    }

    // MARK: The machine

    @Test("begins when enough wait, once at a time, and again when it failed")
    func machine() {
        func id(_ number: UInt64) -> Identifier { Identifier(high: number, low: 0) }
        let start = RecentOrders.Step.buyers(after: RecentOrders.Place())
        var machine = FilingMachine(limits: limits(files: 4, memory: 8))
        #expect(machine.placed(3, newest: id(9)) == .none)
        #expect(machine.placed(1, newest: id(7)) == .move(start, through: id(9)))
        #expect(machine.placed(5, newest: id(20)) == .none)
        #expect(machine.isFull)
        #expect(machine.target == id(9))
        let step = RecentOrders.Step.keys(after: RecentOrders.Place(product: 1, text: "a"))
        #expect(machine.moved(step, count: 4) == .move(step, through: id(9)))
        // Enough came meanwhile, so it goes on at once.
        #expect(machine.moved(.done, count: 0) == .move(start, through: id(20)))
        #expect(machine.moved(.done, count: 4) == .none)
        #expect(machine.recent == 1)
        #expect(machine.target == nil)
        #expect(machine.placed(3, newest: id(21)) == .move(start, through: id(21)))
        machine.failed()
        #expect(machine.placed(1, newest: id(22)) == .move(start, through: id(22)))
    }

    @Test("a full memory is emptied, although no order is filed there any more")
    func fullMemory() {
        func id(_ number: UInt64) -> Identifier { Identifier(high: number, low: 0) }
        let start = RecentOrders.Step.buyers(after: RecentOrders.Place())
        var machine = FilingMachine(limits: limits(files: 4, memory: 8))
        _ = machine.placed(8, newest: id(8))
        #expect(machine.isFull)
        #expect(machine.sliceOrders == 12)
        machine.failed()
        #expect(machine.placed(0, newest: nil) == .move(start, through: id(8)))
        #expect(machine.moved(.done, count: 2) == .move(start, through: id(8)))
    }

    @Test("an order that is no newer than what is being filed goes to the file at once")
    func behindTheTarget() async throws {
        try await withFolder { folder in
            let ledger = try open(folder, limits(files: 2))
            defer { ledger.close() }
            let clock = MockClock()
            let bench = LedgerBench(ledger, clock: clock)
            let product = try await bench.product(cards: 5)
            ledger.writer.holdPatient(true)
            let late = bench.draft(product, buyer: 9, key: "late")
            clock.advance(seconds: 1)
            for number in 1...2 { _ = try await bench.placed(bench.draft(product, buyer: number)) }
            _ = try await bench.placed(late)
            let inFile = try await ledger.onWriter(.urgent) { database in
                try Int.fetchOne(database, sql: "SELECT count(*) FROM order_keys") ?? 0
            }
            #expect(inFile == 1)
            ledger.writer.holdPatient(false)
            try await bench.audit()
        }
    }

    // MARK: The ledger

    @Test("orders are moved to the file in slices, and found all the time")
    func moves() async throws {
        try await withFolder { folder in
            let ledger = try open(folder, limits(files: 10))
            defer { ledger.close() }
            let bench = LedgerBench(ledger, clock: MockClock())
            let product = try await bench.product(cards: 40, limits: Fixtures.limits(perBuyer: 2))
            for number in 1...25 {
                let order = try await bench.placed(bench.draft(product, buyer: number, key: "key-\(number)"))
                let again = try await bench.place(bench.draft(product, buyer: number, key: "key-\(number)"))
                #expect(again == .existing(order))
                _ = try await bench.placed(bench.draft(product, buyer: 100 + number))
                if number % 5 == 0 { _ = try await bench.ledger.cancel(order.id, at: bench.clock.now()) }
                guard number > 12 else { continue }
                break
            }
            // Each look lets one patient slice go before it.
            var counts = try await filed(ledger)
            for _ in 1...40 where counts.memory >= 10 { counts = try await filed(ledger) }
            #expect(counts.file > 0)
            #expect(counts.file + counts.memory == 26)
            for number in 1...13 {
                let found = try await bench.ledger.orders(
                    OrderFilter(state: nil, buyer: Fixtures.buyer(number), after: nil, limit: 9))
                #expect(found.count == 1)
            }
            try await bench.audit()
        }
    }

    @Test("after a restart an order that was filed in memory only is found by buyer and key")
    func restart() async throws {
        try await withFolder { folder in
            let clock = MockClock()
            var ledger = try open(folder, limits(files: 1000))
            var bench = LedgerBench(ledger, clock: clock)
            let product = try await bench.product(cards: 5, limits: Fixtures.limits(perBuyer: 1))
            let order = try await bench.placed(bench.draft(product, buyer: 1, key: "a"))
            let ended = try await bench.placed(bench.draft(product, buyer: 2))
            _ = try await bench.ledger.cancel(ended.id, at: clock.now())
            #expect(try await filed(ledger) == (0, 2))
            ledger.close()

            ledger = try open(folder, limits(files: 1000))
            bench = LedgerBench(ledger, clock: clock)
            #expect(try await filed(ledger) == (0, 2))
            #expect(try await bench.place(bench.draft(product, buyer: 1, key: "a")) == .existing(order))
            #expect(try await bench.place(bench.draft(product, buyer: 1)) == .refused(.limitReached))
            _ = try await bench.placed(bench.draft(product, buyer: 2))
            try await bench.audit()
            ledger.close()
        }
    }

    @Test("an order that is older than what the file has is filed in the file, and survives a restart")
    func lateOrder() async throws {
        try await withFolder { folder in
            let clock = MockClock()
            var ledger = try open(folder, limits(files: 2))
            var bench = LedgerBench(ledger, clock: clock)
            let product = try await bench.product(cards: 5, limits: Fixtures.limits(perBuyer: 1))
            let late = bench.draft(product, buyer: 9, key: "late")
            clock.advance(seconds: 1)
            for number in 1...2 { _ = try await bench.placed(bench.draft(product, buyer: number)) }
            for _ in 1...20 { _ = try await filed(ledger) }
            #expect(try await filed(ledger) == (2, 0))
            let order = try await bench.placed(late)
            #expect(try await filed(ledger) == (3, 0))
            ledger.close()
            ledger = try open(folder, limits(files: 2))
            bench = LedgerBench(ledger, clock: clock)
            #expect(try await bench.place(bench.draft(product, buyer: 9, key: "late")) == .existing(order))
            #expect(try await bench.place(bench.draft(product, buyer: 9)) == .refused(.limitReached))
            try await bench.audit()
            ledger.close()
        }
    }

    @Test("when memory is full an order is filed in the file at once")
    func full() async throws {
        try await withFolder { folder in
            let ledger = try open(folder, limits(files: 3, memory: 3))
            defer { ledger.close() }
            let bench = LedgerBench(ledger, clock: MockClock())
            let product = try await bench.product(cards: 9)
            // Nothing patient may run, so nothing is moved.
            ledger.writer.holdPatient(true)
            for number in 1...5 { _ = try await bench.placed(bench.draft(product, buyer: number, key: "k\(number)")) }
            let counts = try await ledger.onWriter(.urgent) { database in
                (
                    try Int.fetchOne(database, sql: "SELECT count(*) FROM order_keys") ?? 0,
                    try RecentOrders(database: database).count()
                )
            }
            #expect(counts == (2, 3))
            ledger.writer.holdPatient(false)
            for _ in 1...20 { _ = try await filed(ledger) }
            #expect(try await filed(ledger) == (5, 0))
            try await bench.audit()
        }
    }

    @Test("a write that is undone leaves nothing to be found")
    func undone() async throws {
        try await withFolder { folder in
            let ledger = try open(folder, limits(files: 1000))
            defer { ledger.close() }
            let bench = LedgerBench(ledger, clock: MockClock())
            let product = try await bench.product(cards: 5, limits: Fixtures.limits(perBuyer: 1))
            let draft = bench.draft(product, buyer: 1, key: "a")
            await #expect(throws: ShopError.self) {
                try await ledger.onWriter(.urgent) { database in
                    var batch = try PlaceBatch(database, filing: ledger.filing)
                    _ = try batch.place([Submission.place(draft)])
                    throw ShopError(.internalFault, "half done")
                }
            }
            #expect(try await filed(ledger) == (0, 0))
            _ = try await bench.placed(bench.draft(product, buyer: 1, key: "a"))
            try await bench.audit()
        }
    }
}

import ChildProcess
import CoreMetrics
import Domain
import Foundation
import GRDB
import SQLLedger
import Shop
import TestKit
import Testing

@testable import SQLiteLedger

/// What commands do to a ledger while no shop has it open, or behind the back of one that has.
@Suite("The SQLite ledger offline")
struct OfflineLedgerTests {
    private func withFolder(_ body: (URL) async throws -> Void) async throws {
        let folder = try ShopProcess.makeFolder()
        defer { try? FileManager.default.removeItem(at: folder) }
        try await body(folder)
    }

    private func open(_ folder: URL, migrates: Bool = true) throws -> SQLiteLedger {
        try SQLiteLedger(
            path: Self.path(folder), limits: Limits(), metrics: NOOPMetricsHandler.instance, migrates: migrates)
    }

    private static func path(_ folder: URL) -> String { folder.appendingPathComponent(SQLiteLedger.fileName).path }

    /// A ledger as the first release makes it.
    private func makeFirstRelease(_ folder: URL) throws {
        let queue = try DatabaseQueue(path: Self.path(folder))
        var migrator = DatabaseMigrator()
        migrator.registerMigration(Migration0001.name) { try $0.execute(sql: Migration0001.sql) }
        try migrator.migrate(queue)
        try queue.close()
    }

    private func migrations(_ folder: URL) throws -> [String] {
        let queue = try DatabaseQueue(path: Self.path(folder))
        return try queue.read { try String.fetchAll($0, sql: "SELECT identifier FROM grdb_migrations ORDER BY 1") }
    }

    // MARK: Older ledgers

    @Test("an older ledger is refused where it must not be changed, and stays as it is")
    func olderLedger() async throws {
        try await withFolder { folder in
            try makeFirstRelease(folder)
            let error = #expect(throws: ShopError.self) { _ = try open(folder, migrates: false) }
            #expect(error?.detail.contains("written by an older release") == true)
            #expect(try migrations(folder) == [Migration0001.name])
            try open(folder).close()
            #expect(try migrations(folder) == Migrations.all.map(\.name))
            try open(folder, migrates: false).close()
        }
    }

    /// Orders and a product as the third release wrote them: what was filled in stands in the clear.
    private func makeThirdRelease(_ folder: URL, orders: Int) throws {
        let queue = try DatabaseQueue(path: Self.path(folder))
        var migrator = DatabaseMigrator()
        for migration in Migrations.all.prefix(3) {
            migrator.registerMigration(migration.name) { try $0.execute(sql: migration.sql) }
        }
        try migrator.migrate(queue)
        try queue.write { database in
            try database.execute(
                sql: """
                    INSERT INTO products (slug, title, amount, currency, max_per_order, max_per_buyer,
                        max_held_per_buyer, hold_seconds, fields, kind)
                    VALUES ('top-up', 'Top-up', 1990, 'CNY', 9, 9, 9, 60, '["account","region"]', 'manual')
                    """)
            for number in 1...orders {
                let id = OrderID(Identifier(high: 1 << 16, low: UInt64(number)))
                let fields = number % 2 == 0 ? #"{"account":"plain-\#(number)","region":"两"}"# : nil
                try database.execute(
                    sql: """
                        INSERT INTO orders (id, product_id, quantity, contact, channel, amount, currency, fields,
                            state, version, created_at)
                        VALUES (?1, 1, 1, '12345', 'sandbox', 1990, 'CNY', ?2, 'expired', 1, 0)
                        """, arguments: [Data(id.identifier.bytes), fields])
            }
        }
        try queue.close()
    }

    @Test("what an older release kept in the clear is sealed at the first start, and not again")
    func sealsPlainFields() async throws {
        try await withFolder { folder in
            try makeThirdRelease(folder, orders: 450)
            let ledger = try open(folder)
            defer { ledger.close() }
            let product = try #require(try await ledger.listings().first?.product)
            #expect(product.fields == [OrderField(name: "account"), OrderField(name: "region")])
            #expect(product.version == 1 && product.tiers == [])
            try await ledger.sealPlainFields { _, fields throws(ShopError) in
                Array(FilledFields.text(fields).utf8.reversed())
            }
            try await ledger.sealPlainFields { _, _ throws(ShopError) in throw ShopError(.busy, "there are none left") }
            let sealed = try await ledger.order(OrderID(Identifier(high: 1 << 16, low: 450)))?.sealedFields
            let text = String(decoding: try #require(sealed).reversed(), as: UTF8.self)
            #expect(FilledFields.read(text) == ["account": "plain-450", "region": "两"])
            #expect(try await ledger.order(OrderID(Identifier(high: 1 << 16, low: 449)))?.sealedFields == nil)
            let plain = try await ledger.onReader { database in
                try Int.fetchOne(database, sql: "SELECT count(*) FROM orders WHERE fields IS NOT NULL")
            }
            #expect(plain == 0)
        }
    }

    @Test("the program's audit refuses an older ledger and does not migrate it")
    func auditOfOlderLedger() async throws {
        try await withFolder { folder in
            try makeFirstRelease(folder)
            let errors = Pipe()
            let process = try ChildProcess(
                ChildProcess.Command(
                    ShopProcess.binary.path, ["audit", "--data", folder.path], errors: .pipe(errors)))
            let said = String(decoding: errors.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
            #expect(process.waitUntilExit() == .exit(1))
            #expect(said.contains("written by an older release"), "\(said)")
            #expect(try migrations(folder) == [Migration0001.name])
        }
    }

    @Test("an older ledger is backed up as it is")
    func backupOfOlderLedger() async throws {
        try await withFolder { folder in
            try makeFirstRelease(folder)
            let copy = folder.appendingPathComponent("copy").path
            let summary = try SQLiteLedger.backUp(Self.path(folder), to: copy)
            #expect(summary.schema == Migration0001.name)
            #expect(summary.keys.fingerprint == nil)
            #expect(try SQLiteLedger.examine(copy, named: "copy") == summary)
            #expect(try migrations(folder) == [Migration0001.name])
        }
    }

    // MARK: Keys

    private func notedFingerprint(_ folder: URL) throws -> String? {
        try SQLiteLedger.sealingKeys(Self.path(folder)).fingerprint
    }

    @Test("a ledger that has not noted the fingerprint of its master key does so once it has been opened with it")
    func fingerprintIsNoted() async throws {
        try await withFolder { folder in
            await (try await ShopProcess(data: folder)).stop()
            let noted = try #require(try notedFingerprint(folder))
            let queue = try DatabaseQueue(path: Self.path(folder))
            try await queue.write { try $0.execute(sql: "DELETE FROM meta WHERE value = ?", arguments: [noted]) }
            try queue.close()
            let wrong = ["SLUICE_MASTER_KEY": Data(repeating: 7, count: 32).base64EncodedString()]
            await #expect(throws: ShopProcess.DidNotStart.self) {
                try await ShopProcess(data: folder, environment: wrong)
            }
            #expect(try notedFingerprint(folder) == nil)
            await (try await ShopProcess(data: folder)).stop()
            #expect(try notedFingerprint(folder) == noted)
            let error = await #expect(throws: ShopProcess.DidNotStart.self) {
                try await ShopProcess(data: folder, environment: wrong)
            }
            #expect(error?.log.contains(noted) == true, "\(error?.log ?? "")")
        }
    }

    @Test("keys are replaced all at once, and none may be left out or change its purpose")
    func replaceKeys() async throws {
        try await withFolder { folder in
            let ledger = try open(folder)
            defer { ledger.close() }
            func keys(_ content: UInt8, _ ids: ClosedRange<UInt32>) -> [WrappedKey] {
                ids.map { WrappedKey(id: $0, purpose: "purpose-\($0)", wrapped: [content]) }
            }
            try await ledger.store(keys(1, 1...4), fingerprint: "old")
            let renamed = [WrappedKey(id: 1, purpose: "token", wrapped: [2])] + keys(2, 2...6)
            for wrong in [keys(2, 2...6), renamed, []] {
                await #expect(throws: ShopError.self) { try await ledger.replaceKeys(wrong, fingerprint: "wrong") }
                #expect(try await ledger.wrappedKeys() == keys(1, 1...4))
                #expect(try await ledger.masterKeyFingerprint() == "old")
            }
            try await ledger.replaceKeys(keys(2, 1...6), fingerprint: "new")
            #expect(try await ledger.wrappedKeys() == keys(2, 1...6))
            #expect(try await ledger.masterKeyFingerprint() == "new")
        }
    }

    // MARK: Erasure

    private func contacts(_ ledger: SQLiteLedger) async throws -> [String] {
        try await ledger.onReader { try String.fetchAll($0, sql: "SELECT contact FROM orders ORDER BY id") }
    }

    @Test("a buyer's old orders are parted from the new ones, with their units")
    func eraseOldOrdersOfOne() async throws {
        try await withFolder { folder in
            let ledger = try open(folder)
            defer { ledger.close() }
            let bench = LedgerBench(ledger, clock: MockClock())
            let product = try await bench.product(cards: 20)
            _ = try await bench.pay(try await bench.placed(bench.draft(product, buyer: 1, quantity: 3, key: "a")).id)
            let open = try await bench.placed(bench.draft(product, buyer: 1, quantity: 2))
            bench.clock.advance(seconds: 10 * 86_400)
            _ = try await bench.pay(try await bench.placed(bench.draft(product, buyer: 1, quantity: 4)).id)
            let cutoff = bench.clock.now().advanced(seconds: -86_400)
            let report = try ledger.erase(.settledBefore(cutoff), by: bench.owner, at: bench.clock.now())
            #expect(report.buyers == 1)
            #expect(report.orders == 1)
            #expect(report.unsettledOrders == 1)
            let buyer = Fixtures.buyer(1).contact
            let names = try await contacts(ledger)
            #expect(names[0].hasPrefix("erased-"))
            #expect(names[1...] == [buyer, buyer])
            let units = try await ledger.onReader { database in
                try Row.fetchAll(
                    database,
                    sql: """
                        SELECT b.contact, sum(o.quantity) FROM buyer_orders b JOIN orders o ON o.id = b.order_id
                        WHERE b.ended = 0 GROUP BY 1 ORDER BY 2
                        """
                ).map { "\($0[0] as String) \($0[1] as Int)" }
            }
            #expect(units == ["\(names[0]) 3", "\(buyer) 6"])
            #expect(try await ledger.onReader { try Int.fetchOne($0, sql: "SELECT count(*) FROM order_keys") } == 0)
            try await bench.audit()
            let again = try ledger.erase(.settledBefore(cutoff), by: bench.owner, at: bench.clock.now())
            #expect(again.orders == 0)
            _ = try await bench.ledger.cancel(open.id, at: bench.clock.now())
            try await bench.audit()
        }
    }

    @Test("more buyers than fit into one transaction are all erased, each under a name of its own")
    func eraseManyBuyers() async throws {
        try await withFolder { folder in
            let ledger = try open(folder)
            defer { ledger.close() }
            let bench = LedgerBench(ledger, clock: MockClock())
            let product = try await bench.product(cards: 450)
            let placed = try await bench.place(
                (1...450).map { Submission.place(bench.draft(product, buyer: $0)) })
            for case .placed(let order) in placed {
                _ = try await bench.ledger.cancel(order.id, at: bench.clock.now())
            }
            bench.clock.advance(seconds: 60)
            let report = try ledger.erase(
                .settledBefore(bench.clock.now()), by: bench.owner, at: bench.clock.now())
            #expect(report.buyers == 450)
            let names = Set(try await contacts(ledger))
            #expect(names.count == 450)
            #expect(names.allSatisfy { $0.hasPrefix("erased-") })
            try await bench.audit()
        }
    }

    @Test("a buyer with money that waits for a decision is not erased")
    func eraseWaitsForRefund() async throws {
        try await withFolder { folder in
            let ledger = try open(folder)
            defer { ledger.close() }
            let bench = LedgerBench(ledger, clock: MockClock())
            let product = try await bench.product(cards: 1)
            let order = try await bench.placed(bench.draft(product, buyer: 1))
            let attempt = try await bench.attempt(order.id)
            _ = try await bench.ledger.record(bench.receipt(attempt))
            _ = try await bench.ledger.record(bench.receipt(attempt, event: "paid twice"))
            let error = #expect(throws: ShopError.self) {
                _ = try ledger.erase(.buyer(Fixtures.buyer(1)), by: bench.owner, at: bench.clock.now())
            }
            #expect(error?.code == .wrongState)
            #expect(try await contacts(ledger) == [Fixtures.buyer(1).contact])
            try await bench.audit()
        }
    }
}

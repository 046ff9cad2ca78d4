import Foundation
import TestKit
import Testing

extension RunningShop {
    // MARK: While the shop sells

    /// Orders that were accepted so far.
    private actor Sale {
        private(set) var accepted: [Answer] = []
        private(set) var isOpen = true

        func add(_ order: Answer) { accepted.append(order) }
        func close() { isOpen = false }
    }

    /// Places orders and pays every other one until the sale is closed.
    private static func sell(_ shop: ShopProcess, _ sale: Sale, worker: Int) async {
        var number = 0
        while await sale.isOpen, number < 2000 {
            number += 1
            guard let order = try? await shop.order("w\(worker)-\(number)@example.com") else { return }
            if order.status == 201 { await sale.add(order) }
            if number.isMultiple(of: 2) { _ = try? await shop.pay(order) }
        }
    }

    @Test("a backup of a selling shop, restored elsewhere, has every order that was accepted before it, and balances")
    func backupWhileSelling() async throws {
        try await withShop { shop async throws in
            try await shop.offer(cards: 20_000)
            let file = shop.data.appendingPathComponent("backup.sqlite")
            let sale = Sale()
            let (before, result, after) = try await withThrowingTaskGroup(of: Void.self) { group in
                for worker in 1...20 { group.addTask { await Self.sell(shop, sale, worker: worker) } }
                try await eventually("orders") { await sale.accepted.count >= 200 }
                let before = await sale.accepted
                let result = try await sluice(["backup", "--data", shop.data.path, "--to", file.path])
                let after = await sale.accepted
                await sale.close()
                try await group.waitForAll()
                return (before, result, after)
            }
            #expect(result.status == 0, "\(result.errors)")
            #expect(after.count > before.count)
            #expect(result.object["master_key_included"] as? Bool == false)
            #expect(result.object["cards"] as? Int == 20_000)
            #expect(try #require(result.object["orders"] as? Int) >= before.count)
            let attributes = try FileManager.default.attributesOfItem(atPath: file.path)
            #expect(attributes[.posixPermissions] as? Int == 0o600)
            #expect(attributes[.size] as? Int == result.object["bytes"] as? Int)
            // Written by a database that keeps no log (https://www.sqlite.org/fileformat2.html, bytes 18 and 19).
            #expect(try Data(contentsOf: file)[18..<20] == Data([1, 1]))
            let names = try FileManager.default.contentsOfDirectory(atPath: shop.data.path)
            #expect(names.filter { $0.hasPrefix("backup.") } == ["backup.sqlite"])
            try await shop.audit()
            try await Self.check(before, in: file, keyOf: shop)
        }
    }

    /// Restores a backup into a fresh folder and looks for orders.
    private static func check(_ orders: [Answer], in file: URL, keyOf shop: ShopProcess) async throws {
        let folder = try makeFolder(keyOf: shop)
        let restored = try await sluice(["restore", "--data", folder.path, "--from", file.path])
        #expect(restored.status == 0, "\(restored.errors)")
        #expect(restored.object["audit_ok"] as? Bool == true)
        #expect(restored["warning"]?.contains(restored["newest_entry"] ?? "?") == true)
        let second = try await ShopProcess(data: folder)
        let found = try await concurrently(orders.count) { try await second.read(orders[$0 - 1]) }
        #expect(found.byStatus == [200: orders.count])
        #expect(Set(found.map { $0["status"] }).isSubset(of: ["awaiting_payment", "delivered"]))
        let cards = found.flatMap { $0.object["cards"] as? [String] ?? [] }
        #expect(Set(cards).count == cards.count)
        try await second.audit()
        #expect(await second.stop() == 0)
        second.remove()
    }

    /// A folder that holds nothing but a shop's master key.
    private static func makeFolder(keyOf shop: ShopProcess) throws -> URL {
        let folder = try ShopProcess.makeFolder()
        try FileManager.default.copyItem(
            at: shop.data.appendingPathComponent("master.key"), to: folder.appendingPathComponent("master.key"))
        return folder
    }

    // MARK: A shop that was killed

    @Test("a backup of a killed shop has what is in its log, and leaves ledger and log as they are")
    func backupAfterKill() async throws {
        let shop = try await ShopProcess()
        try await shop.offer(cards: 5)
        let order = try await shop.order("a@example.com")
        await shop.kill()
        let names = ["ledger.sqlite", "ledger.sqlite-wal"].map { shop.data.appendingPathComponent($0) }
        let before = try names.map { try Data(contentsOf: $0) }
        #expect(!before[1].isEmpty)
        let file = shop.data.appendingPathComponent("backup.sqlite")
        let result = try await sluice(["backup", "--data", shop.data.path, "--to", file.path])
        #expect(result.status == 0, "\(result.errors)")
        #expect(result.object["orders"] as? Int == 1)
        #expect(try names.map { try Data(contentsOf: $0) } == before)
        try await Self.check([order], in: file, keyOf: shop)
        shop.remove()
    }

    @Test("a backup that cannot be made leaves nothing behind, and an existing file is not touched")
    func backupRefusals() async throws {
        let shop = try await ShopProcess()
        await shop.stop()
        let folder = try ShopProcess.makeFolder()
        @Sendable func backup(to name: String) async throws -> CommandResult {
            try await sluice(
                ["backup", "--data", shop.data.path, "--to", folder.appendingPathComponent(name).path])
        }
        try Data("precious".utf8).write(to: folder.appendingPathComponent("taken"))
        try Data("another".utf8).write(to: folder.appendingPathComponent("busy.partial"))
        for (name, reason) in [
            ("taken", "is there already"), ("busy", "another backup"), ("no/such/folder", "cannot be written"),
        ] {
            let result = try await backup(to: name)
            #expect(result.status == 1)
            #expect(result.errors.contains(reason), "\(result.errors)")
        }
        try Data("not a database at all, but long enough to be looked at".utf8)
            .write(to: shop.data.appendingPathComponent("ledger.sqlite"))
        let damaged = try await backup(to: "damaged")
        #expect(damaged.status == 1)
        #expect(damaged.errors.contains("the backup failed"), "\(damaged.errors)")
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted() == ["busy.partial", "taken"])
        #expect(try Data(contentsOf: folder.appendingPathComponent("taken")) == Data("precious".utf8))
        try FileManager.default.removeItem(at: folder)
        shop.remove()
    }
}

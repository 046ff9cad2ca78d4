import Foundation
import TestKit
import Testing

extension RunningShop {
    /// A stopped shop with one delivered order, and its backup.
    private struct Saved {
        let shop: ShopProcess
        let order: Answer
        let file: URL
        let schema: String
        let fingerprint: String

        func remove() {
            shop.remove()
            try? FileManager.default.removeItem(at: file)
        }
    }

    private static func saved() async throws -> Saved {
        let shop = try await ShopProcess()
        try await shop.offer(cards: 3)
        let order = try await shop.order("a@example.com")
        _ = try await shop.pay(order)
        await shop.stop()
        let file = FileManager.default.temporaryDirectory.appendingPathComponent("backup-\(UUID().uuidString)")
        let result = try await sluice(["backup", "--data", shop.data.path, "--to", file.path])
        return Saved(
            shop: shop, order: order, file: file, schema: try #require(result["schema"]),
            fingerprint: try #require(result["master_key_fingerprint"]))
    }

    private static func names(_ folder: URL) throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted()
    }

    @Test("a backup is not restored without its own master key")
    func restoreNeedsKey() async throws {
        let saved = try await Self.saved()
        let folder = try ShopProcess.makeFolder()
        let command = ["restore", "--data", folder.path, "--from", saved.file.path]
        let missing = try await sluice(command)
        #expect(missing.status == 1)
        #expect(missing.errors.contains("the master key is missing"), "\(missing.errors)")
        #expect(missing.errors.contains(saved.fingerprint))
        let wrong = try await sluice(command, environment: ["SLUICE_MASTER_KEY": Self.key(7)])
        #expect(wrong.status == 1)
        #expect(wrong.errors.contains("does not fit"), "\(wrong.errors)")
        for fingerprint in [saved.fingerprint, "32c55a894f4da5b6"] { #expect(wrong.errors.contains(fingerprint)) }
        #expect(try Self.names(folder) == ["lock"])
        let key = try #require(saved.shop.text("master.key"))
        let right = try await sluice(command, environment: ["SLUICE_MASTER_KEY": key])
        #expect(right.status == 0, "\(right.errors)")
        try FileManager.default.removeItem(at: folder)
        saved.remove()
    }

    @Test("what is not a whole ledger of this release or an older one is not restored")
    func restoreRefusesFiles() async throws {
        let saved = try await Self.saved()
        let folder = try ShopProcess.makeFolder()
        let good = try Data(contentsOf: saved.file)
        var newer = good
        // The same ledger, if its last migration had been one that this release does not know.
        let later = Data(("9999" + saved.schema.dropFirst(4)).utf8)
        while let range = newer.range(of: Data(saved.schema.utf8)) { newer.replaceSubrange(range, with: later) }
        var holed = good
        holed.replaceSubrange(8192..<(8192 + 4096 * 4), with: Data(count: 4096 * 4))
        let key = try #require(saved.shop.text("master.key"))
        for (content, reason) in [
            (newer, "newer release"), (Data("garbage".utf8), "is not the ledger of a shop"),
            (Data(), "is not the ledger of a shop"), (good.prefix(good.count / 2), "damaged"), (holed, "damaged"),
        ] {
            let file = folder.appendingPathComponent("file")
            try content.write(to: file)
            let result = try await sluice(
                ["restore", "--data", folder.path, "--from", file.path], environment: ["SLUICE_MASTER_KEY": key])
            #expect(result.status == 1)
            #expect(result.errors.contains(reason), "\(result.errors)")
            try FileManager.default.removeItem(at: file)
        }
        #expect(Set(try Self.names(folder)).isSubset(of: ["lock"]))
        try FileManager.default.removeItem(at: folder)
        saved.remove()
    }

    @Test("a running shop is not restored over")
    func restoreRefusesRunningShop() async throws {
        let saved = try await Self.saved()
        let shop = try await ShopProcess(data: saved.shop.data)
        let result = try await sluice(
            ["restore", "--data", shop.data.path, "--from", saved.file.path, "--replace"])
        #expect(result.status == 1)
        #expect(result.errors.contains("another sluice is using the data folder"))
        #expect(try await shop.read(saved.order)["status"] == "delivered")
        await shop.stop()
        saved.remove()
    }

    @Test("a ledger that is there gives way only when told to, and is kept")
    func restoreReplaces() async throws {
        let saved = try await Self.saved()
        let shop = try await ShopProcess(data: saved.shop.data)
        #expect(try await shop.order("b@example.com").status == 201)
        await shop.kill()
        let command = ["restore", "--data", shop.data.path, "--from", saved.file.path]
        let refused = try await sluice(command)
        #expect(refused.status == 1)
        #expect(refused.errors.contains("--replace"), "\(refused.errors)")
        let restored = try await sluice(command + ["--replace"])
        #expect(restored.status == 0, "\(restored.errors)")
        let kept = URL(fileURLWithPath: try #require(restored["replaced_ledger"]))
        #expect(kept.lastPathComponent.hasPrefix("ledger.sqlite.before-restore-"))

        let second = try await ShopProcess(data: shop.data)
        #expect(try await second.read(saved.order).object["cards"] as? [String] == ["CARD-1"])
        #expect(try await second.admin("GET", "/orders").items().count == 1)
        try await second.audit()
        await second.stop()
        // The old ledger is whole: what was in its log is in its file.
        let other = try ShopProcess.makeFolder()
        try FileManager.default.copyItem(at: kept, to: other.appendingPathComponent("ledger.sqlite"))
        let key = try #require(second.text("master.key"))
        let third = try await ShopProcess(data: other, environment: ["SLUICE_MASTER_KEY": key])
        #expect(try await third.admin("GET", "/orders").items().count == 2)
        try await third.audit()
        await third.stop()
        third.remove()
        saved.remove()
    }

    @Test("the log of a ledger that is gone is not mixed into the restored one")
    func restoreBesideStrayLog() async throws {
        let saved = try await Self.saved()
        let shop = try await ShopProcess(data: saved.shop.data)
        #expect(try await shop.order("b@example.com").status == 201)
        await shop.kill()
        try FileManager.default.removeItem(at: shop.data.appendingPathComponent("ledger.sqlite"))
        let restored = try await sluice(["restore", "--data", shop.data.path, "--from", saved.file.path])
        #expect(restored.status == 0, "\(restored.errors)")
        let second = try await ShopProcess(data: shop.data)
        #expect(try await second.admin("GET", "/orders").items().count == 1)
        #expect(try await second.read(saved.order)["status"] == "delivered")
        try await second.audit()
        await second.stop()
        saved.remove()
    }
}

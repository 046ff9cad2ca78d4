public import Domain
import Shop

// What the shop is called and how it looks, and its pictures.
extension LedgerContract {
    /// The bounds under which the cases run: a full folder of pictures is a small one.
    public static var limits: Limits {
        var limits = Limits()
        limits.pictures = 3
        limits.staffSessions = 60
        return limits
    }

    static var settingCases: [ContractCase<LedgerBench>] {
        [
            ContractCase("settings are plain, then as they were stored, whole", settings),
            ContractCase("of two changes of the same settings one is told that it came late", settingsTwice),
            ContractCase("pictures come back byte by byte; the same one again is no change", pictures),
            ContractCase("past the bound no picture is taken, and those that are there stay", pictureRoom),
        ]
    }

    @Sendable private static func settings(_ bench: LedgerBench) async throws {
        try expect(try await bench.catalog.settings(), is: .plain)
        let text = String(repeating: "两", count: ShopSettings.maximumTextLength)
        var wanted = ShopSettings(
            name: "卡密小店", tagline: "'; DROP TABLE pictures; --", logo: "/pictures/a.png", accent: "#1a73e8",
            timeZone: "Asia/Shanghai", contact: "a@example.com\nWeChat: shop", filing: "京ICP备12345678号", terms: text,
            privacy: "**p**", refunds: "r", version: 77)
        let first = try await bench.catalog.store(wanted, version: 0, bench.deed)
        wanted.version = 1
        try expect(first, is: wanted)
        try expect(try await bench.catalog.settings(), is: wanted)
        (wanted.logo, wanted.accent, wanted.terms, wanted.name) = (nil, nil, "", "Other")
        let second = try await bench.catalog.store(wanted, version: 1, bench.deed)
        wanted.version = 2
        try expect(second, is: wanted)
        try expect(try await bench.catalog.settings(), is: wanted)
        let journal = try await bench.cards.ownerJournal(after: nil, limit: 9)
        try expect(journal.map { "\($0.action) \($0.subject)" }, is: ["settings version 2", "settings version 1"])
        try expect(Set(journal.map(\.note)), is: [bench.owner])
        try expect(Set(journal.map(\.at)), is: [bench.clock.now()])
    }

    @Sendable private static func settingsTwice(_ bench: LedgerBench) async throws {
        for version in 0...1 {
            let stored = try await concurrently(8) { number in
                let settings = ShopSettings(name: "shop \(number)")
                do {
                    return try await bench.catalog.store(settings, version: version, bench.deed).version
                } catch let error as ShopError where error.code == .wrongState {
                    return 0
                }
            }
            try expect(stored, is: version + 1, "one of them is stored")
        }
        let kept = try await bench.catalog.settings()
        for version in [0, 1, 3, Int.max] {
            try await refuses(.wrongState) {
                try await bench.catalog.store(ShopSettings(name: "late"), version: version, bench.deed)
            }
        }
        try expect(try await bench.catalog.settings(), is: kept)
        try expect(try await bench.cards.ownerJournal(after: nil, limit: 9).count, is: 2, "only what was changed")
    }

    private static func picture(_ number: Int, bytes count: Int = 100) throws -> Picture {
        let digits = String(number, radix: 16)
        let bytes = Array("GIF89a".utf8) + (0..<count - 6).map { UInt8(truncatingIfNeeded: $0) }
        return try unwrap(
            Picture(name: String(repeating: "0", count: 32 - digits.count) + digits + ".gif", bytes: bytes))
    }

    @Sendable private static func pictures(_ bench: LedgerBench) async throws {
        let largest = try picture(1, bytes: Limits().pictureBytes)
        try expect(try await bench.catalog.picture(largest.name), is: nil)
        _ = try await concurrently(4) { _ in
            try await bench.catalog.store(largest, bench.deed)
            return 0
        }
        try await bench.catalog.store(try picture(2), bench.deed)
        let kept = try unwrap(try await bench.catalog.picture(largest.name))
        try expect(kept == largest, "byte by byte")
        try expect(try await bench.catalog.picture(try picture(3).name), is: nil)
        let journal = try await bench.cards.ownerJournal(after: nil, limit: 9)
        let expected = try [picture(2), largest].map { "picture \($0.name)" }
        try expect(journal.map { "\($0.action) \($0.subject)" }, is: expected)
        try expect(Set(journal.map(\.note)), is: [bench.owner])
    }

    @Sendable private static func pictureRoom(_ bench: LedgerBench) async throws {
        for number in 1...limits.pictures { try await bench.catalog.store(try picture(number), bench.deed) }
        let more = try picture(limits.pictures + 1)
        try await refuses(.busy) { try await bench.catalog.store(more, bench.deed) }
        try expect(try await bench.catalog.picture(more.name), is: nil)
        try await bench.catalog.store(try picture(1), bench.deed)
        try expect(try await bench.cards.ownerJournal(after: nil, limit: 9).count, is: limits.pictures)
    }
}

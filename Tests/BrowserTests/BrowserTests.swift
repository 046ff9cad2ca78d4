import ChildProcess
import Foundation
import TestKit
import Testing

/// Buyers in Debian's Chromium before one real shop. What they do is written in Python, in `scenarios`.
@Suite("The pages in a browser", .shop)
struct BrowserTests {
    private static let scenarios = [
        "accessibility", "purchase", "hold_runs_out", "last_card_two_tabs", "busy_retry", "opening", "live_status",
        "reload_each_step", "coupon_and_tiers", "pickable", "fields", "lookup", "language", "no_script", "keyboard",
        "weight",
    ]

    @Test("a buyer in a browser", arguments: scenarios)
    func scenario(_ name: String) async throws {
        let shop = try #require(ShopTrait.shop)
        let run = try await ShopTrait.lanes.drive {
            try await BrowserScript.run(
                [name, "--shop", shop.url, "--admin-token", ShopProcess.adminToken], within: 120)
        }
        #expect(run.ending == .exit(0), "\(name) \(run.wasKilled ? "took too long" : "failed"):\n\(run.output)")
    }

    /// In a shop of its own, whose name and notices are attacks, too.
    @Test("a buyer among hostile texts")
    func hostileTexts() async throws {
        try await ShopTrait.lanes.drive {
            try await ShopTrait.withShop { shop in
                let run = try await BrowserScript.run(
                    ["hostile_texts", "--shop", shop.url, "--admin-token", ShopProcess.adminToken], within: 120)
                #expect(run.ending == .exit(0), "\(run.wasKilled ? "took too long" : "failed"):\n\(run.output)")
            }
        }
    }

    @Test("every scenario is run")
    func list() async throws {
        let run = try await BrowserScript.run(["--list"], within: 60)
        #expect(run.ending == .exit(0), "\(run.output)")
        let all = Self.scenarios + ["hostile_texts"] + OwnerBrowserTests.scenarios + OwnerBrowserTests.alone
        #expect(run.output.split(separator: "\n").map(String.init).sorted() == all.sorted())
    }
}

/// The owner, and members of other roles, in Debian's Chromium before one real shop.
@Suite("The owner's pages in a browser", .shop)
struct OwnerBrowserTests {
    static let scenarios = [
        "first_sale", "two_editors", "card_file", "card_file_lost", "cards_by_hand", "card_replaced", "order_deeds",
        "deed_too_late", "refund_cases", "inbox", "order_lists", "coupons", "announcements", "blacklist", "settings",
        "categories", "owner_keyboard", "owner_drill",
    ]
    /// Each in a shop of its own: they begin with its first start, or look at all that is in it.
    static let alone = [
        "owner_accessibility", "owner_language", "owner_rights", "owner_access", "owner_backup",
        "csv_round_trip", "channel_bounds",
    ]

    private static func run(_ name: String, in shop: ShopProcess) async throws {
        let link = try await PageVisitor.setUpLink(of: shop)
        let run = try await BrowserScript.run(
            [name, "--shop", shop.url, "--admin-token", ShopProcess.adminToken, "--set-up-link", link], within: 300)
        #expect(run.ending == .exit(0), "\(name) \(run.wasKilled ? "took too long" : "failed"):\n\(run.output)")
    }

    @Test("the owner in a browser", arguments: scenarios)
    func scenario(_ name: String) async throws {
        let shop = try #require(ShopTrait.shop)
        try await ShopTrait.lanes.drive { try await Self.run(name, in: shop) }
    }

    @Test("the owner in a browser, before a shop of their own", arguments: alone)
    func ownShop(_ name: String) async throws {
        try await ShopTrait.lanes.drive {
            try await ShopTrait.withShop { shop in try await Self.run(name, in: shop) }
        }
    }
}

/// Lets so many go at once, in the order in which they came.
actor Lanes {
    private var free: Int
    private var waiting: [CheckedContinuation<Void, Never>] = []

    init(_ count: Int) { free = count }

    func drive<Value: Sendable>(_ body: @Sendable () async throws -> Value) async throws -> Value {
        if free > 0 {
            free -= 1
        } else {
            await withCheckedContinuation { waiting.append($0) }
        }
        // A lane is handed on, not set free, while somebody waits.
        defer { if waiting.isEmpty { free += 1 } else { waiting.removeFirst().resume() } }
        return try await body()
    }
}

/// Gives a suite a shop of its own, whose books must balance at the end.
struct ShopTrait: SuiteTrait, TestScoping {
    @TaskLocal static var shop: ShopProcess?
    /// A Chromium takes more than half of two cores, and waits for the rest of its time.
    static let lanes = Lanes(2)

    func provideScope(
        for test: Test, testCase: Test.Case?, performing function: @Sendable () async throws -> Void
    ) async throws {
        try await Self.withShop { shop in
            try await Self.$shop.withValue(shop) { try await function() }
        }
    }

    static func withShop(_ body: @Sendable (ShopProcess) async throws -> Void) async throws {
        let shop = try await ShopProcess()
        let result: Result<Void, any Error>
        do {
            try await body(shop)
            try await shop.audit()
            result = .success(())
        } catch {
            result = .failure(error)
        }
        await shop.kill()
        shop.remove()
        try result.get()
    }
}

extension SuiteTrait where Self == ShopTrait {
    static var shop: Self { ShopTrait() }
}

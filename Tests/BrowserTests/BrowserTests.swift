import ChildProcess
import Foundation
import TestKit
import Testing

/// Buyers in Debian's Chromium before one real shop. What they do is written in Python, in `scenarios`. A Chromium
/// takes both cores, so they take turns.
@Suite("The pages in a browser", .shop, .serialized)
struct BrowserTests {
    private static let scenarios = [
        "purchase", "hold_runs_out", "last_card_two_tabs", "busy_retry", "opening", "live_status", "reload_each_step",
        "coupon_and_tiers", "pickable", "fields", "lookup", "language", "no_script", "keyboard", "accessibility",
        "weight", "hostile_texts",
    ]

    @Test("a buyer in a browser", arguments: scenarios)
    func scenario(_ name: String) async throws {
        let shop = try #require(ShopTrait.shop)
        let run = try await BrowserScript.run(
            [name, "--shop", shop.url, "--admin-token", ShopProcess.adminToken], within: 120)
        #expect(run.ending == .exit(0), "\(name) \(run.wasKilled ? "took too long" : "failed"):\n\(run.output)")
    }

    @Test("every scenario is run")
    func list() async throws {
        let run = try await BrowserScript.run(["--list"], within: 60)
        #expect(run.ending == .exit(0), "\(run.output)")
        #expect(run.output.split(separator: "\n").map(String.init).sorted() == Self.scenarios.sorted())
    }

    @Test("the books balance after all of it")
    func audit() async throws {
        try await #require(ShopTrait.shop).audit()
    }
}

/// Gives a suite a shop of its own, which ends with it.
struct ShopTrait: SuiteTrait, TestScoping {
    @TaskLocal static var shop: ShopProcess?

    func provideScope(
        for test: Test, testCase: Test.Case?, performing function: @Sendable () async throws -> Void
    ) async throws {
        let shop = try await ShopProcess()
        let result: Result<Void, any Error>
        do {
            result = .success(try await Self.$shop.withValue(shop) { try await function() })
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

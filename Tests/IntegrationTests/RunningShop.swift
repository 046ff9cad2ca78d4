import Foundation
import TestKit
import Testing

/// Tests that start the real program. They take turns: each has the machine to itself.
@Suite("The running shop", .serialized)
struct RunningShop {}

/// The two ways in for an order over HTTP. What is promised about orders holds for both.
enum Entrance: CaseIterable {
    case hotRoute
    case ordinaryRoute

    var environment: [String: String] { self == .hotRoute ? [:] : ["SLUICE_HOT_ROUTE": "0"] }
}

extension [String: String] {
    static func | (first: Self, second: Self) -> Self { first.merging(second) { _, last in last } }
}

/// Runs a test with a shop of its own.
func withShop(
    arguments: [String] = [], environment: [String: String] = [:], _ body: (ShopProcess) async throws -> Void
) async throws {
    let shop = try await ShopProcess(arguments: arguments, environment: environment)
    do {
        try await body(shop)
    } catch {
        await shop.kill()
        shop.remove()
        throw error
    }
    await shop.kill()
    shop.remove()
}

/// Runs so many tasks at once and returns what they return.
func concurrently<Value: Sendable>(
    _ count: Int, _ body: @escaping @Sendable (Int) async throws -> Value
) async throws -> [Value] {
    try await withThrowingTaskGroup(of: Value.self) { group in
        for number in 1...count { group.addTask { try await body(number) } }
        return try await group.reduce(into: []) { $0.append($1) }
    }
}

extension Collection where Element == Answer {
    /// How many answers had each status.
    var byStatus: [Int: Int] { Dictionary(map { ($0.status, 1) }, uniquingKeysWith: +) }
}

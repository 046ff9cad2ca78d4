import Foundation
import TestKit
import Testing

extension RunningShop {
    /// More in the slow proofs.
    private static let rounds = ProcessInfo.processInfo.environment["SLUICE_CRASH_ROUNDS"].flatMap { Int($0) } ?? 3

    @Test("kill -9 under load: what was answered 201 is there, and the audit is clean", arguments: 1...Self.rounds)
    func killUnderLoad(round: Int) async throws {
        var generator = SeededGenerator(seed: UInt64(round))
        let shop = try await ShopProcess()
        try await shop.offer(cards: 5000)
        let limit = Int.random(in: 50...1500, using: &generator)
        let accepted = await load(shop, killAfter: limit)
        await shop.kill()
        #expect(shop.wasKilled)
        #expect(accepted.count >= limit)
        try await check(accepted, in: shop.data)
        shop.remove()
    }

    /// Places and pays from forty buyers until so many orders were accepted, and then goes on while the shop is
    /// killed; returns every accepted order.
    private func load(_ shop: ShopProcess, killAfter limit: Int) async -> [Answer] {
        await withTaskGroup(of: [Answer].self) { group in
            let progress = Progress(limit: limit)
            for worker in 1...40 {
                group.addTask {
                    var accepted: [Answer] = []
                    var number = 0
                    while number < 1000 {
                        number += 1
                        guard let order = try? await shop.order("w\(worker)-\(number)@example.com") else { break }
                        if order.status == 201 { accepted.append(order) }
                        if await progress.add() { await shop.kill() }
                        if number.isMultiple(of: 2) { _ = try? await shop.pay(order) }
                    }
                    return accepted
                }
            }
            return await group.reduce(into: []) { $0 += $1 }
        }
    }

    private actor Progress {
        private let limit: Int
        private var count = 0

        init(limit: Int) { self.limit = limit }

        /// True once, when the limit is reached.
        func add() -> Bool {
            count += 1
            return count == limit
        }
    }

    /// Starts the shop again and looks for what was accepted.
    private func check(_ accepted: [Answer], in data: URL) async throws {
        let shop = try await ShopProcess(data: data)
        let orders = try await concurrently(accepted.count) { try await shop.read(accepted[$0 - 1]) }
        #expect(orders.byStatus == [200: accepted.count])
        let states = Set(orders.map { $0["status"] })
        #expect(states.isSubset(of: ["awaiting_payment", "delivered"]), "\(states)")
        let cards = orders.flatMap { $0.object["cards"] as? [String] ?? [] }
        #expect(Set(cards).count == cards.count)
        try await shop.audit()
        #expect(await shop.stop() == 0)
    }

    // MARK: Named steps

    private static let placing = ["place.admitted", "place.before_commit", "place.after_commit"]
    private static let paying = ["pay.verified", "pay.before_commit", "pay.after_commit"]

    @Test("a kill at a step of placing: the same key then gives one order", arguments: placing)
    func killWhilePlacing(step: String) async throws {
        let folder = try ShopProcess.makeFolder()
        let first = try await ShopProcess(data: folder, environment: ["FAIL_AT": "\(step):2"])
        try await first.offer(cards: 2)
        let before = try await first.order("a@example.com", key: "before")
        #expect(before.status == 201)
        await #expect(throws: (any Error).self) { try await first.order("b@example.com", key: "key") }
        await first.ended()
        #expect(first.wasKilled)
        let second = try await ShopProcess(data: folder)
        #expect(try await second.read(before)["status"] == "awaiting_payment")
        let again = try await second.order("b@example.com", key: "key")
        #expect(again.status == (step == "place.after_commit" ? 200 : 201))
        let once = try await second.order("b@example.com", key: "key")
        #expect(once.status == 200)
        #expect(once["id"] == again["id"])
        #expect(try await second.order("c@example.com")["code"] == "sold_out")
        try await second.audit()
        await second.stop()
        second.remove()
    }

    @Test("a kill at a step of paying: the repeated callback delivers once", arguments: paying)
    func killWhilePaying(step: String) async throws {
        let folder = try ShopProcess.makeFolder()
        let first = try await ShopProcess(data: folder, environment: ["FAIL_AT": "\(step):1"])
        try await first.offer(cards: 2)
        let order = try await first.order("a@example.com")
        await #expect(throws: (any Error).self) { try await first.pay(order) }
        await first.ended()
        #expect(first.wasKilled)
        let second = try await ShopProcess(data: folder)
        let isPaid = step == "pay.after_commit"
        #expect(try await second.read(order)["status"] == (isPaid ? "delivered" : "awaiting_payment"))
        #expect(try await second.pay(order)["verdict"] == (isPaid ? "duplicate" : "accepted"))
        #expect((try await second.read(order).object["cards"] as? [String])?.count == 1)
        try await second.audit()
        await second.stop()
        second.remove()
    }

    @Test("a kill while a hold ends: it ends once", arguments: ["expire.before_commit", "expire.after_commit"])
    func killWhileExpiring(step: String) async throws {
        let folder = try ShopProcess.makeFolder()
        let first = try await ShopProcess(data: folder, environment: ["FAIL_AT": "\(step):1"])
        try await first.offer(cards: 1, holdSeconds: 1)
        let order = try await first.order("a@example.com")
        await first.ended()
        #expect(first.wasKilled)
        let second = try await ShopProcess(data: folder)
        try await eventually("expired") { try await second.read(order)["status"] == "expired" }
        #expect(try await second.order("b@example.com").status == 201)
        try await second.audit()
        await second.stop()
        second.remove()
    }

    @Test("a kill while an order is cancelled", arguments: ["cancel.before_commit", "cancel.after_commit"])
    func killWhileCancelling(step: String) async throws {
        let folder = try ShopProcess.makeFolder()
        let first = try await ShopProcess(data: folder, environment: ["FAIL_AT": "\(step):1"])
        try await first.offer(cards: 1)
        let order = try await first.order("a@example.com")
        let path = "/api/v1/orders/\(order["id"] ?? "")/cancel"
        await #expect(throws: (any Error).self) { try await first.post(path, "{}", token: order["token"]) }
        await first.ended()
        let second = try await ShopProcess(data: folder)
        #expect(try await second.post(path, "{}", token: order["token"])["status"] == "cancelled")
        #expect(try await second.order("b@example.com").status == 201)
        try await second.audit()
        await second.stop()
        second.remove()
    }

    @Test(
        "a kill in an import: repeated, every card is there once",
        arguments: ["import.before_commit", "import.after_commit"])
    func killWhileImporting(step: String) async throws {
        let folder = try ShopProcess.makeFolder()
        let first = try await ShopProcess(data: folder, environment: ["FAIL_AT": "\(step):2"])
        try await first.offer(cards: 0)
        let text = (1...1500).map { "CARD-\($0)" }.joined(separator: "\n")
        await #expect(throws: (any Error).self) {
            try await first.admin("POST", "/products/game-key/cards", text, type: "text/plain")
        }
        await first.ended()
        #expect(first.wasKilled)
        let second = try await ShopProcess(data: folder)
        let answer = try await second.admin("POST", "/products/game-key/cards", text, type: "text/plain")
        let kept = step == "import.after_commit" ? 400 : 200
        #expect(answer.object["imported"] as? Int == 1500 - kept)
        #expect(answer.object["duplicates"] as? Int == kept)
        try await second.audit()
        await second.stop()
        second.remove()
    }
}

import TestKit
import Testing

extension RunningShop {
    @Test(
        "500 cards and 4,000 buyers at once: 500 accepted, 3,500 sold out, all delivered, no card twice",
        arguments: Entrance.allCases)
    func hotSale(entrance: Entrance) async throws {
        try await withShop(environment: entrance.environment) { shop async throws in
            try await shop.offer(cards: 500)
            let answers = try await concurrently(4000) { try await shop.order("buyer-\($0)@example.com") }
            #expect(answers.byStatus == [201: 500, 409: 3500])
            #expect(answers.filter { $0.status == 409 }.allSatisfy { $0["code"] == "sold_out" })
            let accepted = answers.filter { $0.status == 201 }
            let paid = try await concurrently(500) { try await shop.pay(accepted[$0 - 1]) }
            #expect(paid.byStatus == [200: 500])
            let orders = try await concurrently(500) { try await shop.read(accepted[$0 - 1]) }
            let cards = orders.flatMap { $0.object["cards"] as? [String] ?? [] }
            #expect(Set(cards) == Set((1...500).map { "CARD-\($0)" }))
            #expect(cards.count == 500)
            try await shop.audit()
        }
    }

    @Test("the last card has one winner among 200", arguments: Entrance.allCases)
    func lastCard(entrance: Entrance) async throws {
        try await withShop(environment: entrance.environment) { shop async throws in
            try await shop.offer(cards: 1)
            let answers = try await concurrently(200) { try await shop.order("\(10_000 + $0)") }
            #expect(answers.byStatus == [201: 1, 409: 199])
            try await shop.audit()
        }
    }

    @Test("50 posts with one idempotency key make one order, even of the last card", arguments: Entrance.allCases)
    func idempotencyKey(entrance: Entrance) async throws {
        try await withShop(environment: entrance.environment) { shop async throws in
            try await shop.offer(cards: 1)
            let answers = try await concurrently(50) { _ in try await shop.order("a@example.com", key: "one") }
            #expect(answers.byStatus == [201: 1, 200: 49])
            #expect(Set(answers.map { $0["id"] }).count == 1)
            #expect(Set(answers.map { $0["token"] }).count == 1)
            let other = try await shop.order("b@example.com", key: "one")
            #expect(other.status == 422)
            #expect(other["code"] == "idempotency_mismatch")
            #expect(try await shop.order("b@example.com", key: "two")["code"] == "sold_out")
            try await shop.audit()
        }
    }

    @Test("a limit of 2 holds against 50 concurrent orders in different spellings", arguments: Entrance.allCases)
    func buyerLimit(entrance: Entrance) async throws {
        try await withShop(environment: entrance.environment) { shop async throws in
            try await shop.offer(cards: 100, perOrder: 2, perBuyer: 2)
            let spellings = ["a@example.com", "A@EXAMPLE.COM", " a@Example.com ", "a@example.com\\t", "A@example.Com"]
            let answers = try await concurrently(50) { try await shop.order(spellings[$0 % spellings.count]) }
            #expect(answers.byStatus == [201: 2, 409: 48])
            #expect(answers.filter { $0.status == 409 }.allSatisfy { $0["code"] == "limit_reached" })
            try await shop.audit()
        }
    }

    @Test("50 identical callbacks at once make one delivery")
    func repeatedCallback() async throws {
        try await withShop { shop async throws in
            try await shop.offer(cards: 5)
            let order = try await shop.order("a@example.com")
            let answers = try await concurrently(50) { _ in try await shop.pay(order) }
            #expect(answers.byStatus == [200: 50])
            #expect(answers.filter { $0["verdict"] == "accepted" }.count == 1)
            #expect(answers.filter { $0["verdict"] == "duplicate" }.count == 49)
            #expect((try await shop.read(order).object["cards"] as? [String])?.count == 1)
            let payments = try await shop.admin("GET", "/payments?verdict=accepted").items()
            #expect(payments.count == 1)
            try await shop.audit()
        }
    }

    @Test(
        "sold out ends when a hold expires, when an order is cancelled and when cards are added",
        arguments: Entrance.allCases)
    func reopening(entrance: Entrance) async throws {
        try await withShop(environment: entrance.environment) { shop async throws in
            try await shop.offer(cards: 1, holdSeconds: 1)
            let expiring = try await shop.order("a@example.com")
            #expect(expiring.status == 201)
            #expect(try await shop.order("b@example.com")["code"] == "sold_out")
            var next: Answer?
            try await eventually("the hold expires") {
                next = try await shop.order("b@example.com")
                return next?.status == 201
            }
            #expect(try await shop.read(expiring)["status"] == "expired")
            let held = try #require(next)
            let cancel = try await shop.post("/api/v1/orders/\(held["id"] ?? "")/cancel", "{}", token: held["token"])
            #expect(cancel["status"] == "cancelled")
            #expect(try await shop.order("c@example.com").status == 201)
            #expect(try await shop.order("d@example.com")["code"] == "sold_out")
            try await shop.restock(cards: 2...2)
            #expect(try await shop.order("d@example.com").status == 201)
            try await shop.audit()
        }
    }

    @Test("money after expiry is answered with a card if one is left, otherwise with review")
    func lateMoney() async throws {
        try await withShop { shop async throws in
            try await shop.offer(cards: 1, holdSeconds: 1)
            let first = try await shop.order("a@example.com")
            try await eventually("expired") { try await shop.read(first)["status"] == "expired" }
            let second = try await shop.order("b@example.com")
            try await eventually("expired") { try await shop.read(second)["status"] == "expired" }
            #expect(try await shop.pay(first)["status"] == "delivered")
            #expect(try await shop.read(first).object["cards"] as? [String] == ["CARD-1"])
            let paid = try await shop.pay(second)
            #expect(paid["status"] == "review")
            #expect(paid["verdict"] == "late")
            #expect(try await shop.read(second).object["cards"] == nil)
            #expect(try await shop.order("c@example.com")["code"] == "sold_out")
            try await shop.audit()
        }
    }
}

import TestKit
import Testing

extension ShopProcess {
    /// Places an order for a contact; `more` are members of its JSON object.
    func place(_ product: String, _ contact: String, _ more: String..., key: String? = nil) async throws -> Answer {
        let members = [#""product":"\#(product)","contact":"\#(contact)","channel":"sandbox""#] + more
        return try await post("/api/v1/orders", "{\(members.joined(separator: ","))}", key: key)
    }

    /// Makes a coupon; `members` are those of its JSON object.
    func coupon(_ code: String, _ members: String) async throws {
        let answer = try await admin("POST", "/coupons", #"{"code":"\#(code)","currency":"CNY",\#(members)}"#)
        try expect(answer.status, is: 201, answer.body)
    }

    /// How often a coupon is used.
    func uses(_ code: String) async throws -> Int? {
        try await admin("GET", "/coupons?code=\(code)").items().first?["used"] as? Int
    }

    /// Changes something as the owner.
    func change(_ path: String, _ body: String) async throws -> Answer { try await admin("PATCH", path, body) }
}

extension Answer {
    /// The lines of a price, each as `kind amount`.
    var priceLines: [String] {
        items("lines").map { "\($0["kind"] as? String ?? "") \($0["amount"] as? Int ?? 0)" }
    }

    /// An amount of money.
    var amount: Int? { object["amount"] as? Int }
}

extension RunningShop {
    @Test(
        "20 uses of a coupon and 200 buyers at once: exactly 20, and the others leave the stock alone",
        arguments: Entrance.allCases)
    func couponRush(entrance: Entrance) async throws {
        try await withShop(environment: entrance.environment) { shop async throws in
            try await shop.offer(cards: 300)
            try await shop.coupon("SUMMER", #""percent":50,"max_uses":20"#)
            let answers = try await concurrently(200) {
                try await shop.place("game-key", "buyer-\($0)@example.com", #""coupon":"SUMMER""#)
            }
            #expect(answers.byStatus == [201: 20, 409: 180])
            #expect(answers.filter { $0.status == 201 }.allSatisfy { $0.amount == 995 })
            #expect(answers.filter { $0.status == 409 }.allSatisfy { $0["code"] == "coupon_used_up" })
            #expect(try await shop.uses("SUMMER") == 20)
            try await shop.wait(untilAvailable: 280)
            try await shop.audit()
        }
    }

    @Test("a use comes back on expiry and on cancel, and a buyer's uses count in every spelling")
    func couponComesBack() async throws {
        try await withShop { shop async throws in
            try await shop.offer(cards: 9, holdSeconds: 1)
            try await shop.coupon("ONCE", #""amount":500,"max_uses":1,"max_uses_per_buyer":1"#)
            let first = try await shop.place("game-key", "a@example.com", #""coupon":"once ""#)
            #expect(first.amount == 1490)
            #expect(try await shop.place("game-key", "b@example.com", #""coupon":"ONCE""#)["code"] == "coupon_used_up")
            try await shop.wait(first, until: "expired")
            // The refusal before is remembered for a moment.
            try await eventually("usable again") {
                try await shop.place("game-key", "b@example.com", #""coupon":"ONCE""#).status == 201
            }
            #expect(try await shop.change("/coupons/ONCE", #"{"max_uses":null}"#).status == 200)
            try await eventually("expired") { try await shop.uses("ONCE") == 0 }
            let again = try await shop.place("game-key", "a@example.com", #""coupon":"ONCE""#)
            #expect(again.status == 201)
            for spelling in ["A@Example.COM", " a@example.com", "a@EXAMPLE.com\\t"] {
                let refused = try await shop.place("game-key", spelling, #""coupon":"Once""#)
                #expect(refused["code"] == "coupon_used", "\(spelling)")
            }
            let cancel = "/api/v1/orders/\(again.id)/cancel"
            #expect(try await shop.post(cancel, "{}", token: again["token"])["status"] == "cancelled")
            #expect(try await shop.place("game-key", "A@example.com", #""coupon":"ONCE""#).status == 201)
            try await shop.audit()
        }
    }

    @Test("coupons are good for what they say, and told why not")
    func couponScope() async throws {
        try await withShop { shop async throws in
            try await shop.offer(cards: 9)
            try await shop.restock(try await other(shop), cards: 1...9)
            try await shop.coupon("GAMES", #""percent":10,"category":"games""#)
            try await shop.coupon("THIS", #""percent":10,"products":["game-key"]"#)
            try await shop.coupon("LATER", #""percent":10,"opens_at":"2099-01-01T00:00:00Z""#)
            try await shop.coupon("LARGE", #""percent":10,"minimum":3980"#)
            func detail(_ product: String, _ code: String, _ quantity: Int = 1) async throws -> String? {
                let quote = #"{"product":"\#(product)","coupon":"\#(code)","quantity":\#(quantity)}"#
                let quoted = try await shop.post("/api/v1/orders/quote", quote)
                let placed = try await shop.place(
                    product, "a@example.com", #""coupon":"\#(code)","quantity":\#(quantity)"#)
                #expect(quoted["detail"] == placed["detail"])
                #expect(quoted.status == 200 && placed.status == 201 || quoted.status == 422 && placed.status == 422)
                #expect(placed["detail"] == nil || placed["field"] == "coupon")
                #expect(quoted.amount == placed.amount)
                return placed["detail"]
            }
            #expect(try await detail("other", "GAMES") == nil)
            #expect(try await detail("game-key", "GAMES") == "coupon: is not for this product")
            #expect(try await detail("game-key", "THIS") == nil)
            #expect(try await detail("other", "THIS") == "coupon: is not for this product")
            #expect(try await detail("other", "LATER") == "coupon: is not valid yet")
            #expect(try await detail("other", "LARGE") == "coupon: needs goods for at least 3980 minor units of CNY")
            #expect(try await detail("other", "LARGE", 2) == nil)
            #expect(try await detail("other", "NOSUCH") == "coupon: is not known")
            #expect(try await detail("other", "?") == "coupon: is not known")
            #expect(try await shop.change("/coupons/THIS", #"{"enabled":false}"#).object["enabled"] as? Bool == false)
            #expect(try await detail("game-key", "THIS") == "coupon: is not known")
            try await shop.audit()
        }
    }

    /// A second product, of a category.
    private func other(_ shop: ShopProcess) async throws -> String {
        #expect(try await shop.admin("POST", "/categories", #"{"slug":"games","name":"Games"}"#).status == 201)
        #expect(try await shop.product("other", #""category":"games""#).status == 201)
        return "other"
    }

    @Test("an order keeps its price, its idempotency key and its coupon, whatever becomes of the offer")
    func keyOutlivesOffer() async throws {
        let shop = try await ShopProcess()
        try await shop.offer(cards: 9)
        try await shop.coupon("SUMMER", #""percent":10"#)
        let first = try await shop.place("game-key", "a@example.com", #""coupon":"SUMMER""#, key: "one")
        #expect(first.status == 201 && first.amount == 1791)
        #expect(try await shop.change("/coupons/SUMMER", #"{"enabled":false}"#).status == 200)
        #expect(try await shop.change("/products/game-key", #"{"amount":5000,"fields":["new"]}"#).status == 200)
        #expect(try await shop.admin("POST", "/blacklist", #"{"contact":"a@example.com"}"#).status == 201)
        #expect(await shop.stop() == 0)
        let again = try await ShopProcess(data: shop.data)
        let same = try await again.place("game-key", "a@example.com", #""coupon":"summer""#, key: "one")
        #expect(same.status == 200 && same["id"] == first["id"] && same.amount == 1791)
        let other = try await again.place("game-key", "a@example.com", #""coupon":"WINTER""#, key: "one")
        #expect(other["code"] == "idempotency_mismatch")
        #expect(try await again.place("game-key", "a@example.com", key: "one")["code"] == "idempotency_mismatch")
        #expect(try await again.place("game-key", "a@example.com", key: "two")["code"] == "blocked")
        #expect(try await again.pay(first)["status"] == "delivered")
        #expect(try await again.read(first).priceLines == ["goods 1990", "coupon -199"])
        try await again.audit()
        await again.kill()
        again.remove()
    }

    @Test("an order that costs nothing is delivered at once, once, and there is nothing to refund")
    func freeOrder() async throws {
        try await withShop { shop async throws in
            try await shop.offer(cards: 2)
            try await shop.coupon("FREE", #""percent":100,"max_uses":1"#)
            let order = try await shop.place("game-key", "a@example.com", #""coupon":"FREE""#, key: "one")
            #expect(order.status == 201 && order["status"] == "delivered" && order.amount == 0)
            #expect(try await shop.cards(order) == ["CARD-1"])
            let again = try await shop.place("game-key", "a@example.com", #""coupon":"FREE""#, key: "one")
            #expect(again.status == 200 && again["status"] == "delivered")
            #expect(
                try await shop.post(
                    "/api/v1/orders/\(order.id)/pay", #"{"channel":"sandbox"}"#,
                    token: order["token"])["code"] == "wrong_state")
            try await shop.wait(untilAvailable: 1)
            let entry = try await shop.admin("GET", "/payments").items().first
            #expect(entry?["provider_event"] as? String == "free-\(order.id)")
            #expect(entry?["resolution"] as? String == "delivered")
            try await shop.audit()
            let refunded = try await shop.owner("refund", order)
            #expect(refunded["status"] == "refunded")
            #expect(try await shop.uses("FREE") == 0)
            try await shop.audit()
        }
    }

    @Test("a client that sends its own price, tier, coupon value or surcharge changes nothing")
    func ownPrice() async throws {
        try await withShop { shop async throws in
            try await shop.offer(cards: 5)
            #expect(try await shop.change("/products/game-key", #"{"tiers":[{"from":2,"amount":1500}]}"#).status == 200)
            try await shop.coupon("SUMMER", #""percent":10"#)
            for (more, field) in [
                (#""amount":1"#, "amount"), (#""total":1"#, "total"), (#""price":1"#, "price"),
                (#""currency":"JPY""#, "currency"), (#""tier":1"#, "tier"),
                (#""tiers":[{"from":1,"amount":1}]"#, "tiers"), (#""discount":1990"#, "discount"),
                (#""lines":[{"kind":"goods","amount":1}]"#, "lines"), (#""surcharge":0"#, "surcharge"),
                (#""coupon":{"code":"SUMMER","percent":100}"#, "coupon"), (#""coupon":"SUMMER=100""#, "coupon"),
                (#""coupon":"SUMMER","percent":100"#, "percent"), (#""coupon":["SUMMER","SUMMER"]"#, "coupon"),
                (#""coupon":"SUMMER","coupon":"SUMMER""#, "coupon"), (#""cards":[{"id":"1","surcharge":0}]"#, "cards"),
                (#""cards":["1"]"#, "cards"), (#""cards":["-1"]"#, "cards"), (#""quantity":-2"#, "quantity"),
                (#""quantity":1.5"#, "quantity"), (#""quantity":0"#, "quantity"),
            ] {
                let answer = try await shop.place("game-key", "a@example.com", more)
                #expect(answer.status == 422 && answer["field"] == field, "\(more): \(answer.body)")
            }
            #expect(try await shop.admin("GET", "/orders").items().isEmpty)
            let order = try await shop.place("game-key", "a@example.com", #""coupon":"SUMMER","quantity":2"#)
            #expect(order.amount == 2700)
            #expect(try await shop.read(order).priceLines == ["goods 3980", "tier -980", "coupon -300"])
            try await shop.audit()
        }
    }
}

import TestKit
import Testing

extension Answer {
    /// The id of an order.
    var id: String { self["id"] ?? "" }
}

extension ShopProcess {
    /// Makes a product for 19.90; `more` are members of its JSON object.
    func product(_ slug: String, _ more: String...) async throws -> Answer {
        let members = [#""slug":"\#(slug)","title":"Title","amount":1990,"currency":"CNY","max_per_order":10"#] + more
        return try await admin("POST", "/products", "{\(members.joined(separator: ","))}")
    }

    /// Makes a sandbox channel of that name.
    func sandbox(_ name: String) async throws {
        let answer = try await admin("PUT", "/channels/\(name)", #"{"kind":"sandbox","settings":{},"enabled":true}"#)
        try expect(answer.status, is: 201, "channel \(name)")
    }

    /// What an order's holder sees of its status.
    func status(_ order: Answer) async throws -> String? { try await read(order)["status"] }

    /// What an order's holder sees of its cards; nil when there are none to be seen.
    func cards(_ order: Answer) async throws -> [String]? { try await read(order).object["cards"] as? [String] }

    /// Waits until an order's holder sees that status.
    func wait(_ order: Answer, until status: String) async throws {
        try await eventually(status) { try await self.status(order) == status }
    }

    /// An order as the owner sees it.
    func inspect(_ order: Answer) async throws -> Answer { try await admin("GET", "/orders/\(order.id)") }

    /// Does something to an order as the owner.
    func owner(_ verb: String, _ order: Answer, _ body: String = "{}") async throws -> Answer {
        try await admin("POST", "/orders/\(order.id)/\(verb)", body)
    }

    /// Waits until the gate lets buyers have so many units. It hears of each change just after the ledger shows it.
    func wait(_ slug: String = "game-key", untilAvailable count: Int) async throws {
        try await eventually("\(count) available") {
            let product = try await get("/api/v1/products/\(slug)")
            return (product.object["stock"] as? [String: Any])?["available"] as? Int == count
        }
    }

    /// Takes every card that is left out of the pool.
    func voidAll(_ slug: String = "game-key") async throws {
        for card in try await admin("GET", "/products/\(slug)/cards?state=available").items() {
            let answer = try await admin("POST", "/cards/\(card["id"] as? String ?? "")/void", "{}")
            try expect(answer.status, is: 200, "void")
        }
    }
}

/// A step of an order's journal, in one line: `from -> to by who because why`.
private func lastStep(_ order: Answer) -> String {
    guard let step = order.items("journal").last else { return "" }
    let texts = ["from", "to", "by", "reason"].map { step[$0] as? String ?? "-" }
    return "\(texts[0]) -> \(texts[1]) by \(texts[2]) because \(texts[3])"
}

// MARK: Kinds of products

extension RunningShop {
    @Test("a shared secret without end is sold as often as it is asked for, and is repeated for each unit")
    func sharedWithoutEnd() async throws {
        try await withShop { shop in
            try await shop.sandbox("sandbox")
            let made = try await shop.product("shared", #""kind":"shared","secret":"SAME""#)
            #expect(made.status == 201 && made["kind"] == "shared")
            let stock = made.object["stock"] as? [String: Any]
            #expect(stock?["mode"] as? String == "endless" && stock?["available"] == nil)
            let orders = try await concurrently(50) {
                try await shop.order("buyer-\($0)@example.com", product: "shared", quantity: 3)
            }
            #expect(orders.byStatus == [201: 50])
            #expect(try await shop.cards(orders[0]) == nil)
            #expect(try await shop.pay(orders[0])["status"] == "delivered")
            #expect(try await shop.cards(orders[0]) == ["SAME", "SAME", "SAME"])
            let body = #"{"secret":"CHANGED","by":"ann"}"#
            #expect(try await shop.admin("PUT", "/products/shared/secret", body).status == 200)
            #expect(try await shop.cards(orders[0]) == ["CHANGED", "CHANGED", "CHANGED"])
            #expect(try await shop.admin("GET", "/journal").items().first?["action"] as? String == "secret")
            try await shop.audit()
        }
    }

    @Test("20 units of a shared secret and 200 buyers at once: exactly 20 are sold, and more when units are added")
    func sharedCounted() async throws {
        try await withShop { shop in
            try await shop.sandbox("sandbox")
            let made = try await shop.product("shared", #""kind":"shared","secret":"SAME","units":20"#)
            #expect(made.status == 201)
            try await shop.wait("shared", untilAvailable: 20)
            let answers = try await concurrently(200) {
                try await shop.order("buyer-\($0)@example.com", product: "shared")
            }
            #expect(answers.byStatus == [201: 20, 409: 180])
            #expect(answers.filter { $0.status == 409 }.allSatisfy { $0["code"] == "sold_out" })
            let orders = answers.filter { $0.status == 201 }
            let paid = try await concurrently(20) { try await shop.pay(orders[$0 - 1]) }
            #expect(paid.allSatisfy { $0["status"] == "delivered" })
            for order in orders { #expect(try await shop.cards(order) == ["SAME"]) }
            #expect(try await shop.admin("POST", "/products/shared/units", #"{"units":2}"#).status == 201)
            try await shop.wait("shared", untilAvailable: 2)
            #expect(try await shop.order("12345", product: "shared", quantity: 3)["code"] == "sold_out")
            #expect(try await shop.order("12345", product: "shared", quantity: 2).status == 201)
            #expect(try await shop.sold() == [20])
            try await shop.audit()
        }
    }

    @Test("a manual order is paid first and delivered once, with the owner's text")
    func manual() async throws {
        try await withShop { shop in
            try await shop.offer(cards: 1)
            #expect(try await shop.product("manual", #""kind":"manual""#).status == 201)
            let order = try await shop.order("12345", product: "manual")
            #expect(try await shop.owner("fulfil", order, #"{"text":"too early"}"#)["code"] == "wrong_state")
            #expect(try await shop.pay(order)["status"] == "paid")
            #expect(try await shop.cards(order) == nil)
            #expect(try await shop.owner("fulfil", order, #"{"text":""}"#)["field"] == "text")
            #expect(try await shop.owner("fulfil", order)["field"] == "text")
            let fulfilled = try await shop.owner("fulfil", order, #"{"text":"充值 OK\nbye","by":"ann","reason":"done"}"#)
            #expect(fulfilled.status == 200 && fulfilled["status"] == "delivered")
            #expect(try await shop.cards(order) == ["充值 OK\nbye"])
            let again = try await shop.owner("fulfil", order, #"{"text":"another"}"#)
            #expect(again.status == 409 && again["code"] == "wrong_state")
            #expect(try await shop.cards(order) == ["充值 OK\nbye"])
            #expect(lastStep(try await shop.inspect(order)) == "paid -> delivered by ann because done")
            let card = try await shop.order("12345")
            #expect(try await shop.pay(card)["status"] == "delivered")
            #expect(try await shop.owner("fulfil", card, #"{"text":"x"}"#).status == 409)
            try await shop.audit()
        }
    }

    @Test("what does not fit a kind is refused and named")
    func wrongKinds() async throws {
        try await withShop { shop in
            try await shop.offer(cards: 0)
            for (more, field) in [
                (#""kind":"gift""#, "kind"), (#""kind":"shared""#, "secret"),
                (#""kind":"shared","secret":"""#, "secret"), (#""kind":"shared","secret":"s","units":-1"#, "units"),
                (#""kind":"manual","secret":"s""#, "secret"), (#""kind":"manual","units":1"#, "units"),
                (#""units":1"#, "units"), (#""late_money":"keep""#, "late_money"),
            ] {
                let answer = try await shop.product("wrong", more)
                #expect(answer.status == 422 && answer["field"] == field, "\(more): \(answer.body)")
            }
            _ = try await shop.product("endless", #""kind":"shared","secret":"s""#)
            _ = try await shop.product("counted", #""kind":"shared","secret":"s","units":1"#)
            _ = try await shop.product("manual", #""kind":"manual""#)
            for slug in ["endless", "counted", "manual"] {
                let imported = try await shop.admin("POST", "/products/\(slug)/cards", "A", type: "text/plain")
                let exported = try await shop.admin("GET", "/products/\(slug)/cards/export")
                for answer in [imported, exported] {
                    let kind = slug == "manual" ? "a manual product" : "a shared product"
                    #expect(answer["code"] == "wrong_state" && answer["detail"]?.hasPrefix(kind) == true)
                }
            }
            for slug in ["game-key", "endless", "manual"] {
                let answer = try await shop.admin("POST", "/products/\(slug)/units", #"{"units":1}"#)
                #expect(answer.status == 409 && answer["code"] == "wrong_state", "\(slug)")
            }
            for slug in ["game-key", "manual"] {
                let answer = try await shop.admin("PUT", "/products/\(slug)/secret", #"{"secret":"s"}"#)
                #expect(answer.status == 409 && answer["code"] == "wrong_state", "\(slug)")
            }
            try await shop.audit()
        }
    }
}

// MARK: Late money

extension RunningShop {
    @Test("late money that waits is delivered by itself when cards come, before new buyers get at them")
    func lateMoneyWaits() async throws {
        try await withShop { shop in
            try await shop.sandbox("sandbox")
            let made = try await shop.product("game-key", #""hold_seconds":1,"late_money":"wait""#)
            #expect(made.status == 201 && made["late_money"] == "wait")
            try await shop.restock(cards: 1...2)
            let order = try await shop.order("12345", quantity: 2)
            try await shop.wait(order, until: "expired")
            try await shop.voidAll()
            let paid = try await shop.pay(order)
            #expect(paid["status"] == "paid" && paid["verdict"] == "late")
            #expect(try await shop.cards(order) == nil)
            // One card is too few for two units.
            try await shop.restock(cards: 3...3)
            #expect(try await shop.status(order) == "paid")
            try await shop.wait(untilAvailable: 1)
            try await shop.restock(cards: 4...4)
            try await shop.wait(order, until: "delivered")
            #expect(try await shop.cards(order) == ["CARD-3", "CARD-4"])
            try await shop.wait(untilAvailable: 0)
            #expect(try await shop.order("54321")["code"] == "sold_out")
            let payments = try await shop.inspect(order).items("payments")
            #expect(payments.map { $0["resolution"] as? String } == ["delivered"])
            try await shop.audit()
        }
    }

    @Test("late money for review is listed, and delivers once when it is replayed")
    func lateMoneyIsReviewed() async throws {
        try await withShop { shop in
            try await shop.sandbox("sandbox")
            _ = try await shop.product("game-key", #""hold_seconds":1,"late_money":"review""#)
            try await shop.restock(cards: 1...2)
            let order = try await shop.order("12345")
            try await shop.wait(order, until: "expired")
            let paid = try await shop.pay(order)
            #expect(paid["status"] == "review" && paid["verdict"] == "late")
            #expect(try await shop.cards(order) == nil)
            try await shop.wait(untilAvailable: 2)
            let waiting = try await shop.admin("GET", "/payments?resolution=review").items()
            #expect(waiting.map { $0["order"] as? String } == [order.id])
            let path = "/payments/\(waiting.first?["id"] as? String ?? "")/replay"
            let replay = try await shop.admin("POST", path, #"{"by":"ann","reason":"looks right"}"#)
            #expect(replay["order_status"] == "delivered" && replay["resolution"] == "delivered")
            #expect(replay.object["changed"] as? Bool == true)
            #expect(try await shop.cards(order) == ["CARD-1"])
            let again = try await shop.admin("POST", path)
            #expect(again.status == 200 && again.object["changed"] as? Bool == false)
            #expect(try await shop.cards(order) == ["CARD-1"])
            try await shop.wait(untilAvailable: 1)
            #expect(lastStep(try await shop.inspect(order)) == "review -> delivered by ann because looks right")
            #expect(try await shop.admin("GET", "/payments?resolution=review").items().isEmpty)
            #expect(try await shop.admin("POST", "/payments/999/replay").status == 404)
            try await shop.audit()
        }
    }
}

// MARK: Confirming

extension RunningShop {
    @Test("confirming delivers a waiting order; its own money may still come and is not a second payment")
    func confirmWaiting() async throws {
        try await withShop { shop in
            try await shop.offer(cards: 1)
            let order = try await shop.order("12345")
            let note = #"{"by":"ann","reason":"came by bank"}"#
            let confirmed = try await shop.owner("confirm", order, note)
            #expect(confirmed.status == 200 && confirmed["status"] == "delivered")
            #expect(try await shop.cards(order) == ["CARD-1"])
            let step = "awaiting_payment -> delivered by ann because came by bank"
            #expect(lastStep(try await shop.inspect(order)) == step)
            #expect(try await shop.owner("confirm", order, note)["code"] == "wrong_state")
            #expect(try await shop.pay(order)["verdict"] == "late")
            let payments = try await shop.inspect(order).items("payments")
            #expect(payments.map { $0["resolution"] as? String } == ["confirmed", "delivered"])
            #expect(try await shop.admin("GET", "/refunds").items().isEmpty)
            try await shop.audit()
        }
    }

    @Test("confirming an expired order needs cards, and changes nothing without them")
    func confirmExpired() async throws {
        try await withShop { shop in
            try await shop.offer(cards: 1, holdSeconds: 1)
            let order = try await shop.order("12345")
            try await shop.wait(order, until: "expired")
            try await shop.voidAll()
            #expect(try await shop.owner("confirm", order)["code"] == "sold_out")
            #expect(try await shop.status(order) == "expired")
            #expect(try await shop.inspect(order).items("payments").isEmpty)
            try await shop.restock(cards: 2...2)
            #expect(try await shop.owner("confirm", order, #"{"reason":"by bank"}"#)["status"] == "delivered")
            #expect(try await shop.cards(order) == ["CARD-2"])
            #expect(lastStep(try await shop.inspect(order)) == "expired -> delivered by owner because by bank")
            try await shop.wait(untilAvailable: 0)
            #expect(try await shop.admin("POST", "/orders/none/confirm").status == 404)
            try await shop.audit()
        }
    }
}

// MARK: Refunds

extension RunningShop {
    @Test("a refund takes the cards from view, gives the buyer's units back, and happens once")
    func refund() async throws {
        try await withShop { shop in
            try await shop.offer(cards: 3, perBuyer: 1)
            let unpaid = try await shop.order("54321")
            #expect(try await shop.owner("refund", unpaid)["code"] == "wrong_state")
            let order = try await shop.order("12345")
            #expect(try await shop.pay(order)["status"] == "delivered")
            #expect(try await shop.order("12345")["code"] == "limit_reached")
            let answers = try await concurrently(10) { _ in
                try await shop.owner("refund", order, #"{"by":"ann","reason":"sorry"}"#)
            }
            #expect(answers.byStatus == [200: 10])
            let first = try await shop.owner("refund", order)
            #expect(first["status"] == "refunded")
            let cases = first.items("refunds")
            #expect(cases.count == 1)
            #expect(cases.first?["state"] as? String == "done" && cases.first?["by"] as? String == "ann")
            #expect(cases.first?["amount"] as? Int == 1990 && cases.first?["outcome"] is String)
            #expect(try await shop.owner("refund", order).body == first.body)
            #expect(try await shop.status(order) == "refunded")
            #expect(try await shop.cards(order) == nil)
            #expect(try await shop.read(order).body.contains("CARD-") == false)
            #expect(lastStep(try await shop.inspect(order)) == "refund_pending -> refunded by ann because sorry")
            #expect(try await shop.order("12345").status == 201)
            try await shop.wait(untilAvailable: 0)
            try await shop.audit()
        }
    }

    @Test("money that comes twice is a refund case, and settling it leaves the order as it is")
    func doublePayment() async throws {
        try await withShop { shop in
            try await shop.offer(cards: 1)
            try await shop.sandbox("sandbox-two")
            let order = try await shop.order("12345")
            let begun = try await shop.post(
                "/api/v1/orders/\(order.id)/pay", #"{"channel":"sandbox-two"}"#, token: order["token"])
            #expect(begun.status == 201)
            #expect(try await shop.pay(order)["verdict"] == "accepted")
            let visitor = PageVisitor(shop)
            let page = "/sandbox/\(begun["attempt"] ?? "")"
            #expect(try await visitor.get(page).status == 200)
            #expect(try await visitor.post(page).status == 303)
            let open = try await shop.admin("GET", "/refunds?state=open").items()
            #expect(open.map { $0["channel"] as? String } == ["sandbox-two"])
            #expect(open.first?["order"] as? String == order.id && open.first?["amount"] as? Int == 1990)
            #expect(try await shop.status(order) == "delivered")
            let path = "/refunds/\(open.first?["id"] as? String ?? "")/settle"
            let settled = try await shop.admin("POST", path, #"{"by":"ann","reason":"paid twice"}"#)
            #expect(settled["state"] == "done" && settled["by"] == "ann" && settled["reason"] == "paid twice")
            #expect(try await shop.admin("POST", path, #"{"by":"bob"}"#).body == settled.body)
            #expect(try await shop.admin("GET", "/refunds?state=open").items().isEmpty)
            #expect(try await shop.cards(order) == ["CARD-1"])
            let payments = try await shop.inspect(order).items("payments")
            #expect(payments.map { $0["resolution"] as? String } == ["refunded", "delivered"])
            #expect(try await shop.admin("POST", "/refunds/999/settle").status == 404)
            try await shop.audit()
        }
    }
}

import Foundation
import TestKit
import Testing

extension ShopProcess {
    /// Puts a product on offer of which buyers pick the cards, at a surcharge of 5.00 each.
    func offerPickable(_ count: Int, drawn: Int = 0) async throws {
        try await offer(cards: drawn)
        try await stockPickable(count)
    }

    /// Makes the product pickable and imports such cards.
    func stockPickable(_ count: Int) async throws {
        try expect(try await change("/products/game-key", #"{"pickable":true}"#).status, is: 200)
        let lines = (1...count).map { "No. 888\($0)\t500\tPICKED-\($0)----note \($0)" }.joined(separator: "\r\n")
        let answer = try await admin("POST", "/products/game-key/cards?layout=pickable", lines, type: "text/plain")
        try expect(answer.object["imported"] as? Int, is: count, answer.body)
    }

    /// The numbers of the cards that can be picked now.
    func pickable() async throws -> [String] {
        try await get("/api/v1/products/game-key/cards").items().compactMap { $0["id"] as? String }
    }

    /// Orders a card by its number.
    func pick(_ card: String, _ contact: String, channel: String = "sandbox") async throws -> Answer {
        try await post(
            "/api/v1/orders",
            #"{"product":"game-key","contact":"\#(contact)","channel":"\#(channel)","cards":["\#(card)"]}"#)
    }
}

extension RunningShop {
    @Test("two buyers and one picked card, 100 rounds: one winner each", arguments: Entrance.allCases)
    func onePickTwoBuyers(entrance: Entrance) async throws {
        try await withShop(environment: entrance.environment) { shop async throws in
            try await shop.offerPickable(100)
            let cards = try await shop.pickable()
            #expect(cards.count == 100)
            for card in cards {
                let answers = try await concurrently(2) { try await shop.pick(card, "buyer-\($0)@example.com") }
                #expect(answers.byStatus == [201: 1, 409: 1])
                // The gate knows when the last one is gone.
                let refusal = card == cards.last ? ["card_taken", "sold_out"] : ["card_taken"]
                #expect(refusal.contains(answers.first { $0.status == 409 }?["code"] ?? ""))
                #expect(answers.first { $0.status == 201 }?.amount == 2490)
            }
            #expect(try await shop.pickable() == [])
            try await shop.audit()
        }
    }

    @Test("the surcharge is in the amount that the provider is asked for, and must be paid")
    func surchargeIsAsked() async throws {
        try await withShop { shop async throws in
            let epay = try await EpayShop(shop, cards: 0)
            try await shop.stockPickable(1)
            let card = try #require(try await shop.pickable().first)
            let order = try await shop.pick(card, "a@example.com", channel: "epay")
            let begun = try await shop.post(
                "/api/v1/orders/\(order.id)/pay", #"{"channel":"epay"}"#, token: order["token"])
            let query = URLComponents(string: begun["url"] ?? "")?.queryItems ?? []
            #expect(query.first { $0.name == "money" }?.value == "24.90")
            let sale = EpayShop.Sale(order: order, attempt: try #require(begun["attempt"]))
            let signed = try await EpaySigner.sign([sale.notice(["money": "19.90"])], key: EpayShop.key)
            let cheap = try await epay.send(try #require(signed.first), of: sale)
            #expect(cheap.verdict == "mismatched" && cheap.order == "review")
            try await shop.audit()
        }
    }

    @Test("a picked card is delivered to who named it, with its note; drawn cards are another pool")
    func pickedIsDelivered() async throws {
        try await withShop { shop async throws in
            try await shop.offerPickable(3, drawn: 1)
            let listed = try await shop.get("/api/v1/products/game-key/cards?limit=2")
            #expect(listed.items().map { $0["preview"] as? String } == ["No. 8881", "No. 8882"])
            #expect(listed.items().allSatisfy { $0["surcharge"] as? Int == 500 } && !listed.body.contains("PICKED"))
            let rest = try await shop.get("/api/v1/products/game-key/cards?after=\(listed["next"] ?? "")")
            #expect(rest.items().count == 1 && rest.object["next"] is NSNull)
            let stock = try await shop.get("/api/v1/products/game-key").object["stock"] as? [String: Any]
            #expect(stock?["available"] as? Int == 4 && stock?["pickable"] as? Int == 3)
            #expect(try await shop.order("a@example.com").status == 201)
            #expect(try await shop.order("b@example.com")["code"] == "sold_out")
            let cards = try await shop.pickable()
            let both = try await shop.place("game-key", "c@example.com", #""cards":["\#(cards[2])","\#(cards[0])"]"#)
            #expect(both.amount == 2 * 2490)
            #expect(try await shop.pay(both)["status"] == "delivered")
            let read = try await shop.read(both)
            #expect(read.object["cards"] as? [String] == ["PICKED-1", "PICKED-3"])
            #expect(read.object["notes"] as? [String] == ["note 1", "note 3"])
            #expect(read.priceLines == ["goods 3980", "pick 500", "pick 500"])
            let wrong = try await shop.place("game-key", "d@example.com", #""cards":["\#(cards[1])"],"quantity":2"#)
            #expect(wrong.status == 422 && wrong["field"] == "quantity")
            try await shop.audit()
        }
    }

    @Test("picks survive a restart: what is held is taken, what ran out can be picked again")
    func picksSurviveRestart() async throws {
        let shop = try await ShopProcess()
        try await shop.offerPickable(2)
        #expect(try await shop.change("/products/game-key", #"{"hold_seconds":2}"#).status == 200)
        let cards = try await shop.pickable()
        let held = try await shop.pick(cards[0], "a@example.com")
        #expect(held.status == 201)
        await shop.kill()
        let again = try await ShopProcess(data: shop.data)
        #expect(try await again.pick(cards[0], "b@example.com")["code"] == "card_taken")
        try await again.wait(held, until: "expired")
        #expect(try await again.pick(cards[0], "b@example.com").status == 201)
        #expect(try await again.pick(cards[1], "b@example.com").status == 201)
        try await again.wait(untilAvailable: 0)
        try await again.audit()
        await again.kill()
        again.remove()
    }

    @Test("an import of pickable cards says what is wrong, and an export of them can be imported again")
    func pickableImport() async throws {
        try await withShop { shop async throws in
            try await shop.offer(cards: 1)
            let path = "/products/game-key/cards?layout=pickable"
            let text =
                "a\t5\tSECRET-A\nno columns\nb\t-1\tX\nc\t1.5\tX\n\t5\tX\n"
                + "d\t5\t\ne\t\tSECRET-E----n\tn\nf\t5\tSECRET-A\n"
            let refused = try await shop.admin("POST", path, text, type: "text/plain")
            #expect(refused["code"] == "wrong_state", "not pickable yet")
            #expect(try await shop.change("/products/game-key", #"{"pickable":true}"#).status == 200)
            let report = try await shop.admin("POST", path, text, type: "text/plain")
            #expect(report.object["imported"] as? Int == 2)
            let reasons = report.items("lines").map { $0["reason"] as? String ?? "" }
            #expect(
                reasons == ["bad_preview", "bad_preview", "bad_preview", "bad_preview", "empty_secret", "duplicate"])
            let plain = try await shop.admin("GET", "/products/game-key/cards/export")
            let pickable = try await shop.admin("GET", "/products/game-key/cards/export?layout=pickable")
            #expect(plain.body == "CARD-1\n")
            #expect(pickable.body == "a\t5\tSECRET-A\ne\t0\tSECRET-E----n\tn\n")
            let again = try await shop.admin("POST", path, pickable.body, type: "text/plain")
            #expect(again.object["duplicates"] as? Int == 2)
            #expect(try await shop.admin("POST", path + "x", text, type: "text/plain").status == 422)
            try await shop.audit()
        }
    }

    @Test("a sold card is replaced by one that the owner names, and the history is kept")
    func replacementIsKept() async throws {
        try await withShop { shop async throws in
            try await shop.offerPickable(2, drawn: 1)
            let cards = try await shop.pickable()
            let order = try await shop.pick(cards[0], "a@example.com")
            _ = try await shop.pay(order)
            let body = #"{"card":"\#(cards[1])","by":"ann","reason":"did not work"}"#
            #expect(try await shop.admin("POST", "/cards/\(cards[0])/replace", body).status == 200)
            #expect(try await shop.cards(order) == ["PICKED-2"])
            // Without a name it is one of the cards that are drawn.
            #expect(try await shop.admin("POST", "/cards/\(cards[1])/replace", "{}").status == 200)
            #expect(try await shop.cards(order) == ["CARD-1"])
            let history = try await shop.inspect(order).items("replacements")
            #expect(history.map { $0["card"] as? String } == cards)
            #expect(history.first?["by"] as? String == "ann" && history.first?["reason"] as? String == "did not work")
            try await shop.wait(untilAvailable: 0)
            try await shop.audit()
        }
    }
}

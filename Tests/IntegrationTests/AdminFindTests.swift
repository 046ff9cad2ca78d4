import TestKit
import Testing

/// A card that the owner finds by its content.
extension RunningShop {
    @Test("a card is found by its content among all products, with its order, and nobody writes the content down")
    func findByContent() async throws {
        try await withShop { shop in
            try await shop.offer(cards: 1)
            try await shop.offer("other-key", cards: 0)
            let text = "OTHER-SECRET----with a note\n-- a \"quoted\" 卡 --\nCARD-1\n"
            #expect(try await shop.importCards(Array(text.utf8), to: "other-key").object["imported"] as? Int == 3)
            let order = try await shop.order("a@example.com")
            #expect(try await shop.pay(order)["status"] == "delivered")
            let owner = try await PageVisitor.owner(of: shop)
            #expect(try await owner.get("/admin/cards").status == 200)
            func find(_ content: String, _ product: String = "") async throws -> String {
                let answer = try await owner.post("/admin/cards", [("content", content), ("product", product)])
                #expect(answer.status == 200, "\(answer.body)")
                return answer.body
            }
            let both = try await find("CARD-1\r\n")
            #expect(both.contains("/admin/orders/\(order["id"] ?? "?")") && both.contains(">sold</span>"))
            #expect(both.contains("/admin/products/other-key/cards?card="))
            let one = try await find("CARD-1", "other-key")
            #expect(
                one.contains(">available</span>") && !one.contains("/admin/orders/") && !one.contains("game-key/cards"))
            for content in ["OTHER-SECRET", "  OTHER-SECRET ", "OTHER-SECRET----with a note", "-- a \"quoted\" 卡 --"] {
                let page = try await find(content)
                #expect(page.contains("other-key/cards?card=") && !page.contains("OTHER-SECRET"), "\(content)")
            }
            #expect(try await find("OTHER-SECRE").contains("No product has or had this card"))
            for content in ["", " \n", "two\nlines", String(repeating: "x", count: 4097)] {
                #expect(try await owner.post("/admin/cards", [("content", content)]).status == 422)
            }
            #expect(try await owner.post("/admin/cards", [("content", "x"), ("product", "none")]).status == 404)
            let body = #"{"content":"OTHER-SECRET","product":"other-key","by":"li"}"#
            let answered = try await shop.admin("POST", "/cards/find", body)
            #expect(answered.items().map { $0["product"] as? String } == ["other-key"], "\(answered.body)")
            #expect(answered.items()[0]["state"] as? String == "available" && !answered.body.contains("SECRET"))
            #expect(try await shop.admin("POST", "/cards/find", #"{"content":"x","cards":1}"#)["field"] == "cards")
            let journal = try await shop.admin("GET", "/journal").body
            #expect(journal.contains("\"find\"") && journal.contains("by content: card "))
            #expect(!journal.contains("OTHER-SECRET") && !shop.log.contains("OTHER-SECRET"))
            let staff = try await PageVisitor.member(of: shop, named: "helper", role: "staff", by: owner)
            #expect(try await staff.get("/admin/cards").status == 403)
            #expect(try await staff.post("/admin/cards", [("content", "CARD-1")]).status == 403)
            #expect(try await !staff.get("/admin/products/game-key/cards").body.contains("action=\"/admin/cards\""))
        }
    }
}

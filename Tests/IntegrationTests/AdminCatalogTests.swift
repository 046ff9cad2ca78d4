import Foundation
import TestKit
import Testing

/// The owner's pages of products, cards and what belongs to them.
extension RunningShop {
    private static let game = [
        ("slug", "game-key"), ("title", "Game key"), ("kind", "card"), ("amount", "19.90"), ("currency", "CNY"),
        ("max_per_order", "5"), ("max_per_buyer", "100"), ("hold_seconds", "600"), ("late_money", "deliver"),
        ("tiers", "3 17.00\r\n"), ("fields", "server | Server | choice | EU, US\r\nlevel | Level | number? | 1..60"),
        ("stock_display", "exact"), ("position", "0"),
    ]

    private static func changed(_ fields: [(String, String)], _ changes: [String: String]) -> [(String, String)] {
        fields.filter { changes[$0.0] == nil } + changes.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
    }

    private func sandbox(_ shop: ShopProcess) async throws {
        let channel = try await shop.admin(
            "PUT", "/channels/sandbox", #"{"kind":"sandbox","settings":{},"enabled":true}"#)
        #expect([200, 201].contains(channel.status))
    }

    @Test("a product from nothing to its first sale on pages: made, filled by paste, bought")
    func firstSale() async throws {
        try await withShop { shop in
            try await sandbox(shop)
            let owner = try await PageVisitor.owner(of: shop)
            #expect(try await owner.get("/admin/new-product").status == 200)
            let made = try await owner.post("/admin/products", Self.game)
            #expect(made.headers["location"] == "/admin/products/game-key?done=saved", "\(made.body)")
            let page = try await owner.follow(made)
            #expect(page.body.contains("value=\"19.90\"") && page.body.contains("3 17.00"))
            #expect(page.body.contains("server | Server | choice | EU, US\nlevel | Level | number? | 1..60"))
            let cards = "/admin/products/game-key/cards"
            let text = "KEY-1\r\nKEY-2----with a note\r\nKEY-1\r\n----no secret\r\n"
            let preview = try await owner.post(cards, [("cards", text), ("layout", "plain")])
            #expect(preview.status == 200 && preview.body.contains("Nothing was stored"), "\(preview.body)")
            #expect(preview.body.contains("There is no secret.") && preview.body.contains("KEY-2----with a note"))
            #expect(try await owner.get("/admin/products").body.contains(">0</a>"))
            let imported = try await owner.post(cards, [("cards", text), ("layout", "plain"), ("step", "import")])
            #expect(imported.status == 200 && imported.body.contains("2 in stock"), "\(imported.body)")
            let order = try await shop.post(
                "/api/v1/orders",
                #"{"product":"game-key","quantity":1,"contact":"a@example.com","channel":"sandbox","#
                    + #""fields":{"server":"EU"}}"#)
            #expect(order.status == 201 || order.status == 202, "\(order.body)")
            #expect(try await shop.pay(order).status == 200)
            try await eventually("a delivered order") { try await shop.read(order)["status"] == "delivered" }
            #expect(try await shop.read(order).body.contains("KEY-1"))
            let sold = try await owner.get(cards + "?state=sold")
            #expect(sold.body.contains("/admin/orders/\(order["id"] ?? "")"))
            let export = try await owner.post(
                "/admin/products/game-key/export", [("state", "available"), ("layout", "plain")])
            #expect(export.status == 200 && export.body == "KEY-2----with a note\n")
            #expect(try await shop.admin("GET", "/journal").body.contains("\"export\""))
            try await shop.audit()
        }
    }

    @Test("what is wrong stands beside its field, and what was filled in stays")
    func wrongFields() async throws {
        try await withShop { shop in
            let owner = try await PageVisitor.owner(of: shop)
            _ = try await owner.get("/admin/new-product")
            let wrong = Self.changed(
                Self.game,
                [
                    "amount": "19.905", "tiers": "three 17", "fields": "Server | x | shape", "title": "<b>\"kept\"",
                    "opens_at": "2027-01-01T00:00", "closes_at": "2026-01-01T00:00",
                ])
            let answer = try await owner.post("/admin/products", wrong)
            #expect(answer.status == 422, "\(answer.body)")
            for name in ["amount", "tiers", "fields", "closes_at"] {
                #expect(answer.body.contains("<p class=\"error\" id=\"e-\(name)\">"), "\(name)")
            }
            #expect(!answer.body.contains("<p class=\"error\" id=\"e-title\">"))
            #expect(answer.body.contains("&lt;b&gt;&quot;kept&quot;") && !answer.body.contains("<b>\"kept"))
            #expect(answer.body.contains("value=\"19.905\"") && answer.body.contains("line 1:"))
            #expect(try await shop.admin("GET", "/products").items().isEmpty)
        }
    }

    @Test("of two who edit one product the second is told, and nothing is overwritten")
    func twoEditors() async throws {
        try await withShop { shop in
            let first = try await PageVisitor.owner(of: shop)
            _ = try await first.get("/admin/new-product")
            _ = try await first.post("/admin/products", Self.game)
            _ = try await first.get("/admin/products/game-key")
            let version = try #require(await first.hidden("version"))
            let mine = Self.changed(Self.game, ["title": "First", "version": version])
            #expect(try await first.post("/admin/products/game-key", mine).status == 303)
            let late = try await first.post(
                "/admin/products/game-key", Self.changed(Self.game, ["title": "Second", "version": version]))
            #expect(late.status == 409 && late.body.contains("Somebody else has changed it"), "\(late.body)")
            #expect(late.body.contains("value=\"Second\"") && late.body.contains("Stored now: First<"))
            // Only what differs is told.
            #expect(!late.body.contains("Stored now: 19.90") && !late.body.contains("Stored now: 3 17.00"))
            #expect(try await first.post("/admin/products/game-key", Self.game).status == 409)
            #expect(try await shop.admin("GET", "/products/game-key")["title"] == "First")
            // They have seen it: the page that told them so can be saved.
            let seen = try #require(late.body.firstMatch(of: /name="version" value="(\d+)"/)).output.1
            let after = Self.changed(Self.game, ["title": "Second", "version": String(seen)])
            #expect(try await first.post("/admin/products/game-key", after).status == 303)
            #expect(try await shop.admin("GET", "/products/game-key")["title"] == "Second")
        }
    }

    @Test("categories, coupons, announcements and blocks are added, changed and removed")
    func smallThings() async throws {
        try await withShop { shop in
            let owner = try await PageVisitor.owner(of: shop)
            _ = try await owner.get("/admin/categories")
            let hostile = "<script>alert(1)</script>"
            func post(_ path: String, _ fields: [(String, String)]) async throws -> Int {
                try await owner.post("/admin" + path, fields).status
            }
            #expect(try await post("/categories", [("slug", "games"), ("name", hostile), ("position", "1")]) == 303)
            #expect(try await post("/categories", [("slug", "games"), ("name", "x"), ("position", "1")]) == 409)
            #expect(try await post("/categories/games", [("name", "Games \(hostile)"), ("position", "2")]) == 303)
            let coupon = [("off", "10%"), ("currency", "CNY"), ("category", "games"), ("enabled", "yes")]
            #expect(try await post("/coupons", coupon + [("code", "save10")]) == 303)
            _ = try await owner.get("/admin/coupons/SAVE10")
            let version = try #require(await owner.hidden("version"))
            let less = [("off", "5.00"), ("currency", "CNY"), ("minimum", "20"), ("version", version)]
            #expect(try await post("/coupons/SAVE10", less) == 303)
            #expect(try await post("/coupons/SAVE10", less) == 409)
            #expect(try await post("/coupons/SAVE10", [("off", "0%"), ("currency", "CNY")]) == 422)
            #expect(try await owner.get("/admin/coupons?code=save10").body.contains("¥5.00"))
            #expect(try await post("/announcements", [("title", hostile), ("text", "*now*")]) == 303)
            #expect(try await post("/announcements/1", [("title", "New \(hostile)"), ("pinned", "yes")]) == 303)
            #expect(try await post("/blacklist", [("kind", "domain"), ("who", "spam.example")]) == 303)
            #expect(try await post("/blacklist", [("kind", "address"), ("who", "\"><b>")]) == 422)
            for path in ["categories", "announcements", "blacklist", "coupons", "products"] {
                let page = try await owner.get("/admin/\(path)")
                #expect(page.status == 200 && !page.body.contains("<script>alert"), "\(path)")
            }
            #expect(try await owner.get("/admin/blacklist").body.contains("spam.example"))
            #expect(try await post("/blacklist/1/remove", []) == 303)
            #expect(try await post("/announcements/1/remove", []) == 303)
            #expect(try await post("/categories/games/remove", []) == 303)
            #expect(try await owner.get("/admin/categories").body.contains("There is nothing here."))
            #expect(try await owner.get("/admin/announcements").body.contains("There is nothing here."))
        }
    }

    private static let forms = [
        "/products", "/products/game-key", "/products/game-key/units", "/products/game-key/secret",
        "/products/game-key/cards", "/products/game-key/export", "/batches/1/undo", "/cards/1/void",
        "/cards/1/replace", "/categories", "/categories/games", "/categories/games/remove", "/coupons",
        "/coupons/SAVE10", "/announcements", "/announcements/1", "/announcements/1/remove", "/blacklist",
        "/blacklist/1/remove",
    ]

    @Test("no form works for a reader, nor without the token of its page")
    func refusals() async throws {
        try await withShop { shop in
            try await shop.offer(cards: 2)
            let owner = try await PageVisitor.owner(of: shop)
            let reader = try await PageVisitor.member(of: shop, named: "reader", role: "read_only", by: owner)
            for path in ["products", "products/game-key", "products/game-key/cards", "categories", "coupons"] {
                let page = try await reader.get("/admin/\(path)")
                #expect(page.status == 200 && !page.body.contains("CARD-1"), "\(path)")
            }
            _ = try await owner.get("/admin/products")
            for path in Self.forms {
                #expect(try await reader.post("/admin" + path).status == 403, "\(path)")
                #expect(try await owner.post("/admin" + path, [("form", "")]).status == 403, "\(path)")
            }
            for path in ["/products/game-key/cards/upload", "/pictures"] {
                #expect(try await reader.upload("/admin" + path, "CARD-9\n").status == 403, "\(path)")
                #expect(try await owner.upload("/admin" + path, "CARD-9\n", token: "").status == 403, "\(path)")
            }
            for path in ["new-product", "new-coupon"] {
                #expect(try await reader.get("/admin/\(path)").status == 403, "\(path)")
            }
            #expect(try await shop.admin("GET", "/products/game-key/cards").items().count == 2)
        }
    }
}

import Foundation
import TestKit
import Testing

extension ShopProcess {
    /// The slugs that visitors see, in order.
    func shown(_ query: String = "") async throws -> [String] {
        try await get("/api/v1/products\(query)").items().compactMap { $0["slug"] as? String }
    }
}

extension RunningShop {
    @Test("categories and products are shown in order; what is hidden is not listed, but can be bought")
    func categories() async throws {
        try await withShop { shop async throws in
            for (slug, position) in [("late", 9), ("early", 1), ("secret", 5)] {
                let body = #"{"slug":"\#(slug)","name":"\#(slug)","position":\#(position)}"#
                #expect(try await shop.admin("POST", "/categories", body).status == 201)
            }
            try await shop.sandbox("sandbox")
            for (slug, more) in [
                ("a", #""category":"late""#), ("b", #""category":"early","position":2"#),
                ("c", #""category":"early","position":1"#), ("d", #""category":"secret""#), ("e", #""position":-9"#),
                ("f", #""category":"late","hidden":true,"description":"**Hi**""#),
            ] {
                #expect(try await shop.product(slug, more).status == 201)
            }
            #expect(try await shop.shown() == ["c", "b", "d", "a", "e"])
            #expect(try await shop.change("/categories/secret", #"{"hidden":true,"name":"S"}"#).status == 200)
            #expect(try await shop.shown() == ["c", "b", "a", "e"])
            #expect(try await shop.shown("?category=early") == ["c", "b"])
            #expect(try await shop.shown("?category=none") == [])
            let named = try await shop.get("/api/v1/categories").items().compactMap { $0["slug"] as? String }
            #expect(named == ["early", "late"])
            #expect(try await shop.get("/api/v1/products/f")["description"] == "**Hi**")
            try await shop.restock("f", cards: 1...1)
            #expect(try await shop.place("f", "a@example.com").status == 201)
            let gone = try await shop.admin("DELETE", "/categories/late")
            #expect(gone["code"] == "wrong_state")
            #expect(try await shop.change("/products/d", #"{"category":null}"#).object["category"] is NSNull)
            #expect(try await shop.admin("DELETE", "/categories/secret").status == 204)
            let all = try await shop.admin("GET", "/products").items().compactMap { $0["slug"] as? String }
            #expect(all == ["c", "b", "a", "f", "e", "d"])
        }
    }

    @Test("a product is changed in part, on the version that was seen, or not at all")
    func changeProduct() async throws {
        try await withShop { shop async throws in
            try await shop.offer(cards: 150)
            let seen = try await shop.admin("GET", "/products/game-key").object["version"] as? Int
            #expect(seen == 1)
            let body = #"{"title":"New","stock_display":"band","picture":"/files/a.png","version":1,"by":"ann"}"#
            let changed = try await shop.change("/products/game-key", body)
            #expect(changed["title"] == "New" && changed.amount == 1990 && changed.object["version"] as? Int == 2)
            #expect(try await shop.lastDeed() == "product; game-key; ann; -")
            let late = try await shop.change("/products/game-key", #"{"title":"Mine","version":1}"#)
            #expect(late.status == 409 && late["code"] == "wrong_state")
            let visitors = try await shop.get("/api/v1/products/game-key")
            #expect((visitors.object["stock"] as? [String: Any])?["band"] as? String == "many")
            #expect(!visitors.body.contains("available") && !visitors.body.contains("instructions"))
            for (part, field) in [
                (#""tiers":[{"from":2,"amount":1990}]"#, "tiers"), (#""tiers":[{"from":11,"amount":1}]"#, "tiers"),
                (#""tiers":[{"from":2}]"#, "tiers.0.amount"), (#""tiers":[7]"#, "tiers.0"),
                (#""currency":"USD""#, "currency"), (#""slug":"other""#, "slug"), (#""kind":"manual""#, "kind"),
                (#""picture":"javascript:alert(1)""#, "picture"), (#""stock_display":"none""#, "stock_display"),
                (#""category":"none""#, "category"), (#""position":1000001"#, "position"), (#""title":"""#, "title"),
                (#""fields":[{"name":"a","type":"pattern","pattern":"("}]"#, "fields.0.pattern"),
                (#""fields":[{"name":"a","type":"choice"}]"#, "fields.0.choices"),
                (#""fields":[{"name":"a"},{"name":"a"}]"#, "fields"), (#""version":0"#, "version"),
                (#""max_held_per_buyer":2000"#, "max_held_per_buyer"), (#""amount":-1"#, "amount"),
            ] {
                let refused = try await shop.change("/products/game-key", "{\(part)}")
                #expect(refused.status == 422 && refused["field"] == field, "\(part): \(refused.body)")
            }
            #expect(try await shop.change("/products/nothing", #"{"title":"x"}"#).status == 404)
            let after = try await shop.admin("GET", "/products/game-key")
            #expect(after.object["version"] as? Int == 2 && after["picture"] == "/files/a.png")
            let hidden = try await shop.change("/products/game-key", #"{"picture":null,"stock_display":"hidden"}"#)
            #expect(hidden.object["picture"] is NSNull)
            let stock = try await shop.get("/api/v1/products/game-key").object["stock"] as? [String: String]
            #expect(stock == ["mode": "hidden"])
        }
    }

    @Test("a sale opens and closes by the server's time, and instructions come with delivery only")
    func saleWindow() async throws {
        try await withShop { shop async throws in
            try await shop.offer(cards: 5)
            let later = #"{"opens_at":"2099-01-01T00:00:00Z","instructions":"Redeem at once."}"#
            #expect(try await shop.change("/products/game-key", later).status == 200)
            let shown = try await shop.get("/api/v1/products/game-key")
            #expect(
                shown.object["on_sale"] as? Bool == false && shown["opens_at"]?.hasPrefix("2099-01-01T00:00:00") == true
            )
            #expect(shown["server_time"]?.hasSuffix("Z") == true)
            #expect(try await shop.order("a@example.com")["code"] == "not_on_sale")
            #expect(try await shop.change("/products/game-key", #"{"opens_at":null}"#).status == 200)
            let order = try await shop.order("a@example.com")
            #expect(order.status == 201)
            #expect(try await shop.read(order)["instructions"] == nil)
            _ = try await shop.pay(order)
            #expect(try await shop.read(order)["instructions"] == "Redeem at once.")
            #expect(try await shop.change("/products/game-key", #"{"closes_at":"2020-01-01T00:00:00Z"}"#).status == 200)
            #expect(try await shop.order("b@example.com")["code"] == "not_on_sale")
        }
    }

    @Test("announcements are told while they are to be told, pinned ones first")
    func announcements() async throws {
        try await withShop { shop async throws in
            for body in [
                #"{"title":"one","text":"*a*"}"#, #"{"title":"pinned","pinned":true}"#, #"{"title":"two"}"#,
                #"{"title":"later","opens_at":"2099-01-01T00:00:00Z"}"#,
                #"{"title":"over","closes_at":"2020-01-01T00:00:00Z"}"#,
            ] {
                #expect(try await shop.admin("POST", "/announcements", body).status == 201)
            }
            func told() async throws -> [String] {
                try await shop.get("/api/v1/announcements").items().compactMap { $0["title"] as? String }
            }
            #expect(try await told() == ["pinned", "two", "one"])
            #expect(try await shop.admin("PUT", "/announcements/1", #"{"title":"ONE"}"#).status == 200)
            #expect(try await shop.admin("DELETE", "/announcements/3").status == 204)
            #expect(try await shop.admin("DELETE", "/announcements/3").status == 404)
            #expect(try await told() == ["pinned", "ONE"])
            #expect(try await shop.admin("GET", "/announcements").items().count == 4)
            #expect(try await shop.admin("POST", "/announcements", #"{"title":""}"#)["field"] == "title")
        }
    }

    @Test("contacts, domains and addresses that are blocked do not buy", arguments: Entrance.allCases)
    func blacklist(entrance: Entrance) async throws {
        let environment = entrance.environment | ["SLUICE_TRUSTED_PROXIES": "127.0.0.1"]
        try await withShop(environment: environment) { shop async throws in
            try await shop.offer(cards: 9)
            for body in [
                #"{"contact":" Bad@Example.com","reason":"chargebacks"}"#, #"{"domain":"spam.example"}"#,
                #"{"address":"192.0.2.0/24"}"#, #"{"address":"2001:db8::/32"}"#,
            ] {
                #expect(try await shop.admin("POST", "/blacklist", body).status == 201)
            }
            for (body, code) in [
                (#"{"contact":"BAD@example.com"}"#, "already_exists"),
                (#"{"address":"192.0.2.9/24"}"#, "already_exists"),
                (#"{"address":"0.0.0.0/0"}"#, "invalid_request"), (#"{"address":"nowhere"}"#, "invalid_request"),
                (#"{"domain":"no domain"}"#, "invalid_request"), ("{}", "invalid_request"),
                (#"{"contact":"12345","domain":"a.example"}"#, "invalid_request"),
            ] {
                #expect(try await shop.admin("POST", "/blacklist", body)["code"] == code, "\(body)")
            }
            func order(_ contact: String, from address: String? = nil) async throws -> Int {
                var headers = ["Content-Type": "application/json"]
                headers["X-Forwarded-For"] = address
                let body = #"{"product":"game-key","contact":"\#(contact)","channel":"sandbox"}"#
                return try await shop.send("POST", "/api/v1/orders", body: body, headers: headers).status
            }
            #expect(try await order("bad@EXAMPLE.com") == 403)
            #expect(try await order("x@spam.example") == 403)
            #expect(try await order("good@example.com", from: "192.0.2.200") == 403)
            #expect(try await order("good@example.com", from: "2001:db8:1::5") == 403)
            #expect(try await order("good@example.com", from: "198.51.100.1, 192.0.2.200") == 403)
            #expect(try await order("good@example.com", from: "192.0.3.200") == 201)
            #expect(try await order("good@example.com") == 201)
            let listed = try await shop.admin("GET", "/blacklist").items()
            #expect(listed.compactMap { $0["address"] as? String } == ["2001:db8::/32", "192.0.2.0/24"])
            let id = listed.first { $0["contact"] != nil }?["id"] as? String ?? ""
            #expect(try await shop.admin("DELETE", "/blacklist/\(id)").status == 204)
            #expect(try await order("bad@example.com") == 201)
        }
    }

    // MARK: Fields

    private static let asking = #"""
        {"fields":[{"name":"account","label":"游戏账号"},{"name":"mail","type":"email","optional":true},
        {"name":"level","type":"number","minimum":1,"maximum":80},
        {"name":"region","type":"choice","choices":["CN","EU"]},
        {"name":"tag","type":"pattern","pattern":"([a-z]+)*[0-9]"}]}
        """#

    private static func filled(_ changes: [String: String?] = [:]) -> String {
        var fields: [String: String?] = ["account": "x", "level": "7", "region": "EU", "tag": "abc1"]
        fields.merge(changes) { _, new in new }
        let members = fields.compactMapValues { $0 }.map { #""\#($0)":"\#($1)""# }
        return #""fields":{\#(members.joined(separator: ","))}"#
    }

    @Test("what is filled in is held to what the product asks for, and shown to buyer and owner")
    func fields() async throws {
        try await withShop { shop async throws in
            try await shop.offer(cards: 9)
            #expect(try await shop.change("/products/game-key", Self.asking).status == 200)
            let asked = try await shop.get("/api/v1/products/game-key").items("fields")
            #expect(asked.map { $0["type"] as? String } == ["text", "email", "number", "choice", "pattern"])
            for (name, value) in [
                ("account", nil), ("account", ""), ("mail", "no mail"), ("level", "81"), ("level", "7.5"),
                ("region", "US"), ("tag", "abc"), ("tag", "1abc"), ("stranger", "x"),
            ] as [(String, String?)] {
                let refused = try await shop.place("game-key", "a@example.com", Self.filled([name: value]))
                #expect(refused.status == 422 && refused["field"] == "fields.\(name)", "\(name): \(refused.body)")
            }
            let special = Self.filled(["account": "两\\n\\u0007"])
            let order = try await shop.place("game-key", "a@example.com", special, key: "one")
            #expect(order.status == 201)
            let again = try await shop.place("game-key", "a@example.com", special, key: "one")
            #expect(again.status == 200 && again["id"] == order["id"])
            let other = try await shop.place("game-key", "a@example.com", Self.filled(), key: "one")
            #expect(other["code"] == "idempotency_mismatch")
            let expected = ["account": "两\n\u{7}", "level": "7", "region": "EU", "tag": "abc1"]
            #expect(try await shop.read(order).object["fields"] as? [String: String] == expected)
            #expect(try await shop.inspect(order).object["fields"] as? [String: String] == expected)
            #expect(try shop.files(naming: "abc1").isEmpty, "sealed")
        }
    }

    @Test("a pattern that goes catastrophically badly with a text stalls nothing", arguments: Entrance.allCases)
    func catastrophicPattern(entrance: Entrance) async throws {
        try await withShop(environment: entrance.environment) { shop async throws in
            try await shop.offer(cards: 300)
            #expect(try await shop.change("/products/game-key", Self.asking).status == 200)
            // Without a bound, one of these takes longer than the universe has been there.
            let evil = Self.filled(["tag": String(repeating: "a", count: 200)])
            let answers = try await concurrently(400) { number in
                try await shop.place(
                    "game-key", "buyer-\(number)@example.com", number.isMultiple(of: 2) ? evil : Self.filled())
            }
            #expect(answers.byStatus == [201: 200, 422: 200])
            #expect(answers.filter { $0.status == 422 }.allSatisfy { $0["field"] == "fields.tag" })
            try await shop.audit()
        }
    }
}

import Foundation
import TestKit
import Testing

extension RunningShop {
    /// What breaks out of texts and attributes, where it is not escaped; the accent makes another character of the
    /// quotation mark for whoever counts those.
    private static let hostile = "\"\u{301}'></title><script>alert(1)</script>{{words.buy}}"

    private static func json(_ object: [String: Any]) throws -> String {
        String(decoding: try JSONSerialization.data(withJSONObject: object), as: UTF8.self)
    }

    /// A shop with hostile texts wherever its owner may write some.
    private static func fill(_ shop: ShopProcess) async throws {
        try await shop.sandbox("sandbox")
        let field: [String: Any] = ["name": "account", "label": hostile]
        let choice: [String: Any] = ["name": "server", "label": hostile, "type": "choice", "choices": [hostile, "b"]]
        let product: [String: Any] = [
            "slug": "p", "title": hostile, "amount": 1990, "currency": "CNY", "category": "c", "description": hostile,
            "instructions": hostile, "pickable": true, "max_per_order": 5, "fields": [field, choice],
        ]
        let settings: [String: Any] = [
            "name": hostile, "tagline": hostile, "contact": hostile, "filing": hostile, "terms": hostile,
            "privacy": hostile, "refunds": hostile,
        ]
        let notice: [String: Any] = ["title": hostile, "text": hostile, "pinned": true]
        for (method, path, body) in [
            ("POST", "/categories", ["slug": "c", "name": hostile]), ("POST", "/products", product),
            ("PUT", "/settings", settings), ("POST", "/announcements", notice),
        ] as [(String, String, [String: Any])] {
            let answer = try await shop.admin(method, path, try json(body))
            try expect([200, 201].contains(answer.status), "\(path): \(answer.body)")
        }
        let cards = "\(hostile)\t500\t\(hostile)1----\(hostile)note\nsecond\t0\t\(hostile)2\n"
        let imported = try await shop.admin("POST", "/products/p/cards?layout=pickable", cards, type: "text/plain")
        try expect(imported.object["imported"] as? Int, is: 2, imported.body)
    }

    /// - Parameter times: how often the text stands in the page at least, as text
    private static func check(_ page: Answer, _ what: String, times: Int = 1) {
        page.checkHeaders(what)
        let bytes = Data(page.body.utf8)
        for wrong in ["<script>", "\"\u{301}", "</title><script", "'></title>"] {
            #expect(bytes.range(of: Data(wrong.utf8)) == nil, "\(what): \(wrong)")
        }
        let seen = page.body.components(separatedBy: "&lt;/title&gt;&lt;script&gt;alert(1)&lt;/script&gt;").count - 1
        #expect(seen >= times, "\(what): \(seen)")
        #expect(page.body.contains("{{words.buy}}"), "\(what)")
        #expect(page.body.matches(of: #/<script /#).count <= 1 && page.body.contains("</html>"), "\(what)")
    }

    @Test("hostile texts of the owner and of buyers are shown as texts on every page")
    func hostileTexts() async throws {
        try await withShop { shop async throws in
            try await Self.fill(shop)
            let (visitor, hostile) = (PageVisitor(shop), Self.hostile)
            let query = RawForm.encoded(hostile)
            for (path, times) in [
                ("/", 7), ("/?q=\(query)", 5), ("/categories/c", 5), ("/products/p", 9), ("/terms", 2), ("/privacy", 2),
                ("/refunds", 2), ("/nothing/\(query)", 2), ("/orders", 2), ("/orders/\(query)", 2),
                ("/products/p?after=\(query)&lang=\(query)", 9),
            ] { Self.check(try await visitor.get(path), path, times: times) }
            let filled = [
                ("contact", "a@example.com"), ("channel", "sandbox"), ("fields.account", hostile),
                ("fields.server", hostile), ("quantity", "1"), ("query_password", "hunter"),
            ]
            let page = try await visitor.get("/products/p")
            let card = try #require(page.body.firstMatch(of: /name="cards" value="(\d+)"/)).output.1
            for wrong in ["contact", "channel", "coupon", "quantity", "cards", "fields.\(hostile)"] {
                let answer = try await visitor.post("/products/p/order", [(wrong, hostile)] + filled)
                #expect((400..<500).contains(answer.status), "\(wrong): \(answer.status)")
                Self.check(answer, wrong, times: 9)
            }
            let found = try await visitor.post(
                "/orders/lookup", [("contact", hostile), ("query_password", "guess")])
            Self.check(found, "look-up", times: 3)
            let all = filled + [("cards", String(card))]
            Self.check(try await visitor.post("/products/p/order", all), "confirm", times: 6)
            let key = try #require(await visitor.hidden("key"))
            let placed = try await visitor.post("/products/p/order", all + [("key", key)])
            let path = try #require(placed.headers["location"])
            Self.check(try await visitor.get(path), "order", times: 6)
            let stranger = PageVisitor(shop)
            Self.check(try await stranger.get(path + "/pay"), "pay", times: 3)
            let begun = try await visitor.post(path + "/pay", [("channel", "sandbox")])
            let provider = try #require(begun.headers["location"])
            Self.check(try await visitor.get(provider), "provider")
            let delivered = try await visitor.follow(try await visitor.post(provider))
            #expect(delivered.body.contains("&lt;/script&gt;{{words.buy}}1</code>"), "\(delivered.body)")
            Self.check(delivered, "delivered", times: 8)
            Self.check(try await visitor.get("/orders"), "orders", times: 3)
            let file = try await visitor.get(path + "/cards.txt")
            #expect(file.body == "\(hostile)1\t\(hostile)note\r\n")
            #expect(file.headers["content-security-policy"] == "default-src 'none'; sandbox")
            #expect(file.headers["content-type"] == "text/plain; charset=utf-8")
            #expect(file.headers["x-content-type-options"] == "nosniff")
        }
    }

    @Test("a picked card is told by its preview, before and after it is sold")
    func pickedOnPages() async throws {
        try await withShop { shop async throws in
            try await shop.offerPickable(3)
            let visitor = PageVisitor(shop)
            let page = try await visitor.get("/products/game-key")
            let cards = page.body.matches(of: /name="cards" value="(\d+)"/).map { String($0.output.1) }
            #expect(cards.count == 3 && !page.body.contains("PICKED-") && page.body.contains("+¥5.00"))
            let filled = [
                ("contact", "a@example.com"), ("channel", "sandbox"), ("cards", cards[0]), ("cards", cards[2]),
            ]
            let confirm = try await visitor.post("/products/game-key/order", filled)
            #expect(confirm.body.contains("No. 8881") && confirm.body.contains("¥49.80"))
            let key = try #require(await visitor.hidden("key"))
            let placed = try await visitor.post("/products/game-key/order", filled + [("key", key)])
            let path = try #require(placed.headers["location"])
            #expect(try await visitor.follow(placed).body.contains("No. 8883"))
            let begun = try await visitor.post(path + "/pay", [("channel", "sandbox")])
            let paid = try await visitor.post(try #require(begun.headers["location"]))
            let delivered = try await visitor.follow(paid)
            #expect(delivered.body.contains("No. 8881") && delivered.body.contains("No. 8883"))
            #expect(delivered.body.contains("PICKED-1") && delivered.body.contains("PICKED-3"))
            #expect(!delivered.body.contains("PICKED-2"))
            let late = try await PageVisitor(shop).post("/products/game-key/order", filled)
            #expect(late.status == 409 && !late.body.contains("PICKED-"))
            try await shop.audit()
        }
    }

    // MARK: Bounds

    @Test("what is too much, too long or of another kind is refused by a page, or left out")
    func bounds() async throws {
        try await withShop { shop async throws in
            try await shop.offer(cards: 1)
            for query in [
                "q=\(String(repeating: "a", count: 300))", "page=999999", "page=-1", "page=abc",
                "page=9999999999999999999",
                "after=garbage", "after=-5", "q=%FF%00", "&&&=&=x&", "page=9223372036854775807",
            ] {
                for path in ["/", "/products/game-key"] {
                    let page = try await shop.get("\(path)?\(query)")
                    #expect(page.status == 200 && page.body.contains("¥19.90"), "\(path)?\(query)")
                }
            }
            let path = "/products/game-key/order"
            func post(_ body: String, type: String = "application/x-www-form-urlencoded") async throws -> Answer {
                try await shop.send("POST", path, body: body, headers: ["Content-Type": type, "Origin": shop.url])
            }
            let many = (1...300).map { "f\($0)=1" }.joined(separator: "&")
            let large = "contact=" + String(repeating: "a", count: 16 << 10)
            for (answer, status) in [
                (try await post(many), 400), (try await post(large), 413),
                (try await post("{}", type: "application/json"), 415),
                (try await post("a=1", type: "multipart/form-data; boundary=x"), 415), (try await post("a=%zz"), 400),
                (try await post("contact=%FF"), 400), (try await post(""), 422),
            ] {
                #expect(answer.status == status && answer.isPage, "\(status): \(answer.status)")
                #expect(answer.headers["cache-control"] == "no-store")
                answer.checkHeaders("\(status)")
            }
            let connection = try RawConnection(to: shop)
            let chunk = String(repeating: "a", count: 20_000)
            connection.send(
                "POST \(path) HTTP/1.1\r\nHost: a\r\nContent-Type: application/x-www-form-urlencoded\r\n"
                    + "Transfer-Encoding: chunked\r\n\r\n\(String(20_000, radix: 16))\r\n\(chunk)\r\n0\r\n\r\n")
            let answer = await connection.receive(until: "</html>")
            #expect(answer.hasPrefix("HTTP/1.1 413 ") && answer.contains("<!doctype html>"))
            for path in ["/orders", "/orders/x", "/nothing"] {
                let head = try await shop.send("HEAD", path, headers: ["Accept": "text/html"])
                let page = try await shop.send("GET", path, headers: ["Accept": "text/html"])
                #expect(head.status == page.status && head.body.isEmpty, "\(path)")
            }
            #expect(try await shop.get("/healthz").status == 200)
        }
    }
}

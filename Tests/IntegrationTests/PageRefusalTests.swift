import Foundation
import TestKit
import Testing

/// A browser's form, sent with whatever a test wants to be wrong with it.
struct RawForm: Sendable {
    var path: String
    var fields: [String: String]
    var cookies: [String: String]
    var headers: [String: String] = [:]

    /// What a browser of this shop would have to send: its number, and the token that a page made of it.
    static func browser(_ shop: ShopProcess) async throws -> (nonce: String, token: String) {
        let page = try await shop.send("GET", "/orders", headers: ["Accept": "text/html"])
        let cookie = try #require(page.cookies.first { $0.hasPrefix("form=") })
        let token = try #require(page.body.firstMatch(of: /name="form" value="([0-9a-f]+)"/))
        return (String(cookie.dropFirst(5).prefix { $0 != ";" }), String(token.output.1))
    }

    static func encoded(_ text: String) -> String {
        text.utf8.map { byte in
            let isPlain = (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte)
            return isPlain ? String(Unicode.Scalar(byte)) : "%" + (byte < 16 ? "0" : "") + String(byte, radix: 16)
        }.joined()
    }

    func send(_ shop: ShopProcess) async throws -> Answer {
        let body = fields.map { "\(Self.encoded($0))=\(Self.encoded($1))" }.joined(separator: "&")
        var all = ["Content-Type": "application/x-www-form-urlencoded", "Origin": shop.url, "Accept": "text/html"]
        all["Cookie"] = cookies.isEmpty ? nil : cookies.map { "\($0)=\($1)" }.joined(separator: "; ")
        // An empty one is not sent.
        return try await shop.send("POST", path, body: body, headers: (all | headers).filter { !$0.value.isEmpty })
    }
}

extension Answer {
    /// Whether it is a page of the storefront.
    var isPage: Bool { headers["content-type"] == "text/html; charset=utf-8" && body.contains("<!doctype html>") }
}

extension RunningShop {
    /// Forms of the storefront by their routes, each as it works.
    private static func forms(_ shop: ShopProcess) async throws -> (forms: [String: RawForm], orders: [Answer]) {
        let (nonce, token) = try await RawForm.browser(shop)
        var orders: [Answer] = []
        for number in 1...3 { orders.append(try await shop.order("buyer-\(number)@example.com")) }
        let (first, second) = (orders[0], orders[1])
        let attempt = try await shop.post(
            "/api/v1/orders/\(second.id)/pay", #"{"channel":"sandbox"}"#, token: second["token"])
        let opened = try await shop.send(
            "GET", "/orders/\(first.id)", headers: ["Cookie": "order_token=\(first["token"] ?? "")"])
        let known = try #require(opened.cookies.first { $0.hasPrefix("orders=") }).dropFirst(7).prefix { $0 != ";" }
        let own = ["form": nonce, "order_token": orders[2]["token"] ?? "", "orders": String(known)]
        func form(_ path: String, _ fields: [String: String] = [:]) -> RawForm {
            RawForm(path: path, fields: fields | ["form": token], cookies: own)
        }
        let forms = [
            "/orders/{id}": form("/orders/\(first.id)", ["token": first["token"] ?? ""]),
            "/orders/{id}/pay": form("/orders/\(first.id)/pay", ["channel": "sandbox"]),
            "/orders/{id}/cancel": form("/orders/\(orders[2].id)/cancel"),
            "/orders/lookup": form("/orders/lookup", ["contact": "a@example.com", "query_password": "hunter"]),
            "/orders/forget": form("/orders/forget"),
            "/sandbox/{attempt}": form("/sandbox/\(try #require(attempt["attempt"]))"),
            "/products/{slug}/order": form(
                "/products/game-key/order",
                ["quantity": "1", "contact": "new@example.com", "channel": "sandbox", "key": "a key"]),
        ]
        return (forms, orders)
    }

    @Test("the forms that the tests below know are all that there are")
    func formRoutes() async throws {
        let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
            .appendingPathComponent("../../Sources/Web/Storefront").standardizedFileURL
        let files = FileManager.default.enumerator(at: folder, includingPropertiesForKeys: nil)?.allObjects as? [URL]
        let sources = try (files ?? []).filter { $0.pathExtension == "swift" }.map {
            try String(contentsOf: $0, encoding: .utf8)
        }.joined()
        let written = sources.matches(of: /\bform\(\s*"(\/[^"]*)"/).map { String($0.output.1) }
        try await withShop { shop async throws in
            try await shop.offer(cards: 5)
            #expect(try await Set(Self.forms(shop).forms.keys) == Set(written))
        }
        // No other way to take something: all POST routes are made by `form`.
        #expect(sources.matches(of: /\.(post|put|patch|delete)\b/).count == 1)
    }

    @Test("a form of another site, or with another browser's token, changes nothing; a right one works")
    func foreignForms() async throws {
        try await withShop { shop async throws in
            try await shop.offer(cards: 5)
            let other = try await RawForm.browser(shop)
            let (forms, orders) = try await Self.forms(shop)
            let attacks: [(String, @Sendable (inout RawForm) -> Void)] = [
                ("no token", { $0.fields["form"] = nil }), ("an empty token", { $0.fields["form"] = "" }),
                ("another token", { $0.fields["form"] = other.token }),
                ("another cookie", { $0.cookies["form"] = other.nonce }), ("no cookie", { $0.cookies["form"] = nil }),
                ("another origin", { $0.headers["Origin"] = "https://evil.example" }),
                ("a longer origin", { $0.headers["Origin"] = shop.url + ".evil.example" }),
                ("a hidden origin", { $0.headers["Origin"] = "null" }),
                ("another site", { $0.headers["Sec-Fetch-Site"] = "cross-site" }),
                ("a neighbour", { $0.headers = ["Sec-Fetch-Site": "same-site", "Origin": ""] }),
            ]
            for (route, form) in forms {
                for (attack, change) in attacks {
                    var wrong = form
                    change(&wrong)
                    let answer = try await wrong.send(shop)
                    #expect(answer.status == 403 && answer.isPage, "\(route), \(attack): \(answer.status)")
                    #expect(answer.headers["location"] == nil, "\(route), \(attack)")
                    #expect(answer.cookies.allSatisfy { $0.hasPrefix("form=") }, "\(route), \(attack)")
                }
            }
            for order in orders { #expect(try await shop.read(order)["status"] == "awaiting_payment") }
            #expect(try await shop.admin("GET", "/orders").items().count == 3)
            for (route, form) in forms {
                let answer = try await form.send(shop)
                #expect(answer.status == (route == "/orders/lookup" ? 200 : 303), "\(route): \(answer.status)")
            }
            #expect(try await shop.read(orders[0])["status"] == "awaiting_payment")
            #expect(try await shop.read(orders[1])["status"] == "delivered")
            #expect(try await shop.read(orders[2])["status"] == "cancelled")
            #expect(try await shop.admin("GET", "/orders").items().count == 4)
        }
    }

    // MARK: Orders of others

    @Test("with the cookie of one order another one is shut, and looks as if it were not there")
    func othersOrder() async throws {
        try await withShop { shop async throws in
            try await shop.offer(cards: 3)
            let (mine, theirs) = (try await shop.order("a@example.com"), try await shop.order("b@example.com"))
            _ = try await shop.pay(theirs)
            let (nonce, token) = try await RawForm.browser(shop)
            let headers = [
                "Cookie": "form=\(nonce); order_token=\(mine["token"] ?? "")", "Accept": "text/html",
            ]
            func look(_ path: String) async throws -> Answer { try await shop.send("GET", path, headers: headers) }
            #expect(try await look("/orders/\(mine.id)").body.contains("a@example.com"))
            let absent = String(theirs.id.dropLast()) + (theirs.id.hasSuffix("0") ? "1" : "0")
            let (shut, missing) = (try await look("/orders/\(theirs.id)"), try await look("/orders/\(absent)"))
            #expect(shut.status == 200 && missing.status == 200 && shut.body.contains(theirs.id))
            #expect(shut.body.replacing(theirs.id, with: absent) == missing.body && shut.cookies == missing.cookies)
            #expect(!shut.body.contains("b@example.com") && !shut.body.contains("CARD-"))
            for path in [
                "/orders/\(theirs.id)/cards.txt", "/orders/\(absent)/cards.txt", "/orders/\(mine.id)/cards.txt",
            ] {
                let file = try await look(path)
                #expect(file.status == 404 && file.isPage && !file.body.contains("CARD-"), "\(path)")
            }
            #expect(try await look("/api/v1/orders/\(theirs.id)/events").status == 404)
            let cancel = RawForm(
                path: "/orders/\(theirs.id)/cancel", fields: ["form": token],
                cookies: ["form": nonce, "order_token": mine["token"] ?? ""])
            #expect(try await cancel.send(shop).status == 404)
            for wrong in [mine["token"] ?? "", "", "00", String(repeating: "f", count: 64), "\u{301}"] {
                var form = cancel
                (form.path, form.fields["token"]) = ("/orders/\(theirs.id)", wrong)
                let answer = try await form.send(shop)
                form.path = "/orders/\(absent)"
                let none = try await form.send(shop)
                #expect(answer.status == 404 && answer.cookies == [] && none.status == 404, "\(wrong)")
                #expect(answer.body.replacing(theirs.id, with: absent) == none.body, "\(wrong)")
                let query = RawForm.encoded(wrong)
                let link = try await look("/orders/\(theirs.id)/open?token=\(query)")
                #expect(link.status == 404 && link.cookies == [] && link.headers["location"] == nil, "\(wrong)")
            }
            #expect(try await shop.read(theirs)["status"] == "delivered")
            #expect(try await shop.read(mine)["status"] == "awaiting_payment")
        }
    }

    @Test("tokens cannot be guessed at will from one address")
    func guessedTokens() async throws {
        try await withShop(environment: ["SLUICE_TRUSTED_PROXIES": "127.0.0.0/8"]) { shop async throws in
            try await shop.offer(cards: 1)
            let order = try await shop.order("a@example.com")
            let (nonce, token) = try await RawForm.browser(shop)
            let guess = RawForm(
                path: "/orders/\(order.id)", fields: ["form": token, "token": String(repeating: "0", count: 64)],
                cookies: ["form": nonce], headers: ["X-Forwarded-For": "198.51.100.7"])
            let guesses = try await concurrently(150) { _ in try await guess.send(shop) }
            #expect(Set(guesses.byStatus.keys) == [404, 429])
            #expect(guesses.first { $0.status == 429 }?.headers["retry-after"] != nil)
            let links = try await concurrently(50) { _ in
                try await shop.send(
                    "GET", "/orders/\(order.id)/open?token=00", headers: ["X-Forwarded-For": "198.51.100.7"])
            }
            #expect((links.byStatus[429] ?? 0) > 0 && links.allSatisfy(\.isPage))
            #expect(links.allSatisfy { $0.headers["referrer-policy"] == "no-referrer" })
            let payments = try await concurrently(100) { _ in
                try await shop.send(
                    "GET", "/orders/\(order.id)/pay", headers: ["X-Forwarded-For": "198.51.100.9"])
            }
            #expect(Set(payments.byStatus.keys) == [200, 429])
            var other = guess
            other.headers["X-Forwarded-For"] = "198.51.100.8"
            other.fields["token"] = order["token"]
            #expect(try await other.send(shop).status == 303)
        }
    }

    @Test("query passwords are guessed ten times a minute at most, API and pages counted together")
    func guessedPasswords() async throws {
        try await withShop { shop async throws in
            try await shop.offer(cards: 1)
            let (nonce, token) = try await RawForm.browser(shop)
            func guess(_ contact: String) async throws -> Int {
                let fields = ["form": token, "contact": contact, "query_password": "guess"]
                return try await RawForm(path: "/orders/lookup", fields: fields, cookies: ["form": nonce]).send(shop)
                    .status
            }
            var statuses: [Int] = []
            for _ in 1...6 {
                let json = #"{"contact":"a@example.com","query_password":"guess"}"#
                statuses.append(try await shop.post("/api/v1/orders/lookup", json).status)
                statuses.append(try await guess(" A@example.com"))
            }
            #expect(statuses == Array(repeating: 200, count: 10) + [429, 429])
            #expect(try await guess("b@example.com") == 200)
        }
    }

    // MARK: An order whose outcome nobody knows

    @Test("a buyer without script who tries again does so under the same key, and gets one order")
    func sameKey() async throws {
        // Six writes set the shop up: keys, the link for the owner, product, batch, cards, channel.
        try await withShop(environment: ["FAIL_AT": "flush:7:error"]) { shop async throws in
            try await shop.offer(cards: 5)
            let visitor = PageVisitor(shop)
            let filled = [("quantity", "1"), ("contact", "a@example.com"), ("channel", "sandbox")]
            _ = try await visitor.post("/products/game-key/order", filled)
            let key = try #require(await visitor.hidden("key"))
            let unknown = try await visitor.post("/products/game-key/order", filled + [("key", key)])
            #expect(unknown.status == 504 && unknown.body.contains("you will not get two"))
            #expect(await visitor.hidden("key") == key)
            #expect(unknown.body.contains("name=\"contact\" value=\"a@example.com\""))
            #expect(unknown.headers["cache-control"] == "no-store")
            let busy = try await visitor.post("/products/game-key/order", filled + [("key", key)])
            #expect(busy.status == 503 && busy.headers["retry-after"] != nil)
            #expect(await visitor.hidden("key") == key)
        }
    }
}

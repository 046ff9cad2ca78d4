import Foundation
import TestKit
import Testing

extension Answer {
    /// Where its links and forms lead, and what it loads.
    var addresses: [String] {
        body.matches(of: /\b(?:href|src|action)="([^"]*)"/).map { String($0.output.1) }
    }

    /// Checks what every page says beside its content.
    func checkHeaders(_ what: String) {
        let policy = headers["content-security-policy"] ?? ""
        let leads = policy.contains("form-action 'self' https: http:;") ? " https: http:" : ""
        let exact =
            "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
            + "form-action 'self'\(leads); base-uri 'none'; frame-ancestors 'none'"
        #expect(policy == exact, "\(what)")
        #expect(headers["x-frame-options"] == "DENY" && headers["x-content-type-options"] == "nosniff", "\(what)")
        #expect(["same-origin", "no-referrer"].contains(headers["referrer-policy"] ?? ""), "\(what)")
        #expect(headers["content-type"] == "text/html; charset=utf-8", "\(what)")
        #expect(!body.contains(" style=") && !body.contains("<style"), "\(what)")
        // Nothing leads to another host.
        #expect(addresses.allSatisfy { $0.hasPrefix("/") && !$0.hasPrefix("//") || $0 == "#main" }, "\(what)")
    }
}

extension RunningShop {
    private static let html = ["Accept": "text/html"]

    // MARK: Where a visitor is led

    @Test("nothing that a visitor brings along leads to another host")
    func openRedirects() async throws {
        try await withShop { shop async throws in
            try await shop.offer(cards: 3)
            let order = try await shop.order("a@example.com")
            let token = order["token"] ?? ""
            for query in [
                "lang=//evil.example", "lang=https://evil.example", "next=//evil.example", "url=https://evil.example",
            ] {
                let opened = try await shop.get("/orders/\(order.id)/open?token=\(token)&\(query)")
                #expect(opened.headers["location"] == "/orders/\(order.id)", "\(query)")
                #expect(opened.headers["referrer-policy"] == "no-referrer")
                #expect(opened.headers["cache-control"] == "no-store")
                for path in ["/orders/lookup", "/products/game-key/order"] {
                    let location = try await shop.get("\(path)?\(query)").headers["location"]
                    #expect(location == (path == "/orders/lookup" ? "/orders" : "/products/game-key"), "\(query)")
                }
            }
            let evil = Self.html | ["Host": "evil.example", "X-Forwarded-Host": "evil.example"]
            for path in ["/", "/products/game-key", "/orders", "/orders/\(order.id)/pay", "/nothing"] {
                let page = try await shop.send("GET", path, headers: evil)
                #expect(!page.body.contains("evil.example"), "\(path)")
                page.checkHeaders(path)
            }
            let (nonce, form) = try await RawForm.browser(shop)
            let begun = try await RawForm(
                path: "/orders/\(order.id)/pay?lang=//evil.example", fields: ["form": form, "channel": "sandbox"],
                cookies: ["form": nonce], headers: ["Host": "evil.example"]
            ).send(shop)
            #expect(begun.headers["location"]?.hasPrefix("\(shop.url)/sandbox/") == true)
        }
    }

    @Test(
        "a path that browsers take for another host leads nowhere",
        arguments: [
            "//evil.example/x", "/\\evil.example/", "///evil.example", "//products/game-key", "/\\/evil.example",
        ])
    func slashes(path: String) async throws {
        try await withShop { shop async throws in
            try await shop.offer(cards: 1)
            let connection = try RawConnection(to: shop)
            connection.send("GET \(path) HTTP/1.1\r\nHost: a\r\nAccept: text/html\r\nConnection: close\r\n\r\n")
            let answer = await connection.receive()
            #expect(answer.hasPrefix("HTTP/1.1 ") && !answer.contains("\"//") && !answer.contains("\"/\\"))
            #expect(answer.contains("hreflang=") && !answer.contains("Location:"))
        }
    }

    @Test("line breaks in whatever is sent make no header")
    func headerInjection() async throws {
        try await withShop { shop async throws in
            try await shop.offer(cards: 2)
            let order = try await shop.order("a@example.com")
            let (nonce, token) = try await RawForm.browser(shop)
            let breaks = [
                "%0d%0aX-Injected:%20yes%0d%0a%0d%0a<script>", "%0aX-Injected:yes", "%E5%98%8A%E5%98%8DX-Injected:yes",
            ]
            for text in breaks {
                for path in [
                    "/?lang=\(text)", "/?q=\(text)", "/?page=\(text)", "/products/\(text)", "/categories/\(text)",
                    "/products/game-key?after=\(text)", "/products/\(text)/order",
                    "/products/game-key/order?lang=\(text)",
                    "/orders/\(text)", "/orders/\(text)/open?token=\(text)", "/orders/\(order.id)/open?token=\(text)",
                    "/orders/\(order.id)/open?token=\(order["token"] ?? "")&lang=en\(text)", "/orders/\(text)/pay",
                    "/orders/\(order.id)/pay/\(text)", "/orders/\(text)/cards.txt", "/orders/\(order.id)/\(text)",
                    "/sandbox/\(text)", "/assets/\(text)", "/\(text)",
                ] {
                    let answer = try await shop.send("GET", path, headers: Self.html)
                    #expect(answer.headers["x-injected"] == nil && answer.status < 500, "\(path): \(answer.status)")
                    #expect(answer.headers["location"]?.contains("Injected") != true, "\(path)")
                    #expect(!answer.body.contains("<script>"), "\(path)")
                }
                for (path, field) in [
                    ("/orders/\(order.id)", "token"), ("/orders/\(order.id)/pay", "channel"),
                    ("/orders/lookup", "contact"), ("/products/game-key/order", "channel"),
                ] {
                    let value = text.removingPercentEncoding ?? ""
                    let form = RawForm(path: path, fields: ["form": token, field: value], cookies: ["form": nonce])
                    let answer = try await form.send(shop)
                    #expect(answer.headers["x-injected"] == nil && (400..<500).contains(answer.status), "\(path)")
                    #expect(!answer.body.contains("<script>"), "\(path)")
                }
            }
        }
    }

    // MARK: What is kept, and where secrets are

    @Test("neither a token nor a card is in any address, and no cache keeps a page that has one")
    func secretsInAddresses() async throws {
        try await withShop { shop async throws in
            try await shop.offer(cards: 1)
            let visitor = PageVisitor(shop)
            let filled = [
                ("quantity", "1"), ("contact", "a@example.com"), ("channel", "sandbox"), ("query_password", "hunter2"),
            ]
            var answers = [try await visitor.get("/"), try await visitor.get("/products/game-key")]
            answers.append(try await visitor.post("/products/game-key/order", filled))
            let key = try #require(await visitor.hidden("key"))
            let placed = try await visitor.post("/products/game-key/order", filled + [("key", key)])
            let path = try #require(placed.headers["location"])
            let token = try #require(await visitor.cookie("order_token", for: path))
            answers += [placed, try await visitor.follow(placed)]
            let begun = try await visitor.post(path + "/pay", [("channel", "sandbox")])
            let provider = try #require(begun.headers["location"])
            answers += [begun, try await visitor.get(provider), try await visitor.post(provider)]
            let delivered = try await visitor.get(path)
            #expect(delivered.body.contains("CARD-1"))
            answers += [delivered, try await visitor.get(path + "/pay"), try await visitor.get("/orders")]
            let found = try await visitor.post(
                "/orders/lookup", [("contact", "a@example.com"), ("query_password", "hunter2")])
            #expect(found.body.contains(token))
            answers += [found, try await visitor.get(path + "/open?token=\(token)")]
            answers.append(try await visitor.get(path + "/cards.txt"))
            for answer in answers {
                let places = answer.addresses + [answer.headers["location"] ?? ""]
                #expect(places.allSatisfy { !$0.contains(token) && !$0.contains("CARD-") && !$0.contains("hunter2") })
                if answer.body.contains(token) || answer.body.contains("CARD-") || !answer.cookies.isEmpty {
                    #expect(answer.headers["cache-control"] == "no-store", "\(answer.status) \(answer.headers)")
                }
                #expect(!answer.body.contains(token) || answer.body == found.body)
                if answer.isPage { answer.checkHeaders("\(answer.status)") }
                for cookie in answer.cookies {
                    #expect(cookie.contains("HttpOnly") && cookie.contains("SameSite=Lax"), "\(cookie)")
                }
            }
            #expect(!shop.log.contains(token) && !shop.log.contains("CARD-"))
        }
    }

    @Test("pages of the catalog are the same for everybody, and may be kept for a moment")
    func publicPages() async throws {
        try await withShop { shop async throws in
            try await shop.offer(cards: 1)
            #expect(try await shop.admin("POST", "/categories", #"{"slug":"keys","name":"Keys"}"#).status == 201)
            #expect(try await shop.admin("PUT", "/settings", ##"{"terms":"# Terms"}"##).status == 200)
            let (nonce, _) = try await RawForm.browser(shop)
            for path in ["/", "/?q=game", "/products/game-key", "/categories/keys", "/terms", "/?page=2&after=1&x=y"] {
                let page = try await shop.send("GET", path, headers: Self.html)
                let (tag, control) = (page.headers["etag"] ?? "", page.headers["cache-control"] ?? "")
                #expect(page.status == 200 && page.cookies == [] && tag.hasPrefix("\""), "\(path)")
                #expect(control == "public, max-age=0, s-maxage=5, stale-while-revalidate=30", "\(path)")
                #expect(page.headers["vary"] == "Accept-Language" && !page.body.contains("name=\"form\""), "\(path)")
                page.checkHeaders(path)
                let known = try await shop.send("GET", path, headers: Self.html | ["If-None-Match": "W/\(tag)"])
                #expect(known.status == 304 && known.body.isEmpty && known.headers["vary"] != nil, "\(path)")
                let cookies = Self.html | ["Cookie": "form=\(nonce); order_token=00; orders=00; lang=zh"]
                let again = try await shop.send("GET", path, headers: cookies)
                #expect(again.body == page.body && again.headers["etag"] == tag && again.cookies == [], "\(path)")
                let chosen = try await shop.send("GET", path + (path.contains("?") ? "&" : "?") + "lang=zh")
                #expect(chosen.headers["vary"] == nil && chosen.body.contains("<html lang=\"zh-CN\">"), "\(path)")
                let head = try await shop.send("HEAD", path, headers: Self.html)
                #expect(head.status == 200 && head.body.isEmpty && head.headers["etag"] == tag, "\(path)")
                #expect(head.headers["content-length"] == "\(page.body.utf8.count)", "\(path)")
            }
        }
    }

    @Test("a page from before a sale opens is not shown once it has opened, and no cache keeps it until then")
    func opening() async throws {
        try await withShop { shop async throws in
            try await shop.offer(cards: 1)
            let opens = Date(timeIntervalSince1970: (Date().timeIntervalSince1970 + 2).rounded(.down))
            let text = opens.formatted(.iso8601)
            #expect(try await shop.change("/products/game-key", #"{"opens_at":"\#(text)"}"#).status == 200)
            var before = 0
            try await eventually("the sale opens on the page") {
                let (start, page) = (Date(), try await shop.get("/products/game-key"))
                let control = page.headers["cache-control"] ?? ""
                let seconds = try #require(control.firstMatch(of: /s-maxage=(\d+)/)).output.1
                guard page.body.contains("data-opening") else { return Date() >= opens }
                before += 1
                #expect(start < opens, "shown \(start.timeIntervalSince(opens)) s after the opening")
                #expect(start.addingTimeInterval(Double(seconds) ?? 9) <= opens, "\(control)")
                #expect(control.contains("stale-while-revalidate=0"))
                return false
            }
            #expect(before > 1)
        }
    }

    @Test("a crowd on a page that has become old costs one rendering")
    func crowdOnPage() async throws {
        try await withShop { shop async throws in
            try await shop.offer(cards: 9)
            let old = try await shop.get("/products/game-key")
            #expect(try await shop.order("a@example.com").status == 201)
            let start = ContinuousClock.now
            try await eventually("the page is old") { ContinuousClock.now - start > .milliseconds(1050) }
            let pages = try await concurrently(300) { _ in try await shop.get("/products/game-key") }
            let tags = Set(pages.compactMap { $0.headers["etag"] })
            #expect(
                pages.byStatus == [200: 300] && tags.count <= 2
                    && tags.subtracting([old.headers["etag"] ?? ""]).count == 1)
        }
    }
}

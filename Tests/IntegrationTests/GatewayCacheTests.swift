import Foundation
import TestKit
import Testing

extension RunningShop.GatewayTests {
    @Test("of 2,000 readers of the catalog at most one in a hundred costs the shop something")
    func crowd() async throws {
        try await withGateway { gateway in
            try await gateway.shop.offer(cards: 3)
            let answers = try await concurrently(100) { _ in
                var seen: [Answer] = []
                for _ in 1...10 {
                    seen.append(try await gateway.get("/api/v1/products"))
                    seen.append(try await gateway.get("/api/v1/products/game-key"))
                }
                return seen
            }.flatMap { $0 }
            #expect(answers.count == 2000)
            #expect(answers.byStatus == [200: 2000])
            #expect(answers.allSatisfy { $0.body.contains("game-key") })
            let kept = answers.count { ["HIT", "STALE", "UPDATING"].contains($0.cache) }
            #expect(kept >= 1980)
        }
    }

    @Test("an old answer is given while the shop is down, and a new one when it is back")
    func stale() async throws {
        try await withGateway { gateway in
            try await gateway.shop.offer(cards: 3)
            #expect(try await gateway.get("/api/v1/products/game-key").cache == "MISS")
            gateway.nodes[0].set(.refuse)
            try await eventually("the answer is old") {
                let answer = try await gateway.get("/api/v1/products/game-key")
                #expect(answer.status == 200)
                return answer.cache == "STALE"
            }
            for _ in 1...20 { #expect(try await gateway.get("/api/v1/products/game-key").status == 200) }
            try await gateway.shop.restock(cards: 4...10)
            gateway.nodes[0].set(.none)
            try await eventually("the answer is new") {
                try await gateway.get("/api/v1/products/game-key").body.contains(#""available":10"#)
            }
        }
    }

    @Test("whoever shows a cookie or a token is neither answered from the cache nor kept in it")
    func visitorsWithTokens() async throws {
        try await withGateway { gateway in
            try await gateway.shop.offer(cards: 3)
            for headers in [["Cookie": "order_token=secret"], ["Authorization": "Bearer secret"]] {
                for path in ["/api/v1/products", "/api/v1/products/game-key", "/openapi.yaml"] {
                    for _ in 1...2 {
                        #expect(try await gateway.send("GET", path, headers: headers).cache == "BYPASS")
                    }
                }
            }
            #expect(try await gateway.get("/api/v1/products").cache == "MISS")
        }
    }

    /// How many pages of the catalog the shop has rendered.
    private func rendered(_ gateway: Gateway) async throws -> Int {
        let metrics = try await gateway.shop.get("/metrics").body
        let line = metrics.split(separator: "\n").first { $0.hasPrefix("sluice_pages_rendered ") }
        return line.flatMap { Int($0.split(separator: " ")[1]) } ?? 0
    }

    @Test("a page is rendered once in a while, whoever looks at it, with whatever language, query and cookies")
    func crowdOfVisitors() async throws {
        try await withGateway { gateway in
            try await gateway.shop.offer(cards: 3)
            let start = ContinuousClock.now
            try await withThrowingTaskGroup(of: Void.self) { group in
                for visitor in 0..<8 {
                    group.addTask {
                        for view in 0..<250 {
                            let languages = "en-\(visitor)\(view);q=0.\(1 + view % 9), fr"
                            let headers = ["Accept-Language": languages, "Cookie": "form=\(view); other=\(view)"]
                            let path = "/products/game-key?utm_source=\(visitor)-\(view)"
                            let answer = try await gateway.send("GET", path, headers: headers)
                            #expect(answer.status == 200 && answer.body.contains("¥19.90"))
                        }
                    }
                }
                try await group.waitForAll()
            }
            let seconds = Int(ContinuousClock.now.duration(to: start).components.seconds.magnitude) + 1
            #expect(try await rendered(gateway) <= seconds)
            #expect(try await rendered(gateway) >= 1)
        }
    }

    @Test("a page speaks the language that is asked for, by header or by address")
    func languages() async throws {
        try await withGateway { gateway in
            try await gateway.shop.offer(cards: 3)
            for (accepted, query, word) in [
                ("zh-CN,zh;q=0.9", "", "数量"), ("en", "", "Quantity"), ("zh-TW", "?lang=en", "Quantity"),
                ("de", "?lang=zh", "数量"), ("de", "?lang=xx", "Quantity"),
            ] {
                for _ in 1...2 {
                    let page = try await gateway.send(
                        "GET", "/products/game-key\(query)", headers: ["Accept-Language": accepted])
                    #expect(page.body.contains(word), "\(accepted) \(query)")
                }
            }
        }
    }

    @Test("files of pages and stock come from the cache, with the shop's word for browsers")
    func filesOfPages() async throws {
        try await withGateway { gateway in
            try await gateway.shop.offer(cards: 3)
            let page = try await gateway.get("/products/game-key").body
            let start = try #require(page.range(of: "/assets/style-"))
            let style = String(page[start.lowerBound...].prefix { $0 != "\"" })
            #expect(try await gateway.get(style).cache == "MISS")
            let kept = try await gateway.get(style)
            #expect(kept.cache == "HIT")
            #expect(kept.headers["cache-control"] == "public, max-age=31536000, immutable")
            #expect(try await gateway.get("/assets/style-0123456789abcdef.css").status == 404)
            let stock = "/api/v1/stock?products=game-key"
            #expect(try await gateway.get(stock).cache == "MISS")
            #expect(try await gateway.get(stock).cache != "MISS")
            #expect(try await gateway.get(stock).headers["cache-control"] == "no-store")
        }
    }

    @Test("orders, their pages and look-ups are never kept")
    func orders() async throws {
        try await withGateway { gateway in
            try await gateway.shop.offer(cards: 3)
            for contact in ["a@example.com", "b@example.com"] {
                let order = try await gateway.order(contact)
                let (id, token) = (try #require(order["id"]), try #require(order["token"]))
                _ = try await gateway.post("/api/v1/sandbox/orders/\(id)/pay", token: token)
                for _ in 1...2 {
                    let read = try await gateway.get("/api/v1/orders/\(id)", token: token)
                    #expect(read["contact"] == contact)
                    #expect(read.cache == nil)
                    let page = try await gateway.send(
                        "GET", "/orders/\(id)", headers: ["Cookie": "order_token=\(token)"])
                    #expect(page.body.contains("CARD-"))
                    #expect(page.cache == nil)
                    #expect(try await !gateway.get("/orders/\(id)").body.contains("CARD-"))
                    let found = try await gateway.post(
                        "/api/v1/orders/lookup", #"{"contact":"\#(contact)","query_password":"hunter-two"}"#)
                    #expect(found.items().map { $0["id"] as? String } == [id])
                    #expect(found.cache == nil)
                }
                let kept = try gateway.nginx.leftovers()
                #expect(!kept.contains(token))
                #expect(!kept.contains("CARD-"))
            }
        }
    }

    @Test("what is not a list or a category is not kept, and no query makes a product twice")
    func queries() async throws {
        try await withGateway { gateway in
            try await gateway.shop.offer(cards: 3)
            for _ in 1...2 {
                let refused = try await gateway.get("/api/v1/products?unknown=1")
                #expect(refused.status == 422)
                #expect(refused.cache == "BYPASS")
                #expect(try await gateway.get("/api/v1/products/nothing").status == 404)
            }
            #expect(try await gateway.get("/api/v1/products/game-key?a=1").cache == "MISS")
            #expect(try await gateway.get("/api/v1/products/game-key?a=2").cache != "MISS")
            #expect(try await gateway.get("/api/v1/products?category=games").items().isEmpty)
            #expect(try await gateway.get("/api/v1/products").items().count == 1)
        }
    }

    @Test("pictures come through the owner's listener as large as the shop takes them, and are kept by their names")
    func pictures() async throws {
        try await withGateway { gateway in
            let largest = dot + Array(repeating: 0, count: 512 << 10 - dot.count)
            let stored = try await gateway.shop.upload(
                largest, to: "/pictures", type: "image/png", url: gateway.nginx.adminURL)
            #expect(stored.status == 201)
            let path = try #require(stored["path"])
            #expect(try await gateway.get("\(path)?a=1").cache == "MISS")
            let kept = try await gateway.get("\(path)?a=2")
            #expect(kept.cache == "HIT")
            for (field, value) in [
                ("cache-control", "public, max-age=31536000, immutable"), ("x-content-type-options", "nosniff"),
                ("content-security-policy", "default-src 'none'"), ("content-type", "image/png"),
            ] {
                #expect(kept.headers[field] == value)
            }
            #expect(try await gateway.shop.download(gateway.nginx.url + path) == largest)
            let tag = try #require(kept.headers["etag"])
            #expect(try await gateway.send("GET", path, headers: ["If-None-Match": tag]).status == 304)
            #expect(try await gateway.get("/pictures/x.png").cache == nil)
        }
    }

    @Test("a visitor who has the answer already is told so, also from the cache")
    func entityTags() async throws {
        try await withGateway(echoes: true) { gateway in
            let path = "/api/v1/products/game-key"
            let first = try await gateway.get(path)
            #expect(first.headers["etag"] == #""one""#)
            let again = try await gateway.send("GET", path, headers: ["If-None-Match": #""one""#])
            #expect(again.status == 304)
            #expect(again.body.isEmpty)
            #expect(try await gateway.send("GET", path, headers: ["If-None-Match": #""two""#]).status == 200)
            #expect(try await gateway.get("/api/v1/products/other?a=1")["query"] == "")
            // What the node is told must not depend on who was first.
            #expect(try await gateway.send("GET", "/openapi.yaml", headers: ["Cookie": "a=b"])["cookie"] == "")
        }
    }

    @Test("long public answers are compressed; answers with tokens and cards never are")
    func compression() async throws {
        try await withGateway { gateway in
            try await gateway.shop.offer(cards: 0)
            let cards = (1...10).map { "\($0)-" + String(repeating: "long", count: 50) }.joined(separator: "\n")
            _ = try await gateway.shop.importCards(Array(cards.utf8))
            let gzip = ["Accept-Encoding": "gzip", "Content-Type": "application/json"]
            let document = try await gateway.send("GET", "/openapi.yaml", headers: gzip)
            #expect(document.headers["content-encoding"] == "gzip")
            #expect(document.headers["vary"] == "Accept-Encoding")
            let order = try await gateway.send(
                "POST", "/api/v1/orders",
                body: #"{"product":"game-key","quantity":10,"contact":"a@example.com","channel":"sandbox"}"#,
                headers: gzip)
            let (id, token) = (try #require(order["id"]), try #require(order["token"]))
            _ = try await gateway.post("/api/v1/sandbox/orders/\(id)/pay", token: token)
            let read = try await gateway.send(
                "GET", "/orders/\(id)", headers: gzip | ["Cookie": "order_token=\(token)"])
            #expect(read.body.contains("10-longlong"))
            #expect(read.headers["content-encoding"] == nil)
        }
    }

    @Test("static files with a hash in their names are kept for a year, others are asked for again")
    func staticFiles() async throws {
        try await withGateway { gateway in
            let folder = gateway.nginx.folder.appendingPathComponent("static")
            for name in ["page.0123456789ab.css", "page.css"] {
                try Data("main{}".utf8).write(to: folder.appendingPathComponent(name))
            }
            let hashed = try await gateway.get("/static/page.0123456789ab.css")
            #expect(hashed.headers["cache-control"] == "public, max-age=31536000, immutable")
            #expect(hashed.headers["content-type"] == "text/css")
            let plain = try await gateway.get("/static/page.css")
            #expect(plain.headers["cache-control"] == "no-cache")
            let tag = try #require(plain.headers["etag"])
            #expect(try await gateway.send("GET", "/static/page.css", headers: ["If-None-Match": tag]).status == 304)
            let missing = try await gateway.get("/static/page.0123456789ac.css")
            #expect(missing.status == 404)
            #expect(missing.headers["cache-control"] == "no-store")
        }
    }
}

import Foundation
import TestKit
import Testing

extension RunningShop {
    @Test("more than 200 malformed requests: no 5xx, each fault named, memory flat", arguments: Entrance.allCases)
    func malformedRequests(entrance: Entrance) async throws {
        #expect(MalformedRequest.all.count >= 200)
        try await withShop(environment: entrance.environment) { shop in
            try await shop.offer(cards: 10)
            for request in MalformedRequest.all {
                let answer = try await shop.send(
                    request.method, request.path, body: request.body, headers: request.headers)
                #expect(answer.status == request.status, "\(request): \(answer.body)")
                if answer.headers["content-type"] == "application/problem+json" {
                    #expect(answer["code"]?.isEmpty == false)
                    #expect(answer["detail"]?.isEmpty == false)
                } else {
                    let isPage = ["/callbacks", "/orders/", "/sandbox/"].contains { request.path.hasPrefix($0) }
                    #expect(isPage, "\(request): \(answer.headers)")
                }
                if let field = request.field { #expect(answer["field"] == field, "\(request): \(answer.body)") }
            }
            let before = try residentKilobytes(shop)
            for _ in 1...5 {
                for request in MalformedRequest.all {
                    _ = try await shop.send(request.method, request.path, body: request.body, headers: request.headers)
                }
            }
            let after = try residentKilobytes(shop)
            #expect(after - before < 16 * 1024, "\(before) KiB, then \(after) KiB")
            #expect(try await shop.admin("GET", "/orders").items().isEmpty)
            try await shop.audit()
        }
    }

    private func residentKilobytes(_ shop: ShopProcess) throws -> Int {
        let status = try String(contentsOfFile: "/proc/\(shop.identifier)/status", encoding: .utf8)
        let line = try #require(status.split(separator: "\n").first { $0.hasPrefix("VmRSS:") })
        return try #require(
            Int(line.split(separator: " ").dropFirst().first?.trimmingCharacters(in: .whitespaces) ?? ""))
    }

    @Test("an order shows what it is, to its holder alone", arguments: Entrance.allCases)
    func oneOrder(entrance: Entrance) async throws {
        try await withShop(environment: entrance.environment) { shop in
            try await shop.offer(cards: 5)
            let order = try await shop.order("A@Example.com", quantity: 2)
            #expect(order.status == 201)
            #expect(order["status"] == "awaiting_payment")
            #expect(order.object["amount"] as? Int == 3980)
            #expect(order["expires_at"]?.hasSuffix("Z") == true)
            #expect(order["pay_url"] == "\(shop.url)/orders/\(order["id"] ?? "")/pay")
            let cookie = order.headers["set-cookie"] ?? ""
            #expect(cookie.contains("HttpOnly") && cookie.contains("/orders/\(order["id"] ?? "")"))
            let path = "/api/v1/orders/\(order["id"] ?? "")"
            #expect(try await shop.get(path).status == 404)
            #expect(try await shop.get(path, token: "00").status == 404)
            let view = try await shop.read(order)
            #expect(view["contact"] == "a@example.com")
            #expect(view.object["cards"] == nil)
            let withCookie = try await shop.send(
                "GET", path, headers: ["Cookie": "order_token=\(order["token"] ?? "")"])
            #expect(withCookie.status == 200)
            let head = try await shop.send("HEAD", "/api/v1/products")
            #expect(head.status == 200 && head.body.isEmpty)
        }
    }

    @Test("an attempt is opened once, and an order that ended cannot be paid or cancelled")
    func attempts() async throws {
        try await withShop { shop in
            try await shop.offer(cards: 5)
            let order = try await shop.order("12345")
            let path = "/api/v1/orders/\(order["id"] ?? "")"
            let first = try await shop.post(path + "/pay", #"{"channel":"sandbox"}"#, token: order["token"])
            let second = try await shop.post(path + "/pay", #"{"channel":"sandbox"}"#, token: order["token"])
            #expect(first.status == 201 && second.status == 200)
            #expect(first["attempt"] == second["attempt"])
            #expect(first["kind"] == "redirect")
            #expect(first["url"] == "\(shop.url)/sandbox/\(first["attempt"] ?? "")")
            let other = try await shop.post(path + "/pay", #"{"channel":"absent"}"#, token: order["token"])
            #expect(other.status == 422)
            #expect(try await shop.pay(order)["status"] == "delivered")
            let late = try await shop.post(path + "/pay", #"{"channel":"sandbox"}"#, token: order["token"])
            #expect(late.status == 409)
            let cancel = try await shop.post(path + "/cancel", "{}", token: order["token"])
            #expect(cancel.status == 409)
            #expect(cancel["code"] == "wrong_state")
        }
    }

    @Test("orders are found by contact and query password, and guessing is limited")
    func lookup() async throws {
        try await withShop { shop in
            try await shop.offer(cards: 5)
            let body =
                #"{"product":"game-key","contact":"a@example.com","channel":"sandbox","query_password":"hunter"}"#
            let order = try await shop.post("/api/v1/orders", body)
            _ = try await shop.order("a@example.com")
            @Sendable func find(_ contact: String, _ password: String) async throws -> Answer {
                try await shop.post(
                    "/api/v1/orders/lookup", #"{"contact":"\#(contact)","query_password":"\#(password)"}"#)
            }
            let found = try await find(" A@example.com", "hunter").items()
            #expect(found.count == 1)
            #expect(found.first?["id"] as? String == order["id"])
            #expect(found.first?["token"] as? String == order["token"])
            #expect(try await find("a@example.com", "Hunter").items().isEmpty)
            #expect(try await find("b@example.com", "hunter").items().isEmpty)
            let guesses = try await concurrently(30) { _ in try await find("a@example.com", "guess") }
            #expect(guesses.byStatus.keys.contains(429))
            #expect(guesses.first { $0.status == 429 }?.headers["retry-after"] != nil)
        }
    }

    @Test("what the product asks for must be filled in, and holder and owner see it", arguments: Entrance.allCases)
    func fields(entrance: Entrance) async throws {
        try await withShop(environment: entrance.environment) { shop in
            try await shop.offer(cards: 0)
            let product = #"{"slug":"top-up","title":"t","amount":1,"currency":"CNY","fields":["account","server"]}"#
            #expect(try await shop.admin("POST", "/products", product).status == 201)
            try await shop.restock("top-up", cards: 1...2)
            @Sendable func order(_ fields: String) async throws -> Answer {
                let body = #"{"product":"top-up","contact":"12345","channel":"sandbox","fields":\#(fields)}"#
                return try await shop.post("/api/v1/orders", body)
            }
            #expect(try await order(#"{"account":"me"}"#)["field"] == "fields.server")
            #expect(try await order(#"{"account":"me","server":""}"#)["field"] == "fields.server")
            #expect(try await order(#"{"account":"me","server":"1","x":"y"}"#)["field"] == "fields.x")
            let placed = try await order(#"{"account":"我","server":"1"}"#)
            #expect(placed.status == 201)
            let expected = ["account": "我", "server": "1"]
            #expect(try await shop.read(placed).object["fields"] as? [String: String] == expected)
            let listed = try await shop.admin("GET", "/orders").items().first
            #expect(listed?["fields"] as? [String: String] == expected)
        }
    }

    @Test("a callback that is too large is refused and noted")
    func largeCallback() async throws {
        try await withShop { shop in
            try await shop.offer(cards: 1)
            let body = String(repeating: "x", count: 17_000)
            let headers = ["Content-Type": "application/x-www-form-urlencoded"]
            let answer = try await shop.send("POST", "/callbacks/sandbox", body: body, headers: headers)
            #expect(answer.status == 413)
            #expect(try await shop.admin("GET", "/payments?verdict=forged").items().count == 1)
        }
    }

    @Test("a sale has a window", arguments: Entrance.allCases)
    func window(entrance: Entrance) async throws {
        try await withShop(environment: entrance.environment) { shop in
            try await shop.offer(cards: 1)
            let later = #"{"slug":"later","title":"t","amount":1,"currency":"CNY","opens_at":"2999-01-01T00:00:00Z"}"#
            #expect(try await shop.admin("POST", "/products", later).status == 201)
            #expect(try await shop.admin("POST", "/products", later).status == 409)
            #expect(try await shop.order("12345", product: "later")["code"] == "not_on_sale")
            let product = try await shop.get("/api/v1/products/later")
            #expect(product.object["on_sale"] as? Bool == false)
        }
    }

    @Test("events tell the state now and each one after")
    func events() async throws {
        try await withShop { shop in
            try await shop.offer(cards: 1)
            let order = try await shop.order("12345")
            async let stream = shop.get("/api/v1/orders/\(order["id"] ?? "")/events", token: order["token"])
            #expect(try await shop.pay(order)["status"] == "delivered")
            let events = try await stream
            #expect(events.headers["content-type"] == "text/event-stream")
            let states = events.body.split(separator: "\n").filter { $0.hasPrefix("data: ") }
            #expect(states.last == #"data: {"status":"delivered"}"#)
        }
    }

    @Test("metrics tell orders by outcome, latency, stock, queue, batches and flushes", arguments: Entrance.allCases)
    func metrics(entrance: Entrance) async throws {
        try await withShop(environment: entrance.environment) { shop in
            try await shop.offer(cards: 1)
            _ = try await shop.order("12345")
            _ = try await shop.order("12346")
            let text = try await shop.get("/metrics").body
            for line in [
                #"sluice_orders_total{outcome="placed"} 1"#, #"sluice_orders_total{outcome="sold_out"} 1"#,
                "sluice_order_seconds_count 2", #"sluice_cards{product="game-key",state="held"} 1.0"#,
                #"sluice_gate_available{product="game-key"} 0.0"#, "sluice_intake_queue_depth 0.0",
                "sluice_intake_batch_orders_count 1", "sluice_ledger_flush_seconds_count", "sluice_ledger_writable 1.0",
            ] { #expect(text.contains(line), "\(line)") }
        }
    }

    @Test(
        "limits by address hold for those behind a trusted proxy, and not for loopback itself",
        arguments: Entrance.allCases)
    func addresses(entrance: Entrance) async throws {
        try await withShop(environment: entrance.environment | ["SLUICE_TRUSTED_PROXIES": "127.0.0.0/8"]) { shop in
            try await shop.offer(cards: 500)
            let local = try await concurrently(200) { try await shop.order("\(10_000 + $0)") }
            #expect(local.byStatus == [201: 200])
            let json = #"{"product":"game-key","contact":"12345","channel":"sandbox"}"#
            let headers = ["Content-Type": "application/json", "X-Forwarded-For": "198.51.100.7"]
            let distant = try await concurrently(200) { _ in
                try await shop.send("POST", "/api/v1/orders", body: json, headers: headers)
            }
            #expect((distant.byStatus[429] ?? 0) > 0)
            #expect(distant.first { $0.status == 429 }?["code"] == "rate_limited")
        }
    }
}

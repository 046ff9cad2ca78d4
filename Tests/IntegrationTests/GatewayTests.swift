import Foundation
import TestKit
import Testing

extension RunningShop {
    /// nginx with the files of `deploy/nginx`, in front of a real shop.
    @Suite("The gateway", .serialized)
    struct GatewayTests {
        /// Two addresses that nobody has.
        static let (one, other) = ("203.0.113.7", "203.0.113.8")

        // MARK: Passing on

        @Test("nginx takes the configuration without a word of warning")
        func configuration() async throws {
            try await withGateway { gateway in
                let lines = gateway.nginx.check.split(separator: "\n")
                #expect(lines.count == 2, "\(gateway.nginx.check)")
                #expect(gateway.nginx.check.contains("syntax is ok"))
            }
        }

        @Test("the TLS example serves the shop by HTTP/2 with HSTS, and leads plain requests to it")
        func tls() async throws {
            try await withGateway(hasTLS: true) { gateway in
                #expect(gateway.nginx.check.split(separator: "\n").count == 2, "\(gateway.nginx.check)")
                let (answer, isHTTP2) = try await gateway.nginx.secureGet("/api/v1/products")
                #expect(answer.status == 200)
                #expect(isHTTP2)
                #expect(answer.headers["strict-transport-security"] == "max-age=31536000")
                let plain = try await gateway.get("/orders/x?a=b")
                #expect(plain.status == 301)
                #expect(plain.headers["location"] == "https://shop.example.com/orders/x?a=b")
                #expect(plain.headers["strict-transport-security"] == nil)
            }
        }

        @Test("an order is placed, paid and delivered through the gateway")
        func purchase() async throws {
            try await withGateway { gateway in
                try await gateway.shop.offer(cards: 3)
                let order = try await gateway.order("a@example.com", key: "key")
                #expect(order.status == 201)
                let id = try #require(order["id"])
                let paid = try await gateway.post("/api/v1/sandbox/orders/\(id)/pay", token: order["token"])
                #expect(paid.status == 200)
                let read = try await gateway.get("/api/v1/orders/\(id)", token: order["token"])
                #expect(read["status"] == "delivered")
                #expect(read.object["cards"] as? [String] == ["CARD-1"])
                let again = try await gateway.order("a@example.com", key: "key")
                #expect(again.status == 200)
                #expect(again["id"] == id)
                try await gateway.shop.audit()
            }
        }

        @Test("events of an order arrive when they happen")
        func events() async throws {
            try await withGateway { gateway in
                try await gateway.shop.offer(cards: 3)
                let order = try await gateway.order("a@example.com")
                let id = try #require(order["id"])
                let stream = try RawConnection(to: gateway.nginx.url)
                stream.send(
                    """
                    GET /api/v1/orders/\(id)/events HTTP/1.1\r\nHost: a\r\nAccept-Encoding: gzip\r\n\
                    Authorization: Bearer \(order["token"] ?? "")\r\n\r\n
                    """)
                #expect(await stream.receive(until: "awaiting_payment").contains("awaiting_payment"))
                _ = try await gateway.post("/api/v1/sandbox/orders/\(id)/pay", token: order["token"])
                #expect(await stream.receive(until: "delivered").contains("delivered"))
            }
        }

        @Test("an import is passed on while it comes, however long it is")
        func imports() async throws {
            try await withGateway { gateway in
                try await gateway.shop.offer(cards: 0)
                let halves = [1...10_000, 10_001...20_000].map { numbers in
                    numbers.map { "CARD-OF-THE-LONG-IMPORT-\($0)\n" }.joined()
                }
                let owner = try RawConnection(to: gateway.nginx.adminURL)
                owner.send(
                    """
                    POST /api/v1/admin/products/game-key/cards HTTP/1.1\r\nHost: a\r\nContent-Type: text/plain\r\n\
                    Authorization: Bearer \(ShopProcess.adminToken)\r\nConnection: close\r\n\
                    Content-Length: \(halves.joined().utf8.count)\r\n\r\n
                    """)
                owner.send(halves[0])
                try await eventually("cards of the first half are in the shop") {
                    let audit = try await gateway.shop.admin("GET", "/audit")
                    return audit.items("products").contains { ($0["imported"] as? Int ?? 0) > 0 }
                }
                owner.send(halves[1])
                let answer = await owner.receive()
                #expect(answer.contains(#""imported":20000"#), "\(answer)")
                #expect(try !gateway.nginx.leftovers().contains("LONG-IMPORT"))
            }
        }

        @Test("a table of the owner is passed on up to the bound of the shop")
        func tables() async throws {
            try await withGateway { gateway in
                // Announced, not sent: whoever refuses it may close before the end.
                for (bytes, status) in [(2 << 20, 401), (8 << 20, 401), ((8 << 20) + 1, 413)] {
                    let stranger = try RawConnection(to: gateway.nginx.adminURL)
                    stranger.send(
                        """
                        POST /admin/coupons.csv HTTP/1.1\r\nHost: a\r\nContent-Type: text/csv\r\n\
                        Connection: close\r\nContent-Length: \(bytes)\r\n\r\n
                        """)
                    let answer = await stranger.receive(until: "\r\n")
                    #expect(answer.hasPrefix("HTTP/1.1 \(status)"), "\(bytes): \(answer)")
                }
            }
        }

        // MARK: Closed doors

        private static let closedPaths = [
            "/api/v1/admin/audit", "/api/v1/admin", "/admin", "/admin/login", "/%61dmin/login", "/api/v1/%61dmin/audit",
            "//api/v1/admin/audit",
            "/api/v1//admin/audit", "/x/../api/v1/admin/audit", "/api/v1/products/..%2fadmin/audit",
            "/api/v1/./admin/audit", "/api/v1/products/../admin/audit", "/metrics", "/%6detrics", "/metrics/",
            "/.order/plain", "/.order/keyed", "/nginx_status", "/api/v1/orders/", "/api/v1/orders/lookup/?a",
        ]

        @Test("admin and metrics are refused on the public side, however the path is spelled")
        func closedDoors() async throws {
            try await withGateway { gateway in
                for path in Self.closedPaths {
                    // Byte by byte, because a client would mend the path.
                    let visitor = try RawConnection(to: gateway.nginx.url)
                    visitor.send(
                        """
                        GET \(path) HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer \(ShopProcess.adminToken)\r\n\
                        Connection: close\r\n\r\n
                        """)
                    let answer = await visitor.receive()
                    #expect(answer.hasPrefix("HTTP/1.1 404"), "\(path): \(answer)")
                    #expect(answer.contains(#""code":"not_found""#))
                }
            }
        }

        @Test("the owner's listener has admin and metrics")
        func ownersListener() async throws {
            try await withGateway { gateway in
                let token = ["Authorization": "Bearer \(ShopProcess.adminToken)"]
                let audit = try await gateway.shop.send(
                    "GET", gateway.nginx.adminURL + "/api/v1/admin/audit", headers: token)
                #expect(audit.object["ok"] as? Bool == true)
                for path in ["/metrics", "/nginx_status", "/healthz"] {
                    #expect(try await gateway.shop.get(gateway.nginx.adminURL + path).status == 200)
                }
                #expect(try await gateway.shop.get(gateway.nginx.adminURL + "/api/v1/products").status == 404)
            }
        }

        @Test("a body over 16 KiB reaches no node, for orders and callbacks")
        func largeBodies() async throws {
            // A node that takes every body.
            try await withGateway(echoes: true) { gateway in
                let body = String(repeating: " ", count: 16 << 10)
                let fitting = try await gateway.post("/api/v1/orders", body)
                #expect(fitting.status == 200)
                let answer = try await gateway.post("/api/v1/orders", body + " ")
                #expect(answer.status == 413)
                #expect(answer["code"] == "too_large")
                #expect(answer.headers["content-type"] == "application/problem+json")
                #expect(try await gateway.post("/callbacks/sandbox", body + " ").status == 413)
            }
        }

        // MARK: What is told, and what is not

        @Test("a node is told the buyer's address and never what a stranger claims to be")
        func forwardedAddress() async throws {
            let claims = [
                "X-Forwarded-For": "198.51.100.1, 203.0.113.7", "X-Request-ID": "chosen-by-the-client",
                "X-Forwarded-Proto": "https",
            ]
            try await withGateway(echoes: true) { gateway in
                let told = try await gateway.send("GET", "/told", headers: claims)
                #expect(told["address"] == "127.0.0.1")
                #expect(told["proto"] == "http")
                #expect(told["request"]?.count == 32)
                #expect(told.headers["x-request-id"] == told["request"])
                #expect(try await gateway.get("/told")["address"] == "")
            }
            try await withGateway(trusted: ["127.0.0.1"], echoes: true) { gateway in
                let told = try await gateway.send("GET", "/told", headers: claims)
                // The last one that is not trusted; what stands before it, anybody may have written.
                #expect(told["address"] == "203.0.113.7")
                #expect(told["proto"] == "https")
                #expect(told["request"] == "chosen-by-the-client")
                #expect(told.headers["x-request-id"] == "chosen-by-the-client")
                try await eventually("the log names both") {
                    let log = try gateway.nginx.accessLog().joined()
                    return log.contains(#""request":"chosen-by-the-client","address":"203.0.113.7","peer":"127.0.0.1""#)
                }
            }
        }

        @Test("the access log has no token, cookie, contact, password or query, and each line is JSON")
        func accessLog() async throws {
            try await withGateway(nodes: 2) { gateway in
                try await gateway.shop.offer(cards: 3)
                let order = try await gateway.order("buyer@example.com", key: "the-idempotency-key")
                let (id, token) = (try #require(order["id"]), try #require(order["token"]))
                _ = try await gateway.get("/api/v1/orders/\(id)", token: token)
                _ = try await gateway.send("GET", "/orders/\(id)", headers: ["Cookie": "order_token=\(token)"])
                _ = try await gateway.get("/callbacks/sandbox?sign=the-signature")
                gateway.nodes.forEach { $0.set(.refuse) }
                _ = try await gateway.get("/callbacks/sandbox?sign=the-signature")
                _ = try await gateway.shop.send(
                    "GET", gateway.nginx.adminURL + "/api/v1/admin/orders?contact=buyer@example.com",
                    headers: ["Authorization": "Bearer \(ShopProcess.adminToken)"])
                // A line is written after the answer.
                try await eventually("six lines") { try gateway.nginx.accessLog().count == 6 }
                let lines = try gateway.nginx.accessLog()
                for line in lines { _ = try JSONSerialization.jsonObject(with: Data(line.utf8)) }
                #expect(lines[0].contains(#""method":"POST","path":"/api/v1/orders","status":201"#))
                let all = try gateway.nginx.leftovers()
                for secret in [token, "buyer@", "hunter-two", "the-signature", "the-idempotency-key", "CARD-"] {
                    #expect(!all.contains(secret), "\(secret)")
                }
            }
        }
    }
}

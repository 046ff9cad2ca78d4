import Foundation
import TestKit
import Testing

extension RunningShop.GatewayTests {
    // MARK: Nodes that fail

    @Test("an order without a key is not tried twice, and its outcome is called unknown")
    func orderWithoutKey() async throws {
        try await withGateway(nodes: 2) { gateway in
            try await gateway.shop.offer(cards: 30)
            gateway.nodes.forEach { $0.set(.cutAfterServer, count: 1) }
            let order = try await gateway.order("a@example.com")
            #expect(order.status == 504)
            #expect(order["code"] == "outcome_unknown")
            #expect(order.headers["content-type"] == "application/problem+json")
            #expect(order.headers["retry-after"] != nil)
            #expect(try await gateway.orders(of: "a@example.com") == 1)
        }
    }

    @Test("an order with a key is tried at another node, and is one order")
    func orderWithKey() async throws {
        try await withGateway(nodes: 2) { gateway in
            try await gateway.shop.offer(cards: 30)
            gateway.fail(.cutAfterServer)
            var statuses: [Int] = []
            // Nodes take turns, so that the failing one gets at least one of them.
            for number in 1...4 {
                statuses.append(try await gateway.order("\(number)@example.com", key: "key-\(number)").status)
                #expect(try await gateway.orders(of: "\(number)@example.com") == 1)
            }
            #expect(statuses.sorted() == [200, 201, 201, 201])
            try await gateway.shop.audit()
        }
    }

    @Test("what only reads is tried at another node")
    func reading() async throws {
        try await withGateway(nodes: 2) { gateway in
            gateway.fail(.cutAfterServer)
            let answers = try await concurrently(4) { _ in try await gateway.get("/readyz") }
            #expect(answers.byStatus == [200: 4])
            #expect(gateway.nodes[0].accepted > 0)
        }
    }

    @Test("a node that is not there costs no order, with or without a key")
    func deadNode() async throws {
        try await withGateway(nodes: 2) { gateway in
            try await gateway.shop.offer(cards: 30)
            try await gateway.nodes[0].close()
            for number in 1...6 {
                let key = number % 2 == 0 ? "key-\(number)" : nil
                #expect(try await gateway.order("\(number)@example.com", key: key).status == 201)
            }
        }
    }

    @Test("when no node is there, everybody hears that nothing was taken")
    func noNode() async throws {
        try await withGateway(nodes: 2) { gateway in
            for node in gateway.nodes { try await node.close() }
            for answer in [
                try await gateway.order("a@example.com"), try await gateway.order("a@example.com", key: "key"),
                try await gateway.get("/api/v1/orders/x", token: "y"), try await gateway.get("/api/v1/products"),
                try await gateway.post("/api/v1/orders/x/cancel"),
            ] {
                #expect(answer.status == 503)
                #expect(answer["code"] == "busy")
                #expect(answer.headers["retry-after"] != nil)
            }
            let page = try await gateway.get("/orders/x")
            #expect(page.status == 503)
            #expect(page.headers["content-type"] == "text/html; charset=utf-8")
            #expect(try await gateway.get("/healthz").status == 200)
            let callback = try await gateway.get("/callbacks/epay")
            #expect(callback.status == 503)
            #expect(callback.body == "fail")
        }
    }

    @Test("a callback goes to another node if the first was not there, and never if it may have heard it")
    func callbacksAndNodes() async throws {
        try await withGateway(nodes: 2) { gateway in
            let epay = try await EpayShop(gateway.shop, cards: 3)
            let query = try await EpaySigner.sign(
                [try await epay.sale("a").notice(), try await epay.sale("b").notice()], key: EpayShop.key)
            func inbox() async throws -> Int { try await gateway.shop.admin("GET", "/payments").items().count }
            gateway.nodes.forEach { $0.set(.cutAfterServer, count: 1) }
            let cut = try await gateway.get("/callbacks/epay?\(query[0])")
            #expect(cut.status == 503)
            #expect(cut.body == "fail")
            #expect(try await inbox() == 1)
        }
        try await withGateway(nodes: 2) { gateway in
            let epay = try await EpayShop(gateway.shop, cards: 9)
            try await gateway.nodes[0].close()
            for contact in ["a", "b", "c"] {
                let sale = try await epay.sale(contact)
                let query = try await EpaySigner.sign([sale.notice()], key: EpayShop.key)[0]
                #expect(try await gateway.get("/callbacks/epay?\(query)").body == "success")
                #expect(try await gateway.shop.read(sale.order)["status"] == "delivered")
            }
        }
    }

    // MARK: Limits

    @Test("a flood of orders from one address is limited, while others buy and every callback passes")
    func flood() async throws {
        try await withGateway(trusted: ["127.0.0.1"]) { gateway in
            let epay = try await EpayShop(gateway.shop, cards: 300)
            let query = try await EpaySigner.sign([try await epay.sale("a").notice()], key: EpayShop.key)[0]
            async let callbacks = concurrently(200) { _ in
                try await gateway.get("/callbacks/epay?\(query)", from: Self.one)
            }
            let orders = try await concurrently(200) { try await gateway.order("\(100_000 + $0)", from: Self.one) }
            let refused = orders.filter { $0.status == 429 }
            #expect(refused.count > 100)
            // The shop has the same limit and says less; it may refuse one or two that came just in time here.
            #expect(refused.count { $0["detail"]?.contains("from this address") == true } > 100)
            #expect(orders.contains { $0.status == 201 })
            for answer in refused {
                #expect(answer["code"] == "rate_limited")
                #expect(answer.headers["retry-after"] == "1")
                #expect(answer.headers["content-type"] == "application/problem+json")
            }
            let others = try await concurrently(30) { try await gateway.order("\(200_000 + $0)", from: Self.other) }
            #expect(others.byStatus == [201: 30])
            #expect(try await callbacks.allSatisfy { $0.status == 200 && $0.body == "success" })
        }
    }

    @Test("look-ups, quotes and forms of one address are limited; reading is not")
    func questions() async throws {
        try await withGateway(trusted: ["127.0.0.1"]) { gateway in
            for path in ["/api/v1/orders/lookup", "/api/v1/orders/quote", "/orders/x"] {
                let answers = try await concurrently(60) { _ in try await gateway.post(path, from: Self.one) }
                #expect((answers.byStatus[429] ?? 0) > 20, "\(path) \(answers.byStatus)")
                let others = try await concurrently(8) { _ in try await gateway.post(path, from: Self.other) }
                #expect(others.byStatus[429] == nil)
            }
            let reads = try await concurrently(80) { _ in try await gateway.get("/orders/x", from: Self.one) }
            #expect(reads.byStatus[429] == nil)
        }
    }

    @Test("IPv6 is counted by networks of /64")
    func networks() async throws {
        try await withGateway(trusted: ["127.0.0.1"]) { gateway in
            let answers = try await concurrently(60) { number in
                try await gateway.post("/api/v1/orders/quote", from: "2001:db8:0:1::\(String(number, radix: 16))")
            }
            #expect((answers.byStatus[429] ?? 0) > 20)
            let others = try await concurrently(15) { number in
                try await gateway.post("/api/v1/orders/quote", from: "2001:db8:0:2::\(String(number, radix: 16))")
            }
            #expect(others.byStatus[429] == nil)
        }
    }

    @Test("to claim many addresses helps nobody, and harms nobody behind a trusted proxy")
    func claims() async throws {
        try await withGateway { gateway in
            let answers = try await concurrently(80) {
                try await gateway.post("/api/v1/orders/quote", from: "203.0.113.\($0)")
            }
            #expect((answers.byStatus[429] ?? 0) > 20)
        }
        try await withGateway(trusted: ["127.0.0.1"]) { gateway in
            let answers = try await concurrently(80) {
                try await gateway.post("/api/v1/orders/quote", from: "203.0.113.\($0)")
            }
            #expect(answers.byStatus[429] == nil)
            // The last address that is not trusted counts, whatever stands before it.
            let chained = try await concurrently(80) {
                try await gateway.post("/api/v1/orders/quote", from: "198.51.100.\($0), \(Self.one), 127.0.0.1")
            }
            #expect((chained.byStatus[429] ?? 0) > 20)
        }
    }

    @Test("programs of this machine that forward for nobody have no limit")
    func loopback() async throws {
        try await withGateway { gateway in
            try await gateway.shop.offer(cards: 200)
            let orders = try await concurrently(150) { try await gateway.order("\(100_000 + $0)") }
            #expect(orders.byStatus == [201: 150])
        }
    }
}

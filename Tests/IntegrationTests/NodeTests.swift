import Foundation
import TestKit
import Testing

// One after the other: each has five processes, and each of them its connections.
@Suite("Nodes of a cluster", .serialized)
struct NodeTests {
    private static let all = ["web", "web,payments", "orders", "payments,delivery", "upkeep"]

    /// Waits until an order has left a state.
    private func state(_ order: Answer, on node: ShopProcess, after state: String = "queued") async throws -> String {
        try await eventually("the order is no longer \(state)") { try await node.read(order)["status"] != state }
        return try await node.read(order)["status"] ?? ""
    }

    @Test("an order that one node took is queued at once and paid on another, whatever its shard")
    func purchase() async throws {
        try await withNodes(Self.all) { _, nodes in
            let (first, second) = (nodes[0], nodes[1])
            // Each new product goes to the emptier shard.
            try await first.offer("one", cards: 5)
            try await first.offer("two", cards: 5)
            for product in ["one", "two"] {
                let order = try await second.order("buyer@example.com", product: product, key: "key-\(product)")
                #expect(order.status == 202)
                #expect(order["status"] == "queued")
                #expect(order.object["expires_at"] is NSNull)
                #expect(try await first.read(order).status == 200)
                let page = "/orders/\(order["id"] ?? "")"
                #expect(order["pay_url"]?.hasSuffix(page + "/pay") == true)
                let cookie = ["Cookie": "order_token=\(order["token"] ?? "")"]
                #expect(try await first.send("GET", page, headers: cookie).status == 200)
                #expect(try await state(order, on: first) == "awaiting_payment")
                let again = try await first.order("buyer@example.com", product: product, key: "key-\(product)")
                #expect(again.status == 200)
                #expect(again["id"] == order["id"])
                #expect(again["token"] == order["token"])
                #expect(try await first.pay(order).status == 200)
                let paid = try await second.read(order)
                #expect(paid["status"] == "delivered")
                #expect((paid.object["cards"] as? [String])?.count == 1)
            }
            try await first.audit()
        }
    }

    @Test("many buyers on two nodes: exactly as many have a card as there are cards")
    func crowd() async throws {
        try await withNodes(Self.all) { _, nodes in
            try await nodes[0].offer(cards: 40, perBuyer: 1)
            let answers = try await withThrowingTaskGroup(of: Answer.self) { group in
                for number in 1...160 {
                    group.addTask { try await nodes[number % 2].order("\(100_000 + number)") }
                }
                return try await group.reduce(into: [Answer]()) { $0.append($1) }
            }
            let accepted = answers.filter { $0.status == 202 }
            #expect(accepted.count == 40)
            #expect(answers.filter { $0["code"] == "sold_out" }.count == 120)
            for order in accepted { #expect(try await state(order, on: nodes[1]) == "awaiting_payment") }
            try await nodes[1].audit()
        }
    }

    @Test("what the owner changes on one node holds on all when the owner hears so")
    func catalog() async throws {
        try await withNodes(Self.all) { _, nodes in
            for number in 1...5 {
                try await nodes[0].offer("card-\(number)", cards: 1)
                #expect(try await nodes[1].get("/api/v1/products/card-\(number)").status == 200)
                let writer = nodes[number % 2]
                let change = #"{"name":"shop \#(number)","version":\#(number - 1)}"#
                #expect(try await writer.admin("PUT", "/settings", change).status == 200)
                for node in nodes[0...1] {
                    #expect(try await node.admin("GET", "/settings")["name"] == "shop \(number)")
                }
            }
            let terms =
                #"{"kind":"sandbox","settings":{},"label":"Play money","amounts":[{"currency":"CNY","minimum":1}]}"#
            #expect(try await nodes[1].admin("PUT", "/channels/sandbox", terms).status == 200)
            for node in nodes[0...1] {
                let channel = try await node.admin("GET", "/channels").items().first
                #expect(channel?["label"] as? String == "Play money" && (channel?["amounts"] as? [Any])?.count == 1)
            }
            let path = try #require(try await nodes[0].upload(dot, to: "/pictures", type: "image/png")["path"])
            #expect(try await nodes[1].download(path) == dot)
        }
    }

    @Test("an order that is watched on one node shows what happened on another")
    func watched() async throws {
        try await withNodes(Self.all) { _, nodes in
            try await nodes[0].offer(cards: 1, holdSeconds: 1)
            let order = try await nodes[0].order("buyer@example.com")
            let events = try await nodes[1].get("/api/v1/orders/\(order["id"] ?? "")/events", token: order["token"])
            let states = events.body.split(separator: "\n").filter { $0.hasPrefix("data:") }
            #expect(states.last?.contains("expired") == true)
        }
    }

    @Test("a node that was given too little, or other shards, says what is wrong and does not start")
    func refused() async throws {
        try await withNodes { cluster in
            func refusal(_ roles: String, without: String? = nil, with: [String: String] = [:]) async throws -> String {
                let error = await #expect(throws: ShopProcess.DidNotStart.self) {
                    try await cluster.start(roles, without: without, with: with)
                }
                #expect(error?.status == 1)
                return error?.log ?? ""
            }
            #expect(try await refusal("orders", without: "SLUICE_MASTER_KEY").contains("SLUICE_MASTER_KEY"))
            #expect(try await refusal("orders", without: "SLUICE_REDIS_URL").contains("SLUICE_REDIS_URL"))
            #expect(try await refusal("web", with: ["SLUICE_ADMIN_TOKEN": ""]).contains("SLUICE_ADMIN_TOKEN"))
            let node = try await cluster.start("orders")
            #expect(await node.stop() == 0)
            let turned = cluster.databases.reversed().joined(separator: ",")
            #expect(
                try await refusal("orders", with: ["SLUICE_POSTGRES_SHARDS": turned])
                    .contains("the database is shard 1 of a shop, and was named as shard 0"))
            #expect(
                try await refusal("orders", with: ["SLUICE_POSTGRES_SHARDS": cluster.databases[0]])
                    .contains("2 shards"))
            let small = try await BrokerProcess(topics: ["sluice.orders": 4])
            #expect(
                try await refusal("orders", with: ["SLUICE_KAFKA_BROKERS": small.brokers])
                    .contains("--alter --topic sluice.orders --partitions 8"))
            let none = try await BrokerProcess()
            #expect(
                try await refusal("orders", with: ["SLUICE_KAFKA_BROKERS": none.brokers])
                    .contains("--create --topic sluice.orders --partitions 8"))
            let other = Data(repeating: 6, count: 32).base64EncodedString()
            #expect(
                try await refusal("orders", with: ["SLUICE_MASTER_KEY": other]).contains("does not fit"))
        }
    }
}

import Foundation
import TestKit
import Testing

extension RunningShop {
    @Test("a second instance on the same folder is refused and says why")
    func secondInstance() async throws {
        try await withShop { shop async throws in
            let error = await #expect(throws: ShopProcess.DidNotStart.self) { try await ShopProcess(data: shop.data) }
            #expect(error?.log.contains("another sluice is using the data folder") == true)
            #expect(error?.status == 1)
        }
    }

    @Test("a wrong, damaged or missing master key stops the start and says why")
    func masterKey() async throws {
        let shop = try await ShopProcess()
        await shop.stop()
        let file = shop.data.appendingPathComponent("master.key")
        let attributes = try FileManager.default.attributesOfItem(atPath: file.path)
        #expect(attributes[.posixPermissions] as? Int == 0o600)
        let other = Data(repeating: 7, count: 32).base64EncodedString()
        let wrong = await #expect(throws: ShopProcess.DidNotStart.self) {
            try await ShopProcess(data: shop.data, environment: ["SLUICE_MASTER_KEY": other])
        }
        #expect(wrong?.log.contains("does not fit this shop") == true)
        let damaged = await #expect(throws: ShopProcess.DidNotStart.self) {
            try await ShopProcess(data: shop.data, environment: ["SLUICE_MASTER_KEY": "short"])
        }
        #expect(damaged?.log.contains("not 32 bytes in base64") == true)
        try FileManager.default.removeItem(at: file)
        let missing = await #expect(throws: ShopProcess.DidNotStart.self) { try await ShopProcess(data: shop.data) }
        #expect(missing?.log.contains("the master key is missing") == true)
        shop.remove()
    }

    @Test("SIGTERM answers what was accepted and exits 0", arguments: Entrance.allCases)
    func drain(entrance: Entrance) async throws {
        let shop = try await ShopProcess(environment: entrance.environment)
        try await shop.offer(cards: 2000)
        let answers = await withTaskGroup(of: Answer?.self) { group in
            for number in 1...400 { group.addTask { try? await shop.order("\(100_000 + number)") } }
            group.addTask {
                _ = try? await shop.order("stopper@example.com")
                Foundation.kill(shop.identifier, SIGTERM)
                return nil
            }
            return await group.reduce(into: [Answer]()) { if let answer = $1 { $0.append(answer) } }
        }
        #expect(await shop.ended() == 0)
        let accepted = answers.filter { $0.status == 201 }
        #expect(!accepted.isEmpty)
        #expect(Set(answers.map(\.status)).isSubset(of: [201, 503]))
        let again = try await ShopProcess(data: shop.data)
        for order in accepted { #expect(try await again.read(order).status == 200) }
        try await again.audit()
        await again.stop()
        again.remove()
    }

    @Test(
        "after a failed flush nobody hears accepted, and the shop says that it cannot sell",
        arguments: Entrance.allCases)
    func failedFlush(entrance: Entrance) async throws {
        // Five writes set the shop up: keys, product, batch, cards, channel.
        try await withShop(environment: entrance.environment | ["FAIL_AT": "flush:7:error"]) { shop async throws in
            try await shop.offer(cards: 5)
            #expect(try await shop.get("/readyz").status == 200)
            let order = try await shop.order("a@example.com", key: "key")
            #expect(order.status == 504)
            #expect(order["code"] == "outcome_unknown")
            #expect(try await shop.get("/readyz").status == 503)
            #expect(try await shop.get("/healthz").status == 200)
            let next = try await shop.order("b@example.com")
            #expect(next.status == 503)
            #expect(next["code"] == "busy")
            #expect(next.headers["retry-after"] != nil)
            #expect(try await shop.admin("GET", "/orders").items().isEmpty)
        }
    }

    @Test("a full disk refuses, keeps what was accepted and says so", arguments: Entrance.allCases)
    func fullDisk(entrance: Entrance) async throws {
        try await withShop(environment: entrance.environment | ["SLUICE_MAX_LEDGER_PAGES": "130"]) {
            shop async throws in
            try await shop.offer(cards: 1000)
            let answers = try await concurrently(1000) { try await shop.order("\(100_000 + $0)") }
            let statuses = answers.byStatus
            #expect((statuses[201] ?? 0) > 0)
            #expect((statuses[503] ?? 0) > 0)
            #expect(Set(statuses.keys).isSubset(of: [201, 503, 409]))
            for order in answers where order.status == 201 { #expect(try await shop.read(order).status == 200) }
            try await shop.audit()
        }
    }

    @Test("callbacks and admin can have listeners of their own")
    func listeners() async throws {
        let arguments = ["--listen-callbacks", "127.0.0.1:0", "--listen-admin", "127.0.0.1:0"]
        try await withShop(arguments: arguments) { shop async throws in
            #expect(try await shop.admin("GET", "/audit").status == 404)
            #expect(try await shop.get("/callbacks/sandbox").status == 404)
            #expect(try await shop.get("/api/v1/products").status == 200)
        }
    }

    @Test("a sandbox cannot be enabled on a public address unless it is allowed")
    func sandboxOnPublicAddress() async throws {
        let body = #"{"kind":"sandbox","settings":{},"enabled":true}"#
        let address = ["SLUICE_PUBLIC_URL": "https://shop.example"]
        try await withShop(environment: address) { shop async throws in
            #expect(try await shop.admin("PUT", "/channels/sandbox", body).status == 403)
        }
        let allowed = address.merging(["SLUICE_ALLOW_SANDBOX": "1"]) { first, _ in first }
        try await withShop(environment: allowed) { shop async throws in
            #expect(try await shop.admin("PUT", "/channels/sandbox", body).status == 201)
            #expect(try await shop.admin("PUT", "/channels/sandbox", body).status == 200)
        }
    }

    @Test("no secret is on disk or in the log in plain text")
    func secrets() async throws {
        let shop = try await ShopProcess()
        try await shop.offer(cards: 50)
        let body = """
            {"product":"game-key","contact":"a@example.com","channel":"sandbox","query_password":"hunter-two"}
            """
        let order = try await shop.post("/api/v1/orders", body)
        _ = try await shop.pay(order)
        #expect(try await shop.read(order).object["cards"] as? [String] == ["CARD-1"])
        #expect(await shop.stop() == 0)
        let files = FileManager.default.enumerator(at: shop.data, includingPropertiesForKeys: nil)?.allObjects as? [URL]
        var searched = 0
        for file in files ?? [] {
            guard let data = try? Data(contentsOf: file) else { continue }
            searched += data.count
            for secret in ["CARD-1", "hunter-two", order["token"] ?? "?"] {
                for form in [Data(secret.utf8), Data(Data(secret.utf8).base64EncodedString().prefix(8).utf8)] {
                    #expect(data.range(of: form) == nil, "\(secret) in \(file.lastPathComponent)")
                }
            }
        }
        #expect(searched > 50_000)
        for secret in ["CARD-1", "hunter-two", order["token"] ?? "?", ShopProcess.adminToken] {
            #expect(!shop.log.contains(secret))
        }
        shop.remove()
    }
}

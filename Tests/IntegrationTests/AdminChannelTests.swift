import TestKit
import Testing

/// The owner's pages of ways to pay.
extension RunningShop {
    @Test("a channel is made, switched off and changed, and its key is never shown")
    func adminChannels() async throws {
        try await withShop { shop in
            let visit = try await AdminOrderVisit(shop)
            let owner = visit.owner
            let epay = [
                ("kind", "epay"), ("channel", "alipay"), ("gateway", "https://pay.example.com"), ("pid", "1001"),
                ("key", "top-secret-key"), ("type", "alipay"),
            ]
            _ = try await owner.get("/admin/channels")
            let wrong = try await owner.post("/admin/channels", epay.map { ($0.0, $0.0 == "pid" ? "x" : $0.1) })
            #expect(wrong.status == 422 && wrong.body.contains("must have 1 to 20 digits"))
            #expect(!wrong.body.contains("top-secret-key"))
            let list = try await owner.follow(try await owner.post("/admin/channels", epay))
            #expect(list.body.contains("\(shop.url)/callbacks/alipay") && list.body.contains("CNY"))
            #expect(try await owner.post("/admin/channels", epay).status == 409)
            let page = try await owner.get("/admin/channels/alipay")
            #expect(page.status == 200 && page.body.contains("also the key"))
            #expect(try await owner.post("/admin/channels/alipay/switch", [("enabled", "no")]).status == 303)
            let known = try await shop.get("/api/v1/products").body
            #expect(!known.contains("alipay"))
            #expect(try await owner.post("/admin/channels/alipay", [("gateway", "https://b.example")]).status == 422)
            #expect(try await owner.post("/admin/channels/alipay", Array(epay.dropFirst(2))).status == 303)
            for path in ["/admin/channels", "/admin/channels/alipay", "/admin/journal"] {
                #expect(try await !owner.get(path).body.contains("top-secret-key"), "\(path)")
            }
            #expect(try await owner.get("/admin/channels/none").status == 404)
        }
    }

    @Test("a sandbox on a public address is refused, unless the operator allows it")
    func adminSandboxRule() async throws {
        for (allowed, status) in [("0", 403), ("1", 303)] {
            let environment = ["SLUICE_PUBLIC_URL": "https://shop.example.com", "SLUICE_ALLOW_SANDBOX": allowed]
            try await withShop(environment: environment) { shop in
                let visit = try await AdminOrderVisit(shop)
                _ = try await visit.owner.get("/admin/channels")
                let fields = [("kind", "sandbox"), ("channel", "play")]
                #expect(try await visit.owner.post("/admin/channels", fields).status == status)
            }
        }
    }

    @Test("testing a connection says what came of it, without the key")
    func adminTestsConnection() async throws {
        try await withShop { shop in
            let visit = try await AdminOrderVisit(shop)
            let fields = [
                ("kind", "epay"), ("channel", "local"), ("gateway", shop.url), ("pid", "1"), ("key", "hidden-key"),
            ]
            _ = try await visit.owner.get("/admin/channels")
            #expect(try await visit.owner.post("/admin/channels", fields).status == 303)
            let answer = try await visit.owner.post("/admin/channels/local/test")
            #expect(answer.status == 200 && answer.body.contains("The provider answered (HTTP 404)"))
            #expect(!answer.body.contains("hidden-key"))
        }
    }
}

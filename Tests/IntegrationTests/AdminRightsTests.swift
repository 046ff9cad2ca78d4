import Foundation
import TestKit
import Testing

/// Who may do what on the owner's pages of orders and money.
extension RunningShop {
    /// Every form of these pages, with what stands in its path.
    private static func forms(order: String) throws -> [String] {
        let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
            .appendingPathComponent("../../Sources/Web/Admin/Pages").standardizedFileURL
        return try ["OrderDeeds", "OrderLink", "PaymentPages", "ChannelPages"].flatMap { name in
            let text = try String(contentsOf: folder.appendingPathComponent(name + ".swift"), encoding: .utf8)
            let deeds = text.matches(of: /\bdeed\("([a-z]+)"/).map { "/orders/\(order)/\($0.output.1)" }
            return deeds + text.matches(of: /\bform\(\s*"(\/[^"\\]*)"/).map { String($0.output.1) }
        }.map { path in
            "/admin" + path.replacing("{name}", with: "sandbox").replacing("{id}", with: "1")
        }
    }

    @Test("one who may only look sees the lists, and each form is refused; without the token so is the owner")
    func adminForms() async throws {
        try await withShop { shop in
            let visit = try await AdminOrderVisit(shop)
            try await visit.offer(cards: 1)
            let order = try await visit.order()
            let forms = try Self.forms(order: order.id)
            #expect(forms.count == 13, "\(forms)")
            let reader = try await visit.member("read_only")
            let lists = ["orders", "orders/\(order.id)", "payments", "refunds", "channels", "journal"]
            for page in lists {
                let answer = try await reader.get("/admin/\(page)")
                #expect(answer.status == 200, "\(page)")
                let posts = answer.body.matches(of: /method="post" action="([^"]+)"/).map { String($0.output.1) }
                #expect(Set(posts) == ["/admin/logout"], "\(page)")
            }
            #expect(try await reader.get("/admin/channels/sandbox").status == 403)
            let stranger = PageVisitor(shop)
            for path in forms {
                #expect(try await reader.post(path, [("reason", "x")]).status == 403, "\(path)")
                #expect(try await visit.owner.post(path, [("form", "")]).status == 403, "\(path)")
                let evil = try await visit.owner.post(path, origin: "https://evil.example")
                #expect(evil.status == 403, "\(path)")
                #expect(try await stranger.post(path).headers["location"] == "/admin/login", "\(path)")
            }
            for page in lists + ["orders.csv", "payments.csv"] {
                let sent = try await stranger.get("/admin/\(page)").headers["location"]
                #expect(sent?.hasPrefix("/admin/login?next=") == true, "\(page)")
            }
            #expect(try await shop.status(order) == "awaiting_payment")
        }
    }

    @Test("staff confirm orders and see no secret, give no money back and change no channel")
    func adminStaff() async throws {
        try await withShop { shop in
            let visit = try await AdminOrderVisit(shop)
            try await visit.offer(cards: 1)
            let order = try await visit.order()
            let path = "/admin/orders/\(order.id)"
            let staff = try await visit.member("staff")
            _ = try await staff.get(path)
            let page = try await staff.follow(try await staff.post(path + "/confirm"))
            #expect(page.body.contains("Delivered") && page.body.contains("Your role does not show"))
            #expect(!page.body.contains("CARD-1") && !page.body.contains("hero-7"))
            #expect(try await !staff.get("/admin/orders.csv").body.contains("hero-7"))
            for refused in ["orders/\(order.id)/refund", "refunds/settle", "channels", "channels/sandbox/switch"] {
                #expect(try await staff.post("/admin/\(refused)").status == 403, "\(refused)")
            }
            #expect(try await visit.owner.get(path).body.contains("CARD-1"))
        }
    }

    @Test("the owner passes a buyer's link on, it opens the order, and the journal says who was shown it")
    func adminOrderLink() async throws {
        try await withShop { shop in
            let visit = try await AdminOrderVisit(shop)
            try await shop.offer(cards: 1)
            let order = try await shop.order("a@example.com")
            _ = try await shop.pay(order)
            _ = try await visit.owner.get("/admin/orders/\(order.id)")
            let page = try await visit.owner.post("/admin/orders/\(order.id)/link")
            #expect(page.headers["cache-control"] == "no-store")
            let link = try #require(page.body.firstMatch(of: /\/orders\/[0-9a-z]{26}\/open\?token=[0-9A-Za-z_-]+/))
            let buyer = PageVisitor(shop)
            let opened = try await buyer.follow(try await buyer.get(String(link.output)))
            #expect(opened.status == 200 && opened.body.contains("CARD-1"))
            let journal = try await visit.owner.get("/admin/journal").body
            #expect(journal.contains("was shown a buyer&#39;s link") && !journal.contains("token="))
            let staff = try await visit.member("staff")
            #expect(try await !staff.get("/admin/orders/\(order.id)").body.contains("/link\""))
            #expect(try await staff.post("/admin/orders/\(order.id)/link").status == 403)
        }
    }

    @Test("a log-in leads to the owner's pages only", arguments: ["//evil.example", "https://evil.example", "/orders"])
    func adminNext(_ next: String) async throws {
        try await withShop { shop in
            let visit = try await AdminOrderVisit(shop)
            #expect(try await visit.logIn(next: next) == "/admin")
            #expect(try await visit.logIn(next: "/admin/orders") == "/admin/orders")
        }
    }

    @Test("what buyers write is neither markup in a page nor a formula in a table")
    func adminHostileTexts() async throws {
        try await withShop { shop in
            let visit = try await AdminOrderVisit(shop)
            try await visit.offer(cards: 1)
            let order = try await visit.order("=1+1'&x@example.com", account: "<script>alert(1)</script>")
            #expect(try await shop.pay(order)["status"] == "delivered")
            for path in ["/admin/orders", "/admin/orders/\(order.id)"] {
                let body = try await visit.owner.get(path).body
                #expect(body.contains("=1+1&#39;&amp;x@example.com") && !body.contains("=1+1'&x"), "\(path)")
                #expect(!body.contains("<script>alert"), "\(path)")
            }
            let query = "%22%3E%3Cscript%3Ealert(1)%3C/script%3E"
            for name in ["contact", "order", "state", "after"] {
                let answer = try await visit.owner.get("/admin/orders?\(name)=\(query)")
                #expect(answer.status == 422 && !answer.body.contains("<script>alert"), "\(name)")
            }
            let table = try await visit.owner.get("/admin/orders.csv?state=delivered")
            #expect(table.headers["content-type"] == "text/csv; charset=utf-8")
            #expect(table.headers["content-disposition"] == "attachment; filename=\"orders.csv\"")
            #expect(table.headers["cache-control"] == "no-store")
            #expect(Array(table.body.utf8.prefix(3)) == [0xEF, 0xBB, 0xBF])
            #expect(table.body.contains(#","19.90","CNY","'=1+1'&x@example.com","sandbox","#))
            #expect(table.body.utf8.count { $0 == 0x0A } == 2 && table.body.hasSuffix("\r\n"))
            #expect(try await visit.owner.get("/admin/orders.csv?state=paid").body.utf8.count { $0 == 0x0A } == 1)
            let money = try await visit.owner.get("/admin/payments.csv?verdict=accepted")
            #expect(money.body.contains("\"\(order.id)\",\"19.90\",\"CNY\",\"accepted\",\"delivered\""))
        }
    }

    @Test("a list goes on where its page ended, and a table holds every row once")
    func adminManyOrders() async throws {
        try await withShop { shop in
            let visit = try await AdminOrderVisit(shop)
            try await shop.offer(cards: 1010)
            let placed = try await concurrently(1010) { try await shop.order("\(100_000 + $0)") }
            #expect(placed.byStatus == [201: 1010])
            func orders(_ page: String) -> [String] {
                page.matches(of: /href="\/admin\/orders\/([0-9a-z]{26})"/).map { String($0.output.1) }
            }
            let first = try await visit.owner.get("/admin/orders?state=awaiting_payment").body
            let link = /href="(\/admin\/orders\?[^"]*after=[^"]*)"/
            let next = try #require(first.firstMatch(of: link)).output.1.replacing("&amp;", with: "&")
            #expect(next.contains("state=awaiting_payment"))
            let second = try await visit.owner.get(String(next)).body
            #expect(Set(orders(first)).count == 50 && Set(orders(first) + orders(second)).count == 100)
            let table = try await visit.owner.get("/admin/orders.csv").body.split(separator: "\r\n").dropFirst()
            #expect(Set(table.map { $0.dropFirst().prefix(26) }) == Set(placed.map { $0.id[...] }))
            #expect(table.count == 1010)
        }
    }
}

import Foundation
import TestKit
import Testing

/// The owner's pages of orders and money, as a browser without JavaScript sees them.
extension RunningShop {
    @Test("the owner confirms an order by hand and sees who did it, why, and what was delivered")
    func adminConfirms() async throws {
        try await withShop { shop in
            let visit = try await AdminOrderVisit(shop)
            try await visit.offer(cards: 1)
            let order = try await visit.order()
            let path = "/admin/orders/\(order.id)"
            let list = try await visit.owner.get("/admin/orders?state=awaiting_payment&contact=BUYER%40example.com")
            #expect(list.status == 200 && list.body.contains("href=\"\(path)\"") && list.body.contains("¥19.90"))
            #expect(try await !visit.owner.get("/admin/orders?state=paid").body.contains(order.id))
            #expect(try await visit.owner.get("/admin/orders?order=\(order.id)").headers["location"] == path)
            #expect(try await visit.owner.get("/admin/orders?contact=nobody").status == 422)
            let waiting = try await visit.owner.get(path)
            #expect(waiting.body.contains("Waiting for payment") && waiting.body.contains("hero-7"))
            #expect(!waiting.body.contains("CARD-1"))
            let done = try await visit.owner.post(path + "/confirm", [("reason", "came <b>by</b> bank")])
            #expect(done.status == 303)
            let page = try await visit.owner.follow(done)
            #expect(page.body.contains("Confirmed.") && page.body.contains("CARD-1"))
            #expect(page.body.contains("came &lt;b&gt;by&lt;/b&gt; bank") && page.body.contains("ann"))
            #expect(page.headers["cache-control"] == "no-store")
            let again = try await visit.owner.post(path + "/confirm")
            #expect(again.status == 409 && again.body.contains("role=\"alert\"") && again.body.contains(order.id))
            #expect(try await shop.cards(order) == ["CARD-1"])
            try await shop.audit()
        }
    }

    @Test("cancelling gives the card back and is in the journal; a fulfilled order shows its text to the owner")
    func adminCancelsAndFulfils() async throws {
        try await withShop { shop in
            let visit = try await AdminOrderVisit(shop)
            try await visit.offer(cards: 1)
            let order = try await visit.order()
            let path = "/admin/orders/\(order.id)"
            _ = try await visit.owner.get(path)
            #expect(try await visit.owner.post(path + "/cancel", [("reason", "asked to")]).status == 303)
            #expect(try await shop.status(order) == "cancelled")
            try await shop.wait(untilAvailable: 1)
            let journal = try await visit.owner.get("/admin/journal")
            #expect(journal.body.contains("order \(order.id)") && journal.body.contains("asked to"))
            #expect(try await visit.owner.post(path + "/cancel").status == 409)
            let other = "/admin/orders/\(String(repeating: "0", count: 26))/cancel"
            #expect(try await visit.owner.post(other).status == 404)

            _ = try await shop.product("by-hand", #""kind":"manual""#)
            let manual = try await shop.order("12345", product: "by-hand")
            #expect(try await shop.pay(manual)["status"] == "paid")
            let manualPath = "/admin/orders/\(manual.id)"
            #expect(try await visit.owner.post(manualPath + "/fulfil").status == 422)
            let done = try await visit.owner.post(manualPath + "/fulfil", [("text", "top-up <done>")])
            #expect(try await visit.owner.follow(done).body.contains("top-up &lt;done&gt;"))
            #expect(try await shop.cards(manual) == ["top-up <done>"])
        }
    }

    @Test("money that comes twice is a case; the owner settles it, and gives an order's money back")
    func adminRefunds() async throws {
        try await withShop { shop in
            let visit = try await AdminOrderVisit(shop)
            try await visit.offer(cards: 1)
            try await shop.sandbox("sandbox-two")
            let order = try await visit.order()
            let begun = try await shop.post(
                "/api/v1/orders/\(order.id)/pay", #"{"channel":"sandbox-two"}"#, token: order["token"])
            #expect(try await shop.pay(order)["verdict"] == "accepted")
            let buyer = PageVisitor(shop)
            _ = try await buyer.get("/sandbox/\(begun["attempt"] ?? "")")
            _ = try await buyer.post("/sandbox/\(begun["attempt"] ?? "")")
            let open = try await visit.owner.get("/admin/refunds?state=open")
            #expect(open.body.contains("sandbox-two") && open.body.contains("/admin/orders/\(order.id)"))
            let number = open.body.firstMatch(of: /<option value="(\d+)"/).map { String($0.output.1) } ?? ""
            let fields = [("case", number), ("reason", "paid twice"), ("done", "yes")]
            let settled = try await visit.owner.follow(try await visit.owner.post("/admin/refunds/settle", fields))
            #expect(settled.body.contains("paid back by hand") && settled.body.contains("paid twice"))
            #expect(try await shop.status(order) == "delivered")
            #expect(try await visit.owner.post("/admin/refunds/settle", [("case", "999")]).status == 404)
            let path = "/admin/orders/\(order.id)"
            let back = try await visit.owner.follow(
                try await visit.owner.post(path + "/refund", [("reason", "sorry")]))
            #expect(back.body.contains("the built-in provider gave it back") && !back.body.contains("CARD-1"))
            #expect(try await shop.status(order) == "refunded")
            try await shop.audit()
        }
    }

    @Test("late money for review is judged anew from the inbox, and delivers once")
    func adminReplays() async throws {
        try await withShop { shop in
            let visit = try await AdminOrderVisit(shop)
            try await visit.offer(#","hold_seconds":1,"late_money":"review""#, cards: 1)
            let order = try await visit.order()
            try await shop.wait(order, until: "expired")
            #expect(try await shop.pay(order)["status"] == "review")
            let inbox = try await visit.owner.get("/admin/payments?verdict=late&resolution=review")
            #expect(inbox.body.contains("/admin/orders/\(order.id)"))
            let action = inbox.body.firstMatch(of: /action="(\/admin\/payments\/\d+\/replay)"/)
            let path = try #require(action.map { String($0.output.1) })
            let done = try await visit.owner.follow(try await visit.owner.post(path))
            #expect(done.body.contains("the order has changed"))
            #expect(try await shop.cards(order) == ["CARD-1"])
            let again = try await visit.owner.follow(try await visit.owner.post(path))
            #expect(again.body.contains("the order stays as it is"))
            #expect(try await visit.owner.post("/admin/payments/999/replay").status == 404)
            try await shop.audit()
        }
    }

    @Test("a sold card is replaced; without another one the page says so, and no other order's card is touched")
    func adminReplaces() async throws {
        try await withShop { shop in
            let visit = try await AdminOrderVisit(shop)
            try await visit.offer(cards: 3)
            let (order, other) = (try await visit.order(), try await visit.order("other@example.com"))
            for order in [order, other] { #expect(try await shop.pay(order)["status"] == "delivered") }
            let path = "/admin/orders/\(order.id)"
            let page = try await visit.owner.get(path)
            let card = try #require(page.body.firstMatch(of: /<option value="(\d+)"/).map { String($0.output.1) })
            let foreign = try #require(try await shop.inspect(other).items("cards").first?["id"] as? String)
            #expect(try await visit.owner.post(path + "/replace", [("card", foreign)]).status == 409)
            #expect(try await shop.cards(other) == ["CARD-2"])
            let fields = [("card", card), ("other", ""), ("reason", "dead")]
            let done = try await visit.owner.follow(try await visit.owner.post(path + "/replace", fields))
            #expect(done.body.contains("CARD-3") && !done.body.contains("CARD-1") && done.body.contains("dead"))
            #expect(done.body.contains("Replaced cards"))
            let next = try #require(done.body.firstMatch(of: /<option value="(\d+)"/).map { String($0.output.1) })
            #expect(try await visit.owner.post(path + "/replace", [("card", next)]).status == 409)
            #expect(try await visit.owner.post(path + "/replace", [("card", next), ("other", "x")]).status == 422)
            #expect(try await shop.cards(order) == ["CARD-3"])
            try await shop.audit()
        }
    }
}

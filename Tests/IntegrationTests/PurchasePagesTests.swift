import Foundation
import TestKit
import Testing

/// The pages for buyers, as a browser without JavaScript sees them.
extension RunningShop {
    @Test("a purchase on pages alone: product, price, order, payment, cards, file")
    func purchaseOnPages() async throws {
        try await withShop { shop in
            try await shop.offer(cards: 2)
            let visitor = PageVisitor(shop)
            let product = try await visitor.get("/products/game-key")
            #expect(product.status == 200 && product.body.contains("¥19.90") && product.body.contains("2 in stock"))
            #expect(product.cookies.isEmpty)
            let filled = [("quantity", "2"), ("contact", "buyer@example.com"), ("channel", "sandbox")]
            let confirm = try await visitor.post("/products/game-key/order", filled)
            #expect(confirm.status == 200 && confirm.body.contains("¥39.80"))
            let key = try #require(await visitor.hidden("key"))
            let placed = try await visitor.post("/products/game-key/order", filled + [("key", key)])
            #expect(placed.status == 303)
            let again = try await visitor.post("/products/game-key/order", filled + [("key", key)])
            #expect(again.headers["location"] == placed.headers["location"])
            let order = try await visitor.follow(placed)
            #expect(order.body.contains("Waiting for payment") && order.body.contains("buyer@example.com"))
            #expect(!order.body.contains("CARD-"))
            let path = try #require(placed.headers["location"])
            let begun = try await visitor.post(path + "/pay", [("channel", "sandbox")])
            #expect(try await visitor.follow(begun).body.contains("¥39.80"))
            let paid = try await visitor.post(try #require(begun.headers["location"]))
            let delivered = try await visitor.follow(paid)
            #expect(delivered.body.contains("CARD-1") && delivered.body.contains("CARD-2"))
            #expect(delivered.headers["cache-control"] == "no-store")
            let file = try await visitor.get(path + "/cards.txt")
            #expect(file.body == "CARD-1\r\nCARD-2\r\n")
            #expect(file.headers["content-disposition"]?.hasPrefix("attachment; filename=\"order-") == true)
            #expect(try await visitor.get("/orders").body.contains(path))
            try await shop.audit()
        }
    }

    @Test("whoever has the address of a payment may pay, and learns neither who buys nor a card")
    func paymentByAnybody() async throws {
        try await withShop { shop in
            try await shop.offer(cards: 1)
            let order = try await shop.order("12345")
            let path = "/orders/\(order["id"] ?? "")"
            let stranger = PageVisitor(shop, language: "zh-CN")
            let page = try await stranger.get(path + "/pay")
            #expect(page.status == 200 && page.body.contains("等待付款") && !page.body.contains("12345"))
            let begun = try await stranger.post(path + "/pay", [("channel", "sandbox")])
            let provider = try #require(begun.headers["location"])
            _ = try await stranger.get(provider)
            let paid = try await stranger.follow(try await stranger.post(provider))
            #expect(paid.body.contains("已发货") && !paid.body.contains("CARD-1"))
            #expect(try await !stranger.get(path).body.contains("CARD-1"))
            let opened = try await stranger.post(path, [("token", order["token"] ?? "")])
            #expect(opened.status == 303)
            #expect(try await stranger.follow(opened).body.contains("CARD-1"))
        }
    }
}

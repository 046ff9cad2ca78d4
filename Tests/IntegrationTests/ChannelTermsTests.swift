import Foundation
import TestKit
import Testing

/// In which order channels are offered, under which name, and for which amounts.
extension RunningShop {
    private static let epay =
        #""kind":"epay","settings":{"gateway":"https://pay.example.com","pid":"1001","key":"secret-key"}"#

    private func offered(_ page: String) -> [String] {
        page.matches(of: /name="channel" value="([a-z-]+)"/).map { String($0.output.1) }
    }

    @Test("channels come in the order of their positions, with their labels, and only for amounts that they take")
    func channelTerms() async throws {
        try await withShop { shop in
            try await shop.offer(cards: 9)
            func put(_ name: String, _ more: String) async throws -> Answer {
                try await shop.admin("PUT", "/channels/\(name)", "{\(Self.epay),\(more)}")
            }
            let bounds = #""amounts":[{"currency":"CNY","minimum":2000,"maximum":5000}]"#
            #expect(try await put("big", #""position":-1,"label":"<大额> 支付","# + bounds).status == 201)
            #expect(try await put("any", #""position":3"#).status == 201)
            #expect(try await put("tiny", #""amounts":[{"currency":"CNY","maximum":1989}]"#).status == 201)
            // What is not said stays, by whatever program of before.
            #expect(try await put("big", #""enabled":true"#).body.contains(#""minimum":2000,"maximum":5000"#))
            let known = try await shop.admin("GET", "/channels").items()
            #expect(known.compactMap { $0["channel"] as? String } == ["big", "sandbox", "tiny", "any"])
            #expect(known[0]["label"] as? String == "<大额> 支付" && known[1]["amounts"] as? [String] == [])
            let page = try await shop.get("/products/game-key").body
            #expect(offered(page) == ["big", "sandbox", "any"], "\(page)")
            #expect(page.contains("&lt;大额&gt; 支付") && !page.contains("<大额>"))
            func quoted(_ quantity: Int) async throws -> [String]? {
                let body = #"{"product":"game-key","quantity":\#(quantity)}"#
                return try await shop.post("/api/v1/orders/quote", body).object["channels"] as? [String]
            }
            #expect(try await quoted(1) == ["sandbox", "any"])
            #expect(try await quoted(2) == ["big", "sandbox", "any"])
            func order(_ channel: String, _ quantity: Int, key: String? = nil) async throws -> Answer {
                let body = #"{"product":"game-key","quantity":\#(quantity),"contact":"a@example.com","#
                return try await shop.post("/api/v1/orders", body + #""channel":"\#(channel)"}"#, key: key)
            }
            let small = try await order("big", 1)
            #expect(small.status == 422 && small["field"] == "channel" && small["code"] == "invalid_request")
            #expect(try await order("tiny", 1)["field"] == "channel")
            #expect(try await order("big", 3)["field"] == "channel")
            let placed = try await order("big", 2, key: "one")
            #expect(placed.status == 201, "\(placed.body)")
            let path = "/api/v1/orders/\(placed["id"] ?? "")/pay"
            func pay(_ channel: String) async throws -> Answer {
                try await shop.post(path, #"{"channel":"\#(channel)"}"#, token: placed["token"])
            }
            #expect(try await pay("tiny")["field"] == "channel")
            #expect(try await pay("big").status == 201)
            // An order that is placed keeps its key, whatever the channel takes now; another channel may be chosen.
            #expect(try await put("big", #""amounts":[{"currency":"CNY","minimum":9000}],"label":null"#).status == 200)
            #expect(try await order("big", 2, key: "one").status == 200)
            let refused = try await pay("big")
            #expect(refused.status == 422 && refused["field"] == "channel" && refused.body.contains("another channel"))
            #expect(try await pay("any").status == 201)
            #expect(try await offered(shop.get("/orders/\(placed["id"] ?? "")/pay").body) == ["sandbox", "any"])
        }
    }

    @Test("terms of a channel that make no sense are refused by name, and nothing is changed")
    func wrongChannelTerms() async throws {
        try await withShop { shop in
            try await shop.offer(cards: 1)
            let long = String(repeating: "长", count: 51)
            for (more, field) in [
                (#""position":1000001"#, "position"), (#""label":"""#, "label"), (#""label":"a\nb""#, "label"),
                (#""label":"\#(long)""#, "label"), (#""label":" ""#, "label"),
                (#""amounts":[{"currency":"CNY"}]"#, "amounts.0"),
                (#""amounts":[{"currency":"cny","minimum":1}]"#, "amounts.0.currency"),
                (#""amounts":[{"currency":"CNY","minimum":0}]"#, "amounts.0"),
                (#""amounts":[{"currency":"CNY","minimum":2,"maximum":1}]"#, "amounts.0"),
                (#""amounts":[{"currency":"CNY","minimum":2,"other":1}]"#, "amounts.0.other"),
                (#""amounts":[{"currency":"CNY","minimum":2},{"currency":"CNY","minimum":3}]"#, "amounts"),
            ] {
                let answer = try await shop.admin(
                    "PUT", "/channels/sandbox", #"{"kind":"sandbox","settings":{},\#(more)}"#)
                #expect(answer.status == 422 && answer["field"] == field, "\(more): \(answer.body)")
            }
            let known = try await shop.admin("GET", "/channels").items()
            #expect(known.count == 1 && known[0]["position"] as? Int == 0 && known[0]["label"] is NSNull)
            let free = #"{"slug":"free","title":"Free","amount":0,"currency":"CNY"}"#
            #expect(try await shop.admin("POST", "/products", free).status == 201)
            try await shop.restock("free", cards: 1...1)
            let bounds = #"{"kind":"sandbox","settings":{},"amounts":[{"currency":"CNY","minimum":5}]}"#
            #expect(try await shop.admin("PUT", "/channels/sandbox", bounds).status == 200)
            #expect(try await shop.order("a@example.com", product: "free").status == 201)
        }
    }

    @Test("the owner says on a page how a channel is offered, and the journal has it before and after")
    func adminChannelTerms() async throws {
        try await withShop { shop in
            try await shop.offer(cards: 1)
            let owner = try await PageVisitor.owner(of: shop)
            _ = try await owner.get("/admin/channels/sandbox")
            let path = "/admin/channels/sandbox/terms"
            let wrong = [("position", "x"), ("minimum_CNY", "5"), ("maximum_CNY", "4.99"), ("label", "<b>测试</b>")]
            let answer = try await owner.post(path, wrong)
            #expect(answer.status == 422 && answer.body.contains("value=\"&lt;b&gt;测试&lt;/b&gt;\""))
            for name in ["position", "maximum_CNY"] {
                #expect(answer.body.contains("<p class=\"error\" id=\"e-\(name)\">"), "\(name)")
            }
            let right = [("position", "2"), ("minimum_CNY", "0.5"), ("maximum_CNY", ""), ("label", "<b>测试</b>")]
            #expect(try await owner.post(path, right).headers["location"] == "/admin/channels?done=saved")
            let list = try await owner.get("/admin/channels").body
            #expect(list.contains("0.50 – … CNY") && list.contains("&lt;b&gt;测试&lt;/b&gt;"))
            #expect(try await owner.get("/admin/channels/sandbox").body.contains("value=\"0.50\""))
            let entries = try await shop.admin("GET", "/journal").items()
            let entry = try #require(entries.first { $0["action"] as? String == "channel" })
            #expect((entry["before"] as? String)?.contains(#""position":0,"label":null,"amounts":"""#) == true)
            #expect((entry["after"] as? String)?.contains(#""position":2"#) == true)
            #expect((entry["after"] as? String)?.contains(#""amounts":"CNY 50..""#) == true)
            // Every page says that money is play money.
            for page in ["", "/products", "/cards", "/channels", "/channels/sandbox"] {
                #expect(try await owner.get("/admin\(page)").body.contains("TEST MODE"), "\(page)")
            }
        }
    }
}

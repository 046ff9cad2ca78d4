import Foundation
import TestKit
import Testing

extension RunningShop {
    private static let contact = "erase.me@example.com"

    /// A product that asks for something personal.
    private static func offerTopUp(_ shop: ShopProcess) async throws {
        try await shop.offer(cards: 0)
        let product = #"{"slug":"top-up","title":"t","amount":1,"currency":"CNY","fields":["account"]}"#
        #expect(try await shop.admin("POST", "/products", product).status == 201)
        try await shop.restock("top-up", cards: 1...9)
    }

    private static func orderTopUp(_ shop: ShopProcess, _ contact: String) async throws -> Answer {
        let body = """
            {"product":"top-up","contact":"\(contact)","channel":"sandbox","query_password":"hunter",\
            "fields":{"account":"private-account"}}
            """
        return try await shop.post("/api/v1/orders", body)
    }

    @Test("after an erasure the contact is nowhere in the folder, and the books balance as before")
    func erase() async throws {
        let first = try await ShopProcess()
        try await Self.offerTopUp(first)
        let paid = try await Self.orderTopUp(first, " Erase.Me@Example.com")
        _ = try await first.pay(paid)
        let waiting = try await Self.orderTopUp(first, Self.contact)
        let other = try await Self.orderTopUp(first, "keep.me@example.com")
        _ = try await first.pay(other)
        let form = ["Content-Type": "application/x-www-form-urlencoded"]
        let forged = "note=private-account&buyer=erase.me%40example.com"
        #expect(try await first.send("POST", "/callbacks/sandbox", body: forged, headers: form).status == 400)
        let sold = try await first.sold()
        await first.stop()
        for text in [Self.contact, "erase.me%40example.com", "private-account"] {
            #expect(try !first.files(naming: text).isEmpty, "\(text)")
        }

        let command = ["erase", "--data", first.data.path, "--contact", "ERASE.me@example.com "]
        let refused = try await sluice(command)
        #expect(refused.status == 1)
        #expect(refused.errors.contains("1 unsettled order"), "\(refused.errors)")
        #expect(try !first.files(naming: Self.contact).isEmpty)
        let second = try await ShopProcess(data: first.data)
        let path = "/api/v1/orders/\(waiting["id"] ?? "")/cancel"
        #expect(try await second.post(path, "{}", token: waiting["token"])["status"] == "cancelled")
        await second.stop()

        let result = try await sluice(command)
        #expect(result.status == 0, "\(result.errors)")
        #expect(result.object["buyers"] as? Int == 1)
        #expect(result.object["orders"] as? Int == 2)
        #expect(result.object["callbacks"] as? Int == 1)
        #expect(result.object["left_in"] as? [String] == [])
        let pseudonym = try #require(result["pseudonym"])
        #expect(pseudonym.hasPrefix("erased-") && pseudonym.count == 23)
        for text in [Self.contact, "erase.me", "Erase.Me"] {
            #expect(try first.files(naming: text).isEmpty, "\(text)")
            #expect(!result.output.contains(text))
        }
        try await Self.check(first.data, erased: paid, kept: other, pseudonym: pseudonym, sold: sold)
        let again = try await sluice(command)
        #expect(again.status == 0, "\(again.errors)")
        #expect(again.object["orders"] as? Int == 0)
        first.remove()
    }

    private static func check(
        _ data: URL, erased: Answer, kept: Answer, pseudonym: String, sold: [Int]
    ) async throws {
        let shop = try await ShopProcess(data: data)
        let order = try await shop.read(erased)
        #expect(order["status"] == "delivered")
        #expect(order.object["cards"] as? [String] == ["CARD-1"])
        #expect(!order.body.contains("private-account"))
        #expect(try await shop.read(kept).body.contains("private-account"))
        #expect(try await shop.sold() == sold)
        let body = #"{"contact":"\#(contact)","query_password":"hunter"}"#
        #expect(try await shop.post("/api/v1/orders/lookup", body).items().isEmpty)
        #expect(try await shop.admin("GET", "/orders").body.contains(pseudonym))
        try await shop.audit()
        await shop.stop()
    }

    @Test("what is settled and old is erased, and what is not settled stays")
    func eraseOld() async throws {
        let first = try await ShopProcess()
        try await Self.offerTopUp(first)
        let paid = try await Self.orderTopUp(first, Self.contact)
        _ = try await first.pay(paid)
        let waiting = try await Self.orderTopUp(first, "keep.me@example.com")
        let sold = try await first.sold()
        await first.stop()
        let command = ["erase", "--data", first.data.path, "--older-than-days"]
        let young = try await sluice(command + ["1"])
        #expect(young.object["orders"] as? Int == 0, "\(young.errors)")
        let result = try await sluice(command + ["0"])
        #expect(result.status == 0, "\(result.errors)")
        #expect(result.object["buyers"] as? Int == 1)
        #expect(result.object["orders"] as? Int == 1)
        #expect(result.object["unsettled_orders"] as? Int == 1)
        #expect(try first.files(naming: Self.contact).isEmpty)
        #expect(try !first.files(naming: "keep.me@example.com").isEmpty)
        let second = try await ShopProcess(data: first.data)
        #expect(try await second.read(paid)["status"] == "delivered")
        #expect(try await second.read(waiting)["status"] == "awaiting_payment")
        #expect(try await second.sold() == sold)
        try await second.audit()
        await second.stop()
        second.remove()
    }

    @Test("an erasure needs a contact that is one, or a number of days, and not both")
    func eraseRefusals() async throws {
        let shop = try await ShopProcess()
        await shop.stop()
        let command = ["erase", "--data", shop.data.path]
        for arguments in [[], ["--contact", "a@example.com", "--older-than-days", "1"], ["--contact", "nobody"]] {
            let result = try await sluice(command + arguments)
            #expect(result.status != 0)
            #expect(result.output.isEmpty)
        }
        #expect(try await sluice(command + ["--older-than-days", "99999"]).status == 1)
        shop.remove()
    }
}

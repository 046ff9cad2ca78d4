import Foundation
import TestKit
import Testing

/// Owners by command: the first one, and one who has lost their password.
extension RunningShop {
    @Test("the command lets an owner in who has lost their password; the shop must have stopped")
    func ownerCommand() async throws {
        let shop = try await ShopProcess()
        let visit = try await AdminOrderVisit(shop)
        let command = ["owner", "--data", shop.data.path, "--name", "ann"]
        let refused = try await sluice(command)
        #expect(refused.status == 1 && refused.errors.contains("stop it first"))
        await shop.stop()
        let reset = try await sluice(command)
        #expect(reset.status == 0 && reset["name"] == "ann", "\(reset.errors)")
        let password = try #require(reset["one_time_password"])
        let second = try await ShopProcess(data: shop.data)
        let visitor = PageVisitor(second)
        #expect(try await visit.logIn(visitor, "ann", "correct horse battery") == nil)
        #expect(try await visit.logIn(visitor, "ann", password) == "/admin/account")
        #expect(try await visitor.get("/admin/orders").headers["location"] == "/admin/account")
        await second.kill()
        shop.remove()
    }

    @Test("the command makes the first owner, and then there is no link to set the shop up")
    func ownerCommandFirst() async throws {
        let shop = try await ShopProcess()
        try await eventually("the link") { shop.log.contains("/admin/setup?token=") }
        let path = try #require(shop.log.firstMatch(of: /\/admin\/setup\?token=\w+/)).output
        await shop.stop()
        #expect(try await sluice(["owner", "--data", shop.data.path, "--name", "Bea"])["name"] == "bea")
        let malformed = try await sluice(["owner", "--data", shop.data.path, "--name", "no good"])
        #expect(malformed.status == 1 && malformed.errors.contains("name: must have"))
        let second = try await ShopProcess(data: shop.data)
        #expect(try await second.get(String(path)).status != 200)
        #expect(!second.log.contains("/admin/setup"))
        await second.kill()
        shop.remove()
    }
}

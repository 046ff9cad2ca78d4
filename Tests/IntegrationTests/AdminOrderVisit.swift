import TestKit
import Testing

/// Members of the staff who have logged in, each with a browser.
struct AdminOrderVisit {
    let shop: ShopProcess
    let owner: PageVisitor

    private static let password = "correct horse battery"

    /// Makes the owner by the link that the shop has printed.
    init(_ shop: ShopProcess) async throws {
        self.shop = shop
        owner = PageVisitor(shop)
        var token = ""
        try await eventually("the link for the first owner") {
            token = shop.log.firstMatch(of: /\/admin\/setup\?token=([^\s]+)\n/).map { String($0.output.1) } ?? ""
            return !token.isEmpty
        }
        try expect(try await owner.get("/admin/setup?token=\(token)").status, is: 200, "set-up")
        let fields = [("token", token), ("name", "ann"), ("password", Self.password)]
        try expect(try await owner.post("/admin/setup", fields).status, is: 303, "first owner")
        try expect(try await logIn(owner, "ann", Self.password), is: "/admin", "log-in")
    }

    /// A member of another role.
    func member(_ role: String) async throws -> PageVisitor {
        let name = role.replacing("_", with: "-")
        let made = try await owner.post("/admin/staff", [("name", name), ("role", role)])
        try expect(made.status, is: 200, "member")
        let given = made.body.firstMatch(of: /<dd>([^<]+)<\/dd>/).map { String($0.output.1) } ?? ""
        let visitor = PageVisitor(shop)
        try expect(try await logIn(visitor, name, given), is: "/admin/account", "first log-in")
        _ = try await visitor.get("/admin/account")
        let changed = try await visitor.post(
            "/admin/account/password", [("current", given), ("password", Self.password)])
        try expect(changed.status, is: 303, "own password")
        return visitor
    }

    /// Logs in; returns where that leads.
    func logIn(_ visitor: PageVisitor, _ name: String, _ password: String, next: String = "") async throws -> String? {
        try expect(try await visitor.get("/admin/login").status, is: 200, "log-in page")
        let fields = [("name", name), ("password", password), ("next", next)]
        return try await visitor.post("/admin/login", fields).headers["location"]
    }

    /// Logs the owner in with a new browser, to be led on.
    func logIn(next: String) async throws -> String? {
        try await logIn(PageVisitor(shop), "ann", Self.password, next: next)
    }

    /// A product that asks for something and whose late money is reviewed.
    func offer(_ more: String = "", cards: Int) async throws {
        try await shop.sandbox("sandbox")
        let answer = try await shop.product("game-key", #""fields":["account"]\#(more)"#)
        try expect(answer.status, is: 201, "product: \(answer.body)")
        if cards > 0 { try await shop.restock(cards: 1...cards) }
    }

    /// Places an order, with something filled in.
    func order(_ contact: String = "buyer@example.com", account: String = "hero-7") async throws -> Answer {
        let body = """
            {"product":"game-key","contact":"\(contact)","channel":"sandbox","fields":{"account":"\(account)"}}
            """
        let answer = try await shop.post("/api/v1/orders", body)
        try expect(answer.status, is: 201, "order: \(answer.body)")
        return answer
    }
}

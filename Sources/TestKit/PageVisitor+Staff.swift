import Foundation

extension PageVisitor {
    private static let password = "a password of the tests"

    /// Where the link leads that a fresh shop prints for its owner, without the shop's address.
    public static func setUpLink(of shop: ShopProcess) async throws -> String {
        try await eventually("a link to set the shop up") { setUpPath(in: shop.log) != nil }
        return setUpPath(in: shop.log) ?? ""
    }

    /// The owner of a fresh shop, set up by the link that it printed, and logged in.
    public static func owner(of shop: ShopProcess) async throws -> PageVisitor {
        let visitor = PageVisitor(shop)
        let path = try await setUpLink(of: shop)
        _ = try await visitor.get(path)
        let token = String(path.drop { $0 != "=" }.dropFirst())
        let made = try await visitor.post(
            "/admin/setup", [("token", token), ("name", "owner"), ("password", password)])
        try expect(made.status, is: 303, "set-up: \(made.body)")
        _ = try await visitor.follow(made)
        try await visitor.logIn("owner", password)
        return visitor
    }

    /// Another member of the staff, logged in with a password of their own.
    ///
    /// - Parameter role: its word in forms
    public static func member(
        of shop: ShopProcess, named name: String, role: String, by owner: PageVisitor
    ) async throws -> PageVisitor {
        _ = try await owner.get("/admin/staff")
        let made = try await owner.post("/admin/staff", [("name", name), ("role", role)])
        let facts = made.body.components(separatedBy: "<dd>")
        let given = facts.count == 2 ? String(facts[1].prefix { $0 != "<" }) : ""
        try expect(!given.isEmpty, "a one-time password: \(made.body)")
        let visitor = PageVisitor(shop)
        try await visitor.logIn(name, given)
        _ = try await visitor.get("/admin/account")
        let changed = try await visitor.post("/admin/account/password", [("current", given), ("password", password)])
        try expect(changed.status, is: 303, "a password of their own: \(changed.body)")
        try await visitor.logIn(name, password)
        return visitor
    }

    /// Logs in, anew if need be.
    public func logIn(_ name: String, _ password: String) async throws {
        forget("admin_session")
        _ = try await get("/admin/login")
        let answer = try await post("/admin/login", [("name", name), ("password", password)])
        try expect(answer.status, is: 303, "login: \(answer.body)")
    }

    private static func setUpPath(in log: String) -> String? {
        guard let start = log.range(of: "/admin/setup?token=") else { return nil }
        let rest = log[start.lowerBound...]
        // What is printed may still be on its way.
        guard let end = rest.firstIndex(where: { $0.isWhitespace || $0 == "\"" }) else { return nil }
        return String(rest[..<end])
    }
}

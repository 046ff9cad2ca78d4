import Foundation
import TestKit
import Testing

/// Who gets to the owner's pages, and who does not.
extension RunningShop {
    static let ownerPassword = "correct horse battery staple"

    /// The link that the shop printed, without its address.
    private func setUpPath(_ shop: ShopProcess) async throws -> String {
        try await eventually("the link is printed") { shop.log.contains("/admin/setup?token=") }
        let mark = try #require(shop.log.range(of: "/admin/setup?token="))
        return String(shop.log[mark.lowerBound...].prefix { !$0.isWhitespace })
    }

    /// Makes the owner and logs in.
    private func owner(of shop: ShopProcess) async throws -> PageVisitor {
        let visitor = PageVisitor(shop)
        let path = try await setUpPath(shop)
        _ = try await visitor.get(path)
        let made = try await visitor.post(
            "/admin/setup",
            [
                ("token", String(path.drop { $0 != "=" }.dropFirst())), ("name", "owner"),
                ("password", Self.ownerPassword),
            ])
        #expect(made.headers["location"] == "/admin/login?done=setUp")
        #expect(try await logIn(visitor, "owner", Self.ownerPassword).status == 303)
        return visitor
    }

    private func logIn(_ visitor: PageVisitor, _ name: String, _ password: String) async throws -> Answer {
        _ = try await visitor.get("/admin/login")
        return try await visitor.post("/admin/login", [("name", name), ("password", password)])
    }

    /// Makes a member with a password of their own, and logs them in.
    private func member(_ role: String, of shop: ShopProcess, by owner: PageVisitor) async throws -> PageVisitor {
        _ = try await owner.get("/admin/staff")
        let page = try await owner.post("/admin/staff", [("name", "member-\(role)"), ("role", role)])
        let mark = try #require(page.body.range(of: "<dt>Password</dt><dd>"))
        let once = String(page.body[mark.upperBound...].prefix { $0 != "<" })
        let visitor = PageVisitor(shop)
        #expect(try await logIn(visitor, "member-\(role)", once).headers["location"] == "/admin/account")
        // Until another password is chosen, nothing else is there.
        #expect(try await visitor.get("/admin").headers["location"] == "/admin/account")
        _ = try await visitor.get("/admin/account")
        let changed = try await visitor.post(
            "/admin/account/password", [("current", once), ("password", "another long password")])
        #expect(changed.status == 303)
        #expect(try await visitor.get("/admin").status == 200)
        return visitor
    }

    @Test("the first start prints a link that makes the owner once, and nobody gets in without logging in")
    func firstOwner() async throws {
        try await withShop { shop in
            let stranger = PageVisitor(shop)
            for path in ["/admin", "/admin/staff", "/admin/settings", "/admin/live", "/admin/live/events"] {
                let answer = try await stranger.get(path)
                #expect(answer.status == 303 && answer.headers["location"]?.hasPrefix("/admin/login") == true)
            }
            let path = try await setUpPath(shop)
            let visitor = try await owner(of: shop)
            #expect(try await visitor.get("/admin").body.contains("Overview"))
            #expect(try await stranger.get(path).status == 404)
            #expect(try await stranger.get("/admin/setup?token=\(String(repeating: "0", count: 64))").status == 404)
            #expect(!shop.log.contains(Self.ownerPassword))
            let out = try await visitor.post("/admin/logout")
            #expect(out.headers["location"] == "/admin/login")
            #expect(try await visitor.get("/admin").status == 303)
        }
    }

    @Test("a session is made by the log-in and by nothing else, and ends for good when it is ended")
    func sessions() async throws {
        try await withShop { shop in
            let visitor = try await owner(of: shop)
            let token = try #require(await visitor.cookie("admin_session", for: "/admin"))
            // A token that somebody else has put there beforehand is not taken over.
            let headers = ["Cookie": "admin_session=\(String(repeating: "a", count: 64))", "Accept": "text/html"]
            #expect(try await shop.send("GET", "/admin", headers: headers).status == 303)
            let victim = PageVisitor(shop)
            #expect(try await logIn(victim, "owner", Self.ownerPassword).status == 303)
            #expect(await victim.cookie("admin_session", for: "/admin") != token)
            let cookie = try await shop.send("GET", "/admin/account", headers: ["Cookie": "admin_session=\(token)"])
            #expect(cookie.status == 200)
            _ = try await visitor.get("/admin/account")
            _ = try await visitor.post("/admin/logout")
            #expect(try await shop.send("GET", "/admin", headers: ["Cookie": "admin_session=\(token)"]).status == 303)
        }
    }

    @Test("a wrong name and a wrong password get the same answer, and guessing is locked out")
    func guessing() async throws {
        try await withShop { shop in
            _ = try await owner(of: shop)
            let guesser = PageVisitor(shop)
            let unknown = try await logIn(guesser, "nobody", "some long password")
            let wrong = try await logIn(guesser, "owner", "some long password")
            #expect(unknown.status == 401 && wrong.status == 401)
            #expect(
                unknown.body.replacing("value=\"nobody\"", with: "")
                    == wrong.body.replacing("value=\"owner\"", with: ""))
            var statuses: [Int] = []
            for _ in 0..<8 { statuses.append(try await logIn(guesser, "owner", "some long password").status) }
            #expect(statuses.last == 429)
            // Not even the right password helps now.
            #expect(try await logIn(guesser, "owner", Self.ownerPassword).status == 429)
        }
    }

    @Test("what a role may not do is refused whatever address is asked for", arguments: ["staff", "read_only"])
    func roles(role: String) async throws {
        try await withShop { shop in
            let owner = try await owner(of: shop)
            let member = try await member(role, of: shop, by: owner)
            for path in ["/admin/staff", "/admin/settings"] {
                #expect(try await member.get(path).status == 403, "\(path)")
            }
            for path in ["/admin/settings", "/admin/staff", "/admin/staff/1/role", "/admin/staff/1/password"] {
                let answer = try await member.post(
                    path, [("name", "Taken over"), ("role", "owner"), ("version", "1"), ("time_zone", "UTC")])
                #expect(answer.status == 403, "\(path)")
            }
            #expect(try await !shop.get("/").body.contains("Taken over"))
            #expect(try await member.get("/admin").body.contains("Overview"))
        }
    }

    @Test("a form without the browser's token, or of another site, changes nothing")
    func ownersForms() async throws {
        try await withShop { shop in
            let owner = try await owner(of: shop)
            _ = try await owner.get("/admin/settings")
            let fields = [("name", "Taken over"), ("time_zone", "UTC"), ("version", "0")]
            for path in [
                "/admin/settings", "/admin/staff", "/admin/logout", "/admin/login", "/admin/account/password",
                "/admin/account/totp/begin", "/admin/staff/1/disable", "/admin/staff/1/password",
                "/admin/staff/sessions/1/end",
            ] {
                #expect(try await owner.post(path, fields + [("form", "")]).status == 403, "\(path)")
                #expect(try await owner.post(path, fields, origin: "https://evil.example").status == 403, "\(path)")
            }
            #expect(try await owner.get("/admin").status == 200)
            #expect(try await owner.post("/admin/settings", fields).status == 303)
            #expect(try await shop.get("/").body.contains("Taken over"))
        }
    }

    @Test("the log-in leads to the owner's pages and nowhere else")
    func wayOn() async throws {
        try await withShop { shop in
            _ = try await owner(of: shop)
            for next in [
                "//evil.example", "https://evil.example", "/\\evil.example", "/adminx", "/admin/../x", "/orders",
            ] {
                let visitor = PageVisitor(shop)
                _ = try await visitor.get("/admin/login")
                let answer = try await visitor.post(
                    "/admin/login", [("name", "owner"), ("password", Self.ownerPassword), ("next", next)])
                #expect(answer.headers["location"] == "/admin", "\(next)")
            }
        }
    }
}

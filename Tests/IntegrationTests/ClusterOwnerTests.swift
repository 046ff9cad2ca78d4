import Foundation
import TestKit
import Testing

/// The owner of a shop on many nodes.
extension NodeTests {
    @Test("a command makes the first owner while nodes run, who logs in at one node and is known at the other")
    func owner() async throws {
        try await withNodes(["web", "web,payments,orders,delivery,upkeep"]) { cluster, nodes in
            #expect(!nodes[0].log.contains("/admin/setup"))
            let made = try await sluice(["owner", "--name", "ann"], environment: cluster.environment)
            let given = try #require(made["one_time_password"], "\(made.errors)")
            let visitor = PageVisitor(nodes[0])
            _ = try await visitor.get("/admin/login")
            let first = try await visitor.post("/admin/login", [("name", "ann"), ("password", given)])
            #expect(first.headers["location"] == "/admin/account")
            _ = try await visitor.get("/admin/account")
            let own = [("current", given), ("password", "a password of the tests")]
            #expect(try await visitor.post("/admin/account/password", own).status == 303)
            let session = try #require(await visitor.cookie("admin_session", for: "/admin"))
            let cookie = ["Cookie": "admin_session=\(session)"]
            for path in ["/admin", "/admin/live", "/admin/orders", "/admin/journal"] {
                #expect(try await nodes[1].send("GET", path, headers: cookie).status == 200, "\(path)")
            }
            // Databases have tools of their own, and one machine's drill says nothing of many.
            let backups = try await nodes[1].send("GET", "/admin/backups", headers: cookie)
            #expect(backups.status == 200 && backups.body.contains("databases of its own"))
            let drills = try await nodes[1].send("GET", "/admin/drills", headers: cookie)
            #expect(drills.status == 200 && drills.body.contains("holds no drills"))
            #expect(try await visitor.get("/admin/backups/x").status == 404)
        }
    }
}

import Foundation
import TestKit
import Testing

/// The owner's pages of backups.
extension RunningShop {
    private static func backups(_ page: String) -> [String] {
        page.matches(of: /href="\/admin\/backups\/([0-9TZ]+-[a-z]+\.sqlite)"/).map { String($0.output.1) }
    }

    private static func made(_ owner: PageVisitor) async throws -> String {
        _ = try await owner.get("/admin/backups")
        let page = try await owner.follow(try await owner.post("/admin/backups"))
        return try #require(backups(page.body).first)
    }

    @Test("a backup is made, looked into, downloaded and removed; what was done stands in the journal")
    func adminBackup() async throws {
        try await withShop { shop in
            let visit = try await AdminOrderVisit(shop)
            try await visit.offer(cards: 3)
            let name = try await Self.made(visit.owner)
            let page = try await visit.owner.get("/admin/backups/\(name)")
            #expect(page.status == 200 && page.body.contains("<dd>3</dd>") && page.body.contains("opens it"))
            let file = try await visit.owner.post("/admin/backups/\(name)/download")
            #expect(file.headers["content-disposition"] == "attachment; filename=\"\(name)\"")
            #expect(file.headers["cache-control"] == "no-store")
            let size = try Data(contentsOf: shop.data.appendingPathComponent("backups/\(name)")).count
            #expect(file.headers["content-length"] == "\(size)")
            _ = try await visit.owner.get("/admin/backups")
            #expect(try await visit.owner.post("/admin/backups/\(name)/remove").status == 303)
            #expect(Self.backups(try await visit.owner.get("/admin/backups").body).isEmpty)
            let journal = try await visit.owner.get("/admin/journal").body
            for deed in ["made a backup", "downloaded a backup", "removed a backup"] {
                #expect(journal.contains(deed), "\(deed)")
            }
        }
    }

    @Test("a restore puts the ledger back, logs everybody out, and the shop answers at the same address")
    func adminRestore() async throws {
        try await withShop { shop in
            let visit = try await AdminOrderVisit(shop)
            try await visit.offer(cards: 3)
            let early = try await visit.order()
            let name = try await Self.made(visit.owner)
            let late = try await visit.order("late@example.com")
            _ = try await visit.owner.get("/admin/backups/\(name)")
            let careless = try await visit.owner.post("/admin/backups/\(name)/restore")
            #expect(careless.status == 422 && careless.body.contains("must be ticked"))
            let asked = try await visit.owner.post(
                "/admin/backups/\(name)/restore", [("understood", "yes"), ("reason", "rehearsal")])
            #expect(asked.status == 202)
            try await eventually("the shop to begin anew") {
                guard shop.log.contains("a backup is the ledger now") else { return false }
                return (try? await shop.get("/readyz").status) == 200
            }
            #expect(try await shop.status(early) == "awaiting_payment")
            #expect(try await shop.status(late) != "awaiting_payment")
            #expect(try await visit.owner.get("/admin/backups").headers["location"]?.hasPrefix("/admin/login") == true)
            #expect(try await visit.logIn(next: "/admin/backups") == "/admin/backups")
            try await shop.audit()
        }
    }

    @Test("what was sold since the backup is not sold again, and what was delivered since stays delivered")
    func restoreWithholds() async throws {
        try await withShop { shop in
            let visit = try await AdminOrderVisit(shop)
            try await shop.offer(cards: 3)
            let waiting = try await shop.order("early@example.com")
            let name = try await Self.made(visit.owner)
            func paid(_ order: Answer) async throws -> [String] {
                _ = try await shop.pay(order)
                return try #require(try await shop.read(order).object["cards"] as? [String])
            }
            let first = try await paid(waiting)
            let second = try await paid(try await shop.order("late@example.com"))
            _ = try await visit.owner.get("/admin/backups/\(name)")
            #expect(try await visit.owner.post("/admin/backups/\(name)/restore", [("understood", "yes")]).status == 202)
            try await eventually("the shop to begin anew") {
                guard shop.log.contains("a backup is the ledger now") else { return false }
                return (try? await shop.get("/readyz").status) == 200
            }
            let known = try await shop.read(waiting)
            #expect(known["status"] == "delivered" && known.object["cards"] as? [String] == first)
            let third = try await paid(try await shop.order("new@example.com"))
            #expect(Set(first + second + third).count == 3)
            #expect(try await shop.order("another@example.com")["code"] == "sold_out")
            try await shop.audit()
        }
    }

    @Test(
        "a name that leads elsewhere is no backup",
        arguments: [
            "..%2Fmaster.key", "..%2F..%2Fetc%2Fpasswd", "%2Fetc%2Fpasswd", "..", "schedule.json", "x%00.sqlite",
        ])
    func adminBackupPaths(_ name: String) async throws {
        try await withShop { shop in
            let visit = try await AdminOrderVisit(shop)
            _ = try await Self.made(visit.owner)
            let before = try FileManager.default.contentsOfDirectory(atPath: shop.data.path).sorted()
            #expect([400, 404].contains(try await visit.owner.get("/admin/backups/\(name)").status))
            _ = try await visit.owner.get("/admin/backups")
            for verb in ["download", "remove", "restore"] {
                let answer = try await visit.owner.post("/admin/backups/\(name)/\(verb)", [("understood", "yes")])
                #expect([400, 404].contains(answer.status), "\(verb)")
            }
            #expect(try FileManager.default.contentsOfDirectory(atPath: shop.data.path).sorted() == before)
            #expect(try await shop.get("/readyz").status == 200)
        }
    }

    @Test("what is brought in is judged by its content: only a ledger of this shop's master key is kept")
    func adminBackupUpload() async throws {
        try await withShop { shop in
            let visit = try await AdminOrderVisit(shop)
            let name = try await Self.made(visit.owner)
            let page = try await visit.owner.get("/admin/backups")
            let token = await visit.owner.hidden("form")
            #expect(page.status == 200)
            for text in ["PK\u{3}\u{4} a zip", "SQLite format 3", "SQLite format 3\0 but nothing that follows", ""] {
                let answer = try await visit.owner.upload("/admin/backups/upload", text, token: token)
                #expect(answer.status == 422, "\(text)")
            }
            #expect(try await visit.owner.upload("/admin/backups/upload", "x", token: "wrong").status == 403)
            #expect(Self.backups(try await visit.owner.get("/admin/backups").body) == [name])
            let names = try FileManager.default.contentsOfDirectory(
                atPath: shop.data.appendingPathComponent("backups").path)
            #expect(names == [name])
        }
    }

    @Test("a schedule is kept, and one out of its bounds is refused at its field")
    func adminBackupSchedule() async throws {
        try await withShop { shop in
            let visit = try await AdminOrderVisit(shop)
            _ = try await visit.owner.get("/admin/backups")
            let wrong = try await visit.owner.post("/admin/backups/schedule", [("hours", "9999"), ("keep", "2")])
            #expect(wrong.status == 422 && wrong.body.contains("must be"))
            #expect(
                try await visit.owner.post("/admin/backups/schedule", [("hours", "6"), ("keep", "2")]).status == 303)
            let page = try await visit.owner.get("/admin/backups").body
            #expect(page.contains("name=\"hours\" type=\"number\" value=\"6\""))
            #expect(page.contains("name=\"keep\" type=\"number\" value=\"2\""))
        }
    }

    @Test("backups and drills are the owner's alone")
    func adminBackupRights() async throws {
        try await withShop { shop in
            let visit = try await AdminOrderVisit(shop)
            let staff = try await visit.member("staff")
            for path in ["backups", "backups/x.sqlite", "drills", "drills/x", "drills/x/report"] {
                #expect(try await staff.get("/admin/\(path)").status == 403, "\(path)")
            }
            for path in ["backups", "backups/schedule", "backups/x/restore", "backups/x/download", "drills"] {
                #expect(try await staff.post("/admin/\(path)").status == 403, "\(path)")
            }
            #expect(try await !staff.get("/admin").body.contains("/admin/backups"))
        }
    }
}

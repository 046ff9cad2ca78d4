import Foundation
import TestKit
import Testing

/// The owner's pages of drills.
extension RunningShop {
    @Test("a drill is held beside the live shop, and its report shows plots; the live ledger is untouched")
    func adminDrill() async throws {
        try await withShop { shop in
            let visit = try await AdminOrderVisit(shop)
            try await visit.offer(cards: 2)
            _ = try await visit.owner.get("/admin/drills")
            let fields = [("product", "game-key"), ("cards", "20"), ("buyers", "200"), ("rate", "200"), ("paid", "50")]
            let wrong = try await visit.owner.post("/admin/drills", fields.map { ($0.0, $0.0 == "rate" ? "0" : $0.1) })
            #expect(wrong.status == 422)
            let begun = try await visit.owner.post("/admin/drills", fields)
            let place = try #require(begun.headers["location"])
            #expect(begun.status == 303 && place.hasSuffix("-game-key"))
            #expect(try await visit.owner.post("/admin/drills", fields).status == 503)
            try await eventually("the end of the drill", within: 240) {
                try await !visit.owner.get(place).body.contains("/admin/drills/stop")
            }
            let page = try await visit.owner.get(place).body
            // On a machine that other tests keep busy, its buyers come too late to prove anything.
            #expect(page.contains("<dd>passed</dd>") || page.contains("<dd>proves nothing</dd>"), "\(page)")
            #expect(page.components(separatedBy: "<svg").count == 5)
            let report = try await visit.owner.get(place + "/report")
            #expect(report.status == 200 && report.body.contains("Latency of placing an order"))
            #expect(report.headers["content-security-policy"]?.hasPrefix("default-src 'none'; style-src") == true)
            #expect(try await visit.owner.get("/admin/orders").body.contains("There are no such orders."))
            #expect(try await visit.owner.get("/admin/journal").body.contains("began a drill"))
            _ = try await visit.owner.get("/admin/drills")
            #expect(try await visit.owner.post("\(place)/remove").status == 303)
            #expect(try await visit.owner.get(place).status == 404)
            try await shop.audit()
        }
    }

    @Test("a drill that is stopped leaves no process, and another one can be begun")
    func adminDrillStopped() async throws {
        try await withShop { shop in
            let visit = try await AdminOrderVisit(shop)
            try await visit.offer(cards: 2)
            _ = try await visit.owner.get("/admin/drills")
            let fields = [("product", "game-key"), ("cards", "9"), ("buyers", "60000"), ("rate", "100"), ("paid", "0")]
            let place = try #require(try await visit.owner.post("/admin/drills", fields).headers["location"])
            _ = try await visit.owner.get("/admin/drills")
            #expect(try await visit.owner.post("/admin/drills/stop").status == 303)
            #expect(try await visit.owner.get(place).body.contains("not held"))
            let scratch = shop.data.appendingPathComponent("drills/scratch").path
            try await eventually("a clean stage") { !FileManager.default.fileExists(atPath: scratch) }
            _ = try await visit.owner.get("/admin/drills")
            #expect(try await visit.owner.post("/admin/drills", fields).status == 303)
        }
    }

    @Test("a name that leads elsewhere is no drill", arguments: ["..%2F..%2Fledger.sqlite", "..", "scratch"])
    func adminDrillPaths(_ name: String) async throws {
        try await withShop { shop in
            let visit = try await AdminOrderVisit(shop)
            #expect([400, 404].contains(try await visit.owner.get("/admin/drills/\(name)").status))
            #expect([400, 404].contains(try await visit.owner.get("/admin/drills/\(name)/report").status))
            _ = try await visit.owner.get("/admin/drills")
            #expect([400, 404].contains(try await visit.owner.post("/admin/drills/\(name)/remove").status))
            #expect(try await shop.get("/readyz").status == 200)
        }
    }
}

import Foundation
import TestKit
import Testing

/// Files of cards, as the script of the owner's page sends them.
extension RunningShop {
    private static let address = "/admin/products/game-key/cards"

    /// The lines of an answer, as JSON.
    private func told(_ answer: String) -> [[String: Any]] {
        answer.split(separator: "\n").compactMap {
            (try? JSONSerialization.jsonObject(with: Data($0.utf8))) as? [String: Any]
        }
    }

    private func lines(_ numbers: ClosedRange<Int>) -> String { numbers.map { "LINE-\($0)\n" }.joined() }

    @Test("2,000 cards come in as one batch that tells how far it is, and go out again at once")
    func file() async throws {
        try await withShop { shop in
            try await shop.offer(cards: 0)
            let owner = try await PageVisitor.owner(of: shop)
            _ = try await owner.get(Self.address)
            let check = told(
                try await owner.upload(Self.address + "/upload?dry_run=1", lines(1...2000)).body)
            #expect(check.last?["imported"] as? Int == 2000 && check.last?["batch"] is NSNull)
            let answer = told(try await owner.upload(Self.address + "/upload", lines(1...2000) + "\n----x\n").body)
            #expect(answer.count > 1 && answer.dropLast().allSatisfy { $0["done"] as? Bool == false })
            #expect(answer.first?["line"] as? Int == 200 && answer.first?["imported"] as? Int == 200)
            let last = try #require(answer.last)
            #expect(last["done"] as? Bool == true && last["imported"] as? Int == 2000 && last["line"] as? Int == 2002)
            let skipped = try #require(last["lines"] as? [[String: Any]])
            #expect(skipped.count == 1 && skipped[0]["line"] as? Int == 2002)
            #expect(skipped[0]["reason"] as? String == "There is no secret.")
            let batch = try #require(last["batch"] as? Int)
            #expect(answer.allSatisfy { $0["batch"] as? Int == batch })
            #expect(try await owner.get(Self.address).body.contains("2000 in stock"))
            let again = told(try await owner.upload(Self.address + "/upload", lines(1...3)).body).last
            #expect(again?["duplicates"] as? Int == 3)
            let undone = try await owner.post(
                "/admin/batches/\(batch)/undo", [("product", "game-key"), ("leave_sold", "no")])
            #expect(undone.headers["location"] == Self.address + "?done=undone")
            #expect(try await owner.follow(undone).body.contains("0 in stock"))
            try await shop.audit()
        }
    }

    @Test("what is wrong with a file is told in words, before or at the end of the answer")
    func wrongFiles() async throws {
        try await withShop { shop in
            try await shop.offer(cards: 1)
            let owner = try await PageVisitor.owner(of: shop)
            _ = try await owner.get(Self.address)
            let other = try await owner.upload(Self.address + "/upload?layout=odd", "x")
            #expect(other.status == 422 && other["error"] != nil)
            let pickable = told(try await owner.upload(Self.address + "/upload?layout=pickable", "x").body)
            #expect(pickable.count == 1 && (pickable[0]["error"] as? String)?.contains("pickable") == true)
            await owner.forget("admin_session")
            let stranger = try await owner.upload(Self.address + "/upload", "x")
            #expect(stranger.status == 401 && stranger["error"]?.hasPrefix("You are not logged in.") == true)
        }
    }

    @Test("a connection that is lost on the way leaves what came in, and the file again adds what is missing")
    func lostFile() async throws {
        try await withShop { shop in
            try await shop.offer(cards: 0)
            let owner = try await PageVisitor.owner(of: shop)
            _ = try await owner.get(Self.address)
            let session = try #require(await owner.cookie("admin_session", for: "/admin"))
            let form = try #require(await owner.cookie("form", for: "/admin"))
            let token = try #require(await owner.hidden("form"))
            let text = lines(1...1000)
            let connection = try RawConnection(to: shop)
            connection.send(
                "POST \(Self.address)/upload HTTP/1.1\r\nHost: x\r\nContent-Type: text/plain; charset=utf-8\r\n"
                    + "Cookie: admin_session=\(session); form=\(form)\r\nX-Form-Token: \(token)\r\n"
                    + "Content-Length: \(text.utf8.count)\r\n\r\n\(text.prefix(text.count / 2))")
            // It is told how far it is while the rest is still to come.
            #expect(await connection.receive(until: "\"imported\":200").contains("\"imported\":200"))
            connection.disconnect()
            let whole = told(try await owner.upload(Self.address + "/upload", text).body).last
            let imported = try #require(whole?["imported"] as? Int)
            #expect((1...800).contains(imported) && whole?["duplicates"] as? Int == 1000 - imported)
            #expect(try await owner.get(Self.address).body.contains("1000 in stock"))
            try await shop.audit()
        }
    }
}

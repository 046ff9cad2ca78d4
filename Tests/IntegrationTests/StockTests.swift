import Foundation
import TestKit
import Testing

extension ShopProcess {
    /// Imports lines of text.
    func load(_ lines: [String], isDryRun: Bool = false) async throws -> Answer {
        try await importCards(Array(lines.joined(separator: "\n").utf8), isDryRun: isDryRun)
    }

    /// Batches of the product, oldest first.
    func batches(_ slug: String = "game-key") async throws -> [[String: Any]] {
        try await admin("GET", "/products/\(slug)/batches").items().reversed()
    }

    /// Takes a batch out again.
    func undo(_ batch: Any?, _ body: String = #"{"by":"ann","reason":"wrong file"}"#) async throws -> Answer {
        try await admin("POST", "/batches/\(batch as? Int ?? 0)/undo", body)
    }

    /// The numbers of the cards in a state, oldest first.
    func numbers(_ state: String) async throws -> [String] {
        try await admin("GET", "/products/game-key/cards?state=\(state)").items().compactMap { $0["id"] as? String }
    }

    /// What the owner did last: action, subject, who and why, in one line.
    func lastDeed() async throws -> String {
        let deed = try await admin("GET", "/journal").items().first ?? [:]
        return ["action", "subject", "by", "reason"].map { deed[$0] as? String ?? "-" }.joined(separator: "; ")
    }
}

/// The counts of an import's report.
private func counts(_ report: Answer) -> [Int?] {
    ["imported", "duplicates", "rejected", "unlisted"].map { report.object[$0] as? Int }
}

/// The lines of an import's report, each as `number reason`.
private func lines(_ report: Answer) -> [String] {
    report.items("lines").map { "\($0["line"] as? Int ?? 0) \($0["reason"] as? String ?? "")" }
}

// MARK: Importing

extension RunningShop {
    /// 460 lines: 453 cards, in three slices, and one line for each reason to refuse one.
    private static let text: [UInt8] = {
        let cards = (1...450).map { "CARD-\($0)" }
        let end = [
            "", "CARD-1", " \t", "----note alone", String(repeating: "x", count: 4097),
            String(repeating: "y", count: 4096), "LAST", "汉字", "CARD-2----with a note",
        ]
        return Array((cards + end).joined(separator: "\r\n").utf8) + [0x0A, 0xFF, 0xFE]
    }()

    @Test("an import tells each line that became no card; a dry run tells the same and leaves nothing")
    func importReport() async throws {
        try await withShop { shop in
            try await shop.offer(cards: 0)
            let dry = try await shop.importCards(Self.text, isDryRun: true)
            #expect(dry.status == 200 && dry.object["batch"] is NSNull)
            #expect(try await shop.batches().isEmpty)
            #expect(try await shop.admin("GET", "/products/game-key/cards").items().isEmpty)
            #expect(try await shop.order("12345")["code"] == "sold_out")
            let report = try await shop.importCards(Self.text)
            #expect(report.status == 201 && report.object["batch"] as? Int == 1)
            #expect(counts(report) == [453, 2, 3, 0])
            let expected = ["452 duplicate", "454 empty_secret", "455 too_long", "459 duplicate", "460 undecodable"]
            #expect(lines(report).sorted() == expected)
            #expect(counts(dry) == counts(report))
            #expect(lines(dry) == lines(report))
            try await shop.wait(untilAvailable: 453)
            let repeated = try await shop.importCards(Self.text, isDryRun: true)
            #expect(counts(repeated) == [0, 455, 3, 0])
            #expect(try await shop.batches().count == 1)
            try await shop.audit()
        }
    }

    @Test("a report lists 1,000 lines and counts the others")
    func longReport() async throws {
        try await withShop { shop in
            try await shop.offer(cards: 1)
            let report = try await shop.load(Array(repeating: "CARD-1", count: 1500))
            #expect(counts(report) == [0, 1500, 0, 500])
            #expect(lines(report).count == 1000)
        }
    }

    /// `卡密一----请在官网兑换`, `卡密二😀`, each with a line break, in GB 18030.
    private static let chinese: [UInt8] = [
        0xBF, 0xA8, 0xC3, 0xDC, 0xD2, 0xBB, 0x2D, 0x2D, 0x2D, 0x2D, 0xC7, 0xEB, 0xD4, 0xDA, 0xB9, 0xD9, 0xCD, 0xF8,
        0xB6, 0xD2, 0xBB, 0xBB, 0x0A, 0xBF, 0xA8, 0xC3, 0xDC, 0xB6, 0xFE, 0x94, 0x39, 0xFC, 0x36, 0x0A,
    ]

    @Test(
        "GB 18030 is read, named or not, and its notes reach the buyer",
        arguments: ["text/plain", "text/plain; charset=gb18030", #"text/plain;charset="GBK""#])
    func chineseText(type: String) async throws {
        try await withShop { shop in
            try await shop.offer(cards: 0)
            #expect(try await shop.importCards(Self.chinese, type: "text/plain; charset=latin1").status == 415)
            let wrong = try await shop.importCards(Self.chinese, type: "text/plain; charset=utf-8", isDryRun: true)
            #expect(lines(wrong) == ["1 undecodable", "2 undecodable"])
            #expect(counts(try await shop.importCards(Self.chinese, type: type)) == [2, 0, 0, 0])
            // The same secrets in another charset are the same cards.
            #expect(counts(try await shop.load(["卡密一", "卡密二😀"])) == [0, 2, 0, 0])
            let order = try await shop.order("12345", quantity: 2)
            #expect(try await shop.read(order).object["notes"] == nil)
            #expect(try await shop.pay(order)["status"] == "delivered")
            #expect(try await shop.cards(order) == ["卡密一", "卡密二😀"])
            #expect(try await shop.read(order).object["notes"] as? [String] == ["请在官网兑换", ""])
            try await shop.audit()
        }
    }

    @Test("an export is what was imported, and is in the owner's journal")
    func export() async throws {
        try await withShop { shop in
            try await shop.offer(cards: 0)
            let imported = (1...450).map { $0.isMultiple(of: 3) ? "KEY-\($0)----note \($0) ---- 注" : "KEY-\($0)" }
            #expect(counts(try await shop.load(imported)) == [450, 0, 0, 0])
            let exported = try await shop.admin("GET", "/products/game-key/cards/export?by=ann&reason=moving%20house")
            #expect(exported.headers["content-type"] == "text/plain; charset=utf-8")
            #expect(exported.headers["cache-control"] == "no-store")
            let lines = exported.body.split(separator: "\n").map { String($0) }
            #expect(lines.count == 450)
            #expect(Set(lines) == Set(imported))
            #expect(try await shop.lastDeed() == "export; available cards of game-key; ann; moving house")
            let order = try await shop.order("12345")
            #expect(try await shop.pay(order)["status"] == "delivered")
            let sold = try await shop.admin("GET", "/products/game-key/cards/export?state=sold")
            #expect(sold.body == "KEY-1\n")
            #expect(try await shop.lastDeed() == "export; sold cards of game-key; owner; -")
            #expect(try await shop.admin("GET", "/products/game-key/cards/export?state=lost")["field"] == "state")
            #expect(try await shop.get("/api/v1/admin/products/game-key/cards/export").status == 401)
        }
    }
}

// MARK: Taking out

extension RunningShop {
    @Test("a batch is not taken out once a card of it is held or sold, but the rest of it is")
    func undoSold() async throws {
        try await withShop { shop in
            try await shop.offer(cards: 3)
            let batch = try await shop.batches().first?["batch"]
            let order = try await shop.order("12345")
            #expect(try await shop.undo(batch)["detail"]?.contains("1 cards are held and 0 are sold") == true)
            #expect(try await shop.pay(order)["status"] == "delivered")
            let refused = try await shop.undo(batch)
            #expect(refused.status == 409 && refused["code"] == "wrong_state")
            #expect(refused["detail"]?.contains("0 cards are held and 1 are sold") == true)
            try await shop.wait(untilAvailable: 2)
            let rest = try await shop.undo(batch, #"{"leave_sold":true,"by":"ann","reason":"wrong file"}"#)
            #expect(rest.status == 200 && rest.object["removed"] as? Int == 2)
            #expect(rest.object["sold"] as? Int == 1 && rest.object["available"] as? Int == 0)
            #expect(rest.object["imported"] as? Int == 1 && rest.object["undone"] as? Int == 2)
            #expect(try await shop.lastDeed() == "undo; batch \(batch as? Int ?? 0); ann; wrong file")
            try await shop.wait(untilAvailable: 0)
            #expect(try await shop.order("54321")["code"] == "sold_out")
            #expect(try await shop.cards(order) == ["CARD-1"])
            #expect(try await shop.undo(999).status == 404)
            try await shop.audit()
        }
    }

    @Test("what was taken out can be imported again, and is sold again")
    func undoAndImport() async throws {
        try await withShop { shop in
            try await shop.offer(cards: 450)
            let undone = try await shop.undo(try await shop.batches().first?["batch"])
            #expect(undone.status == 200 && undone.object["removed"] as? Int == 450)
            #expect(try await shop.order("12345")["code"] == "sold_out")
            try await shop.audit()
            try await shop.restock(cards: 1...450)
            try await shop.wait(untilAvailable: 450)
            let order = try await shop.order("12345", quantity: 10)
            #expect(try await shop.pay(order)["status"] == "delivered")
            #expect(Set(try await shop.cards(order) ?? []).count == 10)
            let batches = try await shop.batches()
            #expect(batches.map { $0["imported"] as? Int } == [0, 450])
            #expect(batches.map { $0["undone"] as? Int } == [450, 0])
            try await shop.audit()
        }
    }

    @Test("a voided card is not sold and not imported again")
    func void() async throws {
        try await withShop { shop in
            try await shop.offer(cards: 2)
            let cards = try await shop.numbers("available")
            let path = "/cards/\(cards.first ?? "")/void"
            let voided = try await shop.admin("POST", path, #"{"by":"ann","reason":"leaked"}"#)
            #expect(voided.status == 200 && voided["state"] == "voided")
            #expect(try await shop.lastDeed() == "void; card \(cards.first ?? ""); ann; leaked")
            #expect(try await shop.admin("POST", path)["code"] == "wrong_state")
            try await shop.wait(untilAvailable: 1)
            #expect(counts(try await shop.load(["CARD-1"])) == [0, 1, 0, 0])
            let order = try await shop.order("12345")
            #expect(try await shop.pay(order)["status"] == "delivered")
            #expect(try await shop.cards(order) == ["CARD-2"])
            #expect(try await shop.order("54321")["code"] == "sold_out")
            let sold = try await shop.numbers("sold").first ?? ""
            #expect(try await shop.admin("POST", "/cards/\(sold)/void")["code"] == "wrong_state")
            #expect(try await shop.admin("POST", "/cards/999/void").status == 404)
            try await shop.audit()
        }
    }

    @Test("a card that is replaced changes in the buyer's order, as long as there is another one")
    func replace() async throws {
        try await withShop { shop in
            try await shop.offer(cards: 3)
            let order = try await shop.order("12345", quantity: 2)
            #expect(try await shop.pay(order)["status"] == "delivered")
            let sold = try await shop.numbers("sold")
            let path = "/cards/\(sold.first ?? "")/replace"
            let other = try await shop.admin("POST", path, #"{"by":"ann","reason":"dead"}"#)
            #expect(other.status == 200 && other["state"] == "sold" && other["order"] == order.id)
            #expect(try await shop.cards(order) == ["CARD-2", "CARD-3"])
            let subject = "card \(sold.first ?? "") of order \(order.id) by card \(other["id"] ?? "")"
            #expect(try await shop.lastDeed() == "replace; \(subject); ann; dead")
            #expect(try await shop.numbers("voided") == Array(sold.prefix(1)))
            try await shop.wait(untilAvailable: 0)
            #expect(try await shop.admin("POST", path)["code"] == "wrong_state")
            #expect(try await shop.admin("POST", "/cards/\(sold.last ?? "")/replace")["code"] == "sold_out")
            #expect(try await shop.cards(order) == ["CARD-2", "CARD-3"])
            try await shop.audit()
        }
    }
}

// MARK: Kills

/// A shop that is to kill itself at a step, and then another one in the same folder.
///
/// - Parameters:
///   - first: prepares; returns what `second` needs, and the one request that reaches the step and gets no answer
///   - second: has the other shop
private func withKill<Value>(
    at step: String, _ first: (ShopProcess) async throws -> (Value, dying: () async throws -> Answer),
    then second: (ShopProcess, Value) async throws -> Void
) async throws {
    let folder = try ShopProcess.makeFolder()
    defer { try? FileManager.default.removeItem(at: folder) }
    let mortal = try await ShopProcess(data: folder, environment: ["FAIL_AT": step])
    let (value, dying) = try await killing(mortal) { try await first(mortal) }
    do {
        let answer = try await dying()
        Issue.record("\(step) was not reached: \(answer.status)")
        await mortal.kill()
    } catch {
        await mortal.ended()
        #expect(mortal.wasKilled)
    }
    let heir = try await ShopProcess(data: folder)
    try await killing(heir) { try await second(heir, value) }
    #expect(await heir.stop() == 0)
}

/// Kills a shop when something fails.
private func killing<Value>(_ shop: ShopProcess, _ body: () async throws -> Value) async throws -> Value {
    do {
        return try await body()
    } catch {
        await shop.kill()
        throw error
    }
}

extension RunningShop {
    private static let undoing = ["undo.before_commit:1", "undo.before_commit:2", "undo.after_commit:2"]

    @Test("a kill while a batch is taken out: repeated, the batch is gone and the books are right", arguments: undoing)
    func killWhileUndoing(step: String) async throws {
        try await withKill(at: step) { shop in
            try await shop.offer(cards: 500)
            let batch = try await shop.batches().first?["batch"]
            return (batch, { try await shop.undo(batch) })
        } then: { shop, batch in
            let left = ["undo.before_commit:1": 500, "undo.before_commit:2": 300, "undo.after_commit:2": 100][step]
            try await shop.audit()
            try await shop.wait(untilAvailable: left ?? 0)
            let undone = try await shop.undo(batch)
            #expect(undone.status == 200 && undone.object["removed"] as? Int == left)
            #expect(try await shop.batches().map { $0["undone"] as? Int } == [500])
            #expect(try await shop.admin("GET", "/products/game-key/cards").items().isEmpty)
            #expect(try await shop.order("12345")["code"] == "sold_out")
            #expect(try await shop.undo(batch).object["removed"] as? Int == 0)
            try await shop.restock(cards: 1...500)
            try await shop.audit()
        }
    }

    @Test(
        "a kill while a payment is replayed: repeated, it delivers once",
        arguments: ["replay.before_commit", "replay.after_commit"])
    func killWhileReplaying(step: String) async throws {
        let wasKept = step == "replay.after_commit"
        try await withKill(at: "\(step):1") { shop in
            try await shop.sandbox("sandbox")
            _ = try await shop.product("game-key", #""hold_seconds":1,"late_money":"review""#)
            try await shop.restock(cards: 1...2)
            let order = try await shop.order("12345")
            try await shop.wait(order, until: "expired")
            #expect(try await shop.pay(order)["status"] == "review")
            let payment = try await shop.admin("GET", "/payments?resolution=review").items().first?["id"]
            let path = "/payments/\(payment as? String ?? "")/replay"
            return ((order, path), { try await shop.admin("POST", path) })
        } then: { shop, before in
            let (order, path) = before
            #expect(try await shop.status(order) == (wasKept ? "delivered" : "review"))
            let replay = try await shop.admin("POST", path)
            #expect(replay["order_status"] == "delivered")
            #expect(replay.object["changed"] as? Bool == !wasKept)
            #expect(try await shop.cards(order) == ["CARD-1"])
            try await shop.wait(untilAvailable: 1)
            try await shop.audit()
        }
    }

    @Test("a kill between a refund's intent and its call: repeated, it is refunded")
    func killWhileRefunding() async throws {
        try await withKill(at: "refund.requested:1") { shop in
            try await shop.offer(cards: 1)
            let order = try await shop.order("12345")
            #expect(try await shop.pay(order)["status"] == "delivered")
            return (order, { try await shop.owner("refund", order, #"{"by":"ann","reason":"sorry"}"#) })
        } then: { shop, order in
            #expect(try await shop.status(order) == "refund_pending")
            #expect(try await shop.cards(order) == nil)
            let open = try await shop.admin("GET", "/refunds?state=requested").items()
            #expect(open.map { $0["by"] as? String } == ["ann"])
            try await shop.audit()
            let refunded = try await shop.owner("refund", order, #"{"by":"bob"}"#)
            #expect(refunded["status"] == "refunded")
            #expect(refunded.items("refunds").map { $0["state"] as? String } == ["done"])
            #expect(try await shop.cards(order) == nil)
            try await shop.audit()
        }
    }
}

import Foundation
import TestKit
import Testing

/// A shop with an epay channel, and what its gateway would send.
struct EpayShop {
    let shop: ShopProcess
    static let key = "KEY-OF-THE-TESTS-0123456789abcdef"
    static let settings = #"{"gateway":"http://127.0.0.1:9/epay","pid":"1001","key":"\#(key)"}"#

    /// Puts a product at 19.90 with an epay channel on offer.
    init(_ shop: ShopProcess, cards: Int, holdSeconds: Int = 600) async throws {
        self.shop = shop
        try await shop.offer(cards: cards, holdSeconds: holdSeconds)
        let channel = try await shop.admin("PUT", "/channels/epay", #"{"kind":"epay","settings":\#(Self.settings)}"#)
        try expect(channel.status, is: 201, channel.body)
    }

    init(restarted shop: ShopProcess) { self.shop = shop }

    /// An order with an attempt that the gateway knows.
    struct Sale {
        let order: Answer
        let attempt: String

        /// What an honest gateway would say; nil takes a parameter away.
        func notice(trade: String? = nil, _ changes: [String: String?] = [:]) -> [String: String] {
            var params: [String: String?] = [
                "pid": "1001", "trade_no": trade ?? "T\(attempt)", "out_trade_no": attempt, "type": "alipay",
                "name": "Game key & 激活码", "money": "19.9", "trade_status": "TRADE_SUCCESS",
            ]
            params.merge(changes) { _, new in new }
            return params.compactMapValues { $0 }
        }
    }

    func sale(_ contact: String) async throws -> Sale {
        let order = try await shop.post(
            "/api/v1/orders", #"{"product":"game-key","contact":"\#(contact)@example.com","channel":"epay"}"#)
        try expect(order.status, is: 201, order.body)
        let begun = try await shop.post(
            "/api/v1/orders/\(order["id"] ?? "")/pay", #"{"channel":"epay"}"#, token: order["token"])
        try expect(begun.status, is: 201, begun.body)
        return Sale(order: order, attempt: try unwrap(begun["attempt"]))
    }

    /// What a callback came to.
    struct Outcome: Equatable, CustomStringConvertible {
        var answer: String
        var verdict: String
        var order: String

        var description: String { "\(answer) | \(verdict) | \(order)" }
    }

    func send(_ query: String, of sale: Sale, isPost: Bool = false) async throws -> Outcome {
        let path = "/callbacks/epay"
        let answer =
            isPost
            ? try await shop.send(
                "POST", path, body: query, headers: ["Content-Type": "application/x-www-form-urlencoded"])
            : try await shop.send("GET", "\(path)?\(query)")
        let newest = try await shop.admin("GET", "/payments?limit=1").items().first
        return Outcome(
            answer: "\(answer.status) \(answer.body)", verdict: newest?["verdict"] as? String ?? "-",
            order: try await shop.read(sale.order)["status"] ?? "-")
    }
}

extension RunningShop {
    /// One row of the matrix: what is sent, and what must come of it.
    struct Row: Sendable, CustomTestStringConvertible {
        let name: String
        var changes: [String: String?] = [:]
        /// What becomes of the signed query on its way.
        var tamper: @Sendable (String) -> String = { $0 }
        var isPost = false
        let expected: String

        var testDescription: String { name }
    }

    private static let delivered = "200 success | accepted | delivered"
    private static let review = "200 fail | mismatched | review"
    private static let forged = "400 fail | forged | awaiting_payment"

    private static func without(_ names: String...) -> @Sendable (String) -> String {
        { query in
            query.split(separator: "&").filter { pair in !names.contains { pair.hasPrefix("\($0)=") } }
                .joined(separator: "&")
        }
    }

    private static let rows = [
        Row(name: "GET", expected: delivered),
        Row(name: "POST", isPost: true, expected: delivered),
        Row(name: "money 19.9", changes: ["money": "19.9"], expected: delivered),
        Row(name: "money 19.90", changes: ["money": "19.90"], expected: delivered),
        Row(name: "money 1990", changes: ["money": "1990"], expected: review),
        Row(name: "money 1.99e1", changes: ["money": "1.99e1"], expected: review),
        Row(name: "money 19.899", changes: ["money": "19.899"], expected: review),
        Row(name: "money 19.89, too little", changes: ["money": "19.89"], expected: review),
        Row(name: "money 19.91, too much", changes: ["money": "19.91"], expected: review),
        Row(name: "money -19.9", changes: ["money": "-19.9"], expected: review),
        Row(name: "money absent", changes: ["money": nil as String?], expected: review),
        Row(name: "other merchant", changes: ["pid": "1002"], expected: review),
        Row(name: "merchant absent", changes: ["pid": nil as String?], expected: review),
        Row(
            name: "status WAIT_BUYER_PAY", changes: ["trade_status": "WAIT_BUYER_PAY"],
            expected: "200 fail | mismatched | awaiting_payment"),
        Row(
            name: "status absent", changes: ["trade_status": nil as String?],
            expected: "200 fail | mismatched | awaiting_payment"),
        Row(
            name: "unknown order", changes: ["out_trade_no": "00000000000000000000000000"],
            expected: "200 fail | unknown_order | awaiting_payment"),
        Row(name: "unknown field, signed", changes: ["buyer": "o9uA", "api_trade_no": "42"], expected: delivered),
        Row(name: "unknown field, not signed", tamper: { $0 + "&buyer=o9uA" }, expected: forged),
        Row(name: "empty field, not signed", tamper: { $0 + "&remark=" }, expected: delivered),
        Row(name: "unsigned", tamper: without("sign", "sign_type"), expected: forged),
        Row(name: "signature absent", tamper: without("sign"), expected: forged),
        Row(name: "signature empty", tamper: { without("sign")($0) + "&sign=" }, expected: forged),
        Row(
            name: "signature of nothing", tamper: { without("sign")($0) + "&sign=d41d8cd98f00b204e9800998ecf8427e" },
            expected: forged),
        Row(
            name: "signature in upper case",
            tamper: { query in
                let parts = query.components(separatedBy: "&sign=")
                return parts[0] + "&sign=" + parts[1].prefix(32).uppercased() + parts[1].dropFirst(32)
            }, expected: forged),
        Row(name: "signature type absent", tamper: without("sign_type"), expected: delivered),
        Row(name: "signature type RSA", tamper: { without("sign_type")($0) + "&sign_type=RSA" }, expected: forged),
        Row(
            name: "money changed after signing",
            tamper: { $0.replacingOccurrences(of: "money=19.9", with: "money=0.01") }, expected: forged),
        Row(name: "money repeated", tamper: { $0 + "&money=19.9" }, expected: forged),
        Row(name: "signature repeated", tamper: { $0 + "&sign=0" }, expected: forged),
        Row(name: "name like an array", tamper: { $0 + "&money[]=1" }, expected: forged),
        Row(name: "broken escape", tamper: { $0 + "&a=%zz" }, expected: forged),
        Row(name: "nothing at all", tamper: { _ in "" }, expected: forged),
    ]

    @Test("callbacks of an epay gateway, one row each")
    func callbackMatrix() async throws {
        try await withShop { shop in
            let epay = try await EpayShop(shop, cards: 100)
            for (number, row) in Self.rows.enumerated() {
                let sale = try await epay.sale("row\(number)")
                let query = try await EpaySigner.sign([sale.notice(row.changes)], key: EpayShop.key)[0]
                let outcome = try await epay.send(row.tamper(query), of: sale, isPost: row.isPost)
                print("callback  \(row.name) -> \(outcome)")
                #expect(outcome.description == row.expected, "\(row.name)")
            }
            try await shop.audit()
        }
    }

    @Test("a gateway's callback: 50 at once, again the next day, for another order, and paid twice")
    func callbackSeries() async throws {
        let folder = try ShopProcess.makeFolder()
        let first = try await ShopProcess(data: folder)
        let epay = try await EpayShop(first, cards: 100)
        let (sale, other) = (try await epay.sale("a"), try await epay.sale("b"))
        let queries = try await EpaySigner.sign(
            [
                sale.notice(), other.notice(trade: "T\(sale.attempt)"), sale.notice(trade: "SECOND"),
                sale.notice(["out_trade_no": other.attempt]), other.notice(),
            ], key: EpayShop.key)
        let answers = try await concurrently(50) { _ in try await first.get("/callbacks/epay?\(queries[0])").body }
        #expect(Set(answers) == ["success"])
        let verdicts = try await first.admin("GET", "/payments?limit=100").items().compactMap {
            $0["verdict"] as? String
        }
        #expect(verdicts.filter { $0 == "accepted" }.count == 1)
        #expect(verdicts.filter { $0 == "duplicate" }.count == 49)
        let swapped = queries[0].replacingOccurrences(of: sale.attempt, with: other.attempt)
        try await expect(
            epay.send(swapped, of: other), is: "400 fail | forged | awaiting_payment", "other order, tampered")
        try await expect(
            epay.send(queries[1], of: other), is: "200 fail | mismatched | awaiting_payment",
            "other order, same trade_no")
        try await expect(epay.send(queries[2], of: sale), is: "200 success | late | delivered", "paid twice")
        #expect(try await first.admin("GET", "/refunds?state=open").items().count == 1)
        try await first.audit()
        #expect(await first.stop() == 0)
        let second = try await ShopProcess(data: folder)
        let later = EpayShop(restarted: second)
        try await expect(later.send(queries[0], of: sale), is: "200 success | duplicate | delivered", "the next day")
        try await expect(later.send(queries[4], of: other), is: "200 success | accepted | delivered", "the other's own")
        try await second.audit()
        await second.stop()
        second.remove()
    }

    @Test("a gateway's callback after the hold has ended, with stock and without")
    func callbackAfterExpiry() async throws {
        try await withShop { shop in
            let epay = try await EpayShop(shop, cards: 1, holdSeconds: 1)
            let sale = try await epay.sale("a")
            try await eventually("expired") { try await shop.read(sale.order)["status"] == "expired" }
            let next = try await epay.sale("b")
            let queries = try await EpaySigner.sign([sale.notice(), next.notice()], key: EpayShop.key)
            try await expect(epay.send(queries[0], of: sale), is: "200 success | late | review", "without stock")
            try await eventually("expired") { try await shop.read(next.order)["status"] == "expired" }
            try await expect(epay.send(queries[1], of: next), is: "200 success | late | delivered", "with stock")
            try await shop.restock(cards: 100...100)
            let entry = try await shop.admin("GET", "/payments?resolution=review").items().first
            let replayed = try await shop.admin("POST", "/payments/\(entry?["id"] as? String ?? "")/replay")
            #expect(replayed["order_status"] == "delivered", "\(replayed.body)")
            try await shop.audit()
        }
    }

    private func expect(_ outcome: EpayShop.Outcome, is expected: String, _ name: String) async throws {
        print("callback  \(name) -> \(outcome)")
        #expect(outcome.description == expected, "\(name)")
    }
}

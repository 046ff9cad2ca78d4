import Domain
import Shop
import Testing

@testable import Channels

@Suite("Epay answers")
struct EpayAnswerTests {
    private let attempt = EpayFixtures.attempt

    /// The JSON of an order's answer; a value is JSON, and nil leaves the field out.
    private func order(_ changes: [String: String?] = [:]) -> String {
        var fields: [String: String] = [
            "code": "1", "msg": "\"ok\"", "pid": "1001", "trade_no": "\"2026010203040500001\"",
            "out_trade_no": "\"\(attempt.id.text)\"", "money": "\"19.90\"", "status": "1", "param": "null",
        ]
        for (name, value) in changes { fields[name] = value }
        return "{" + fields.map { "\"\($0)\":\($1)" }.joined(separator: ",") + "}"
    }

    private func read(_ body: String, status: Int = 200, _ more: [String: String] = [:]) throws -> QueryReading {
        try EpayFixtures.channel(more).read(ProviderAnswer(status: status, body: Array(body.utf8)), to: attempt)
    }

    private func read(_ changes: [String: String?]) throws -> QueryReading { try read(order(changes)) }

    private func isUnclear(_ reading: QueryReading) -> Bool {
        if case .unclear = reading { true } else { false }
    }

    private func notice(_ reading: QueryReading) -> PaymentNotice? {
        if case .paid(let notice, _) = reading { notice } else { nil }
    }

    // MARK: Queries

    @Test(
        "numbers may be numbers or text",
        arguments: [
            [:], ["code": "\"1\""], ["pid": "\"1001\""], ["status": "\"1\""], ["money": "19.9"], ["money": "19.90"],
            ["money": "\"19.9\""], ["trade_no": "2026010203040500001"], ["pid": nil], ["pid": "null"],
            ["refundmoney": "null"], ["refundmoney": "\"\""], ["refundmoney": "\"0.00\""], ["refundmoney": "0"],
            ["extra": "{\"a\":[1,{}]}"], ["extra": "true"], ["extra": "1e400"], ["extra": "[]"],
        ] as [[String: String?]])
    func paid(changes: [String: String?]) throws {
        let body = order(changes)
        let expected = PaymentNotice(
            channel: EpayFixtures.name, providerEvent: "2026010203040500001", attempt: attempt.id.text,
            amount: EpayFixtures.money(1990))
        #expect(try read(body) == .paid(expected, raw: body))
    }

    @Test("JSON numbers are exact, where a float would not be")
    func exactNumbers() throws {
        let exact: [(String, Int64)] = [("0.07", 7), ("1.1", 110), ("4.35", 435), ("1234567.89", 123_456_789)]
        for (text, fen) in exact {
            #expect(notice(try read(["money": text]))?.amount == EpayFixtures.money(fen))
        }
        let untrusted = [
            "19.899", "19.90000000000000001", "0.1000000000000000055", "-1", "true", "null", "[19.9]", "\"\"",
        ]
        for text in untrusted {
            #expect(isUnclear(try read(["money": text])), "\(text)")
        }
        #expect(isUnclear(try read(["money": nil])))
    }

    @Test("the status decides")
    func status() throws {
        for status in ["0", "3", "4"] {
            #expect(try read(["status": status]) == .unpaid)
            #expect(try read(["status": "\"\(status)\""]) == .unpaid)
        }
        #expect(try read(["status": "2"]) == .refunded)
        #expect(isUnclear(try read(["refundmoney": "\"0.01\""])))
        #expect(try read(["refundmoney": "19.9"]) == .refunded)
        for status in ["5", "-1", "\"\"", "\"01\"", "\" 1\"", "\"1 \"", "\"+1\"", "1.5", "true", "null", "[1]", nil] {
            #expect(isUnclear(try read(["status": status])), "\(status ?? "absent")")
        }
    }

    @Test(
        "what is about something else, or cannot be read, is unclear",
        arguments: [
            ["code": "0"], ["code": "-1"], ["code": "\"01\""], ["code": "true"], ["code": nil],
            ["out_trade_no": nil], ["out_trade_no": "\"other\""], ["out_trade_no": "null"], ["pid": "1009"],
            ["pid": "\"\""], ["pid": "true"], ["pid": "[]"], ["trade_no": nil], ["trade_no": "\"\""],
            ["trade_no": "\" \""], ["trade_no": "\"a\\u0000\""], ["trade_no": "\"a&b\""], ["trade_no": "\"é\""],
            ["refundmoney": "-1"], ["refundmoney": "\"x\""], ["refundmoney": "{}"],
        ] as [[String: String?]])
    func unclear(changes: [String: String?]) throws {
        #expect(isUnclear(try read(changes)))
    }

    @Test(
        "what is not JSON is unclear",
        arguments: ["", "null", "[]", "1", "\"ok\"", "{", "{\"code\":1", "{\"code\"}", "<html></html>"])
    func notJSON(body: String) throws {
        #expect(isUnclear(try read(body)))
        let channel = try EpayFixtures.channel()
        guard case .unclear = channel.readRefund(ProviderAnswer(status: 200, body: Array(body.utf8))) else {
            Issue.record("\(body) was read")
            return
        }
    }

    @Test("only status 200 is read", arguments: [201, 204, 302, 400, 500, 502])
    func httpStatus(status: Int) throws {
        #expect(isUnclear(try read(order(), status: status)))
        let refund = try EpayFixtures.channel().readRefund(
            ProviderAnswer(status: status, body: Array("{\"code\":1}".utf8)))
        #expect(refund == .unclear("the gateway answered with status \(status)"))
    }

    // MARK: Secrets

    @Test(
        "the key is not kept, however the answer spells it",
        arguments: [
            EpayFixtures.key, "a/b+c\"d\\e", "%41key/", "1990",
        ])
    func secrets(key: String) throws {
        let quoted = key.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"")
        let spellings = [quoted, quoted.replacing("/", with: "\\/"), EpayForm.encode(key)]
        for spelling in spellings {
            let body = order(["extra": "\"<\(spelling)>\(spelling)\""])
            guard case .paid(_, let raw) = try read(body, ["key": key]) else {
                Issue.record("not paid: \(body)")
                continue
            }
            #expect(!raw.contains(spelling))
            #expect(!raw.contains(key))
            #expect(raw.contains("<***>***\""))
        }
        let reading = try read(order(["code": "-3", "msg": "\"no \(quoted)\u{301}\""]), ["key": key])
        #expect(reading == .unclear("no ***\u{301}"))
    }

    @Test("what is kept of an answer is bounded")
    func bounds() throws {
        for filler in ["a", "é", "会", "😀"] {
            let body = order(["extra": "\"" + String(repeating: filler, count: 20_000) + "\""])
            guard case .paid(_, let raw) = try read(body) else {
                Issue.record("not paid")
                continue
            }
            #expect((16_381...16_384).contains(raw.utf8.count))
            #expect(!raw.contains("\u{FFFD}"))
        }
    }

    // MARK: Refunds

    private func refund(_ body: String) throws -> RefundReading {
        try EpayFixtures.channel(["refunds": "on"]).readRefund(ProviderAnswer(status: 200, body: Array(body.utf8)))
    }

    @Test("a refund is claimed by code 0 or 1, and refused by any other")
    func refunds() throws {
        for code in ["0", "1", "\"0\"", "\"1\""] {
            #expect(try refund("{\"code\":\(code),\"msg\":\"done\"}") == .claimedDone)
        }
        #expect(try refund("{\"code\":-1,\"msg\":\"too much\"}") == .refused("too much"))
        #expect(try refund("{\"code\":\"-3\",\"msg\":\"\"}") == .refused("the gateway answered code -3"))
        #expect(try refund("{\"code\":2}") == .refused("the gateway answered code 2"))
        for body in ["{}", "{\"msg\":\"done\"}", "{\"code\":null}", "{\"code\":\"ok\"}", "{\"code\":0.5}"] {
            #expect(try refund(body) == .unclear("the gateway's answer cannot be read"))
        }
    }

    @Test("what the gateway says is cut, and does not show the key")
    func refusals() throws {
        let long = String(repeating: "x", count: 190) + EpayFixtures.key + String(repeating: "y", count: 100)
        #expect(
            try refund("{\"code\":-1,\"msg\":\"\(long)\"}")
                == .refused(String(repeating: "x", count: 190) + "***" + String(repeating: "y", count: 7)))
    }
}

import Domain
import Shop
import Testing

@testable import Channels

@Suite("Epay channels")
struct EpayChannelTests {
    private let attempt = EpayFixtures.attempt

    /// The fields of an address's query.
    private static func fields(_ url: String) throws -> [String: String] {
        let parts = url.split(separator: "?", omittingEmptySubsequences: false)
        try #require(parts.count == 2)
        return try #require(EpayForm.decode(parts[1].utf8))
    }

    // MARK: Settings

    @Test(
        "a refused setting is named",
        arguments: [
            ("gateway", nil), ("gateway", ""), ("gateway", "pay.example.test"), ("gateway", "ftp://pay.example.test"),
            ("gateway", "https://"), ("gateway", "https:///pay"), ("gateway", "https://u@pay.example.test"),
            ("gateway", "https://u:p@pay.example.test"), ("gateway", "https://pay.example.test?a=1"),
            ("gateway", "https://pay.example.test/?"), ("gateway", "https://pay.example.test/#a"),
            ("gateway", "https://pay.example.test:0"), ("gateway", "https://pay.example.test:65536"),
            ("gateway", "https://pay.example.test:x"), ("gateway", "https://pay.example.test:"),
            ("gateway", "https://pay.example.test/a b"), ("gateway", " https://pay.example.test"),
            ("gateway", "https://pay.example.test\n"), ("gateway", "https://é.example.test"),
            ("gateway", "https://pay.example.test\\@x"), ("gateway", "https://[::1"), ("gateway", "https://[x]"),
            ("gateway", "https://" + String(repeating: "a", count: 512)),
            ("pid", nil), ("pid", ""), ("pid", "10x"), ("pid", "-1"), ("pid", " 1"), ("pid", "١"),
            ("pid", String(repeating: "1", count: 21)), ("key", nil), ("key", ""), ("key", "a b"), ("key", "a\n"),
            ("key", "é"), ("key", String(repeating: "a", count: 129)), ("type", ""), ("type", "Alipay"),
            ("type", "ali_pay"), ("type", String(repeating: "a", count: 21)), ("refunds", ""), ("refunds", "true"),
            ("refunds", "ON"), ("secret", "1"), ("", "1"),
        ] as [(String, String?)])
    func refusals(name: String, value: String?) {
        var settings = EpayFixtures.settings
        settings[name] = value
        let kind = EpayKind { "https://shop.example.test" }
        let error = #expect(throws: ShopError.self) { try kind.complete(settings) }
        #expect(error?.code == .invalidRequest)
        #expect(error?.field == "settings.\(name)")
    }

    @Test("settings are kept in one form, and what was left out stays out")
    func completion() throws {
        let kind = EpayKind { "https://shop.example.test" }
        var settings = EpayFixtures.settings
        #expect(try kind.complete(settings) == settings)
        settings["gateway"] = "http://[::1]:8090/pay/"
        settings["type"] = "wxpay"
        settings["refunds"] = "on"
        let completed = try kind.complete(settings)
        #expect(completed["gateway"] == "http://[::1]:8090/pay")
        #expect(completed["type"] == "wxpay")
        #expect(completed["refunds"] == "on")
        #expect(try kind.complete(completed) == completed)
        // What the owner gave is kept as given, so that making a channel must drop the slash too.
        let channel = try kind.make(name: EpayFixtures.name, settings: settings)
        let url = try channel.instruction(for: attempt, title: "Game key").url
        #expect(url.hasPrefix("http://[::1]:8090/pay/submit.php?"))
    }

    @Test("it says what it is")
    func words() throws {
        let channel = try EpayFixtures.channel()
        #expect(EpayKind { "" }.kind == "epay")
        #expect(channel.kind == "epay")
        #expect(channel.successWord == "success")
        #expect(channel.failureWord == "fail")
        #expect(channel.currencies == [try #require(Currency(code: "CNY"))])
    }

    // MARK: Instructions

    @Test("the buyer is sent to a signed address")
    func instruction() throws {
        let channel = try EpayFixtures.channel(["type": "alipay"])
        let instruction = try channel.instruction(for: attempt, title: "Key+Pack 100% #1 & 会员 / \"a\"='b'~")
        #expect(instruction.kind == .redirect)
        #expect(instruction.url.hasPrefix("https://pay.example.test/submit.php?"))
        let fields = try Self.fields(instruction.url)
        #expect(
            fields == [
                "pid": "1001", "type": "alipay", "out_trade_no": attempt.id.text,
                "notify_url": "https://shop.example.test/callbacks/small-gateway",
                "return_url": "https://shop.example.test/orders/\(attempt.order.text)",
                "name": "Key+Pack 100% #1 & 会员 / \"a\"='b'~", "money": "19.90", "sign": fields["sign"] ?? "",
                "sign_type": "MD5",
            ])
        #expect(EpaySignature.isValid(fields["sign"], of: fields, key: EpayFixtures.key))
        #expect(!instruction.url.contains(EpayFixtures.key))
        #expect(instruction.url.utf8.allSatisfy { EpayForm.isUnreserved($0) || ":/?&=%".utf8.contains($0) })
    }

    @Test("without a type the gateway asks the buyer")
    func cashier() throws {
        let fields = try Self.fields(try EpayFixtures.channel().instruction(for: attempt, title: "Game key").url)
        #expect(fields["type"] == nil)
        #expect(EpaySignature.isValid(fields["sign"], of: fields, key: EpayFixtures.key))
    }

    @Test("the title is trimmed and cut between characters")
    func titles() throws {
        let channel = try EpayFixtures.channel()
        func name(_ title: String) throws -> String? {
            try Self.fields(try channel.instruction(for: attempt, title: title).url)["name"]
        }
        #expect(try name("  Game key\n") == "Game key")
        #expect(try name(" \t\u{3000}\0") == attempt.order.text)
        #expect(try name("") == attempt.order.text)
        #expect(try name(String(repeating: "a", count: 127)) == String(repeating: "a", count: 127))
        #expect(try name(String(repeating: "a", count: 128)) == String(repeating: "a", count: 127))
        #expect(try name(String(repeating: "会", count: 43)) == String(repeating: "会", count: 42))
        #expect(try name(String(repeating: "a", count: 126) + " b") == String(repeating: "a", count: 126))
        let family = "👨‍👩‍👧‍👦"
        #expect(try name(String(repeating: family, count: 6)) == String(repeating: family, count: 5))
        #expect(try name("a" + String(repeating: "\u{301}", count: 100)) == attempt.order.text)
    }

    @Test("other currencies and nothing are refused")
    func currencies() throws {
        let channel = try EpayFixtures.channel()
        for amount in [EpayFixtures.money(1990, "USD"), EpayFixtures.money(0)] {
            let error = #expect(throws: ShopError.self) {
                try channel.instruction(for: EpayFixtures.attempt(amount), title: "Game key")
            }
            #expect(error?.code == .wrongChannel)
        }
    }

    // MARK: Calls with the key

    private static let open = [
        "http://pay.example.test", "http://10.0.0.1", "http://localhost.example.test", "http://127.0.0.1.example.test",
        "http://127.1", "http://127.0.0.01", "http://127.0.0.256", "http://[::2]", "http://128.0.0.1", "http://0.0.0.0",
    ]
    private static let closed = [
        "https://pay.example.test", "https://10.0.0.1:8443/pay", "http://127.0.0.1", "http://127.8.9.10:8090/",
        "http://localhost:8090", "http://LOCALHOST", "http://[::1]:8090/pay",
    ]

    @Test("the key does not leave this machine without TLS", arguments: open)
    func openGateways(gateway: String) throws {
        let channel = try EpayFixtures.channel(["gateway": gateway, "refunds": "on"])
        #expect(channel.query(attempt) == nil)
        #expect(channel.refund(attempt, amount: attempt.amount) == nil)
        #expect(try !channel.instruction(for: attempt, title: "Game key").url.isEmpty)
    }

    @Test("over TLS and on this machine the gateway can be asked", arguments: closed)
    func closedGateways(gateway: String) throws {
        let channel = try EpayFixtures.channel(["gateway": gateway, "refunds": "on"])
        #expect(channel.query(attempt) != nil)
        #expect(channel.refund(attempt, amount: attempt.amount) != nil)
    }

    @Test("a query names the attempt")
    func query() throws {
        let request = try #require(try EpayFixtures.channel(["key": "a&b=c"]).query(attempt))
        #expect(request.form == nil)
        #expect(request.url.hasPrefix("https://pay.example.test/api.php?"))
        #expect(
            try Self.fields(request.url)
                == ["act": "order", "pid": "1001", "key": "a&b=c", "out_trade_no": attempt.id.text])
    }

    @Test("a refund is a form, and only when the owner has switched refunds on")
    func refund() throws {
        for settings in [[:], ["refunds": "off"]] as [[String: String]] {
            #expect(try EpayFixtures.channel(settings).refund(attempt, amount: attempt.amount) == nil)
        }
        let channel = try EpayFixtures.channel(["refunds": "on"])
        let request = try #require(channel.refund(attempt, amount: EpayFixtures.money(105)))
        #expect(request.url == "https://pay.example.test/api.php?act=refund")
        #expect(
            EpayForm.decode(try #require(request.form).utf8)
                == ["pid": "1001", "key": EpayFixtures.key, "out_trade_no": attempt.id.text, "money": "1.05"])
        #expect(channel.refund(attempt, amount: EpayFixtures.money(0)) == nil)
        #expect(channel.refund(attempt, amount: EpayFixtures.money(105, "USD")) == nil)
    }
}

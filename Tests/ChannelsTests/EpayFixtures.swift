import Domain
import Shop
import Testing

@testable import Channels

/// Values of the tests.
enum EpayFixtures {
    /// For tests only; it is the one of the vectors.
    static let key = "TESTONLYepayMD5key0000000000000A"
    static let merchant = "1001"
    static let settings = ["gateway": "https://pay.example.test", "pid": merchant, "key": key]
    static let name = slug("small-gateway")
    static let attempt = attempt(money(1990))

    static func slug(_ text: String) -> Slug {
        guard let slug = Slug(text) else { preconditionFailure("not a slug: \(text)") }
        return slug
    }

    static func money(_ amount: Int64, _ currency: String = "CNY") -> Money {
        guard let currency = Currency(code: currency), let money = Money(amount: amount, currency: currency) else {
            preconditionFailure("not money: \(amount)")
        }
        return money
    }

    static func attempt(_ amount: Money) -> Attempt {
        Attempt(
            id: AttemptID(Identifier(high: 1 << 60, low: 1)), order: OrderID(Identifier(high: 1 << 60, low: 2)),
            channel: name, amount: amount, createdAt: Timestamp(milliseconds: 0))
    }

    static func channel(_ more: [String: String] = [:]) throws -> EpayChannel {
        let kind = EpayKind { "https://shop.example.test" }
        let completed = try kind.complete(settings.merging(more) { _, new in new })
        return try #require(try kind.make(name: name, settings: completed) as? EpayChannel)
    }

    /// The fields of a notice that pays ``attempt``.
    static var notice: [String: String] {
        [
            "pid": merchant, "trade_no": "2026010203040500001", "out_trade_no": attempt.id.text, "type": "alipay",
            "name": "Game key", "money": "19.9", "trade_status": "TRADE_SUCCESS",
        ]
    }

    static func query(_ fields: [String: String]) -> String { EpayForm.encode(fields.map { (name: $0, value: $1) }) }

    /// The fields as a query, with a right signature over them.
    static func signed(_ fields: [String: String]) -> String {
        query(fields.merging(["sign": EpaySignature.sign(fields, key: key), "sign_type": "MD5"]) { _, new in new })
    }

    static func get(_ query: String) -> CallbackRequest { CallbackRequest(query: query, contentType: nil, body: []) }

    static func post(_ body: String, type: String? = "application/x-www-form-urlencoded", query: String = "")
        -> CallbackRequest
    {
        CallbackRequest(query: query, contentType: type, body: Array(body.utf8))
    }
}

extension CallbackReading {
    /// What an authentic callback says.
    var notice: PaymentNotice? {
        guard case .authentic(let notice) = self else { return nil }
        return notice
    }
}

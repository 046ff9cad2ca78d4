import Crypto
import Domain
import HTTPTypes
import Hummingbird
import Shop
import Testing

@testable import PageSupport
@testable import Storefront

@Suite("What a browser brings")
struct BrowserTests {
    private static func orders(_ count: Int) -> [OrderID] {
        (0..<count).map { OrderID(Identifier(high: UInt64($0 + 1) << 16, low: UInt64($0))) }
    }

    private static func request(cookie: String) -> Request { Bench.request("/orders", [.cookie: cookie]) }

    private static func sent(_ header: String) -> String { String(header.prefix { $0 != ";" }) }

    // MARK: Orders of a browser

    @Test("orders come back as they were opened, newest first, each once, and no more than twenty")
    func roundTrip() throws {
        let keys = try Bench.keys()
        var known = BrowserOrders([])
        for order in Self.orders(25) { known = known.opened(order) }
        known = known.opened(Self.orders(25)[10])
        let cookie = try known.cookie(keys: keys, isSecure: true)
        #expect(cookie.contains("; Secure") && cookie.contains("; HttpOnly") && cookie.contains("; Path=/orders;"))
        #expect(cookie.utf8.count < 4000)
        let found = BrowserOrders(Self.request(cookie: "a=b; \(Self.sent(cookie)); c=d"), keys: keys).orders
        #expect(found.count == 20 && found.first == Self.orders(25)[10] && found[1] == Self.orders(25)[24])
        #expect(Set(found).count == 20)
        #expect(try !known.cookie(keys: keys, isSecure: false).contains("Secure"))
    }

    @Test("what this shop did not seal is no order")
    func forged() throws {
        let (keys, foreign) = (try Bench.keys(), try Bench.keys())
        let orders = BrowserOrders(Self.orders(3))
        let own = Self.sent(try orders.cookie(keys: keys, isSecure: false))
        #expect(BrowserOrders(Self.request(cookie: own), keys: keys).orders.count == 3)
        let theirs = Self.sent(try orders.cookie(keys: foreign, isSecure: false))
        let otherwise = try keys.seal(Array(repeating: 7, count: 32), context: "fields")
        let odd = try keys.seal(Array(repeating: 7, count: 17), context: "browser-orders")
        for cookie in [
            theirs, "orders=", "orders", "orders=00", "orders=zz", own + "0", own + "00", String(own.dropLast(2)),
            own.uppercased(), own.replacing("orders=", with: "Orders="), "orders=\(String(repeating: "0", count: 400))",
            "orders=\(Hexadecimal.text(otherwise))", "orders=\(Hexadecimal.text(odd))", "",
        ] { #expect(BrowserOrders(Self.request(cookie: cookie), keys: keys).orders == [], "\(cookie)") }
        for place in [8, 40, own.utf8.count - 1] {
            var bytes = Array(own.utf8)
            bytes[place] = bytes[place] == 0x30 ? 0x31 : 0x30
            let cookie = String(decoding: bytes, as: UTF8.self)
            #expect(BrowserOrders(Self.request(cookie: cookie), keys: keys).orders == [], "\(place)")
        }
    }

    // MARK: Tokens of forms

    private static func browser(_ token: FormToken) throws -> Request {
        request(cookie: sent(try #require(token.newCookie(isSecure: false))))
    }

    @Test("a form is taken from the browser for which it was made, and from no other")
    func formToken() throws {
        let keys = try Bench.keys()
        let first = FormToken(Bench.request("/"), keys: keys)
        let cookie = try #require(first.newCookie(isSecure: true))
        #expect(cookie.contains("HttpOnly") && cookie.contains("SameSite=Lax") && cookie.contains("Secure"))
        let back = FormToken(try Self.browser(first), keys: keys)
        #expect(back.newCookie(isSecure: true) == nil && back.value == first.value)
        try back.check(first.value)
        // The browser that was just given the number has not shown that it keeps it.
        #expect(throws: ShopError.self) { try first.check(first.value) }
        let other = FormToken(Bench.request("/"), keys: keys)
        #expect(other.value != first.value)
        for wrong in [
            "", "00", other.value, String(first.value.dropLast()), first.value + "00", first.value.uppercased(),
        ] {
            #expect(throws: ShopError.self, "\(wrong)") { try back.check(wrong) }
        }
        #expect(throws: ShopError.self) { try back.check(FormToken(try Self.browser(first), keys: Bench.keys()).value) }
    }

    @Test(
        "a number that is none is not kept",
        arguments: ["", "0", "zz", String(repeating: "A", count: 32), String(repeating: "0", count: 34)])
    func brokenNonce(value: String) throws {
        let token = FormToken(Self.request(cookie: "form=\(value)"), keys: try Bench.keys())
        #expect(token.newCookie(isSecure: false) != nil)
    }

    @Test("forms of before the keys were renewed are taken; new ones carry the new key")
    func rotation() throws {
        let (old, new) = (SymmetricKey(size: .bits256), SymmetricKey(size: .bits256))
        let wrapped = try KeyRing.fresh(master: old)
        let before = try KeyRing(unwrapping: wrapped, master: old)
        let after = try KeyRing(unwrapping: try KeyRing.rewrapped(wrapped, from: old, to: new), master: new)
        let token = FormToken(Bench.request("/"), keys: before)
        let back = FormToken(try Self.browser(token), keys: after)
        try back.check(token.value)
        try back.check(back.value)
        #expect(back.value != token.value)
        #expect(throws: ShopError.self) { try FormToken(try Self.browser(token), keys: before).check(back.value) }
    }

    @Test("no token of an order is one of a form, whatever number a browser brings")
    func tokensApart() throws {
        let keys = try Bench.keys()
        let order = Self.orders(1)[0]
        let nonce = Hexadecimal.text(order.identifier.bytes)
        #expect(keys.formToken(nonce) != keys.token(for: order))
        #expect(!keys.accepts(formToken: keys.token(for: order), nonce: nonce))
        #expect(!keys.accepts(token: keys.formToken(nonce), for: order))
    }
}

import Domain
import HTTPTypes
import Hummingbird
import NIOCore
import Shop
import Testing
import WebSupport

@testable import PageSupport
@testable import Storefront

@Suite("Forms as browsers send them")
struct WebFormTests {
    private static func form(_ body: String, _ type: String = "application/x-www-form-urlencoded") async throws
        -> WebForm
    {
        let head = HTTPRequest(
            method: .post, scheme: "http", authority: "a", path: "/", headerFields: [.contentType: type])
        let request = Request(head: head, body: RequestBody(buffer: ByteBuffer(string: body)))
        return try await WebForm(request, maximumBytes: 16 << 10)
    }

    @Test("values are decoded, names may repeat, and what is not there is empty")
    func values() async throws {
        let form = try await Self.form("a=1+2&b=%E4%B8%AD&a=3&c&d=x=y&fields.z=1&fields.z=2&fields.=3&=4")
        #expect(form["a"] == "1 2" && form.all("a") == ["1 2", "3"] && form["b"] == "中" && form["c"] == "")
        #expect(form["d"] == "x=y" && form["absent"] == "" && form.all("absent") == [])
        #expect(form.below("fields.") == ["z": "1", "": "3"])
        #expect(try await Self.form("a=1", "Application/X-WWW-Form-Urlencoded; charset=utf-8")["a"] == "1")
        let filled = FilledForm(try await Self.form("quantity=+2+&cards=&cards=7&fields.a=&fields.b=x&coupon=+"))
        let request = filled.request("p", key: nil)
        #expect(request.quantity == nil && request.cards == ["7"] && request.fields == ["b": "x"])
        #expect(request.coupon == nil && request.queryPassword == nil)
    }

    @Test("what cannot be read, or is too much, is refused")
    func refused() async throws {
        let many = (1...257).map { "f\($0)=" }.joined(separator: "&")
        for (body, type, code) in [
            ("a=%zz", nil, .malformed), ("%=1", nil, .malformed), ("a=%FF", nil, .malformed), (many, nil, .malformed),
            ("a=1", "text/plain", .unsupportedMediaType), ("a=1", "", .unsupportedMediaType),
        ] as [(String, String?, ShopError.Code)] {
            do {
                _ = try await Self.form(body, type ?? "application/x-www-form-urlencoded")
                Issue.record("\(body.prefix(20)) was taken")
            } catch let error as ShopError { #expect(error.code == code) }
        }
        #expect(try await Self.form(String(many.drop { $0 != "&" }.dropFirst()))["f2"] == "")
    }

    @Test("the cookie of an order goes with that order only, and where script cannot read it")
    func orderCookie() {
        let cookies = OrderCookie.headers(token: "t", id: "ID", isSecure: true)
        let attributes = "HttpOnly; SameSite=Lax; Max-Age=2592000; Secure"
        #expect(
            cookies == [
                "order_token=t; Path=/orders/ID; \(attributes)", "order_token=t; Path=/api/v1/orders/ID; \(attributes)",
            ])
        #expect(OrderCookie.headers(token: "t", id: "ID", isSecure: false).allSatisfy { !$0.contains("Secure") })
        #expect(OrderCookie.removal(id: "ID").allSatisfy { $0.contains("/orders/ID; Max-Age=0") })
        var buffer = ByteBuffer()
        OrderCookie.write(token: "t", id: "ID", isSecure: true, to: &buffer)
        #expect(String(buffer: buffer) == cookies.map { "Set-Cookie: \($0)\r\n" }.joined())
    }
}

/// A request that is wrong, and how it must be answered.
struct MalformedRequest: Sendable, CustomStringConvertible {
    let description: String
    let method: String
    let path: String
    var headers: [String: String] = ["Content-Type": "application/json"]
    var body: String?
    let status: Int
    /// The field that the answer must name.
    var field: String?

    private static let valid = #""product":"game-key","contact":"a@example.com","channel":"sandbox""#

    private static func order(_ name: String, _ json: String, _ status: Int, _ field: String?) -> MalformedRequest {
        MalformedRequest(
            description: name, method: "POST", path: "/api/v1/orders", body: json, status: status, field: field)
    }

    /// Every field of an order with values of every wrong kind.
    private static var orderFields: [MalformedRequest] {
        let notStrings = ["1", "1.5", "true", "null", "[]", "{}"]
        let notContacts = [
            #""""#, #"" ""#, #""a""#, #""a@b""#, #""1234""#, #""1234567890123456""#, #""a@@example.com""#,
            #""a b@example.com""#, #""a\u0000@example.com""#, #""\ud83d\ude00@example.com""#, #""@example.com""#,
        ]
        let notQuantities = ["0", "-1", "11", "1.0", "1e0", "\"1\"", "null", "true", "[]", "9223372036854775808"]
        let notPasswords = [#""""#, #""abc""#, "\"\(String(repeating: "x", count: 65))\"", #""abc\u0000""#]
        let notFields = [
            "[]", "1", "\"x\"", "null", #"{"a":1}"#, #"{"a":"x"}"#, #"{"":"x"}"#, #"{"a":null}"#, #"{"\u0000":"x"}"#,
        ]
        func each(_ name: String, _ values: [String], named field: String? = nil) -> [MalformedRequest] {
            values.map { value in
                let others = ["product", "contact", "channel"].filter { $0 != name }.map { other in
                    #""\#(other)":"\#(other == "product" ? "game-key" : other == "contact" ? "12345" : "sandbox")""#
                }
                let json = "{\((others + [#""\#(name)":\#(value)"#]).joined(separator: ","))}"
                return order("\(name) = \(value.prefix(30))", json, 422, field ?? name)
            }
        }
        return each("product", notStrings) + each("contact", notStrings + notContacts) + each("channel", notStrings)
            + each("channel", [#""absent""#, #""""#, #""SANDBOX""#]) + each("quantity", notQuantities)
            + each("query_password", notStrings + notPasswords)
            + each("fields", notFields.prefix(4).map { $0 }) + each("fields", ["{\"a\":1}"], named: "fields.a")
            + each("fields", [#"{"a":"x"}"#], named: "fields.a")
    }

    /// Unknown, repeated and missing fields.
    private static var orderShape: [MalformedRequest] {
        let unknown = ["coupon", "price", "amount", "id", "token", "Product", " product", "__proto__"].map {
            (name: String) in
            order("unknown \(name)", #"{\#(valid),"\#(name)":"x"}"#, 422, name)
        }
        let repeated = ["product", "contact", "channel", "quantity"].map { (name: String) in
            order("repeated \(name)", #"{\#(valid),"quantity":1,"\#(name)":"x"}"#, 422, name)
        }
        let missing = ["product", "contact", "channel"].map { (name: String) in
            let fields = valid.split(separator: ",").filter { !$0.hasPrefix("\"\(name)\"") }.joined(separator: ",")
            return order("no \(name)", "{\(fields)}", 422, name)
        }
        return unknown + repeated + missing
    }

    /// Texts that are no JSON, or no object.
    private static var orderTexts: [MalformedRequest] {
        let notJSON = [
            "", " ", "{", "}", "{\"", "{]", "nul", "{'product':1}", "{product:1}", "{\(valid),}", "{\(valid)}x",
            "{\(valid)}{\(valid)}", "\u{FEFF}{\(valid)}", "// x\n{}", "{\"product\":\"\n\"}", "{\"product\":\"\\x\"}",
            "{\"product\":\"\\ud800\"}", "{\"quantity\":01}", "{\"quantity\":+1}", "{\"quantity\":.5}",
            "{\"quantity\":1.}", "{\"quantity\":NaN}", "{\"quantity\":Infinity}", "{\"quantity\":0x1}", "<xml/>",
            "product=game-key", "\u{0}", "undefined",
        ]
        let notObject = ["[]", "1", "\"x\"", "null", "true", "[{\(valid)}]"]
        let deep = String(repeating: "[", count: 5000)
        return notJSON.map { order("text \($0.prefix(20).debugDescription)", $0, 400, nil) }
            + notObject.map { order("text \($0.prefix(20))", $0, 422, nil) }
            + [order("nested deeply", #"{"product":\#(deep)"#, 422, nil)]
    }

    /// Headers, methods and sizes.
    private static var orderEnvelopes: [MalformedRequest] {
        let json = "{\(valid)}"
        let types = ["text/plain", "application/xml", "application/x-www-form-urlencoded", "json", "", "*/*"]
        let keys = ["", String(repeating: "k", count: 65), "ключ"]
        return types.map { type in
            MalformedRequest(
                description: "type \(type)", method: "POST", path: "/api/v1/orders",
                headers: type.isEmpty ? [:] : ["Content-Type": type], body: json, status: 415)
        }
            + keys.map { key in
                MalformedRequest(
                    description: "key \(key.prefix(8))", method: "POST", path: "/api/v1/orders",
                    headers: ["Content-Type": "application/json", "Idempotency-Key": key], body: json, status: 422,
                    field: "Idempotency-Key")
            }
            + ["GET", "PUT", "DELETE", "PATCH", "OPTIONS"].map { method in
                MalformedRequest(
                    description: "\(method) orders", method: method, path: "/api/v1/orders", body: nil, status: 405)
            }
            + [
                order("too large", "{\(valid),\"x\":\"\(String(repeating: "x", count: 17_000))\"}", 413, nil),
                order("another product", #"{"product":"absent","contact":"12345","channel":"sandbox"}"#, 404, nil),
                order("no slug", #"{"product":"Game Key!","contact":"12345","channel":"sandbox"}"#, 404, nil),
            ]
    }

    /// Everything but placing orders.
    private static var elsewhere: [MalformedRequest] {
        let id = "01m820sss50004rt8n1x1gr2g8"
        let paths = [
            "/api/v1/products/absent", "/api/v1/products/Game%20Key", "/api/v1/products/%00",
            "/api/v1/orders/\(id)", "/api/v1/orders/x", "/api/v1/orders/\(id)/events", "/nothing", "/api/v1",
            "/api/v2/orders",
            "/orders/\(id)/pay", "/sandbox/\(id)", "/callbacks/absent", "/api/v1/orders/..%2f..%2fetc%2fpasswd",
        ]
        let lookups = [
            "{}", #"{"contact":"12345"}"#, #"{"contact":"12345","query_password":""}"#,
            #"{"contact":"x","query_password":"abcd"}"#, #"{"contact":"12345","query_password":"abc"}"#,
        ]
        return paths.map { path in
            MalformedRequest(description: path, method: "GET", path: path, headers: [:], body: nil, status: 404)
        }
            + lookups.map { json in
                MalformedRequest(
                    description: "look-up \(json)", method: "POST", path: "/api/v1/orders/lookup", body: json,
                    status: 422)
            }
            + ["cancel", "pay"].map { verb in
                MalformedRequest(
                    description: verb, method: "POST", path: "/api/v1/orders/\(id)/\(verb)", body: "{}", status: 404)
            }
            + [
                MalformedRequest(
                    description: "forged callback", method: "POST", path: "/callbacks/sandbox",
                    headers: ["Content-Type": "application/x-www-form-urlencoded"],
                    body: "amount=1990&attempt=\(id)&currency=CNY&event=e&status=paid&sign=00", status: 400)
            ] + admin
    }

    private static var admin: [MalformedRequest] {
        let product = #""slug":"s","title":"t","amount":1,"currency":"CNY""#
        let wrong: [(String, String)] = [
            ("{}", "slug"), (#"{"slug":"S"}"#, "slug"), (#"{"slug":""}"#, "slug"), (#"{\#(product),"x":1}"#, "x"),
            (#"{"slug":"s","title":"","amount":1,"currency":"CNY"}"#, "title"),
            (#"{"slug":"s","title":"t","amount":-1,"currency":"CNY"}"#, "amount"),
            (#"{"slug":"s","title":"t","amount":1.5,"currency":"CNY"}"#, "amount"),
            (#"{"slug":"s","title":"t","amount":1000000000001,"currency":"CNY"}"#, "amount"),
            (#"{"slug":"s","title":"t","amount":1,"currency":"cny"}"#, "currency"),
            (#"{\#(product),"kind":"x"}"#, "kind"), (#"{\#(product),"max_per_order":0}"#, "max_per_order"),
            (#"{\#(product),"max_per_order":101}"#, "max_per_order"),
            (#"{\#(product),"max_per_buyer":0}"#, "max_per_buyer"),
            (#"{\#(product),"max_per_buyer":1,"max_held_per_buyer":2}"#, "max_held_per_buyer"),
            (#"{\#(product),"hold_seconds":0}"#, "hold_seconds"),
            (#"{\#(product),"hold_seconds":2592001}"#, "hold_seconds"),
            (#"{\#(product),"opens_at":"tomorrow"}"#, "opens_at"),
            (#"{\#(product),"opens_at":"2026-01-02T00:00:00Z","closes_at":"2026-01-01T00:00:00Z"}"#, "closes_at"),
            (#"{\#(product),"fields":["a","a"]}"#, "fields"), (#"{\#(product),"fields":"a"}"#, "fields"),
            (#"{\#(product),"fields":[1]}"#, "fields.0"),
        ]
        let token = ["Authorization": "Bearer admin-token-of-the-tests", "Content-Type": "application/json"]
        let queries: [(String, String)] = [
            ("/orders?limit=0", "limit"), ("/orders?limit=1001", "limit"), ("/orders?limit=x", "limit"),
            ("/orders?status=x", "status"), ("/orders?contact=x", "contact"), ("/orders?after=x", "after"),
            ("/orders?page=1", "page"), ("/orders?limit=1&limit=2", "limit"), ("/orders?status=%ff", "status"),
            ("/payments?verdict=x", "verdict"), ("/payments?after=-1", "after"), ("/payments?x", "x"),
        ]
        let strangers = ["/audit", "/orders", "/payments"].flatMap { path in
            [[:], ["Authorization": "Bearer x"], ["Authorization": "Basic YTpi"], ["Authorization": "Bearer"]].map {
                headers in
                MalformedRequest(
                    description: "stranger \(path)", method: "GET", path: "/api/v1/admin\(path)", headers: headers,
                    body: nil, status: 401)
            }
        }
        let channels: [(String, String)] = [
            (#"{"settings":{}}"#, "kind"), (#"{"kind":"x"}"#, "kind"), (#"{"kind":1}"#, "kind"),
            (#"{"kind":"sandbox","settings":[]}"#, "settings"),
            (#"{"kind":"sandbox","settings":{"a":1}}"#, "settings.a"),
            (#"{"kind":"sandbox","settings":{"a":"1"}}"#, "settings.a"),
            (#"{"kind":"sandbox","enabled":"yes"}"#, "enabled"), (#"{"kind":"sandbox","fee":1}"#, "fee"),
        ]
        let text = token.merging(["Content-Type": "text/plain"]) { _, given in given }
        return strangers
            + channels.map { json, field in
                MalformedRequest(
                    description: "channel \(field)", method: "PUT", path: "/api/v1/admin/channels/sandbox",
                    headers: token, body: json, status: 422, field: field)
            }
            + [
                MalformedRequest(
                    description: "channel name", method: "PUT", path: "/api/v1/admin/channels/A%20B", headers: token,
                    body: #"{"kind":"sandbox"}"#, status: 422, field: "channel"),
                MalformedRequest(
                    description: "cards as JSON", method: "POST", path: "/api/v1/admin/products/game-key/cards",
                    headers: token, body: "[]", status: 415),
                MalformedRequest(
                    description: "cards of nothing", method: "POST", path: "/api/v1/admin/products/absent/cards",
                    headers: text, body: "x", status: 404),
            ]
            + wrong.map { json, field in
                MalformedRequest(
                    description: "product \(field)", method: "POST", path: "/api/v1/admin/products", headers: token,
                    body: json, status: 422, field: field)
            }
            + queries.map { path, field in
                MalformedRequest(
                    description: path, method: "GET", path: "/api/v1/admin\(path)", headers: token, body: nil,
                    status: 422, field: field)
            }
    }

    /// More than two hundred.
    static let all = orderFields + orderShape + orderTexts + orderEnvelopes + elsewhere
}

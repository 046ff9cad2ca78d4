import Foundation

/// A browser without JavaScript: keeps cookies by path, and sends forms with what their page wrote into them.
public actor PageVisitor {
    private struct Cookie {
        let name: String
        let path: String
        let value: String
    }

    private let shop: ShopProcess
    private let language: String
    private var cookies: [Cookie] = []
    private var formToken = ""
    /// The page that was looked at last.
    public private(set) var page = ""

    /// - Parameter language: as in `Accept-Language`
    public init(_ shop: ShopProcess, language: String = "en") {
        self.shop = shop
        self.language = language
    }

    /// Looks at a page. Follows no redirect.
    public func get(_ path: String) async throws -> Answer { try await send("GET", path, body: nil, [:]) }

    /// Sends a form. Names may repeat. The token of the last page that had one goes with it.
    public func post(
        _ path: String, _ fields: [(String, String)] = [], origin: String? = nil
    ) async throws -> Answer {
        let pairs = fields + (fields.contains { $0.0 == "form" } ? [] : [("form", formToken)])
        let body = pairs.map { "\(Self.encoded($0.0))=\(Self.encoded($0.1))" }.joined(separator: "&")
        let headers = ["Content-Type": "application/x-www-form-urlencoded", "Origin": origin ?? shop.url]
        return try await send("POST", path, body: body, headers)
    }

    /// Sends a text as the script of a page does.
    ///
    /// - Parameter token: that of the last page unless given
    public func upload(_ path: String, _ text: String, token: String? = nil) async throws -> Answer {
        let headers = [
            "Content-Type": "text/plain; charset=utf-8", "Origin": shop.url, "X-Form-Token": token ?? formToken,
        ]
        return try await send("POST", path, body: text, headers)
    }

    /// Goes where an answer leads, to its end.
    public func follow(_ answer: Answer) async throws -> Answer {
        var answer = answer
        for _ in 0..<10 {
            guard let location = answer.headers["location"], (300..<400).contains(answer.status) else { return answer }
            answer = try await get(location)
        }
        throw ContractViolation.timeOut("a page that does not lead on")
    }

    /// The value of a hidden field of the last page.
    public func hidden(_ name: String) -> String? { Self.hidden(name, in: page) }

    /// The value of a cookie that is sent with a path.
    public func cookie(_ name: String, for path: String) -> String? {
        cookies.last { $0.name == name && Self.covers($0.path, path) }?.value
    }

    /// Forgets a cookie.
    public func forget(_ name: String) { cookies.removeAll { $0.name == name } }

    private func send(
        _ method: String, _ path: String, body: String?, _ headers: [String: String]
    ) async throws -> Answer {
        let own = path.hasPrefix(shop.url) ? String(path.dropFirst(shop.url.count)) : path
        var headers = headers
        headers["Accept-Language"] = language
        headers["Accept"] = "text/html"
        let sent = cookies.filter { Self.covers($0.path, own) }.map { "\($0.name)=\($0.value)" }
        if !sent.isEmpty { headers["Cookie"] = sent.joined(separator: "; ") }
        let answer = try await shop.send(method, own, body: body, headers: headers)
        for cookie in answer.cookies { keep(cookie) }
        if answer.headers["content-type"]?.hasPrefix("text/html") == true {
            page = answer.body
            formToken = Self.hidden("form", in: page) ?? formToken
        }
        return answer
    }

    private func keep(_ text: String) {
        let parts = text.split(separator: ";").map { $0.drop { $0 == " " } }
        let pair = parts[0].split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        let path = parts.first { $0.hasPrefix("Path=") }.map { String($0.dropFirst(5)) } ?? "/"
        cookies.removeAll { $0.name == pair[0] && $0.path == path }
        guard !parts.contains("Max-Age=0") else { return }
        cookies.append(Cookie(name: String(pair[0]), path: path, value: pair.count == 2 ? String(pair[1]) : ""))
    }

    private static func covers(_ cookie: String, _ path: String) -> Bool {
        let path = path.prefix { $0 != "?" }
        return cookie == "/" || path == cookie || path.hasPrefix(cookie + "/")
    }

    private static func hidden(_ name: String, in page: String) -> String? {
        guard let start = page.range(of: "name=\"\(name)\" value=\"") else { return nil }
        return String(page[start.upperBound...].prefix { $0 != "\"" })
    }

    private static func encoded(_ text: String) -> String {
        text.utf8.map { byte in
            let isPlain = (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte)
            return isPlain ? String(Unicode.Scalar(byte)) : "%" + (byte < 16 ? "0" : "") + String(byte, radix: 16)
        }.joined()
    }
}

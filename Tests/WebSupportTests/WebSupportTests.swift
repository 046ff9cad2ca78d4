import Domain
import HTTPTypes
import NIOCore
import Testing

@testable import WebSupport

@Suite("Times")
struct RFC3339Tests {
    @Test(
        "are written and read",
        arguments: [
            ("1970-01-01T00:00:00.000Z", 0), ("2000-02-29T23:59:59.999Z", 951_868_799_999),
            ("2026-11-22T20:00:00.000Z", 1_795_377_600_000), ("2100-03-01T00:00:00.000Z", 4_107_542_400_000),
            ("1969-12-31T23:59:59.000Z", -1000),
        ])
    func known(text: String, milliseconds: Int64) {
        #expect(RFC3339.text(Timestamp(milliseconds: milliseconds)) == text)
        #expect(RFC3339.read(text)?.milliseconds == milliseconds)
    }

    @Test(
        "are written as HTTP has them",
        arguments: [
            (784_111_777_000, "Sun, 06 Nov 1994 08:49:37 GMT"), (0, "Thu, 01 Jan 1970 00:00:00 GMT"),
            (951_868_799_999, "Tue, 29 Feb 2000 23:59:59 GMT"), (1_795_377_600_000, "Sun, 22 Nov 2026 20:00:00 GMT"),
        ])
    func dates(milliseconds: Int64, text: String) {
        let time = Timestamp(milliseconds: milliseconds)
        #expect(HTTPDate.text(time) == text)
        #expect([HTTPDate.cached(time), HTTPDate.cached(time)] == [text, text])
    }

    @Test("beyond four digits of a year are written all the same")
    func distant() {
        #expect(RFC3339.text(Timestamp(milliseconds: 253_402_300_800_000)) == "10000-01-01T00:00:00.000Z")
    }

    @Test("survive their text")
    func roundTrip() {
        for _ in 0..<1000 {
            let time = Timestamp(milliseconds: .random(in: -2_000_000_000_000...4_000_000_000_000))
            #expect(RFC3339.read(RFC3339.text(time)) == time)
        }
    }

    @Test(
        "that are none are refused",
        arguments: [
            "", "2026-01-31", "2026-01-31T12:00:00", "2026-01-31 12:00:00Z", "2026-02-29T00:00:00Z",
            "2026-13-01T00:00:00Z", "2026-01-01T24:00:00Z", "2026-01-01T00:00:60Z", "2026-01-01T00:00:00.Z",
            "2026-01-01T00:00:00+08:00", "2026-1-01T00:00:00.0Z",
        ])
    func refused(text: String) { #expect(RFC3339.read(text) == nil) }
}

@Suite("Client addresses")
struct ClientAddressTests {
    private func address(_ peer: String, forwarded: String? = nil, trusted: [String] = []) throws -> ClientAddress {
        var headers = HTTPFields()
        if let forwarded { headers[try #require(HTTPField.Name("X-Forwarded-For"))] = forwarded }
        return ClientAddress(
            peer: PeerAddress(try SocketAddress(ipAddress: peer, port: 1)), headers: headers,
            trusted: trusted.compactMap { AddressRange(text: $0) })
    }

    @Test("a loopback peer is local unless it forwards")
    func local() throws {
        #expect(try address("127.0.0.1").isLocal)
        #expect(try address("::1").isLocal)
        #expect(try !address("127.0.0.1", forwarded: "8.8.8.8").isLocal)
        #expect(try !address("10.0.0.1").isLocal)
    }

    @Test("a forwarding header is believed from trusted proxies only, from right to left")
    func forwarding() throws {
        let plain = try address("9.9.9.9").key
        #expect(try address("9.9.9.9", forwarded: "1.1.1.1").key == plain)
        let client = try address("1.2.3.4").key
        #expect(try address("127.0.0.1", forwarded: "6.6.6.6, 1.2.3.4", trusted: ["127.0.0.0/8"]).key == client)
        #expect(
            try address("127.0.0.1", forwarded: "1.2.3.4, 10.0.0.7", trusted: ["127.0.0.1", "10.0.0.0/8"]).key == client
        )
        #expect(try address("127.0.0.1", forwarded: "nonsense", trusted: ["127.0.0.1"]).key == address("127.0.0.1").key)
    }

    @Test("an IPv6 subscriber is one network, and a mapped IPv4 address is that address")
    func networks() throws {
        #expect(try address("2001:db8:1:2::3").key == address("2001:db8:1:2:ffff::4").key)
        #expect(try address("2001:db8:1:2::3").key != address("2001:db8:1:3::3").key)
        #expect(try address("::ffff:1.2.3.4").key == address("1.2.3.4").key)
    }

    @Test("ranges are read strictly", arguments: ["", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0/8", "a", "10.0.0.0/8/8"])
    func ranges(text: String) { #expect(AddressRange(text: text) == nil) }

    @Test("loopback addresses are told by their host")
    func publicURL() {
        for url in ["http://127.0.0.1:8080", "https://localhost", "http://[::1]:80/x", "http://127.9.9.9"] {
            #expect(PublicURL.isLoopback(url))
        }
        for url in [
            "http://127.0.0.1.evil.example", "http://localhost.example", "http://a@127.0.0.1", "ftp://localhost", "",
        ] {
            #expect(!PublicURL.isLoopback(url))
        }
    }
}

@Suite("Rate limits")
struct TokenBucketTests {
    private func moment(_ seconds: Int64) -> Timestamp { Timestamp(milliseconds: seconds * 1000) }

    @Test("a burst is allowed, then the rate")
    func rate() {
        var buckets = TokenBuckets(perSecond: 1, burst: 2, maximumKeys: 10)
        let answers = [0, 0, 0, 1, 1, 10, 10, 10].map { buckets.take("a", at: moment($0)) }
        #expect(answers == [true, true, false, true, false, true, true, false])
    }

    @Test("keys do not share")
    func keys() {
        var buckets = TokenBuckets(perSecond: 1, burst: 1, maximumKeys: 10)
        let answers = ["a", "b", "a"].map { buckets.take($0, at: moment(0)) }
        #expect(answers == [true, true, false])
    }

    @Test("memory is bounded: full buckets are forgotten, and past that strangers are refused")
    func bound() {
        var buckets = TokenBuckets(perSecond: 1, burst: 1, maximumKeys: 2)
        let early = ["a", "b", "c"].map { buckets.take($0, at: moment(0)) }
        let late = buckets.take("c", at: moment(5))
        #expect(early == [true, true, false])
        #expect(late)
    }
}

@Suite("Connection deadlines")
struct ConnectionDeadlinesTests {
    private let limits = Limits()

    private func seconds(_ events: ConnectionDeadlines.Event...) -> [Int64?] {
        var deadlines = ConnectionDeadlines(limits: limits)
        return events.map { deadlines.seconds(after: $0) }
    }

    @Test("every wait for the peer has an end, and none while the shop owes the answer")
    func deadlines() {
        let usual = seconds(
            .connected, .head(isImport: false), .requestEnded, .responseEnded(closes: false), .head(isImport: true))
        let expected = [limits.headerSeconds, limits.bodySeconds, nil, limits.idleSeconds, limits.importSeconds]
        #expect(usual == expected)
        #expect(seconds(.head(isImport: false), .responseEnded(closes: true)).last == 1)
    }

    @Test("an answer that is still owed to a pipelined request keeps the connection")
    func pipelined() {
        let waits = seconds(
            .head(isImport: false), .requestEnded, .head(isImport: false), .requestEnded,
            .responseEnded(closes: false), .responseEnded(closes: false))
        #expect(waits.suffix(2) == [nil, limits.idleSeconds])
    }

    @Test("an answer before the end of its request leaves the peer a bounded time to end it")
    func earlyAnswer() {
        let waits = seconds(.head(isImport: true), .responseEnded(closes: false), .requestEnded)
        #expect(waits.suffix(2) == [limits.idleSeconds, limits.idleSeconds])
    }

    @Test("only an import of cards may take long")
    func imports() {
        func isImport(_ method: HTTPRequest.Method, _ path: String) -> Bool {
            ConnectionDeadlines.isImport(HTTPRequest(method: method, scheme: nil, authority: nil, path: path))
        }
        #expect(isImport(.post, "/api/v1/admin/products/game-key/cards?dry_run=1"))
        #expect(isImport(.post, "/admin/backups/upload"))
        for path in ["/api/v1/orders?x=/cards", "/callbacks/cards", "/api/v1/admin/products/x?/cards"] {
            #expect(!isImport(.post, path))
        }
        #expect(!isImport(.get, "/api/v1/admin/products/game-key/cards"))
    }
}

@Suite("Forms")
struct FormTests {
    @Test("fields are decoded, and broken or repeated ones refused")
    func fields() {
        func fields(_ text: String) -> [String: String]? { FormDecoder.fields(ByteBuffer(string: text)) }
        #expect(fields("a=1&b=%E4%BD%A0+x") == ["a": "1", "b": "你 x"])
        for text in ["a=%", "a=%4", "a=%zz", "a=%+1", "a=%FF", "a=1&a=2"] { #expect(fields(text) == nil) }
    }
}

@Suite("Problems")
struct ProblemTests {
    @Test("every code has a status of its own kind", arguments: ShopError.Code.allCases)
    func table(code: ShopError.Code) {
        let row = Problem.row(code)
        #expect((400...599).contains(row.status.code))
        #expect(!row.title.isEmpty)
    }
}

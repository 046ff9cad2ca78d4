import Foundation
import TestKit
import Testing

/// Bytes of one request on a raw connection.
private struct RawRequest {
    static func get(_ path: String) -> String { "GET \(path) HTTP/1.1\r\nHost: a\r\n\r\n" }

    static func order(_ body: String, headers: String = "") -> String {
        "POST /api/v1/orders HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n\(headers)"
            + "Content-Length: \(body.utf8.count)\r\n\r\n\(body)"
    }

    static func body(_ contact: String, product: String = "game-key", padding: Int = 0) -> String {
        let end = String(repeating: " ", count: padding) + "}"
        return #"{"product":"\#(product)","contact":"\#(contact)","channel":"sandbox""# + end
    }

    /// A body of so many bytes.
    static func body(bytes: Int) -> String { body("12345", padding: bytes - body("12345").utf8.count) }
}

extension RunningShop {
    /// What differs between two shops that do the same.
    private static func withoutChance(_ answer: String) throws -> String {
        try [
            (#"[0-9a-f]{64}"#, "TOKEN"), (#"[0-9a-hjkmnp-tv-z]{26}"#, "ID"), (#"127\.0\.0\.1:[0-9]+"#, "HOST"),
            (#"[0-9-]{10}T[0-9:.]{12}Z"#, "TIME"), (#"Date: .{29}"#, "Date: NOW"),
        ].reduce(answer) { text, pair in
            let pattern = try NSRegularExpression(pattern: pair.0)
            let range = NSRange(text.startIndex..., in: text)
            return pattern.stringByReplacingMatches(in: text, range: range, withTemplate: pair.1)
        }
    }

    /// What each entrance says to the same bytes.
    private func answers(
        to requests: String, endsInput: Bool = true, cards: Int = 3, environment: [String: String] = [:]
    ) async throws -> [String] {
        var answers: [String] = []
        for entrance in Entrance.allCases {
            try await withShop(environment: entrance.environment | environment) { shop in
                try await shop.offer(cards: cards)
                try await shop.offer("sold-out", cards: 0)
                let connection = try RawConnection(to: shop)
                connection.send(requests)
                if endsInput { connection.endInput() }
                answers.append(try Self.withoutChance(await connection.receive()))
            }
        }
        return answers
    }

    private static func statuses(_ answer: String?) -> [String] {
        (answer ?? "").components(separatedBy: "HTTP/1.1 ").dropFirst().map { String($0.prefix(3)) }
    }

    @Test("a pipelined mix gets the same bytes from both entrances, in order")
    func pipelinedMix() async throws {
        let key = "Idempotency-Key: one\r\n"
        let requests = [
            RawRequest.order(RawRequest.body("10001")), RawRequest.get("/api/v1/products/game-key"),
            RawRequest.order(RawRequest.body("10002")), RawRequest.order(RawRequest.body("10003", product: "sold-out")),
            RawRequest.order("{"), RawRequest.get("/healthz"), RawRequest.order(RawRequest.body("10004"), headers: key),
            RawRequest.order(RawRequest.body("10004"), headers: key),
            RawRequest.order(RawRequest.body("10005"), headers: "Connection: keep-alive\r\n"),
            RawRequest.order(RawRequest.body("10006"), headers: "X-Forwarded-For: 9.9.9.9\r\n"),
            "POST /api/v1/orders HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\n{}",
            RawRequest.order(RawRequest.body("10007", product: "none")), RawRequest.order(RawRequest.body("?")),
            RawRequest.order(RawRequest.body("10001"), headers: "Connection: keep-alive, other\r\n"),
            RawRequest.order(RawRequest.body("10004", product: "sold-out"), headers: key),
            RawRequest.order(RawRequest.body("10007"), headers: key),
            RawRequest.order(RawRequest.body("10007"), headers: key + key), RawRequest.get("/api/v1/orders"),
            RawRequest.order(RawRequest.body("10007"), headers: "Connection: close\r\n"),
            RawRequest.order(RawRequest.body("10008")),
        ]
        let answers = try await answers(to: requests.joined(), endsInput: false)
        #expect(answers.first == answers.last)
        let expected = [
            "201", "200", "201", "409", "400", "200", "201", "200", "409", "409", "415", "404", "422", "409", "409",
            "422", "422", "405", "409",
        ]
        #expect(Self.statuses(answers.first) == expected)
        #expect(answers.first?.contains("Set-Cookie: order_token=TOKEN; Path=/orders/ID; HttpOnly") == true)
        #expect(answers.first?.components(separatedBy: "Date: NOW").count == expected.count + 1)
    }

    @Test(
        "a public address of any length gets the same bytes from both entrances",
        arguments: [1, 500, 748, 749, 750, 900, 11_000])
    func publicAddresses(length: Int) async throws {
        let environment = [
            "SLUICE_ALLOW_SANDBOX": "1",
            "SLUICE_PUBLIC_URL": "https://shop.example/\(String(repeating: "a", count: length))",
        ]
        let answers = try await answers(to: RawRequest.order(RawRequest.body("12345")), environment: environment)
        #expect(Self.statuses(answers.first) == ["201"])
        #expect(answers.first?.contains("; Secure\r\n") == true)
        #expect(answers.first == answers.last)
    }

    @Test("bodies up to the bound and past it get the same bytes from both entrances")
    func bodySizes() async throws {
        let bound = 16 << 10
        let chunked =
            "POST /api/v1/orders HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n"
            + "Transfer-Encoding: chunked\r\n\r\n"
        func chunks(_ body: String) -> String {
            let half = body.utf8.count / 2
            let parts = [String(body.prefix(half)), String(body.dropFirst(half))]
            return parts.map { String($0.utf8.count, radix: 16) + "\r\n\($0)\r\n" }.joined() + "0\r\n\r\n"
        }
        let cases = [
            (RawRequest.order(RawRequest.body(bytes: bound)), ["201"]),
            (RawRequest.order(RawRequest.body(bytes: bound + 1)), ["413"]),
            (chunked + chunks(RawRequest.body(bytes: 200)), ["201"]),
            (chunked + chunks(RawRequest.body(bytes: bound)), ["201"]),
            (chunked + chunks(RawRequest.body(bytes: bound + 1)), ["413"]),
        ]
        for (request, statuses) in cases {
            let answers = try await answers(to: request)
            #expect(Self.statuses(answers.first) == statuses)
            #expect(answers.first == answers.last)
            #expect(statuses != ["413"] || answers.first?.contains("Connection: close\r\n") == true)
        }
    }

    @Test("after an answer that closes, the connection ends although the peer keeps it", arguments: Entrance.allCases)
    func closing(entrance: Entrance) async throws {
        try await withShop(environment: entrance.environment) { shop in
            let connection = try RawConnection(to: shop)
            connection.send(RawRequest.order(RawRequest.body(bytes: 20_000)))
            let start = ContinuousClock.now
            #expect(Self.statuses(await connection.receive()) == ["413"])
            #expect(ContinuousClock.now - start < .seconds(4))
        }
    }

    @Test("a peer that ends its input still gets its answer", arguments: Entrance.allCases)
    func halfClosed(entrance: Entrance) async throws {
        try await withShop(environment: entrance.environment) { shop in
            try await shop.offer(cards: 50)
            for number in 1...20 {
                let connection = try RawConnection(to: shop)
                connection.send(RawRequest.order(RawRequest.body("\(10_000 + number)")))
                connection.endInput()
                #expect(Self.statuses(await connection.receive()) == ["201"])
            }
            try await shop.audit()
        }
    }

    @Test("a peer that goes away has its order all the same, and the shop goes on", arguments: Entrance.allCases)
    func disconnected(entrance: Entrance) async throws {
        try await withShop(environment: entrance.environment) { shop in
            try await shop.offer(cards: 50)
            for number in 1...20 {
                let key = "Idempotency-Key: key-\(number)\r\n"
                let connection = try RawConnection(to: shop)
                connection.send(RawRequest.order(RawRequest.body("\(10_000 + number)"), headers: key))
                connection.disconnect()
            }
            try await eventually("every order is there") {
                try await shop.admin("GET", "/orders").items().count == 20
            }
            #expect(try await shop.post("/api/v1/orders", RawRequest.body("10007"), key: "key-7").status == 200)
            try await shop.audit()
        }
    }

    @Test(
        "SIGTERM waits for an order that is being sent or is in flight, then closes",
        arguments: Entrance.allCases, [true, false])
    func stoppedInAnOrder(entrance: Entrance, isInFlight: Bool) async throws {
        let shop = try await ShopProcess(environment: entrance.environment)
        try await shop.offer(cards: 5)
        let request = RawRequest.order(RawRequest.body("12345"))
        let connection = try RawConnection(to: shop)
        // The answer to the first tells that the head of the second has been read.
        connection.send(RawRequest.order("{") + request.dropLast(10))
        #expect(Self.statuses(await connection.receive(until: "\r\n\r\n{")) == ["400"])
        if isInFlight { connection.send(String(request.suffix(10))) }
        Foundation.kill(shop.identifier, SIGTERM)
        if !isInFlight {
            try await eventually("the listener is closed") { (try? RawConnection(to: shop)) == nil }
            connection.send(String(request.suffix(10)))
        }
        #expect(Self.statuses(await connection.receive()) == ["201"])
        #expect(await shop.ended() == 0)
        shop.remove()
    }
}

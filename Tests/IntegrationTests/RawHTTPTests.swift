import Foundation
import TestKit
import Testing

extension RunningShop {
    private static let wrongBytes = [
        "\r\n\r\n", "GET\r\n\r\n", "GET / HTTP/9.9\r\n\r\n", "\u{0}\u{1}\u{2}\r\n\r\n",
        "GET / HTTP/1.1\r\nbroken\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\nContent-Length: x\r\n\r\n", "GET / HTTP/1.1\r\n: x\r\n\r\n",
        "POST /api/v1/orders HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n",
        "POST /api/v1/orders HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n{}",
        "POST /api/v1/orders HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nContent-Length: 2\r\n\r\n{}",
        "POST /api/v1/orders HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        "GET /\(String(repeating: "a", count: 100_000)) HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\nX: \(String(repeating: "a", count: 100_000))\r\n\r\n",
        "GET / HTTP/1.1\r\n\((1...500).map { "X-\($0): y\r\n" }.joined())\r\n", "FOO / HTTP/1.1\r\nHost: a\r\n\r\n",
    ]

    @Test(
        "bytes that are not HTTP get a 4xx or a closed connection, and the shop goes on",
        arguments: wrongBytes, Entrance.allCases)
    func wrongBytes(bytes: String, entrance: Entrance) async throws {
        try await withShop(environment: entrance.environment) { shop in
            let answer = try await Self.exchange(bytes, with: shop)
            #expect(
                answer.isEmpty || answer.hasPrefix("HTTP/1.1 4") || answer.hasPrefix("HTTP/1.0 4"),
                "\(answer.prefix(200))")
            #expect(try await shop.get("/healthz").status == 200)
        }
    }

    @Test("pipelined requests are answered in order", arguments: Entrance.allCases)
    func pipelining(entrance: Entrance) async throws {
        try await withShop(environment: entrance.environment) { shop in
            let requests = ["/healthz", "/nothing", "/api/v1/products", "/healthz"].map { path in
                "GET \(path) HTTP/1.1\r\nHost: a\r\n\r\n"
            }
            let close = "GET /readyz HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
            let answer = try await Self.exchange(requests.joined() + close, with: shop, endsInput: false)
            let statuses = answer.components(separatedBy: "HTTP/1.1 ").dropFirst().map { $0.prefix(3) }
            #expect(statuses == ["200", "404", "200", "200", "200"])
        }
    }

    /// Sends bytes on a connection of their own and reads until the shop closes it, five seconds at most.
    private static func exchange(
        _ bytes: String, with shop: ShopProcess, endsInput: Bool = true
    ) async throws -> String {
        let connection = try RawConnection(to: shop)
        connection.send(bytes)
        if endsInput { connection.endInput() }
        return await connection.receive()
    }
}

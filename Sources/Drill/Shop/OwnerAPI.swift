import AsyncHTTPClient
import Foundation
import NIOCore
import NIOHTTP1

/// What a drill asks of a shop in the owner's name. Slow calls, so an ordinary client makes them.
struct OwnerAPI: Sendable {
    let url: String
    let token: String
    private let client: HTTPClient

    private static let answerBytes = 64 << 20
    private static let seconds: Int64 = 120
    private static let importSeconds: Int64 = 3600

    /// Lends a client for as long as the body runs.
    static func with<Value>(
        url: String, token: String, _ body: (OwnerAPI) async throws -> Value
    ) async throws -> Value {
        var configuration = HTTPClient.Configuration()
        configuration.redirectConfiguration = .disallow
        configuration.timeout = .init(connect: .seconds(10))
        let client = HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
        do {
            let value = try await body(OwnerAPI(url: url, token: token, client: client))
            try await client.shutdown()
            return value
        } catch {
            try await client.shutdown()
            throw error
        }
    }

    func createProduct(_ sale: DrillSettings) async throws {
        struct Product: Encodable {
            let slug: String
            let title: String
            let amount: Int
            let currency: String
            let maxPerOrder: Int
            let maxPerBuyer: Int
            let holdSeconds: Int
        }
        let encoder = JSONEncoder()
        encoder.keyEncodingStrategy = .convertToSnakeCase
        let json = try encoder.encode(
            Product(
                slug: sale.slug, title: sale.title, amount: sale.amount, currency: sale.currency,
                maxPerOrder: sale.maxPerOrder, maxPerBuyer: sale.maxPerBuyer, holdSeconds: sale.holdSeconds))
        _ = try await send(.POST, "/products", .bytes(ByteBuffer(bytes: json)), expecting: [201], "the product")
    }

    func enableSandbox() async throws {
        let json = ByteBuffer(string: #"{"kind":"sandbox","settings":{},"enabled":true}"#)
        _ = try await send(.PUT, "/channels/sandbox", .bytes(json), expecting: [200, 201], "the sandbox channel")
    }

    /// Imports cards; they are named while they are sent, so a million of them take no memory.
    func importCards(_ slug: String, count: Int) async throws {
        struct Report: Decodable {
            let imported: Int
        }
        guard count > 0 else { return }
        let lines = CardStream(names: CardNames(slug: slug), count: count)
        let body = try await send(
            .POST, "/products/\(slug)/cards", .stream(lines, length: .unknown), expecting: [201], "the cards",
            type: "text/plain", seconds: Self.importSeconds)
        let report = try? JSONDecoder().decode(Report.self, from: body)
        guard report?.imported == count else {
            throw DrillError("the shop did not import all cards: \(String(decoding: body.prefix(500), as: UTF8.self))")
        }
    }

    func audit() async throws -> AuditFigures {
        let body = try await send(.GET, "/audit", nil, expecting: [200], "the audit")
        return try AuditFigures(json: body, from: "the answer to the audit")
    }

    private func send(
        _ method: HTTPMethod, _ path: String, _ body: HTTPClientRequest.Body?, expecting statuses: Set<UInt>,
        _ subject: String, type: String = "application/json", seconds: Int64 = OwnerAPI.seconds
    ) async throws -> Data {
        var request = HTTPClientRequest(url: "\(url)/api/v1/admin\(path)")
        request.method = method
        request.headers.add(name: "Authorization", value: "Bearer \(token)")
        if body != nil { request.headers.add(name: "Content-Type", value: type) }
        request.body = body
        let (status, bytes): (UInt, ByteBuffer)
        do {
            let response = try await client.execute(request, timeout: .seconds(seconds))
            (status, bytes) = (response.status.code, try await response.body.collect(upTo: Self.answerBytes))
        } catch let error as CancellationError {
            throw error
        } catch {
            throw DrillError("no answer from \(url) about \(subject): \(error)")
        }
        guard statuses.contains(status) else {
            throw DrillError("the shop answered \(status) about \(subject): \(String(buffer: bytes).prefix(500))")
        }
        return Data(bytes.readableBytesView)
    }
}

/// The lines of an import, made as they are taken.
private struct CardStream: AsyncSequence, Sendable {
    typealias Element = ByteBuffer

    struct AsyncIterator: AsyncIteratorProtocol {
        let names: CardNames
        let count: Int
        var next = 1

        mutating func next() async -> ByteBuffer? {
            guard next <= count else { return nil }
            let last = Swift.min(next + CardStream.linesPerChunk - 1, count)
            var buffer = ByteBuffer()
            for number in next...last { buffer.writeString("\(names.name(number))\n") }
            next = last + 1
            return buffer
        }
    }

    static let linesPerChunk = 1000
    let names: CardNames
    let count: Int

    func makeAsyncIterator() -> AsyncIterator { AsyncIterator(names: names, count: count) }
}

import AsyncHTTPClient
import ChildProcess
public import Foundation
import NIOConcurrencyHelpers
import NIOCore
import NIOHTTP1

/// What a shop answered.
public struct Answer: Sendable {
    /// The status code.
    public let status: Int
    /// The header fields, names in lower case; the last one of a name wins.
    public let headers: [String: String]
    /// The body.
    public let body: String
    /// The values of `Set-Cookie`.
    public let cookies: [String]

    /// Puts the parts together.
    public init(status: Int, headers: [String: String], body: String, cookies: [String] = []) {
        self.status = status
        self.headers = headers
        self.body = body
        self.cookies = cookies
    }

    /// A member of the JSON body that is a string.
    public subscript(_ name: String) -> String? { object[name] as? String }

    /// The JSON body.
    public var object: [String: Any] {
        (try? JSONSerialization.jsonObject(with: Data(body.utf8))) as? [String: Any] ?? [:]
    }

    /// A member of the JSON body that is a list of objects.
    public func items(_ name: String = "items") -> [[String: Any]] { object[name] as? [[String: Any]] ?? [] }
}

/// A real shop in a process of its own, in a folder of its own, on a port that the system chose.
public final class ShopProcess: Sendable {
    /// The shop's folder.
    public let data: URL
    /// Where it listens.
    public let url: String
    /// What it printed to standard error so far.
    public var log: String { errors.withLockedValue { $0 } }

    private let process: ChildProcess
    private let errors: NIOLockedValueBox<String>
    private static let client = HTTPClient(
        configuration: {
            var configuration = HTTPClient.Configuration()
            configuration.redirectConfiguration = .disallow
            configuration.connectionPool.concurrentHTTP1ConnectionsPerHostSoftLimit = 256
            // A shop that was killed refuses connections; that is an answer, and must not be waited out.
            configuration.connectionPool.retryConnectionEstablishment = false
            configuration.timeout = .init(connect: .seconds(30), read: .seconds(60))
            return configuration
        }())

    /// The admin token of every shop under test.
    public static let adminToken = "admin-token-of-the-tests"

    /// Why a shop did not start.
    public struct DidNotStart: Error {
        /// What it said.
        public let log: String
        /// How it ended.
        public let status: Int32
    }

    /// The binary beside the tests.
    public static var binary: URL {
        URL(fileURLWithPath: CommandLine.arguments[0]).deletingLastPathComponent().appendingPathComponent("sluice")
    }

    /// A fresh folder.
    public static func makeFolder() throws -> URL {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("sluice-test-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        return folder
    }

    /// Starts a shop and waits until it is ready.
    ///
    /// - Throws: ``DidNotStart`` when it ends instead.
    public init(
        data: URL? = nil, arguments: [String] = [], environment: [String: String] = [:]
    ) async throws {
        self.data = try data ?? Self.makeFolder()
        let (output, failure) = (Pipe(), Pipe())
        let process = try ChildProcess(
            ChildProcess.Command(
                Self.binary.path, ["serve", "--data", self.data.path, "--listen", "127.0.0.1:0"] + arguments,
                environment: ["SLUICE_ADMIN_TOKEN": Self.adminToken].merging(environment) { _, given in given },
                output: .pipe(output), errors: .pipe(failure)))
        let errors = NIOLockedValueBox("")
        self.errors = errors
        self.process = process
        // A thread that reads to the end; a handler of events may outlive its descriptor.
        let failures = failure.fileHandleForReading
        let collected = DispatchSemaphore(value: 0)
        Thread.detachNewThread {
            // What there is, at once: reading a number of bytes would wait for all of them.
            while case let data = failures.availableData, !data.isEmpty {
                errors.withLockedValue { $0 += String(decoding: data, as: UTF8.self) }
            }
            collected.signal()
        }
        let reader = output.fileHandleForReading
        let line = await withCheckedContinuation { continuation in
            Thread.detachNewThread { continuation.resume(returning: Self.firstLine(of: reader)) }
        }
        guard line.hasPrefix("ready ") else {
            let status = await withCheckedContinuation { continuation in
                Thread.detachNewThread {
                    let ending = process.waitUntilExit()
                    collected.wait()
                    continuation.resume(returning: ending.status)
                }
            }
            throw DidNotStart(log: errors.withLockedValue { $0 }, status: status)
        }
        url = String(line.dropFirst(6))
    }

    private static func firstLine(of handle: FileHandle) -> String {
        var line: [UInt8] = []
        while let byte = try? handle.read(upToCount: 1)?.first, byte != UInt8(ascii: "\n") { line.append(byte) }
        return String(decoding: line, as: UTF8.self)
    }

    // MARK: Ending

    /// Sends SIGKILL and waits for the end.
    public func kill() async {
        process.signal(SIGKILL)
        await ended()
    }

    /// Asks it to stop and waits for the end; returns the exit status.
    @discardableResult
    public func stop() async -> Int32 {
        process.signal(SIGTERM)
        return await ended()
    }

    /// Waits for the end; returns the exit status.
    @discardableResult
    public func ended() async -> Int32 {
        await withCheckedContinuation { continuation in
            Thread.detachNewThread { [process] in
                continuation.resume(returning: process.waitUntilExit().status)
            }
        }
    }

    /// The process's number.
    public var identifier: Int32 { process.id }

    /// Whether the last end was by a signal.
    public var wasKilled: Bool {
        if case .signal = process.waitUntilExit() { true } else { false }
    }

    /// Removes the folder.
    public func remove() { try? FileManager.default.removeItem(at: data) }

    // MARK: Asking

    /// Sends a request. Throws when no answer comes.
    public func send(
        _ method: String, _ path: String, body: String? = nil, headers: [String: String] = [:]
    ) async throws -> Answer {
        var request = HTTPClientRequest(url: path.hasPrefix("http") ? path : url + path)
        request.method = HTTPMethod(rawValue: method)
        for (name, value) in headers { request.headers.add(name: name, value: value) }
        if let body { request.body = .bytes(ByteBuffer(string: body)) }
        let response = try await Self.client.execute(request, timeout: .seconds(60))
        let bytes = try await response.body.collect(upTo: 64 << 20)
        let fields = response.headers.map { ($0.name.lowercased(), $0.value) }
        return Answer(
            status: Int(response.status.code), headers: Dictionary(fields) { _, last in last },
            body: String(buffer: bytes), cookies: response.headers["set-cookie"])
    }

    /// Sends JSON.
    public func post(_ path: String, _ json: String, token: String? = nil, key: String? = nil) async throws -> Answer {
        var headers = ["Content-Type": "application/json"]
        headers["Authorization"] = token.map { "Bearer \($0)" }
        headers["Idempotency-Key"] = key
        return try await send("POST", path, body: json, headers: headers)
    }

    /// Reads.
    public func get(_ path: String, token: String? = nil) async throws -> Answer {
        try await send("GET", path, headers: token.map { ["Authorization": "Bearer \($0)"] } ?? [:])
    }

    /// Calls the admin API.
    public func admin(_ method: String, _ path: String, _ body: String? = nil, type: String = "application/json")
        async throws -> Answer
    {
        var headers = ["Authorization": "Bearer \(Self.adminToken)"]
        if body != nil { headers["Content-Type"] = type }
        return try await send(method, "/api/v1/admin" + path, body: body, headers: headers)
    }
}

extension ShopProcess {
    /// Puts a product with cards and a sandbox channel on offer. Cards are named `CARD-1` and so on.
    public func offer(
        _ slug: String = "game-key", cards: Int, perOrder: Int = 10, perBuyer: Int = 1000, holdSeconds: Int = 600
    ) async throws {
        let product = """
            {"slug":"\(slug)","title":"Game key","amount":1990,"currency":"CNY","max_per_order":\(perOrder),\
            "max_per_buyer":\(perBuyer),"hold_seconds":\(holdSeconds)}
            """
        try expect(try await admin("POST", "/products", product).status, is: 201, "product")
        if cards > 0 { try await restock(slug, cards: 1...cards) }
        let channel = try await admin("PUT", "/channels/sandbox", #"{"kind":"sandbox","settings":{},"enabled":true}"#)
        try expect([200, 201].contains(channel.status), "channel: \(channel.body)")
    }

    /// Imports cards by number.
    public func restock(_ slug: String = "game-key", cards: ClosedRange<Int>) async throws {
        let text = cards.map { "CARD-\($0)" }.joined(separator: "\n")
        let answer = try await admin("POST", "/products/\(slug)/cards", text, type: "text/plain")
        try expect(answer.object["imported"] as? Int, is: cards.count, "import")
    }

    /// Places an order.
    public func order(
        _ contact: String, product: String = "game-key", quantity: Int = 1, key: String? = nil
    ) async throws -> Answer {
        try await post(
            "/api/v1/orders",
            #"{"product":"\#(product)","quantity":\#(quantity),"contact":"\#(contact)","channel":"sandbox"}"#, key: key)
    }

    /// Pays an order through the sandbox.
    public func pay(_ order: Answer) async throws -> Answer {
        try await post("/api/v1/sandbox/orders/\(order["id"] ?? "")/pay", "{}", token: order["token"])
    }

    /// Reads an order.
    public func read(_ order: Answer) async throws -> Answer {
        try await get("/api/v1/orders/\(order["id"] ?? "")", token: order["token"])
    }

    /// Throws unless the audit is clean.
    public func audit() async throws {
        let answer = try await admin("GET", "/audit")
        try expect(answer.object["ok"] as? Bool, is: true, "audit: \(answer.body)")
    }
}

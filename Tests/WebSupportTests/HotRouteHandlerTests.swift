import Domain
import HTTPTypes
import Logging
import NIOConcurrencyHelpers
import NIOCore
import NIOEmbedded
import NIOHTTP1
import NIOHTTPTypes
import NIOHTTPTypesHTTP1
import Testing

@testable import WebSupport

/// Repeats the body of a request: at once when it begins with `now`, otherwise when the test says so.
private struct EchoEndpoint: HotEndpoint {
    let path = "/hot"
    let maximumBytes = 64
    let tooLarge = "too large"
    let waiting = NIOLockedValueBox<[@Sendable () -> Void]>([])
    let noted = NIOLockedValueBox<[String]>([])

    func now() -> Timestamp { Timestamp(milliseconds: 784_111_777_000) }

    func refusal(of head: HTTPRequest, from peer: PeerAddress) -> String? {
        head.headerFields[.contentType] == nil ? "refused" : nil
    }

    func run(_ head: HTTPRequest, body: ByteBuffer, reply: @escaping @Sendable (String) -> Void) {
        let text = String(buffer: body)
        if text.hasPrefix("now") { return reply(text) }
        waiting.withLockedValue { $0.append { reply(text) } }
    }

    func note(_ outcome: String, logger: @autoclosure () -> Logger) {
        noted.withLockedValue { $0.append(outcome) }
    }

    func write(_ outcome: String, date: String, to buffer: inout ByteBuffer) -> Bool {
        var fields: HTTPFields = [.contentType: "text/plain"]
        if outcome == tooLarge { fields[.connection] = "close" }
        let answer = EncodedAnswer(WebAnswer(status: .ok, headers: fields, body: ByteBuffer(string: outcome)))
        answer.write(to: &buffer, date: date)
        return answer.closes
    }

    func replyToNext() {
        let reply = waiting.withLockedValue { $0.isEmpty ? nil : $0.removeFirst() }
        reply?()
    }
}

/// Stands for Hummingbird: hears parts when a turn of reading is complete, as its channel does.
private final class Behind: ChannelInboundHandler {
    typealias InboundIn = HTTPRequestPart
    typealias OutboundOut = HTTPResponsePart

    private var pending: [String] = []
    private(set) var heard: [String] = []

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let head): pending.append(head.path ?? "")
        case .body(let body): pending.append(String(buffer: body))
        case .end: pending.append("end")
        }
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        heard += pending
        pending = []
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        heard.append(event is ChannelShouldQuiesceEvent ? "stop" : "input closed")
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { heard.append("failure") }
}

/// Counts what the channel is asked to read.
private final class ReadCounter: ChannelOutboundHandler {
    typealias OutboundIn = Any

    private(set) var count = 0

    func read(context: ChannelHandlerContext) {
        count += 1
        context.read()
    }
}

@Suite("The hot route's handler")
struct HotRouteHandlerTests {
    private let endpoint = EchoEndpoint()
    private let behind = Behind()
    private let reads = ReadCounter()
    private let channel: EmbeddedChannel
    private let limits = Limits()

    init() throws {
        channel = EmbeddedChannel()
        let handlers: [any ChannelHandler] = [
            reads, HTTPResponseEncoder(), ByteToMessageHandler(HTTPRequestDecoder()),
            HTTP1ToHTTPServerCodec(secure: false), ConnectionDeadlineHandler(limits: limits),
            HotRouteHandler(endpoint: endpoint, logger: Logger(label: "test")), behind,
        ]
        try channel.pipeline.syncOperations.addHandlers(handlers)
        try channel.connect(to: SocketAddress(ipAddress: "127.0.0.1", port: 1)).wait()
    }

    private func hear(_ text: String) throws {
        channel.pipeline.fireChannelRead(ByteBuffer(string: text))
        channel.pipeline.fireChannelReadComplete()
    }

    private func written() throws -> String {
        var text = ""
        while let buffer = try channel.readOutbound(as: ByteBuffer.self) { text += String(buffer: buffer) }
        return text
    }

    private static func request(_ body: String, path: String = "/hot") -> String {
        "POST \(path) HTTP/1.1\r\nHost: a\r\nContent-Type: text/plain\r\n"
            + "Content-Length: \(body.utf8.count)\r\n\r\n\(body)"
    }

    private static func answer(_ body: String, fields: String = "") -> String {
        "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\(fields)Content-Length: \(body.utf8.count)\r\n"
            + "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n\r\n\(body)"
    }

    private func answerBehind() throws {
        let context = try channel.pipeline.syncOperations.context(handler: behind)
        context.write(NIOAny(HTTPResponsePart.head(HTTPResponse(status: .noContent))), promise: nil)
        context.writeAndFlush(NIOAny(HTTPResponsePart.end(nil)), promise: nil)
    }

    @Test("a request that is split anywhere gets the same answer")
    func split() throws {
        let text = Self.request("now and here")
        for index in text.utf8.indices {
            try hear(String(text[..<index]))
            try hear(String(text[index...]))
            #expect(try written() == Self.answer("now and here"))
        }
        #expect(behind.heard.isEmpty)
    }

    @Test("a request in flight holds up reading and what comes after it, and then lets go of both")
    func inFlight() throws {
        try hear(Self.request("a") + Self.request("b", path: "/other") + Self.request("now c"))
        let before = reads.count
        channel.pipeline.read()
        #expect(reads.count == before)
        #expect(try written().isEmpty)
        #expect(behind.heard.isEmpty)
        endpoint.replyToNext()
        #expect(try written() == Self.answer("a"))
        #expect(behind.heard == ["/other", "b", "end"])
        #expect(reads.count == before)
        try answerBehind()
        #expect(try written() == "HTTP/1.1 204 No Content\r\n\r\n" + Self.answer("now c"))
        #expect(reads.count == before + 1)
    }

    @Test("a peer that does not take its answers is not read from")
    func notWritable() throws {
        channel.isWritable = false
        channel.pipeline.fireChannelWritabilityChanged()
        let before = reads.count
        channel.pipeline.read()
        #expect(reads.count == before)
        channel.isWritable = true
        channel.pipeline.fireChannelWritabilityChanged()
        #expect(reads.count == before + 1)
    }

    @Test("many requests that are answered at once are answered in order, without recursion")
    func many() throws {
        let bodies = (0..<5000).map { "now \($0)" }
        try hear(Self.request("first") + bodies.map { Self.request($0) }.joined())
        endpoint.replyToNext()
        #expect(try written() == Self.answer("first") + bodies.map { Self.answer($0) }.joined())
    }

    @Test("a body past the bound is answered at once, the rest is dropped, and the connection is closed soon")
    func tooLarge() throws {
        try hear(Self.request(String(repeating: "x", count: 65)) + Self.request("now"))
        #expect(try written() == Self.answer("too large", fields: "Connection: close\r\n"))
        try hear(Self.request("now"))
        #expect(try written().isEmpty)
        channel.embeddedEventLoop.advanceTime(by: .seconds(2))
        #expect(!channel.isActive)
        #expect(behind.heard.isEmpty)
    }

    @Test("a refusal does not wait for the body")
    func refusal() throws {
        try hear("POST /hot HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\n")
        #expect(try written() == Self.answer("refused"))
        try hear("abc" + Self.request("now"))
        #expect(try written() == Self.answer("now"))
    }

    @Test(
        "what is asked for in a special way is left to Hummingbird",
        arguments: [
            "POST /hot?a HTTP/1.1\r\n", "GET /hot HTTP/1.1\r\n", "POST /hot/ HTTP/1.1\r\n",
            "POST /hot HTTP/1.1\r\nExpect: 100-continue\r\n", "POST /hot HTTP/1.1\r\nUpgrade: h2c\r\n",
            "POST /hot HTTP/1.1\r\nConnection: close\r\n", "POST /hot HTTP/1.1\r\nConnection: keep-alive, x\r\n",
        ])
    func special(head: String) throws {
        try hear(head + "Host: a\r\nContent-Type: text/plain\r\nContent-Length: 0\r\n\r\n")
        #expect(behind.heard.count == 2)
        #expect(try written().isEmpty)
    }

    @Test("a connection that is gone has no answer, and the outcome is still counted")
    func gone() throws {
        try hear(Self.request("a") + Self.request("b", path: "/other"))
        try channel.close().wait()
        endpoint.replyToNext()
        #expect(endpoint.noted.withLockedValue { $0 } == ["a"])
        #expect(try written().isEmpty)
    }

    @Test("the stop of the shop and the end of the input are told after the answer")
    func events() throws {
        try hear(Self.request("a"))
        channel.pipeline.fireUserInboundEventTriggered(ChannelShouldQuiesceEvent())
        channel.pipeline.fireUserInboundEventTriggered(ChannelEvent.inputClosed)
        #expect(behind.heard.isEmpty)
        endpoint.replyToNext()
        #expect(try written() == Self.answer("a"))
        #expect(behind.heard == ["input closed", "stop"])
    }

    @Test("bytes that are no HTTP end a request without an answer, but not the one before it")
    func failures() throws {
        let broken =
            "POST /hot HTTP/1.1\r\nHost: a\r\nContent-Type: a\r\nTransfer-Encoding: chunked\r\n\r\n"
            + "1\r\nx\r\nzz\r\n"
        try hear(Self.request("a") + broken)
        #expect(behind.heard.isEmpty)
        endpoint.replyToNext()
        #expect(behind.heard == ["failure"])
        #expect(try written() == Self.answer("a"))
    }

    @Test("a connection with hot requests alone lives as long as they come, and then its idle time")
    func idle() throws {
        for round in 1...5 {
            if round > 1 { channel.embeddedEventLoop.advanceTime(by: .seconds(limits.idleSeconds - 1)) }
            #expect(channel.isActive)
            try hear(Self.request("a"))
            // While the shop owes the answer, the peer need not do anything.
            channel.embeddedEventLoop.advanceTime(by: .seconds(limits.idleSeconds * 2))
            endpoint.replyToNext()
            #expect(try written() == Self.answer("a"))
        }
        channel.embeddedEventLoop.advanceTime(by: .seconds(limits.idleSeconds - 1))
        #expect(channel.isActive)
        channel.embeddedEventLoop.advanceTime(by: .seconds(2))
        #expect(!channel.isActive)
    }

    @Test("an import that falls silent is closed, and one that goes on is not")
    func silentImport() throws {
        let path = "/api/v1/admin/products/game-key/cards"
        try hear("POST \(path) HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\n")
        for _ in 1...5 {
            channel.embeddedEventLoop.advanceTime(by: .seconds(limits.idleSeconds - 1))
            #expect(channel.isActive)
            try hear("x")
        }
        channel.embeddedEventLoop.advanceTime(by: .seconds(limits.idleSeconds + 1))
        #expect(!channel.isActive)
    }
}

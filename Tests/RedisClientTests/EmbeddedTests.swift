import NIOConcurrencyHelpers
import NIOCore
import NIOEmbedded
import Testing

@testable import RedisClient

/// A client on a loop and a channel that stand still until they are told.
private final class EmbeddedBench {
    let loop = EmbeddedEventLoop()
    let channel: EmbeddedChannel
    let client: RedisClient
    let complaints = NIOLockedValueBox<[String]>([])

    init(_ change: (inout RedisSettings) -> Void = { _ in }) throws {
        let channel = EmbeddedChannel(loop: loop)
        let somewhere = try SocketAddress(ipAddress: "127.0.0.1", port: 1)
        self.channel = channel
        var settings = try RedisSettings(url: "redis://localhost")
        change(&settings)
        let plan = LinkPlan(
            settings: settings,
            dial: { _, prepare in
                // It can be connected once.
                guard channel.localAddress == nil else { return channel.eventLoop.makeFailedFuture(ChannelError.eof) }
                return prepare(channel).flatMap { channel.connect(to: somewhere) }.map { channel }
            },
            scripts: [], random: { 0 },
            complain: { [complaints] text in complaints.withLockedValue { $0.append(text) } })
        client = RedisClient(plan, group: loop)
        loop.run()
        guard settings.password == nil, settings.database == 0 else { return }
        guard try writes() == ["*1\r\n$4\r\nPING\r\n"] else { throw ChannelError.eof }
        try answer("+PONG\r\n")
    }

    /// What was handed to the system, one text a write.
    func writes() throws -> [String] {
        var writes: [String] = []
        while let buffer = try channel.readOutbound(as: ByteBuffer.self) { writes.append(String(buffer: buffer)) }
        return writes
    }

    func answer(_ text: String) throws { try channel.writeInbound(ByteBuffer(string: text)) }
}

/// What became of commands, in the order of the replies.
private final class Heard: Sendable {
    private let all = NIOLockedValueBox<[Result<RedisValue, RedisError>]>([])
    var results: [Result<RedisValue, RedisError>] { all.withLockedValue { $0 } }
    func hear(_ result: Result<RedisValue, RedisError>) { all.withLockedValue { $0.append(result) } }
}

@Suite("A connection")
struct EmbeddedTests {
    @Test("writes once a tick, however many commands there are")
    func oneWrite() throws {
        let (bench, heard) = (try EmbeddedBench(), Heard())
        for _ in 0..<1000 { bench.client.send(RedisCommand("PING"), reply: heard.hear) }
        #expect(try bench.writes().isEmpty)
        bench.loop.run()
        #expect(try bench.writes() == [String(repeating: "*1\r\n$4\r\nPING\r\n", count: 1000)])
        try bench.answer(String(repeating: "+PONG\r\n", count: 1000))
        #expect(heard.results.count == 1000)
        for _ in 0..<2 { bench.client.send(RedisCommand("PING"), reply: heard.hear) }
        bench.loop.run()
        #expect(try bench.writes().count == 1)
    }

    @Test("gives replies in order, errors as such")
    func replies() throws {
        let (bench, heard) = (try EmbeddedBench(), Heard())
        for _ in 0..<3 { bench.client.send(RedisCommand("X"), reply: heard.hear) }
        bench.loop.run()
        try bench.answer(":1\r\n-ERR no\r\n:")
        try bench.answer("3\r\n")
        #expect(heard.results == [.success(.integer(1)), .failure(.reply("ERR no")), .success(.integer(3))])
    }

    @Test("refuses past its bound, at once")
    func bound() throws {
        let (bench, heard) = (try EmbeddedBench { $0.pendingCommands = 2 }, Heard())
        for _ in 0..<3 { bench.client.send(RedisCommand("X"), reply: heard.hear) }
        #expect(heard.results == [.failure(.refused)])
    }

    @Test("is closed when a reply is overdue, and what waits is unknown")
    func deadline() throws {
        let (bench, heard) = (try EmbeddedBench(), Heard())
        bench.client.send(RedisCommand("X"), reply: heard.hear)
        bench.loop.run()
        bench.loop.advanceTime(by: .milliseconds(1999))
        #expect(heard.results.isEmpty)
        bench.loop.advanceTime(by: .milliseconds(1))
        #expect(heard.results == [.failure(.unknown)])
        #expect(!bench.channel.isActive)
        bench.client.send(RedisCommand("X"), reply: heard.hear)
        #expect(heard.results.last == .failure(.unavailable))
    }

    @Test(
        "is closed on bytes that are no reply, and on a reply that nobody asked for",
        arguments: ["hello\r\n", "+OK\r\n"])
    func broken(text: String) throws {
        let bench = try EmbeddedBench()
        try bench.answer(text)
        bench.loop.run()
        #expect(!bench.channel.isActive)
        #expect(!bench.complaints.withLockedValue { $0.isEmpty })
    }

    @Test("sends user, password and database first, and nothing else before they are accepted")
    func greeting() throws {
        let heard = Heard()
        let bench = try EmbeddedBench {
            ($0.user, $0.password, $0.database) = ("bob", "secret", 2)
        }
        #expect(
            try bench.writes() == [
                "*3\r\n$4\r\nAUTH\r\n$3\r\nbob\r\n$6\r\nsecret\r\n*2\r\n$6\r\nSELECT\r\n$1\r\n2\r\n"
            ])
        bench.client.send(RedisCommand("X"), reply: heard.hear)
        #expect(heard.results == [.failure(.unavailable)])
        try bench.answer("+OK\r\n+OK\r\n")
        bench.client.send(RedisCommand("X"), reply: heard.hear)
        bench.loop.run()
        #expect(try bench.writes().count == 1)
        #expect(bench.client.connected == 1)
    }

    @Test("gives up a greeting that is not answered")
    func silentGreeting() throws {
        let bench = try EmbeddedBench { $0.database = 1 }
        bench.loop.advanceTime(by: .milliseconds(2000))
        #expect(!bench.channel.isActive)
    }
}

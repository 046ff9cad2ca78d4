import NIOConcurrencyHelpers
import NIOCore
import NIOPosix
import RedisClient
import TestKit
import Testing

/// A client of a server, for one test.
private func withClient(
    _ url: String, loops: Int = 1, scripts: [RedisScript] = [], _ change: (inout RedisSettings) -> Void = { _ in },
    _ body: (RedisClient, _ complaints: @Sendable () -> [String]) async throws -> Void
) async throws {
    var settings = try RedisSettings(url: url)
    settings.timeoutMilliseconds = 10_000
    change(&settings)
    let group = MultiThreadedEventLoopGroup(numberOfThreads: loops)
    let complaints = NIOLockedValueBox<[String]>([])
    let client = try RedisClient(settings, group: group, scripts: scripts) { text in
        complaints.withLockedValue { $0.append(text) }
    }
    let result: Result<Void, any Error>
    do {
        try await body(client) { complaints.withLockedValue { $0 } }
        result = .success(())
    } catch {
        result = .failure(error)
    }
    await client.shutDown()
    try await group.shutdownGracefully()
    try result.get()
}

private func connected(_ client: RedisClient) async throws {
    try await eventually("the client is connected") { client.connected == client.expected }
}

/// Waits until a redialled connection answers again.
private func answering(_ client: RedisClient) async throws {
    try await eventually("the client is answered") { (try? await client.call(RedisCommand("PING"))) != nil }
}

@Suite("A client of a real server")
struct ServerTests {
    @Test("the generation grows with each connection that is made or lost, and a call of an earlier one is not sent")
    func generation() async throws {
        let server = try await RedisServer()
        let script = RedisScript("return redis.call('INCR', KEYS[1])".utf8)
        try await withClient(server.url(), loops: 2, scripts: [script]) { client, _ in
            @Sendable func count(under generation: Int64) async -> Result<RedisValue, RedisError> {
                var call = script.call(keys: 1)
                call.append("key")
                return await withCheckedContinuation { continuation in
                    client.send(call, of: script, under: generation) { continuation.resume(returning: $0) }
                }
            }
            try await connected(client)
            #expect(client.generation == 2)
            #expect(await count(under: 2) == .success(.integer(1)))
            try await server.restart()
            try await eventually("both are lost and made anew") { client.generation >= 6 && client.connected == 2 }
            for _ in 1...4 { #expect(await count(under: 2) == .failure(.unavailable)) }
            #expect(await count(under: client.generation) == .success(.integer(1)), "none of them was sent")
        }
    }

    @Test("20,000 commands of 8 threads are answered, each with its own reply, over two loops")
    func threads() async throws {
        let server = try await RedisServer()
        try await withClient(server.url(), loops: 2) { client, _ in
            try await connected(client)
            let right = await withTaskGroup(of: Int.self) { group in
                for thread in 0..<8 {
                    group.addTask {
                        var right = 0
                        for number in 0..<2500 {
                            let text = "\(thread) \(number)"
                            let reply = try? await client.call(RedisCommand("ECHO", text), hash: thread)
                            if reply == .bytes(Array(text.utf8)) { right += 1 }
                        }
                        return right
                    }
                }
                return await group.reduce(0, +)
            }
            #expect(right == 20_000)
        }
    }

    @Test("commands that one thread sends with one hash take effect in their order")
    func order() async throws {
        let server = try await RedisServer()
        try await withClient(server.url(), loops: 2) { client, _ in
            try await connected(client)
            for number in 0..<5000 {
                client.send(RedisCommand("RPUSH", "list", String(number)), hash: 7) { _ in }
            }
            let list = try await client.call(RedisCommand("LRANGE", "list", "0", "-1"), hash: 7).array
            #expect(list?.compactMap(\.number) == (0..<5000).map { Int64($0) })
        }
    }

    @Test("a password is asked for: without it or with a wrong one nothing is sent, with the right one all is well")
    func password() async throws {
        let server = try await RedisServer(["--requirepass", "right"])
        for (login, refusal) in [("", "NOAUTH"), (":wrong@", "WRONGPASS"), ("nobody:right@", "WRONGPASS")] {
            try await withClient(server.url(login)) { client, complaints in
                try await eventually("it is refused") { complaints().contains { $0.hasPrefix(refusal) } }
                await #expect(throws: RedisError.unavailable) { try await client.call(RedisCommand("GET", "a")) }
                #expect(!complaints().contains { $0.contains("right") })
            }
        }
        try await withClient(server.url("default:right@")) { client, _ in
            try await connected(client)
            #expect(try await client.call(RedisCommand("GET", "a")) == .null)
        }
    }

    @Test("the database of the address is the one that is used")
    func database() async throws {
        let server = try await RedisServer()
        try await withClient(server.url() + "/3") { client, _ in
            try await connected(client)
            _ = try await client.call(RedisCommand("SET", "a", "1"))
        }
        try await withClient(server.url()) { client, _ in
            try await connected(client)
            #expect(try await client.call(RedisCommand("GET", "a")) == .null)
        }
    }

    @Test("encryption works with the right authority, and is refused with another")
    func encryption() async throws {
        let (ours, other) = (try RedisServer.certificate(), try RedisServer.certificate())
        let server = try await RedisServer(certificate: ours)
        let url = "rediss://127.0.0.1:\(try #require(server.encryptedPort))"
        try await withClient(url, { $0.authorities = ours.authority }) { client, _ in
            try await connected(client)
            #expect(try await client.call(RedisCommand("ECHO", "a")) == .bytes([0x61]))
        }
        try await withClient(url.replacing("127.0.0.1", with: "localhost"), { $0.authorities = ours.authority }) {
            client, _ in try await connected(client)
        }
        for authority in [other.authority, nil] {
            try await withClient(url, { $0.authorities = authority }) { client, complaints in
                try await eventually("it is refused") {
                    complaints().contains { $0.contains("CERTIFICATE_VERIFY_FAILED") }
                }
                await #expect(throws: RedisError.unavailable) { try await client.call(RedisCommand("PING")) }
            }
        }
    }

    @Test("after a restart it is connected again, and what waited is unknown")
    func restart() async throws {
        let server = try await RedisServer()
        try await withClient(server.url()) { client, _ in
            try await connected(client)
            let heard = NIOLockedValueBox<Result<RedisValue, RedisError>?>(nil)
            client.send(RedisCommand("BLPOP", "nothing", "0")) { result in heard.withLockedValue { $0 = result } }
            try await eventually("it waits") {
                let clients = try await ask(server, RedisCommand("CLIENT", "LIST"))
                return String(decoding: clients.bytes ?? [], as: UTF8.self).contains("cmd=blpop")
            }
            server.kill()
            try await eventually("the loss is heard of") { heard.withLockedValue { $0 } == .failure(.unknown) }
            await #expect(throws: RedisError.unavailable) { try await client.call(RedisCommand("PING")) }
            try await server.restart()
            try await answering(client)
        }
    }

    @Test("a server that hangs is given up when the reply is overdue")
    func hanging() async throws {
        let server = try await RedisServer()
        try await withClient(server.url(), { $0.timeoutMilliseconds = 300 }) { client, _ in
            try await connected(client)
            server.pause()
            defer { server.resume() }
            await #expect(throws: RedisError.unknown) { try await client.call(RedisCommand("PING")) }
            server.resume()
            try await answering(client)
        }
    }

    @Test("a script that Redis has forgotten is sent whole, and those of the client are there from the start")
    func scripts() async throws {
        let server = try await RedisServer()
        let script = RedisScript("return {KEYS[1], ARGV[1]}".utf8)
        try await withClient(server.url(), scripts: [script]) { client, _ in
            try await connected(client)
            var call = script.call(keys: 1)
            call.append("key")
            call.append("argument")
            #expect(try await client.call(call) == .array([.bytes(Array("key".utf8)), .bytes(Array("argument".utf8))]))
            _ = try await client.call(RedisCommand("SCRIPT", "FLUSH"))
            await #expect(throws: RedisError.self) { try await client.call(call) }
            #expect(try await client.call(call, of: script).array?.count == 2)
            #expect(try await client.call(call).array?.count == 2, "Redis knows it again")
        }
    }

    @Test("a subscriber hears what is published, also after a restart, until it has enough")
    func subscriber() async throws {
        let server = try await RedisServer()
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        var settings = try RedisSettings(url: server.url())
        settings.timeoutMilliseconds = 10_000
        let subscriber = try RedisSubscriber(settings, eventLoop: group.next())
        let heard = NIOLockedValueBox<[RedisMessage]>([])
        let subscription = try await subscriber.subscribe("news") { message in
            heard.withLockedValue { $0.append(message) }
        }
        func publish(_ text: String) async throws -> Int64? {
            try await ask(server, RedisCommand("PUBLISH", "news", text)).number
        }
        try await eventually("it listens") { heard.withLockedValue { $0 == [.listening] } }
        #expect(try await publish("one") == 1)
        try await eventually("it hears") { heard.withLockedValue { $0.last == .published(Array("one".utf8)) } }
        try await server.restart()
        try await eventually("it listens again") { heard.withLockedValue { $0.last == .listening } }
        #expect(try await publish("two") == 1)
        try await eventually("it hears again") { heard.withLockedValue { $0.last == .published(Array("two".utf8)) } }
        subscriber.unsubscribe(subscription)
        try await eventually("it is gone") { try await publish("three") == 0 }
        #expect(heard.withLockedValue { $0.count } == 4)
        await subscriber.shutDown()
        try await group.shutdownGracefully()
    }
}

/// Asks a server over a connection of its own.
private func ask(_ server: RedisServer, _ command: RedisCommand) async throws -> RedisValue {
    var settings = try RedisSettings(url: server.url())
    settings.timeoutMilliseconds = 10_000
    let client = try RedisClient(settings, group: MultiThreadedEventLoopGroup.singleton.next())
    try await connected(client)
    let value = try await client.call(command)
    await client.shutDown()
    return value
}

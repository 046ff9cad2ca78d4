import Domain
import NIOConcurrencyHelpers
import NIOPosix
import RedisClient
import RedisGate
import Shop
import TestKit
import Testing

/// What the ledger says, and how often it was asked.
private final class Answers: Sendable {
    private struct State {
        var standings: [OrderID: OrderStanding] = [:]
        var reads = 0
        var isHeld = false
        var held: [CheckedContinuation<Void, Never>] = []
    }

    private let state = NIOLockedValueBox(State())

    var reads: Int { state.withLockedValue { $0.reads } }
    var held: Int { state.withLockedValue { $0.held.count } }

    func set(_ order: Order) { state.withLockedValue { $0.standings[order.id] = .written(order) } }

    /// Answers are on their way from now on, until they are let go.
    func hold() { state.withLockedValue { $0.isHeld = true } }

    func letGo() {
        let held = state.withLockedValue { state in
            state.isHeld = false
            defer { state.held = [] }
            return state.held
        }
        for continuation in held { continuation.resume() }
    }

    /// The first answer arrives, and the others are still on their way.
    func letGoOne() { state.withLockedValue { $0.held.removeFirst() }.resume() }

    func read(_ order: OrderID) async -> OrderStanding {
        let (standing, isHeld) = state.withLockedValue { state in
            state.reads += 1
            return (state.standings[order] ?? .unwritten, state.isHeld)
        }
        guard isHeld else { return standing }
        await withCheckedContinuation { continuation in
            state.withLockedValue { $0.held.append(continuation) }
        }
        return standing
    }
}

/// A node with a board.
private struct BoardNode: Sendable {
    let client: RedisClient
    let board: RedisOrderBoard

    func number(_ command: RedisCommand) async throws -> Int64? { try await client.call(command).number }

    func listeners(_ order: Order) async throws -> Int64? {
        try await client.call(RedisCommand("PUBSUB", "NUMSUB", name(order.id))).array?.last?.number
    }

    /// What is heard, while it is watched.
    func listen(_ order: OrderID) throws -> (heard: NIOLockedValueBox<[OrderNews]>, task: Task<Void, Never>) {
        let heard = NIOLockedValueBox<[OrderNews]>([])
        let stream = try #require(board.watch(order))
        return (heard, Task { for await news in stream { heard.withLockedValue { $0.append(news) } } })
    }
}

private func name(_ order: OrderID) -> String { "{s\(order.identifier.shard)}:order:\(order.text)" }

private func order(shard: UInt16 = freshShard(), number: UInt64 = 1) -> Order {
    let id = OrderID(Identifier(time: Timestamp(milliseconds: 9), shard: shard, random: number))
    let draft = Fixtures.draft(
        id, Fixtures.product(), buyer: Fixtures.buyer(1), at: Timestamp(milliseconds: 1_767_225_600_000))
    return Order(draft, state: .awaitingPayment, version: 1, expiresAt: draft.expiresAt)
}

/// Runs a test with two nodes that have one ledger.
private func withBoards(
    port: Int? = nil, subscriberPort: Int? = nil, isConnected: Bool = true, seconds: Int64 = 3600,
    clock: MockClock = MockClock(), _ body: @escaping (BoardNode, BoardNode, Answers) async throws -> Void
) async throws {
    let answers = Answers()
    let redis = try #require(RedisTrait.server).port
    var limits = Limits()
    limits.boardSeconds = seconds
    limits.eventStreamsPerOrder = 2
    // A machine that runs everything at once is slow; that the ledger is asked then has a test of its own.
    limits.boardWaitMilliseconds = isConnected ? 10_000 : 50
    let loop = MultiThreadedEventLoopGroup.singleton.next()
    var ends: [@Sendable () async -> Void] = []
    func node() throws -> BoardNode {
        var settings = try RedisSettings(url: "redis://127.0.0.1:\(port ?? redis)")
        settings.timeoutMilliseconds = 10_000
        let client = try RedisClient(settings, group: loop, scripts: RedisGate.scripts)
        settings.port = subscriberPort ?? settings.port
        let subscriber = try RedisSubscriber(settings, eventLoop: loop)
        let board = RedisOrderBoard(client: client, subscriber: subscriber, clock: clock, limits: limits) {
            order throws(ShopError) in await answers.read(order)
        }
        ends.append {
            board.close()
            await subscriber.shutDown()
            await client.shutDown()
        }
        return BoardNode(client: client, board: board)
    }
    let result: Result<Void, any Error>
    do {
        let (first, second) = (try node(), try node())
        if isConnected {
            try await eventually("both are connected") { first.client.connected + second.client.connected == 2 }
        }
        try await body(first, second, answers)
        result = .success(())
    } catch {
        result = .failure(error)
    }
    answers.letGo()
    for end in ends { await end() }
    try result.get()
}

@Suite("A board that nodes share", .redis)
struct BoardTests {
    @Test("a change on one node is heard by who watches on another, from the queue to the end")
    func heard() async throws {
        try await withBoards { first, second, answers async throws in
            let order = order()
            let (heard, _) = try second.listen(order.id)
            try await eventually("it listens") { try await second.listeners(order) == 1 }
            #expect(try await second.board.standing(of: order.id) == .unwritten)
            first.board.tell([BoardEntry(order)])
            try await eventually("it hears") { heard.withLockedValue { $0.last?.version } == 1 }
            first.board.tell([BoardEntry(order.moved(to: .delivered))])
            try await eventually("it hears") { heard.withLockedValue { $0.last?.version } == 2 }
            #expect(heard.withLockedValue { $0.map(\.state).suffix(2) } == [.awaitingPayment, .delivered])
        }
    }

    @Test("what is kept is asked of the ledger once, and a change takes its place without the ledger")
    func kept() async throws {
        try await withBoards { first, second, answers async throws in
            let order = order()
            for node in [first, second, first] { #expect(try await node.board.standing(of: order.id) == .unwritten) }
            #expect(answers.reads == 1)
            first.board.tell([BoardEntry(order)])
            try await eventually("the other sees it") {
                try await second.board.standing(of: order.id) == .written(order)
            }
            first.board.tell([BoardEntry(fenced: order.id)])
            #expect(try await first.board.standing(of: order.id) == .written(order), "which is no newer")
            #expect(answers.reads == 1)
        }
    }

    @Test("who read before a change that was told meanwhile does not put the old over the new")
    func staleFill() async throws {
        try await withBoards { first, second, answers async throws in
            let order = order()
            answers.hold()
            async let old = first.board.standing(of: order.id)
            try await eventually("the old is read") { answers.held == 1 }
            answers.set(order)
            second.board.tell([BoardEntry(order)])
            _ = try await second.client.call(RedisCommand("PING"))
            answers.letGo()
            #expect(try await old == .unwritten)
            _ = try await first.client.call(RedisCommand("PING"))
            #expect(try await second.board.standing(of: order.id) == .written(order))
        }
    }

    @Test("who read under a mark that is gone keeps nothing under another one")
    func otherMark() async throws {
        try await withBoards { first, second, answers async throws in
            let order = order()
            answers.hold()
            async let old = first.board.standing(of: order.id)
            try await eventually("the old is read") { answers.held == 1 }
            // Its time is over, a change finds nobody, and somebody else looks.
            #expect(try await first.number(RedisCommand("DEL", name(order.id))) == 1)
            answers.set(order)
            async let new = second.board.standing(of: order.id)
            try await eventually("the new is read") { answers.held == 2 }
            answers.letGoOne()
            #expect(try await old == .unwritten)
            #expect(try await first.number(RedisCommand("HEXISTS", name(order.id), "bytes")) == 0)
            answers.letGo()
            #expect(try await new == .written(order))
            _ = try await second.client.call(RedisCommand("PING"))
            #expect(try await first.board.standing(of: order.id) == .written(order))
            #expect(answers.reads == 2)
        }
    }

    @Test("what is told late, under a mark that nobody filled, is not believed")
    func lateTell() async throws {
        try await withBoards { first, second, answers async throws in
            let order = order()
            let mark = RedisCommand("HSET", name(order.id), "mark", "7", "version", "-1")
            _ = try await first.number(mark)
            first.board.tell([BoardEntry(order)])
            answers.set(order.moved(to: .cancelled))
            #expect(try await first.board.standing(of: order.id).state == .cancelled)
            #expect(try await first.board.standing(of: order.id).state == .cancelled)
            #expect(answers.reads == 1, "what the ledger said is kept")
        }
    }

    @Test("of orders that nobody looks at nothing is kept, however many are told")
    func unwatched() async throws {
        try await withBoards { first, second, _ async throws in
            let shard = freshShard()
            let orders = (0..<600).map { order(shard: shard, number: $0) }
            _ = try await second.board.standing(of: orders[300].id)
            first.board.tell(orders.map { BoardEntry($0) })
            #expect(try await first.client.call(RedisCommand("KEYS", "{s\(shard)}:*")).array?.count == 1)
            #expect(try await first.board.standing(of: orders[300].id) == .written(orders[300]))
        }
    }

    @Test("an entry goes away, and then the ledger is asked again")
    func timeToLive() async throws {
        try await withBoards(seconds: 1) { first, _, answers async throws in
            let order = order()
            #expect(try await first.board.standing(of: order.id) == .unwritten)
            let left = try #require(try await first.number(RedisCommand("PTTL", name(order.id))))
            #expect(left <= 1000 && left != -1)
            try await eventually("it is gone") { try await first.number(RedisCommand("EXISTS", name(order.id))) == 0 }
            answers.set(order)
            #expect(try await first.board.standing(of: order.id) == .written(order))
        }
    }

    @Test("a hold that has run out is not believed")
    func expiry() async throws {
        let clock = MockClock()
        try await withBoards(clock: clock) { first, _, answers async throws in
            let draft = Fixtures.draft(
                order().id, Fixtures.product(holdSeconds: 60), buyer: Fixtures.buyer(1), at: clock.now())
            answers.set(Order(draft, state: .awaitingPayment, version: 1, expiresAt: draft.expiresAt))
            for _ in 1...2 { #expect(try await first.board.standing(of: draft.id).state == .awaitingPayment) }
            #expect(answers.reads == 1)
            clock.advance(seconds: 60)
            answers.set(Order(draft, state: .expired, version: 2, expiresAt: draft.expiresAt))
            for _ in 1...2 { #expect(try await first.board.standing(of: draft.id).state == .expired) }
            #expect(answers.reads == 2)
        }
    }

    @Test("a change of which only the version is known is asked of the ledger")
    func versionOnly() async throws {
        try await withBoards { first, second, answers async throws in
            let order = order()
            let (heard, _) = try second.listen(order.id)
            try await eventually("it listens") { try await second.listeners(order) == 1 }
            #expect(try await second.board.standing(of: order.id) == .unwritten)
            answers.set(order)
            first.board.tell([BoardEntry(judged: order.id)])
            try await eventually("it hears") { heard.withLockedValue { $0.last?.state } == .awaitingPayment }
            #expect(try await first.board.standing(of: order.id) == .written(order))
        }
    }

    @Test("what is damaged counts as not kept")
    func damaged() async throws {
        try await withBoards { first, _, answers async throws in
            let order = order()
            _ = try await first.board.standing(of: order.id)
            #expect(try await first.number(RedisCommand("HSET", name(order.id), "bytes", "no entry")) == 0)
            answers.set(order)
            #expect(try await first.board.standing(of: order.id) == .written(order))
        }
    }

    // MARK: Trouble

    @Test("a change that was not told is found by who watches, and the order stays looked at")
    func renewal() async throws {
        try await withBoards(seconds: 3) { first, _, answers async throws in
            let order = order()
            let (heard, _) = try first.listen(order.id)
            #expect(try await first.board.standing(of: order.id) == .unwritten)
            let mark = try await first.client.call(RedisCommand("HGET", name(order.id), "mark"))
            answers.set(order)
            try await eventually("it is found") { heard.withLockedValue { $0.last?.version } == 1 }
            try await eventually("longer than an entry lasts") { answers.reads >= 5 }
            #expect(try await first.client.call(RedisCommand("HGET", name(order.id), "mark")) == mark)
        }
    }

    @Test("what was told while the connection was lost is found when it is there again")
    func lostConnection() async throws {
        let proxy = try await FaultProxy(to: try #require(RedisTrait.server).port)
        try await withBoards(subscriberPort: proxy.port) { first, second, answers async throws in
            let order = order()
            let (heard, _) = try second.listen(order.id)
            try await eventually("it listens") { try await second.listeners(order) == 1 }
            #expect(try await second.board.standing(of: order.id) == .unwritten)
            proxy.set(.refuse)
            try await eventually("it hears nothing") { try await first.listeners(order) == 0 }
            first.board.tell([BoardEntry(order)])
            _ = try await first.client.call(RedisCommand("PING"))
            #expect(heard.withLockedValue { $0.allSatisfy { $0.version == 0 } })
            proxy.set(.none)
            try await eventually("it hears") { heard.withLockedValue { $0.last?.version } == 1 }
        }
        try await proxy.close()
    }

    @Test("without Redis the ledger is asked, and who watches on the same node hears all the same")
    func down() async throws {
        let port = try await ServerProcess.freePort()
        try await withBoards(port: port, isConnected: false) { first, _, answers async throws in
            let order = order()
            #expect(try await first.board.standing(of: order.id) == .unwritten)
            answers.set(order)
            #expect(try await first.board.standing(of: order.id) == .written(order))
            let (heard, _) = try first.listen(order.id)
            first.board.tell([BoardEntry(order)])
            try await eventually("it hears") { heard.withLockedValue { $0.last?.version } == 1 }
        }
    }

    @Test("a Redis that does not answer is not waited for")
    func silent() async throws {
        let server = try await RedisServer()
        try await withBoards(port: server.port, isConnected: false) { first, _, answers async throws in
            try await eventually("it is connected") { first.client.connected == 1 }
            server.pause()
            defer { server.resume() }
            let order = order()
            answers.set(order)
            let start = ContinuousClock.now
            #expect(try await first.board.standing(of: order.id) == .written(order))
            #expect(start.duration(to: .now) < .seconds(9), "the client itself would wait for ten seconds")
        }
    }

    // MARK: Bounds

    @Test("nobody listens any more when the last watcher has gone")
    func unsubscribed() async throws {
        try await withBoards { first, _, _ async throws in
            let order = order()
            let (_, one) = try first.listen(order.id)
            let (_, two) = try first.listen(order.id)
            #expect(first.board.watch(order.id) == nil, "only so many may watch")
            try await eventually("it listens") { try await first.listeners(order) == 1 }
            one.cancel()
            await one.value
            #expect(try await first.listeners(order) == 1)
            two.cancel()
            try await eventually("it does not listen") { try await first.listeners(order) == 0 }
            let (_, _) = try first.listen(order.id)
            try await eventually("it listens again") { try await first.listeners(order) == 1 }
        }
    }

    @Test("closing ends every stream, and nobody may watch after it")
    func closed() async throws {
        try await withBoards { first, _, _ async throws in
            let order = order()
            let (_, task) = try first.listen(order.id)
            try await eventually("it listens") { try await first.listeners(order) == 1 }
            first.board.close()
            await task.value
            #expect(first.board.watch(order.id) == nil)
            try await eventually("it does not listen") { try await first.listeners(order) == 0 }
        }
    }
}

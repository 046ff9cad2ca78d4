import Channels
import CoreMetrics
import Crypto
import Domain
import KafkaClient
import KafkaIntake
import NIOConcurrencyHelpers
import NIOPosix
import PostgresClient
import PostgresLedger
import RedisClient
import RedisGate
import Shop
import TestKit
import Testing

/// Nobody calls a provider, and no product has patterns.
private struct Nobody: ProviderCaller, Patterns {
    func call(_ request: ProviderRequest) async throws(ShopError) -> ProviderAnswer {
        throw ShopError(.busy, "a test")
    }
    func check(_ pattern: String) throws(ShopError) {}
    func match(_ text: String, _ pattern: String) -> PatternVerdict { .fits }
}

/// Gives a suite a Redis and a broker of its own, which end with it.
struct EnginesTrait: SuiteTrait, TestScoping {
    @TaskLocal static var engines: Engines?

    func provideScope(
        for test: Test, testCase: Test.Case?, performing function: @Sendable () async throws -> Void
    ) async throws {
        let engines = Engines(redis: try await RedisServer(), broker: try await BrokerProcess(brokers: 2))
        let result: Result<Void, any Error>
        do {
            result = .success(try await Self.$engines.withValue(engines) { try await function() })
        } catch {
            result = .failure(error)
        }
        engines.redis.kill()
        try result.get()
    }
}

extension SuiteTrait where Self == EnginesTrait {
    static var engines: Self { EnginesTrait() }
}

/// The engines that the tests of a suite share; each test has a database and a topic of its own.
actor Engines {
    nonisolated let redis: RedisServer
    private let broker: BrokerProcess
    private var topics = 0

    init(redis: RedisServer, broker: BrokerProcess) {
        self.redis = redis
        self.broker = broker
    }

    func topic(partitions: Int) async throws -> (brokers: String, topic: String) {
        topics += 1
        let topic = "cluster-\(topics)"
        try await broker.command("topic \(topic) \(partitions)")
        return (broker.brokers, topic)
    }
}

extension SharedPostgres.Kind {
    /// One with the schema of a ledger, and nothing else.
    static let ledger = SharedPostgres.Kind(name: "cluster_ledger", reset: emptyTables) { url in
        try await PostgresLedger.open(
            PostgresSettings(url: url), readers: 1, limits: Limits(), metrics: NOOPMetricsHandler.instance
        ).close()
    }
}

/// Gate, log and ledger of a shard on their real engines, and the use case that takes orders through them.
struct ClusterStack: Sendable {
    let ledger: LedgerBench
    let postgres: PostgresLedger
    let redis: RedisClient
    let gate: RedisGate
    let intake: KafkaIntake
    let writer: OrderWriter
    let sweeper: OutboxSweeper
    let cache = CatalogCache()
    private let stuck = NIOLockedValueBox<[KafkaIntake]>([])
    /// The boards of two nodes.
    let boards: [RedisOrderBoard]
    private let subscriber: RedisSubscriber
    let useCases: UseCases
    let keys: KeyRing
    let brokers: String
    let log: OrderLog
    /// What the use cases stand on, with another gate.
    let ports: @Sendable (any Gate) -> UseCases.Ports
    var placeOrder: PlaceOrder { useCases.placeOrder }
    var clock: MockClock { ledger.clock }

    static let channel = Fixtures.slug("sandbox")

    /// - Parameter redisPort: where the gate finds Redis
    init(postgres: PostgresLedger, redisPort: Int, brokers: String, topic: String, partitions: Int) throws {
        let (limits, metrics) = (Limits(), NOOPMetricsHandler.instance)
        self.postgres = postgres
        ledger = LedgerBench(postgres, clock: MockClock())
        var settings = try RedisSettings(url: "redis://127.0.0.1:\(redisPort)")
        settings.timeoutMilliseconds = 10_000
        redis = try RedisClient(
            settings, group: MultiThreadedEventLoopGroup.singleton.next(), scripts: RedisGate.scripts)
        gate = RedisGate(client: redis, shard: 0, lanes: partitions, limits: limits, metrics: metrics)
        let clock = ledger.clock
        let (client, subscriber) = (
            redis, try RedisSubscriber(settings, eventLoop: MultiThreadedEventLoopGroup.singleton.next())
        )
        self.subscriber = subscriber
        // What a board is not told, nobody finds by waiting.
        var patient = limits
        patient.boardSeconds = 3600
        let boards = (0..<2).map { [patient] _ in
            RedisOrderBoard(
                client: client, subscriber: subscriber, clock: clock, limits: patient, read: postgres.standings)
        }
        self.boards = boards
        self.brokers = brokers
        log = try unwrap(OrderLog(topic: topic, partitionsPerShard: partitions))
        intake = try KafkaIntake(
            log: log, settings: KafkaProducer.Settings(brokers: brokers), limits: limits, ledger: postgres,
            outbox: gate, metrics: metrics)
        writer = OrderWriter(
            OrderWriter.Ports(
                ledger: postgres, gate: gate, clock: ledger.clock, limits: limits, metrics: metrics),
            settings: KafkaConsumer.Settings(
                brokers: brokers, group: "writers", reads: .partitions(log.partitions(of: 0))),
            onJudged: { boards[0].tell($0) })
        sweeper = OutboxSweeper(
            outbox: gate, intake: intake, clock: ledger.clock, limits: limits, metrics: metrics
        ) { _ in }
        let master = SymmetricKey(size: .bits256)
        let keys = try KeyRing(unwrapping: KeyRing.fresh(master: master), master: master)
        self.keys = keys
        ports = { [cache, intake, ledger] gate in
            UseCases.Ports(
                ledger: postgres, catalog: postgres, cards: postgres, staff: postgres, cache: cache, gate: gate,
                intake: intake, channelKinds: [], caller: Nobody(), patterns: Nobody(),
                forged: ForgedInbox(ledger: postgres, limits: limits), keys: keys, board: boards[1],
                identifiers: ledger.identifiers, clock: ledger.clock, limits: limits)
        }
        useCases = UseCases(ports(gate))
        let kind = SandboxKind { "http://127.0.0.1" }
        cache.put(
            ConfiguredChannel(
                isEnabled: true,
                channel: try kind.make(name: Self.channel, settings: try kind.complete([:]))))
    }

    /// A product with cards that is on sale, and an open gate.
    func product(cards: Int, perBuyer: Int = 1000) async throws -> Product {
        let product = try await ledger.product(cards: cards, limits: Fixtures.limits(perBuyer: perBuyer))
        cache.put(Listing(product: product, page: .plain))
        try await openGate()
        return product
    }

    /// Loads the gate from the ledger.
    func openGate() async throws {
        let since = clock.now().advanced(seconds: -86_400)
        try await gate.close(term: 1)
        try await gate.load(
            try await ledger.ledger.gateSnapshot(keysSince: since, maximumUnits: 100_000, maximumKeys: 100_000))
    }

    /// An intake that reaches no broker.
    func stuckIntake(_ limits: Limits) throws -> KafkaIntake {
        var limits = limits
        limits.drainSeconds = 1
        let intake = try KafkaIntake(
            log: try unwrap(OrderLog()), settings: KafkaProducer.Settings(brokers: "127.0.0.1:1"), limits: limits,
            ledger: postgres, outbox: nil, metrics: NOOPMetricsHandler.instance)
        stuck.withLockedValue { $0.append(intake) }
        return intake
    }

    func request(_ buyer: Int, key: String? = nil) -> PlaceOrderRequest {
        PlaceOrderRequest(
            product: "game-key", quantity: nil, contact: "buyer-\(buyer)@example.com", channel: "sandbox",
            idempotencyKey: key)
    }

    func place(_ request: PlaceOrderRequest) async -> PlaceOrderAnswer {
        await withCheckedContinuation { continuation in placeOrder(request) { continuation.resume(returning: $0) } }
    }

    /// Takes so many buyers through at once; returns the orders that were accepted.
    func placeAll(_ buyers: ClosedRange<Int>) async -> [OrderID] {
        await withTaskGroup(of: OrderID?.self) { group in
            for buyer in buyers {
                group.addTask {
                    if case .placed(let placed) = await place(request(buyer)) { placed.order.id } else { nil }
                }
            }
            return await group.reduce(into: []) { if let id = $1 { $0.append(id) } }
        }
    }

    /// Returns when the ledger has judged everything that is in the log.
    func settled() async throws {
        try await eventually("the writer has caught up") {
            await writer.measure()
            return !writer.partitions.isEmpty && writer.lag == 0
        }
    }

    func available() async -> Int {
        await gate.refresh()
        return gate.available(ProductID(1), .drawn)
    }

    func close() async {
        _ = await writer.stop()
        for intake in stuck.withLockedValue({ $0 }) + [intake] { _ = await intake.stop() }
        for board in boards { board.close() }
        await subscriber.shutDown()
        await redis.shutDown()
    }
}

/// Runs a test with a stack whose engines nobody else uses.
///
/// - Parameter hasProxy: whether a proxy stands before Redis
func withCluster(
    hasProxy: Bool = false, _ body: @escaping @Sendable (ClusterStack, FaultProxy?) async throws -> Void
) async throws {
    let engines = try unwrap(EnginesTrait.engines)
    let (brokers, topic) = try await engines.topic(partitions: 2)
    try await SharedPostgres.instance.withDatabase(.ledger) { server, database in
        let postgres = try await PostgresLedger.open(
            try PostgresSettings(url: server.url(database)), readers: 2, limits: Limits(),
            metrics: NOOPMetricsHandler.instance)
        defer { postgres.close() }
        let port = engines.redis.port
        let proxy = hasProxy ? try await FaultProxy(to: port) : nil
        let stack = try ClusterStack(
            postgres: postgres, redisPort: proxy?.port ?? port, brokers: brokers, topic: topic, partitions: 2)
        let result: Result<Void, any Error>
        do {
            try await eventually("Redis is there") { stack.redis.connected == stack.redis.expected }
            // The test before had orders of the same numbers.
            _ = try await stack.redis.call(RedisCommand("FLUSHALL"))
            try stack.writer.start()
            try await body(stack, proxy)
            result = .success(())
        } catch {
            result = .failure(error)
        }
        await stack.close()
        try await proxy?.close()
        try result.get()
    }
}

import Domain
import KafkaClient
import KafkaIntake
import Logging
import NIOPosix
import PostgresClient
import PostgresLedger
import RedisClient
import RedisGate
import Shards
import Shop

/// What a node is connected with: a ledger and a gate for each shard, and the log before them.
struct ClusterEngines: Sendable {
    /// How long a producer tries to write an order to the log, in milliseconds.
    static let deliveryMilliseconds = 5000
    /// How long an order waits for company on its way into the log, in milliseconds. Each packet costs producer, broker
    /// and reader the same, however many orders are in it.
    private static let lingerMilliseconds = 5

    let settings: ClusterSettings
    let shards: [PostgresLedger]
    let ledger: ShardedLedger
    let redis: RedisClient
    let subscriber: RedisSubscriber
    let gates: [RedisGate]
    let gate: ShardedGate
    let log: OrderLog
    let inquirer: KafkaInquirer
    let intake: KafkaIntake
    let observer: KafkaObserver

    /// Connects. Databases must be there; Redis and brokers are waited for while the node runs, and what needs them
    /// is refused until then.
    ///
    /// - Throws: *busy* when a database cannot be reached; *internal* when it is another shard, or of a newer release.
    static func connect(
        _ settings: ClusterSettings, _ configuration: ServeConfiguration, registry: PrometheusRegistry, logger: Logger
    ) async throws(ShopError) -> ClusterEngines {
        var shards: [PostgresLedger] = []
        do throws(ShopError) {
            for (number, database) in settings.shards.enumerated() {
                shards.append(
                    try await open(
                        database, UInt16(number), configuration.limits, registry: registry, logger: logger))
            }
            return try ClusterEngines(settings, shards, configuration, registry: registry, logger: logger)
        } catch {
            for shard in shards { shard.close() }
            throw error
        }
    }

    private static func open(
        _ database: PostgresSettings, _ number: UInt16, _ limits: Limits, registry: PrometheusRegistry, logger: Logger
    ) async throws(ShopError) -> PostgresLedger {
        var logger = logger
        logger[metadataKey: "shard"] = "\(number)"
        let shardLogger = logger
        do throws(ShopError) {
            return try await PostgresLedger.open(
                database, shard: number, limits: limits, metrics: registry,
                onNotice: { shardLogger.notice("the database remarks", metadata: ["cause": "\($0)"]) }
            ) { health, cause in
                switch health {
                case .writable: shardLogger.notice("the ledger takes writes again")
                case .stopped(let reason, _):
                    shardLogger.critical(
                        "no orders are taken", metadata: ["reason": "\(reason)", "cause": "\(cause ?? "")"])
                }
            }
        } catch {
            throw ShopError(error.code, "shard \(number) at \(database.name): \(error.detail)", cause: error.cause)
        }
    }

    private init(
        _ settings: ClusterSettings, _ shards: [PostgresLedger], _ configuration: ServeConfiguration,
        registry: PrometheusRegistry, logger: Logger
    ) throws(ShopError) {
        let limits = configuration.limits
        guard let log = OrderLog(shards: shards.count) else {
            throw ShopError(.internalFault, "there are too many shards for the log")
        }
        let complaint: @Sendable (String) -> Void = { logger.warning("redis", metadata: ["cause": "\($0)"]) }
        let group = MultiThreadedEventLoopGroup.singleton
        do {
            redis = try RedisClient(settings.redis, group: group, scripts: RedisGate.scripts, complaint: complaint)
            subscriber = try RedisSubscriber(settings.redis, eventLoop: group.next(), complaint: complaint)
        } catch {
            throw ShopError(.internalFault, "SLUICE_REDIS_URL: \(error)")
        }
        gates = shards.indices.map { [redis] number in
            RedisGate(
                client: redis, shard: UInt16(number), lanes: log.partitionsPerShard, limits: limits, metrics: registry)
        }
        gate = ShardedGate(gates) { number in
            if case .writable = shards[Int(number)].health { true } else { false }
        }
        ledger = ShardedLedger(shards)
        observer = KafkaObserver(
            log: { level, text in
                // Of syslog's levels, from warnings on.
                if level <= 4 { logger.warning("kafka", metadata: ["cause": "\(text)"]) }
            },
            failed: { logger.warning("kafka", metadata: ["cause": "\($0)"]) })
        var producer = KafkaProducer.Settings(brokers: settings.brokers)
        producer.deliveryMilliseconds = Self.deliveryMilliseconds
        producer.lingerMilliseconds = Self.lingerMilliseconds
        do throws(KafkaError) {
            intake = try KafkaIntake(
                log: log, settings: producer, limits: limits, ledger: ledger, outbox: gate, metrics: registry,
                observer: observer)
            inquirer = try KafkaInquirer(brokers: settings.brokers, observer: observer)
        } catch {
            throw ShopError(.internalFault, "SLUICE_KAFKA_BROKERS: \(error)")
        }
        self.settings = settings
        self.shards = shards
        self.log = log
    }

    /// Refuses a shop that has more shards than were named, and a log that has too few partitions for them. A broker
    /// that gives no answer is waited for while the node runs.
    func check(logger: Logger) async throws(ShopError) {
        try await shards[0].claimShards(count: shards.count)
        let count: Int?
        do throws(KafkaError) {
            count = try await inquirer.partitionCount(of: log.topic)
        } catch {
            return logger.warning("the log cannot be asked", metadata: ["cause": "\(error)"])
        }
        guard (count ?? 0) < log.partitionCount else { return }
        throw ShopError(
            .internalFault,
            "the topic \(log.topic) has \(count ?? 0) partitions, and \(shards.count) shards need "
                + "\(log.partitionCount): kafka-topics.sh --bootstrap-server \(settings.brokers) "
                + (count == nil ? "--create" : "--alter") + " --topic \(log.topic) --partitions \(log.partitionCount)")
    }

    /// Why the node cannot sell; nil when it can sell the products of one shard at least.
    var unreadiness: String? {
        let sells = shards.indices.contains { shard in
            guard gates[shard].isOpen, case .writable = shards[shard].health else { return false }
            return true
        }
        return sells ? nil : "no gate is open"
    }

    /// Lets go of Redis and the log, when nobody needs them any more.
    func leave() async {
        _ = await intake.stop()
        _ = await inquirer.close()
        await subscriber.shutDown()
        await redis.shutDown()
    }

    /// Closes the databases. Blocks until that is done.
    func close() { for shard in shards { shard.close() } }
}

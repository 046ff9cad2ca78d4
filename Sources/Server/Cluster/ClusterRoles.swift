import Domain
import KafkaClient
import KafkaIntake
import Logging
import PostgresLedger
import ServiceLifecycle
import Shards
import Shop

// What a node does in the background, by its roles.
extension ClusterEngines {
    /// How long a lease lasts, in milliseconds: so long nobody leads after a leader died, and a quarter more at most,
    /// until the next one asks.
    private static let leaseMilliseconds: Int64 = 8000
    /// Milliseconds beyond what an order may be on its way into the log, for clocks and threads that are late.
    private static let drainMarginMilliseconds: Int64 = 500
    /// Milliseconds after which a writer that gives no sign of life is replaced by another.
    private static let sessionMilliseconds = 6000

    /// Sees each second whether the databases take writes, so that orders for one that does not are refused at once.
    func probes(_ registry: PrometheusRegistry) -> [Background] {
        shards.enumerated().map { number, shard in
            Background { pause in
                while !Task.isCancelled {
                    await shard.probe()
                    let isWritable = shard.health == .writable
                    registry.set("sluice_shard_writable", [("shard", "\(number)")], to: isWritable ? 1 : 0)
                    do { try await pause(1000) } catch { return }
                }
            }
        }
    }

    /// How long the first order of a batch waits for company, in milliseconds: a transaction costs the database the
    /// same, however few orders are in it.
    private static let batchMilliseconds = 10

    /// Brings orders from the log into the ledgers; all nodes that do share the partitions.
    func writer(_ ports: UseCases.Ports, registry: PrometheusRegistry, logger: Logger) -> OrderWriter {
        var settings = KafkaConsumer.Settings(
            brokers: settings.brokers, group: "sluice-orders", reads: .group(topic: log.topic, member: nil))
        settings.sessionMilliseconds = Self.sessionMilliseconds
        settings.batch.milliseconds = Self.batchMilliseconds
        return OrderWriter(
            OrderWriter.Ports(
                ledger: ShardedLog(shards, partitionsPerShard: log.partitionsPerShard), gate: gate, clock: ports.clock,
                limits: ports.limits, metrics: registry),
            settings: settings, observer: observer, onJudged: { [board = ports.board] in board.tell($0) },
            onHalt: { partition, reason in
                logger.critical(
                    "orders of a partition wait until somebody has looked",
                    metadata: ["partition": "\(partition)", "cause": "\(reason)"])
            })
    }

    /// Delivers orders that wait for restock, in each shard by itself: one that is down holds up no other.
    func deliveries(_ ports: UseCases.Ports, _ announcer: Announcer, _ logger: Logger) -> [Background] {
        shards.map { shard in
            let deliveries = Upkeep(
                ledger: shard, announcer: announcer, clock: ports.clock, limits: ports.limits, duties: .deliver
            ) { logger.note("delivery failed", level: .warning, $0) }
            return Background { await deliveries.run(pause: $0) }
        }
    }

    /// Looks after each shard while this node leads it.
    func upkeep(
        _ ports: UseCases.Ports, _ announcer: Announcer, registry: PrometheusRegistry, logger: Logger
    ) -> [Background] {
        let holder = String(UInt64.random(in: .min ... .max), radix: 36)
        let drain =
            ports.limits.admissionMilliseconds + Int64(intake.deliveryMilliseconds) + Self.drainMarginMilliseconds
        return shards.indices.map { number in
            var logger = logger
            logger[metadataKey: "shard"] = "\(number)"
            let shardLogger = logger
            let onFailure: @Sendable (ShopError) -> Void = { shardLogger.note("upkeep failed", level: .warning, $0) }
            let sweeper = OutboxSweeper(
                outbox: gates[number], intake: intake, clock: ports.clock, limits: ports.limits, metrics: registry,
                onFailure: onFailure)
            let upkeep = ShardUpkeep(
                ShardUpkeep.Ports(
                    leases: shards[number], gate: gates[number], ledger: shards[number],
                    log: KafkaLogProgress(inquirer, log: log, shard: UInt16(number)), announcer: announcer,
                    clock: ports.clock, limits: ports.limits, metrics: registry),
                shard: UInt16(number), holder: holder, leaseMilliseconds: Self.leaseMilliseconds,
                drainMilliseconds: drain, sweepOutbox: { await sweeper.sweep(mayWrite: $0) }, onFailure: onFailure)
            return Background { await upkeep.run(pause: $0) }
        }
    }
}

/// Brings orders from the log into the ledgers until the node stops.
struct OrderWriterService: Service {
    /// Milliseconds between two looks at how much waits.
    private static let measureMilliseconds: Int64 = 1000

    let writer: OrderWriter

    func run() async throws {
        try writer.start()
        await cancelWhenGracefulShutdown {
            while !Task.isCancelled {
                await writer.measure()
                do { try await Task.sleep(for: .milliseconds(Self.measureMilliseconds)) } catch { return }
            }
        }
        _ = await writer.stop()
    }
}

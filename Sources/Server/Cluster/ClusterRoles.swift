import CoreMetrics
import Domain
import KafkaClient
import KafkaIntake
import Logging
import PostgresLedger
import ServiceLifecycle
import Shop

extension ClusterEngines {
    func check(logger: Logger) async throws(ShopError) {}
    var unreadiness: String? { nil }
    func close() { for shard in shards { shard.close() } }

    /// Sees each second whether the databases take writes, so that orders for one that does not are refused at once.
    func probes() -> [Background] {
        shards.map { shard in
            Background { pause in
                while !Task.isCancelled {
                    await shard.probe()
                    do { try await pause(1000) } catch { return }
                }
            }
        }
    }
    func writer(_ ports: UseCases.Ports, registry: PrometheusRegistry, logger: Logger) -> OrderWriter {
        OrderWriter(
            OrderWriter.Ports(
                ledger: shards[0], gate: gate, clock: ports.clock, limits: ports.limits, metrics: registry),
            settings: KafkaConsumer.Settings(
                brokers: settings.brokers, group: "sluice-orders", reads: .group(topic: log.topic, member: nil)),
            observer: observer)
    }
    func upkeep(
        _ ports: UseCases.Ports, _ announcer: Announcer, registry: PrometheusRegistry, logger: Logger
    ) -> [any Service] { [] }
}

extension Background {
    static func deliveries(_ ports: UseCases.Ports, _ announcer: Announcer, _ logger: Logger) -> Background {
        upkeep(ports, announcer, logger)
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

import CoreMetrics
import Domain
import Foundation
import KafkaClient
import KafkaIntake
import NIOConcurrencyHelpers
import SQLiteLedger
import Shop
import TestKit

/// One broker for all tests of the target, each with a topic of its own. It ends with the tests.
enum SharedBroker {
    private static let starting = Task { try await BrokerProcess(brokers: 2) }
    private static let next = NIOLockedValueBox(0)

    static func topic(partitions: Int) async throws -> (broker: BrokerProcess, topic: String) {
        let number = next.withLockedValue { next in
            next += 1
            return next
        }
        let broker = try await starting.value
        try await broker.command("topic orders-\(number) \(partitions)")
        return (broker, "orders-\(number)")
    }
}

/// Admitted orders that no log is known to have.
final class MemoryOutbox: OrderOutbox {
    let entries = NIOLockedValueBox<[OrderDraft]>([])
    let loggedOrders = NIOLockedValueBox<[OrderID]>([])
    let isDown = NIOLockedValueBox(false)

    func unlogged(at moment: Timestamp, limit: Int) async throws(ShopError) -> [OrderDraft] {
        guard !isDown.withLockedValue({ $0 }) else { throw ShopError(.busy, "a test") }
        return entries.withLockedValue { Array($0.filter { $0.placedAt <= moment }.prefix(limit)) }
    }

    func logged(_ orders: [OrderID]) {
        loggedOrders.withLockedValue { $0 += orders }
        entries.withLockedValue { entries in entries.removeAll { orders.contains($0.id) } }
    }
}

/// An intake, a log, a writer and a ledger.
final class IntakeStack: Sendable {
    let folder: URL
    let sqlite: SQLiteLedger
    let ledger: LedgerBench
    let logLedger: MemoryLogLedger
    let gate = RecordingGate()
    let outbox = MemoryOutbox()
    let log: OrderLog
    let brokers: String
    let intake: KafkaIntake
    let judged = NIOLockedValueBox<[OrderID]>([])
    let halts = NIOLockedValueBox<[String]>([])
    private let intakes = NIOLockedValueBox<[KafkaIntake]>([])
    private let writers = NIOLockedValueBox<[OrderWriter]>([])

    init(brokers: String, topic: String, partitions: Int = 2, limits: Limits = Limits()) throws {
        folder = try ShopProcess.makeFolder()
        var limits = limits
        limits.writerJobs = 10_000
        sqlite = try SQLiteLedger(
            path: folder.appendingPathComponent(SQLiteLedger.fileName).path, limits: limits,
            metrics: NOOPMetricsHandler.instance)
        ledger = LedgerBench(sqlite, clock: MockClock())
        logLedger = MemoryLogLedger(sqlite)
        self.brokers = brokers
        log = try unwrap(OrderLog(topic: topic, partitionsPerShard: partitions))
        intake = try Self.intake(log, brokers, limits, sqlite, outbox)
        intakes.withLockedValue { $0.append(intake) }
    }

    private static func intake(
        _ log: OrderLog, _ brokers: String, _ limits: Limits, _ ledger: any Ledger, _ outbox: (any OrderOutbox)?
    ) throws -> KafkaIntake {
        var limits = limits
        limits.drainSeconds = 1
        return try KafkaIntake(
            log: log, settings: KafkaProducer.Settings(brokers: brokers), limits: limits, ledger: ledger,
            outbox: outbox, metrics: NOOPMetricsHandler.instance)
    }

    /// An intake that reaches no broker.
    func stuckIntake(_ limits: Limits) throws -> KafkaIntake {
        let intake = try Self.intake(log, "127.0.0.1:1", limits, sqlite, nil)
        intakes.withLockedValue { $0.append(intake) }
        return intake
    }

    /// Starts a writer of all partitions.
    @discardableResult
    func write(brokers: String? = nil, limits: Limits = Limits()) throws -> OrderWriter {
        let settings = KafkaConsumer.Settings(
            brokers: brokers ?? self.brokers, group: "writers", reads: .partitions(log.partitions(of: 0)))
        let writer = OrderWriter(
            OrderWriter.Ports(
                ledger: logLedger, gate: gate, clock: ledger.clock, limits: limits,
                metrics: NOOPMetricsHandler.instance),
            settings: settings,
            onJudged: { [judged] orders in judged.withLockedValue { $0 += orders.map(\.order) } },
            onHalt: { [halts] _, reason in halts.withLockedValue { $0.append(reason) } })
        writers.withLockedValue { $0.append(writer) }
        try writer.start()
        return writer
    }

    /// Returns when the writer has brought everything into the ledger.
    func settled(_ writer: OrderWriter) async throws {
        try await eventually("the writer has caught up") {
            guard writer.partitions.count == log.partitionCount else { return false }
            await writer.measure()
            return writer.lag == 0
        }
    }

    func submit(_ draft: OrderDraft) async -> Result<Placement, ShopError> {
        await withCheckedContinuation { continuation in
            intake.submit(.place(draft)) { continuation.resume(returning: $0) }
        }
    }

    /// Hands orders over at once; returns those that were accepted.
    func accepted(_ drafts: [OrderDraft]) async -> [OrderDraft] {
        await withTaskGroup(of: OrderDraft?.self) { group in
            for draft in drafts {
                group.addTask { if case .success(.queued) = await self.submit(draft) { draft } else { nil } }
            }
            return await group.reduce(into: []) { if let draft = $1 { $0.append(draft) } }
        }
    }

    /// Writes bytes to the log that no intake wrote.
    func inject(_ bytes: [UInt8], partition: Int32) async throws {
        let producer = try KafkaProducer(KafkaProducer.Settings(brokers: brokers))
        let isDone = NIOLockedValueBox(false)
        producer.produce(topic: log.topic, partition: partition, key: [], value: bytes) { _ in
            isDone.withLockedValue { $0 = true }
        }
        try await eventually("it is written") { isDone.withLockedValue { $0 } }
        _ = await producer.close()
    }

    var holding: Set<OrderID> {
        get async throws {
            Set(
                try await ledger.ledger.orders(OrderFilter(limit: 1000)).filter { $0.state == .awaitingPayment }
                    .map(\.id))
        }
    }

    func close() async {
        for writer in writers.withLockedValue({ $0 }) { _ = await writer.stop() }
        for intake in intakes.withLockedValue({ $0 }) { _ = await intake.stop() }
        sqlite.close()
        try? FileManager.default.removeItem(at: folder)
    }
}

/// Runs a test with a stack on a topic of its own.
func withStack(
    partitions: Int = 2, limits: Limits = Limits(), _ body: (IntakeStack, BrokerProcess) async throws -> Void
) async throws {
    let (broker, topic) = try await SharedBroker.topic(partitions: partitions)
    let stack = try IntakeStack(brokers: broker.brokers, topic: topic, partitions: partitions, limits: limits)
    do {
        try await body(stack, broker)
    } catch {
        await stack.close()
        throw error
    }
    await stack.close()
}

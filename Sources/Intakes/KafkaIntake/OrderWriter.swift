public import CoreMetrics
import Dispatch
public import Domain
public import KafkaClient
import NIOConcurrencyHelpers
public import Shop

/// How the order writer of a shard is.
public enum OrderWriterHealth: Hashable, Sendable {
    /// It reads what it was given.
    case working
    /// Orders of these partitions wait until somebody has looked, for the reasons given.
    case halted([Int32: String])
}

/// Brings the orders of a log into the ledger, and tells the gate and those who wait what became of them.
///
/// Each partition goes its own way, as ``OrderWriterMachine`` has it. Several writers may read the same partition for a
/// while: the ledger takes each record from one of them.
public final class OrderWriter: Sendable {
    /// What a writer works with.
    public struct Ports: Sendable {
        let ledger: any LogLedger
        let gate: any Gate
        let clock: any Clock
        let limits: Limits
        let metrics: any MetricsFactory

        /// Puts the parts together.
        ///
        /// - Parameter metrics: receives `sluice_order_log_lag`, `sluice_order_writer_batch_orders`,
        ///   `sluice_order_writer_failures_total`, `sluice_order_writer_parked_total` and
        ///   `sluice_order_writer_halted`
        public init(
            ledger: any LogLedger, gate: any Gate, clock: any Clock, limits: Limits, metrics: any MetricsFactory
        ) {
            self.ledger = ledger
            self.gate = gate
            self.clock = clock
            self.limits = limits
            self.metrics = metrics
        }
    }

    private struct State {
        var consumer: KafkaConsumer?
        var machines: [KafkaPartition: OrderWriterMachine] = [:]
        var isStopped = false
        var marks: [KafkaPartition: Marks] = [:]
    }

    /// How far a partition is.
    private struct Marks {
        var stored: Int64 = 0
        var end: Int64 = 0
    }

    /// Milliseconds after which a consumer that ended is replaced.
    private static let replacementMilliseconds = 1000

    private let ports: Ports
    private let settings: KafkaConsumer.Settings
    private let observer: KafkaObserver
    private let timer: KafkaIntake.Timer
    private let onJudged: @Sendable ([BoardEntry]) -> Void
    private let onHalt: @Sendable (_ partition: Int32, _ reason: String) -> Void
    private let metrics: OrderWriterMetrics
    private let state = NIOLockedValueBox(State())

    /// - Parameters:
    ///   - settings: what is read; the bounds of a batch are those of the limits
    ///   - onJudged: hears of every order that was judged, for the board
    ///   - onHalt: hears why a partition goes no further; the reason is for the operator
    public init(
        _ ports: Ports, settings: KafkaConsumer.Settings, observer: KafkaObserver = KafkaObserver(),
        timer: @escaping KafkaIntake.Timer = KafkaIntake.dispatchTimer(),
        onJudged: @escaping @Sendable ([BoardEntry]) -> Void = { _ in },
        onHalt: @escaping @Sendable (_ partition: Int32, _ reason: String) -> Void = { _, _ in }
    ) {
        self.ports = ports
        var settings = settings
        settings.batch.records = ports.limits.batchOrders
        settings.batch.bytes = ports.limits.batchBytes
        self.settings = settings
        self.observer = observer
        self.timer = timer
        self.onJudged = onJudged
        self.onHalt = onHalt
        metrics = OrderWriterMetrics(ports.metrics)
    }

    /// Begins to read.
    ///
    /// - Throws: ``KafkaError/settings(_:)``
    public func start() throws(KafkaError) {
        // Under the lock, so that what the consumer tells at once finds it in its place.
        let failure = state.withLockedValue { state -> KafkaError? in
            guard !state.isStopped, state.consumer == nil else { return nil }
            do throws(KafkaError) {
                state.consumer = try KafkaConsumer(settings, observer: observer) { [weak self] in self?.heard($0) }
                return nil
            } catch {
                return error
            }
        }
        if let failure { throw failure }
    }

    /// Whether every partition goes on.
    public var health: OrderWriterHealth {
        let halted = state.withLockedValue { state in
            state.machines.compactMap { partition, machine -> (Int32, String)? in
                if case .halted(let reason) = machine.state { (partition.number, reason) } else { nil }
            }
        }
        return halted.isEmpty ? .working : .halted(Dictionary(halted) { first, _ in first })
    }

    /// Records of this writer's partitions that wait for the ledger, as it last heard.
    public var lag: Int64 {
        state.withLockedValue { $0.marks.values.map { max(0, $0.end - $0.stored) }.reduce(0, +) }
    }

    /// The partitions that this writer was given.
    public var partitions: [Int32] {
        state.withLockedValue { $0.machines.filter { $0.value.state != .idle }.map(\.key.number).sorted() }
    }

    /// Asks how far the log goes, for the metrics: a writer that waits for the ledger does not read it.
    public func measure() async {
        let (consumer, partitions) = state.withLockedValue { state in
            (state.consumer, state.machines.filter { $0.value.state != .idle }.map(\.key))
        }
        for partition in partitions {
            guard let edges = try? await consumer?.edges(of: partition) else { continue }
            mark(partition) { $0.end = max($0.end, edges.high) }
        }
    }

    /// Reads no more, and returns when nothing is under way with the ledger any more, or the time for that is over.
    public func stop() async -> KafkaEnding {
        let consumer = state.withLockedValue { state in
            state.isStopped = true
            defer { state.consumer = nil }
            return state.consumer
        }
        let ending = await consumer?.close() ?? .ended
        for partition in state.withLockedValue({ $0.machines.map(\.key) }) { handle(.revoked, of: partition) }
        let end = ContinuousClock.now.advanced(by: .seconds(ports.limits.drainSeconds))
        while !isIdle, ContinuousClock.now < end { try? await Task.sleep(for: .milliseconds(5)) }
        return ending
    }

    private var isIdle: Bool { state.withLockedValue { $0.machines.values.allSatisfy { $0.state == .idle } } }

    // MARK: What the consumer tells

    private func heard(_ event: KafkaConsumerEvent) {
        switch event {
        case .assigned(let partitions):
            for partition in partitions { handle(.assigned, of: partition) }
        case .revoked(let partitions, _):
            for partition in partitions {
                handle(.revoked, of: partition)
                // Whoever reads it now tells how it is.
                mark(partition) { $0 = Marks() }
                metrics.halted(partition.number, false)
            }
        case .batch(let batch):
            mark(batch.partition) { $0.end = max($0.end, batch.logEnd ?? 0) }
            handle(.read(batch.records.map(Self.record)), of: batch.partition)
        case .end(let partition, let position):
            mark(partition) { $0.end = max($0.end, position) }
        case .nothingThere(let partition, _, let reason):
            handle(.nothingThere("\(reason)"), of: partition)
        case .failed:
            failed()
        }
    }

    private static func record(_ record: KafkaRecord) -> LoggedRecord {
        do throws(OrderRecord.Unreadable) {
            let draft = try OrderRecord.draft(record.value)
            return LoggedRecord(position: record.position, bytes: record.value, draft: draft, reason: nil)
        } catch {
            return LoggedRecord(
                position: record.position, bytes: record.value, draft: nil, reason: error.description)
        }
    }

    private func failed() {
        metrics.failures["consumer"]?.increment()
        let partitions = state.withLockedValue { state in
            state.consumer = nil
            return state.machines.map(\.key)
        }
        for partition in partitions { handle(.revoked, of: partition) }
        restartLater()
    }

    private func restartLater() {
        timer(Self.replacementMilliseconds) { [weak self] in
            guard let self else { return }
            do throws(KafkaError) { try start() } catch { restartLater() }
        }
    }

    // MARK: What the machines want

    private func handle(_ event: OrderWriterMachine.Event, of partition: KafkaPartition) {
        let (actions, consumer) = state.withLockedValue { state in
            (state.machines[partition, default: OrderWriterMachine()].handle(event), state.consumer)
        }
        for action in actions { perform(action, of: partition, consumer) }
    }

    private func perform(
        _ action: OrderWriterMachine.Action, of partition: KafkaPartition, _ consumer: KafkaConsumer?
    ) {
        switch action {
        case .find: find(partition, consumer)
        case .start(let position):
            metrics.halted(partition.number, false)
            consumer?.start(partition, at: position)
        case .readOn: consumer?.takeNext(partition)
        case .write(let batch): write(batch, of: partition)
        case .settle(let drafts, let placements): settle(Array(zip(drafts, placements)))
        case .settleUnheard(let drafts): settleUnheard(drafts)
        case .parked(let records):
            metrics.parked.increment(by: records.count)
            // Its ticket stays until the record is replayed or the gate is loaded anew.
            ports.gate.judged(records.compactMap(\.draft?.id))
        case .stored(let position):
            mark(partition) { $0.stored = position }
            consumer?.commit(partition, next: position)
        case .rest(let milliseconds):
            timer(milliseconds) { [self] in handle(.woke, of: partition) }
        case .stopReading: consumer?.stop(partition)
        case .halt(let reason):
            metrics.halted(partition.number, true)
            onHalt(partition.number, reason)
        }
    }

    private func find(_ partition: KafkaPartition, _ consumer: KafkaConsumer?) {
        Task {
            do {
                guard let consumer else { throw KafkaError.closed }
                // Anew each time: a log that was made anew has another name.
                let log = LogPartition(cluster: try await consumer.cluster(), partition)
                let position = try await ports.ledger.position(of: log)
                let edges = try await consumer.edges(of: partition)
                mark(partition) { $0 = Marks(stored: position, end: edges.high) }
                handle(.found(log, position: position, low: edges.low, high: edges.high), of: partition)
            } catch {
                metrics.failures["find"]?.increment()
                handle(.notFound, of: partition)
            }
        }
    }

    private func write(_ batch: LogBatch, of partition: KafkaPartition) {
        metrics.batch.record(batch.drafts.count)
        Task {
            do throws(ShopError) {
                handle(.wrote(try await ports.ledger.write(batch, at: ports.clock.now())), of: partition)
            } catch {
                metrics.failures[error.code.rawValue]?.increment()
                handle(.failed(error.code, error.cause ?? error.detail), of: partition)
            }
        }
    }

    private func mark(_ partition: KafkaPartition, _ change: (inout Marks) -> Void) {
        let lag = state.withLockedValue { state in
            change(&state.marks[partition, default: Marks()])
            let marks = state.marks[partition, default: Marks()]
            return max(0, marks.end - marks.stored)
        }
        metrics.lag(partition.number, lag)
    }

    // MARK: Telling

    private func settle(_ judged: [(OrderDraft, Placement)]) {
        ports.gate.judged(judged.map(\.0.id))
        for (draft, placement) in judged {
            if let end = Self.end(of: draft, placement) { ports.gate.end(draft.id, end) }
        }
        onJudged(judged.compactMap { BoardEntry($0.0, $0.1) })
    }

    /// What the ledger made of these was lost on the way, so it is asked.
    private func settleUnheard(_ drafts: [OrderDraft]) {
        Task {
            for draft in drafts {
                do throws(ShopError) {
                    let state = try await ports.ledger.order(draft.id)?.state
                    if let end = Self.end(ofOrderThatIs: state) { ports.gate.end(draft.id, end) }
                } catch {
                    // The ticket stays: the gate may believe in less stock than there is.
                    metrics.failures["find"]?.increment()
                }
            }
            ports.gate.judged(drafts.map(\.id))
            onJudged(drafts.map { BoardEntry(judged: $0.id) })
        }
    }

    /// - Parameter state: nil for an order that was cancelled before it came
    static func end(ofOrderThatIs state: OrderState?) -> TicketEnd? {
        switch state {
        case nil, .rejected: .notPlaced
        case .paid, .delivered: .sold
        // Whoever ended it has told the gate.
        case .queued, .awaitingPayment, .expired, .cancelled, .review, .refundPending, .refunded: nil
        }
    }

    /// How the ticket of a judged order ends; nil when it stays.
    static func end(of draft: OrderDraft, _ placement: Placement) -> TicketEnd? {
        switch placement {
        case .placed(let order):
            // What costs nothing is the buyer's at once.
            order.state == .awaitingPayment ? nil : .sold
        case .existing(let order):
            // The same order once more is no news; another one means that this one was not placed.
            order.id == draft.id ? nil : .released
        case .mismatched:
            .released
        case .refused, .fenced, .unknownKey:
            .notPlaced
        case .queued:
            nil
        }
    }
}

/// What an order writer measures.
struct OrderWriterMetrics: Sendable {
    let batch: Recorder
    let parked: Counter
    /// By the code of the error.
    let failures: [String: Counter]
    private let factory: any MetricsFactory

    init(_ factory: any MetricsFactory) {
        self.factory = factory
        batch = Recorder(
            label: "sluice_order_writer_batch_orders", dimensions: [], aggregate: true, factory: factory)
        parked = Counter(label: "sluice_order_writer_parked_total", dimensions: [], factory: factory)
        let kinds = ["consumer", "find", "busy", "outcome_unknown", "internal"]
        failures = Dictionary(
            uniqueKeysWithValues: kinds.map { kind in
                let dimensions = [("kind", kind)]
                return (
                    kind, Counter(label: "sluice_order_writer_failures_total", dimensions: dimensions, factory: factory)
                )
            })
    }

    func lag(_ partition: Int32, _ lag: Int64) {
        Recorder(
            label: "sluice_order_log_lag", dimensions: [("partition", "\(partition)")], aggregate: false,
            factory: factory
        ).record(lag)
    }

    func halted(_ partition: Int32, _ isHalted: Bool) {
        Recorder(
            label: "sluice_order_writer_halted", dimensions: [("partition", "\(partition)")], aggregate: false,
            factory: factory
        ).record(isHalted ? 1 : 0)
    }
}

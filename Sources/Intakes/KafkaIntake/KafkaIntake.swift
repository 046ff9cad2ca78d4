public import CoreMetrics
import Dispatch
public import Domain
public import KafkaClient
import NIOConcurrencyHelpers
public import Shop

/// Makes orders durable by writing them to a log in Kafka; whoever reads the log judges them. Every reply waits for
/// the acknowledgement of all replicas.
///
/// How durable that is, the cluster decides: three replicas of which two must have the record survive the loss of a
/// machine; a single broker survives its process and not a power cut; the development broker survives nothing.
public final class KafkaIntake: Intake {
    private struct State {
        var producer: KafkaProducer?
        var orders = 0
        var bytes = 0
        var questions = 0
        var isStopped = false
        /// Acknowledged, and the outbox does not know yet.
        var logged: [OrderID] = []
        var breaker: IntakeBreaker
    }

    /// Runs work after some milliseconds. Injected, so that tests need no time.
    public typealias Timer = @Sendable (_ milliseconds: Int, _ work: @escaping @Sendable () -> Void) -> Void

    /// Questions about keys that wait for the ledger at once.
    private static let maximumQuestions = 1024
    /// Orders of which the outbox is told at once.
    private static let outboxBatch = 256
    /// Milliseconds after which a producer that ended is replaced.
    private static let replacementMilliseconds = 1000

    private let log: OrderLog
    private let settings: KafkaProducer.Settings
    private let limits: Limits
    private let ledger: any Ledger
    private let outbox: (any LogListener)?
    private let observer: KafkaObserver
    private let timer: Timer
    private let metrics: IntakeMetrics
    private let state: NIOLockedValueBox<State>

    /// Starts the producer, which connects by itself.
    ///
    /// - Parameters:
    ///   - ledger: answers which order a key stands for
    ///   - outbox: is told what the log has
    ///   - metrics: receives `sluice_kafka_orders_in_flight`, `sluice_kafka_produce_seconds`,
    ///     `sluice_kafka_produce_failures_total` and `sluice_intake_circuit_open`
    /// - Throws: ``KafkaError/settings(_:)``
    public init(
        log: OrderLog, settings: KafkaProducer.Settings, limits: Limits, ledger: any Ledger,
        outbox: (any LogListener)?, metrics: any MetricsFactory, observer: KafkaObserver = KafkaObserver(),
        timer: @escaping Timer = dispatchTimer()
    ) throws(KafkaError) {
        self.log = log
        self.settings = settings
        self.limits = limits
        self.ledger = ledger
        self.outbox = outbox
        self.observer = observer
        self.timer = timer
        self.metrics = IntakeMetrics(metrics)
        state = NIOLockedValueBox(
            State(breaker: IntakeBreaker(silenceMilliseconds: limits.intakeSilenceMilliseconds)))
        try open()
    }

    /// A timer on a queue of the system.
    public static func dispatchTimer() -> Timer {
        { milliseconds, work in
            DispatchQueue.global().asyncAfter(deadline: .now() + .milliseconds(milliseconds), execute: work)
        }
    }

    /// How long a record may be under way, in milliseconds.
    public var deliveryMilliseconds: Int { settings.deliveryMilliseconds }

    public var admissionMilliseconds: Int64? { limits.admissionMilliseconds }

    // MARK: Taking orders

    public func submit(_ submission: Submission, reply: @escaping @Sendable (Result<Placement, ShopError>) -> Void) {
        switch submission {
        case .find:
            find(submission, reply: reply)
        case .place(let draft):
            write(draft) { error in reply(error.map { .failure($0) } ?? .success(.queued(draft))) }
        }
    }

    private func find(_ question: Submission, reply: @escaping @Sendable (Result<Placement, ShopError>) -> Void) {
        let isTaken = state.withLockedValue { state in
            guard state.questions < Self.maximumQuestions else { return false }
            state.questions += 1
            return true
        }
        guard isTaken else { return reply(.failure(ShopError(.busy, "too many questions wait; try again"))) }
        ledger.place([question]) { [self] result in
            state.withLockedValue { $0.questions -= 1 }
            reply(result.map { $0.first ?? .unknownKey })
        }
    }

    /// Writes an order to the log. `reply` is called exactly once, with the reason if the log is not known to have it:
    /// *busy* when nothing was taken, *outcome_unknown* when it may have it.
    func write(_ draft: OrderDraft, reply: @escaping @Sendable (ShopError?) -> Void) {
        guard let partition = log.partition(of: draft) else {
            return reply(ShopError(.internalFault, "the order's shard has no partitions"))
        }
        let bytes = OrderRecord.bytes(draft)
        guard bytes.count <= OrderRecord.maximumBytes else {
            return reply(ShopError(.tooLarge, "the order is too large"))
        }
        guard let producer = take(bytes.count) else {
            metrics.failures["busy"]?.increment()
            return reply(ShopError(.busy, "no orders are taken at the moment; try again"))
        }
        let began = DispatchTime.now()
        producer.produce(
            topic: log.topic, partition: partition, key: Array(draft.id.text.utf8), value: bytes
        ) { [self] result in
            metrics.latency.recordNanoseconds(
                Int64(DispatchTime.now().uptimeNanoseconds - began.uptimeNanoseconds))
            give(bytes.count, acknowledged: (try? result.get()) == nil ? nil : draft.id)
            reply(error(result))
        }
    }

    private func take(_ bytes: Int) -> KafkaProducer? {
        let now = Self.milliseconds()
        let (producer, orders) = state.withLockedValue { state -> (KafkaProducer?, Int) in
            guard !state.isStopped, let producer = state.producer, state.orders < limits.intakeOrders,
                state.bytes + bytes <= limits.intakeBytes
            else { return (nil, state.orders) }
            let wasOpen = state.breaker.isOpen
            let isAdmitted = state.breaker.admits(at: now)
            if state.breaker.isOpen != wasOpen { metrics.circuit.record(1) }
            guard isAdmitted else { return (nil, state.orders) }
            state.orders += 1
            state.bytes += bytes
            return (producer, state.orders)
        }
        metrics.inFlight.record(orders)
        return producer
    }

    /// Of a clock that does not go back.
    private static func milliseconds() -> Int64 { Int64(DispatchTime.now().uptimeNanoseconds / 1_000_000) }

    private func give(_ bytes: Int, acknowledged order: OrderID?) {
        let now = Self.milliseconds()
        state.withLockedValue { state in
            state.orders -= 1
            state.bytes -= bytes
            let wasOpen = state.breaker.isOpen
            state.breaker.answered(isAcknowledged: order != nil, at: now)
            if state.breaker.isOpen != wasOpen { metrics.circuit.record(wasOpen ? 0 : 1) }
            if let order, outbox != nil { state.logged.append(order) }
        }
    }

    private func error(_ result: Result<KafkaPosition, KafkaProduceFailure>) -> ShopError? {
        switch result {
        case .success:
            return nil
        case .failure(.refused(let reason)):
            metrics.failures["refused"]?.increment()
            return ShopError(.busy, "no orders are taken at the moment; try again", cause: "\(reason)")
        case .failure(.notPersisted(let reason)):
            metrics.failures["not_persisted"]?.increment()
            return ShopError(.busy, "no orders are taken at the moment; try again", cause: "\(reason)")
        case .failure(.unknown(let reason)):
            metrics.failures["unknown"]?.increment()
            return ShopError(
                .outcomeUnknown, "the order may have been taken; ask again with the same key", cause: "\(reason)")
        }
    }

    /// After each burst of acknowledgements.
    private func tellOutbox() {
        let (logged, orders) = state.withLockedValue { state in
            defer { state.logged = [] }
            return (state.logged, state.orders)
        }
        metrics.inFlight.record(orders)
        for start in stride(from: 0, to: logged.count, by: Self.outboxBatch) {
            outbox?.logged(Array(logged[start..<min(start + Self.outboxBatch, logged.count)]))
        }
    }

    // MARK: The producer's life

    /// Under the lock, so that a producer that ends at once is not put in place after its end.
    private func open() throws(KafkaError) {
        let failure = state.withLockedValue { state -> KafkaError? in
            guard !state.isStopped, state.producer == nil else { return nil }
            do throws(KafkaError) {
                state.producer = try KafkaProducer(
                    settings, observer: observer, reported: { [weak self] in self?.tellOutbox() },
                    onFatal: { [weak self] _ in self?.producerEnded() })
                return nil
            } catch {
                return error
            }
        }
        if let failure { throw failure }
    }

    private func producerEnded() {
        metrics.failures["fatal"]?.increment()
        state.withLockedValue { $0.producer = nil }
        replaceLater()
    }

    private func replaceLater() {
        timer(Self.replacementMilliseconds) { [weak self] in
            guard let self else { return }
            do throws(KafkaError) { try open() } catch { replaceLater() }
        }
    }

    /// Takes no more orders, and returns when those under way are answered.
    public func stop() async -> KafkaEnding {
        let producer = state.withLockedValue { state in
            state.isStopped = true
            defer { state.producer = nil }
            return state.producer
        }
        return await producer?.close(within: Int(limits.drainSeconds) * 1000) ?? .ended
    }
}

/// What an intake measures.
struct IntakeMetrics: Sendable {
    let inFlight: Recorder
    let latency: CoreMetrics.Timer
    let circuit: Recorder
    /// By kind.
    let failures: [String: Counter]

    init(_ factory: any MetricsFactory) {
        inFlight = Recorder(label: "sluice_kafka_orders_in_flight", dimensions: [], aggregate: false, factory: factory)
        circuit = Recorder(label: "sluice_intake_circuit_open", dimensions: [], aggregate: false, factory: factory)
        circuit.record(0)
        latency = CoreMetrics.Timer(
            label: "sluice_kafka_produce_seconds", dimensions: [], preferredDisplayUnit: .seconds, factory: factory)
        let kinds = ["busy", "refused", "not_persisted", "unknown", "fatal"]
        failures = Dictionary(
            uniqueKeysWithValues: kinds.map { kind in
                let dimensions = [("kind", kind)]
                return (
                    kind,
                    Counter(label: "sluice_kafka_produce_failures_total", dimensions: dimensions, factory: factory)
                )
            })
    }
}

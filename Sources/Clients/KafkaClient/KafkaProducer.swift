import CRdKafka
import NIOConcurrencyHelpers

/// Writes records to partitions that the caller names, idempotently and acknowledged by all replicas. Never blocks
/// whoever calls; every record is answered exactly once.
///
/// It lives until ``close(within:)``, or until a fatal error, after which the owner makes a new one.
public final class KafkaProducer: Sendable {
    /// What a producer needs to know.
    public struct Settings: Sendable {
        /// Addresses of brokers, `host:port`, with commas between them.
        public var brokers: String
        /// Milliseconds after which an unacknowledged record is given up, 100 to 300,000.
        public var deliveryMilliseconds = 8000
        /// Milliseconds for which a record waits for company, 0 to 1000.
        public var lingerMilliseconds = 1
        /// Records that are not answered yet, 1 to 1,000,000; past it they are refused.
        public var queueRecords = 50_000
        /// Kilobytes of records that are not answered yet, 1 to 1,048,576; past it they are refused.
        public var queueKilobytes = 65_536
        /// Milliseconds between two statistics; 0 for none.
        public var statisticsMilliseconds = 0
        /// Further settings of librdkafka, such as those for TLS.
        public var further: [String: String] = [:]

        /// Defaults for everything else.
        public init(brokers: String) { self.brokers = brokers }
    }

    /// Hears what became of a record, on the producer's thread unless it is refused at once.
    public typealias Reply = @Sendable (Result<KafkaPosition, KafkaProduceFailure>) -> Void

    private struct State {
        var slots: ReplySlots<Reply>
        /// Nil once nothing may be produced any more.
        var topics: TopicHandles?
        /// When the rest is given up; nil while records are taken.
        var deadline: Int64?
        var hasEnded = false
    }

    private let state: NIOLockedValueBox<State>
    private let thread: NIOLockedValueBox<OwnThread?>
    private let handle: KafkaHandle
    private let observer: KafkaObserver
    private let reported: @Sendable () -> Void
    private let onFatal: @Sendable (KafkaReason) -> Void

    /// How long records that were given up may take to be reported as such.
    private static let purgeMilliseconds: Int64 = 2000

    /// Starts a producer. It connects by itself, and goes on trying.
    ///
    /// - Parameters:
    ///   - reported: called after each burst of answers, on the producer's thread
    ///   - onFatal: called once when the producer had to end itself, after everything pending was answered
    /// - Throws: ``KafkaError/settings(_:)``
    public init(
        _ settings: Settings, observer: KafkaObserver = KafkaObserver(),
        reported: @escaping @Sendable () -> Void = {}, onFatal: @escaping @Sendable (KafkaReason) -> Void = { _ in }
    ) throws(KafkaError) {
        handle = try KafkaHandle(
            RD_KAFKA_PRODUCER, own: try Self.settings(settings), further: settings.further)
        state = NIOLockedValueBox(
            State(slots: ReplySlots(capacity: settings.queueRecords), topics: TopicHandles(handle)))
        self.observer = observer
        self.reported = reported
        self.onFatal = onFatal
        thread = NIOLockedValueBox(nil)
        thread.withLockedValue { $0 = OwnThread(name: "kafka-producer") { [self] in run() } }
    }

    private static func settings(_ settings: Settings) throws(KafkaError) -> [(String, String)] {
        try KafkaSettings.check(settings.deliveryMilliseconds, "deliveryMilliseconds", in: 100...300_000)
        try KafkaSettings.check(settings.lingerMilliseconds, "lingerMilliseconds", in: 0...1000)
        try KafkaSettings.check(settings.queueRecords, "queueRecords", in: 1...1_000_000)
        try KafkaSettings.check(settings.queueKilobytes, "queueKilobytes", in: 1...1_048_576)
        return [
            try KafkaSettings.bootstrap(settings.brokers), ("enable.idempotence", "true"), ("acks", "all"),
            ("linger.ms", "\(settings.lingerMilliseconds)"), ("socket.nagle.disable", "true"),
            ("reconnect.backoff.max.ms", "1000"),
            ("delivery.timeout.ms", "\(settings.deliveryMilliseconds)"),
            ("queue.buffering.max.messages", "\(settings.queueRecords)"),
            ("queue.buffering.max.kbytes", "\(settings.queueKilobytes)"),
            ("statistics.interval.ms", "\(settings.statisticsMilliseconds)"),
        ]
    }

    /// Records that are not answered yet.
    public var pending: Int { state.withLockedValue { $0.slots.count } }

    /// Hands a record over. `reply` is called exactly once: at once with *refused*, or when the record was
    /// acknowledged or given up.
    public func produce(
        topic: String, partition: Int32, key: [UInt8], value: [UInt8], reply: @escaping Reply
    ) {
        let refusal = state.withLockedValue { state -> KafkaReason? in
            guard let topics = state.topics, state.deadline == nil else {
                return KafkaReason(RD_KAFKA_RESP_ERR__DESTROY, "the producer takes no more records")
            }
            guard let slot = state.slots.take(reply) else { return KafkaReason(RD_KAFKA_RESP_ERR__QUEUE_FULL) }
            let error = topics.produce(topic, partition, key: key, value: value, number: slot)
            guard error != RD_KAFKA_RESP_ERR_NO_ERROR else { return nil }
            _ = state.slots.give(slot)
            return KafkaReason(error)
        }
        if let refusal { reply(.failure(.refused(refusal))) }
    }

    /// Takes no more records, waits for what is pending, and ends; what is not acknowledged in the time is given up
    /// and answered so.
    ///
    /// - Parameter milliseconds: how long acknowledgements are waited for. It returns at most 5 seconds later.
    public func close(within milliseconds: Int = 10_000) async -> KafkaEnding {
        state.withLockedValue { state in
            guard state.deadline == nil, !state.hasEnded else { return }
            state.deadline = monotonicMilliseconds() + Int64(milliseconds)
            handle.wake()
        }
        let thread = thread.withLockedValue { $0 }
        if await thread?.ends(within: milliseconds + 5000) != false { return .ended }
        let left = state.withLockedValue { $0.slots.giveAll() }
        answer(left, RD_KAFKA_RESP_ERR__TIMED_OUT)
        return .abandoned
    }

    // MARK: The thread

    private func run() {
        var fatal: KafkaReason?
        var isPurged = false
        while true {
            if let event = handle.next(waiting: 100) { serve(event, fatal: &fatal) }
            let (deadline, count) = state.withLockedValue { state -> (Int64?, Int) in
                if fatal != nil, state.deadline == nil { state.deadline = 0 }
                return (state.deadline, state.slots.count)
            }
            guard let deadline else { continue }
            if count == 0 { break }
            guard monotonicMilliseconds() >= deadline else { continue }
            if isPurged { break }
            isPurged = true
            state.withLockedValue { $0.deadline = monotonicMilliseconds() + Self.purgeMilliseconds }
            rd_kafka_purge(handle.pointer, RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT)
        }
        end()
        if let fatal { onFatal(fatal) }
    }

    private func end() {
        let (topics, left) = state.withLockedValue { state in
            state.hasEnded = true
            defer { state.topics = nil }
            return (state.topics, state.slots.giveAll())
        }
        answer(left, RD_KAFKA_RESP_ERR__TIMED_OUT)
        topics?.destroy()
        handle.destroy()
    }

    private func answer(_ replies: [Reply], _ error: rd_kafka_resp_err_t) {
        for reply in replies { reply(.failure(.unknown(KafkaReason(error)))) }
        if !replies.isEmpty { reported() }
    }

    private func serve(_ event: borrowing KafkaEvent, fatal: inout KafkaReason?) {
        switch event.kind {
        case RD_KAFKA_EVENT_DR:
            report(event)
        case RD_KAFKA_EVENT_ERROR:
            event.tell(observer)
            if rd_kafka_event_error_is_fatal(event.pointer) != 0 { fatal = event.reason }
        default:
            event.tell(observer)
        }
    }

    private func report(_ event: borrowing KafkaEvent) {
        var results: [(slot: Int, result: Result<KafkaPosition, KafkaProduceFailure>)] = []
        results.reserveCapacity(rd_kafka_event_message_count(event.pointer))
        while let message = rd_kafka_event_message_next(event.pointer) {
            results.append((Int(bitPattern: message.pointee._private), Self.result(message)))
        }
        let replies = state.withLockedValue { state in results.map { state.slots.give($0.slot) } }
        for (reply, answer) in zip(replies, results) { reply?(answer.result) }
        reported()
    }

    /// The status decides and not the error: only what is surely not there may be said to be so.
    private static func result(
        _ message: UnsafePointer<rd_kafka_message_t>
    ) -> Result<KafkaPosition, KafkaProduceFailure> {
        switch rd_kafka_message_status(message) {
        case RD_KAFKA_MSG_STATUS_PERSISTED:
            .success(KafkaPosition(partition: message.pointee.partition, offset: message.pointee.offset))
        case RD_KAFKA_MSG_STATUS_NOT_PERSISTED:
            .failure(.notPersisted(KafkaReason(message.pointee.err)))
        default:
            .failure(.unknown(KafkaReason(message.pointee.err)))
        }
    }
}

/// The topics of a producer.
///
/// `@unchecked`: only touched under the producer's lock, and by its thread after it was taken out from there.
private final class TopicHandles: @unchecked Sendable {
    private let handle: KafkaHandle
    private var topics: [String: OpaquePointer] = [:]

    /// Far more than an owner has.
    private static let maximum = 64

    init(_ handle: KafkaHandle) { self.handle = handle }

    func produce(
        _ topic: String, _ partition: Int32, key: [UInt8], value: [UInt8], number: Int
    ) -> rd_kafka_resp_err_t {
        guard let topic = find(topic) else { return RD_KAFKA_RESP_ERR__INVALID_ARG }
        let code = value.withUnsafeBytes { value in
            key.withUnsafeBytes { key in
                rd_kafka_produce(
                    topic, partition, RD_KAFKA_MSG_F_COPY, UnsafeMutableRawPointer(mutating: value.baseAddress),
                    value.count, key.baseAddress, key.count, UnsafeMutableRawPointer(bitPattern: number))
            }
        }
        return code == 0 ? RD_KAFKA_RESP_ERR_NO_ERROR : rd_kafka_last_error()
    }

    private func find(_ name: String) -> OpaquePointer? {
        if let topic = topics[name] { return topic }
        // The library takes a topic without a name, and a broker may create it.
        guard !name.isEmpty, topics.count < Self.maximum, let topic = rd_kafka_topic_new(handle.pointer, name, nil)
        else { return nil }
        topics[name] = topic
        return topic
    }

    func destroy() {
        for topic in topics.values { rd_kafka_topic_destroy(topic) }
        topics = [:]
    }
}

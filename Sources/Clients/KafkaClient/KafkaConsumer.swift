import CRdKafka
import Dispatch
import NIOConcurrencyHelpers

/// Reads partitions from positions that its owner knows: those it is given, or those that its group gives it. Nothing
/// is read of a partition while its owner holds a batch of it, beyond one more batch.
///
/// It lives until ``close(within:)``, or until it fails, of which it tells.
public final class KafkaConsumer: Sendable {
    /// What a batch is bounded by; it is handed over when one of them is reached.
    public struct BatchBounds: Hashable, Sendable {
        /// Records, 1 to 100,000.
        public var records = 256
        /// Bytes of records, from 1. A single record may have more.
        public var bytes = 1 << 20
        /// Milliseconds since its first record was read, 0 to 10,000.
        public var milliseconds = 2

        /// The defaults.
        public init() {}
    }

    /// Which partitions are read.
    public enum Reads: Hashable, Sendable {
        /// These, whoever else reads them.
        case partitions([KafkaPartition])
        /// What the members of the group share of the topic, each partition read by one of them.
        ///
        /// - `member`: a name that stays the same over restarts, so that a restart moves no partitions; nil for none
        case group(topic: String, member: String?)

        var isGroup: Bool { if case .group = self { true } else { false } }
    }

    /// What a consumer needs to know.
    public struct Settings: Sendable {
        /// Addresses of brokers, `host:port`, with commas between them.
        public var brokers: String
        /// The group; commits are made in its name.
        public var group: String
        /// Which partitions are read.
        public var reads: Reads
        /// What a batch is bounded by.
        public var batch = BatchBounds()
        /// Kilobytes that are read ahead, all partitions together, 1 to 1,048,576.
        public var readAheadKilobytes = 16_384
        /// Milliseconds that a broker may wait for records before it answers that there are none, 1 to 10,000.
        public var waitMilliseconds = 20
        /// Milliseconds without a sign of life after which a member is expelled, 1000 to 300,000.
        public var sessionMilliseconds = 10_000
        /// Milliseconds between two statistics; 0 for none.
        public var statisticsMilliseconds = 0
        /// Further settings of librdkafka, such as those for TLS.
        public var further: [String: String] = [:]

        /// Defaults for everything else.
        public init(brokers: String, group: String, reads: Reads) {
            self.brokers = brokers
            self.group = group
            self.reads = reads
        }
    }

    private let handle: KafkaHandle
    private let mailbox = NIOLockedValueBox(ConsumerMailbox())
    private let thread: NIOLockedValueBox<OwnThread?>
    private let questions = JobThread(name: "kafka-questions", maximum: 256)

    /// Starts a consumer. It connects by itself, and goes on trying.
    ///
    /// - Parameter tell: hears what happens, on the consumer's thread, which it must not block
    /// - Throws: ``KafkaError/settings(_:)``
    public init(
        _ settings: Settings, observer: KafkaObserver = KafkaObserver(),
        tell: @escaping @Sendable (KafkaConsumerEvent) -> Void
    ) throws(KafkaError) {
        do throws(KafkaError) {
            handle = try KafkaHandle(RD_KAFKA_CONSUMER, own: try Self.settings(settings), further: settings.further)
        } catch {
            questions.stop()
            throw error
        }
        thread = NIOLockedValueBox(nil)
        let loop = ConsumerLoop(
            handle: handle, settings: settings, mailbox: mailbox, questions: questions, observer: observer, tell: tell)
        thread.withLockedValue { $0 = OwnThread(name: "kafka-consumer") { loop.run() } }
    }

    private static func settings(_ settings: Settings) throws(KafkaError) -> [(String, String)] {
        try KafkaSettings.check(settings.batch.records, "batch.records", in: 1...100_000)
        try KafkaSettings.check(settings.batch.bytes, "batch.bytes", in: 1...(1 << 30))
        try KafkaSettings.check(settings.batch.milliseconds, "batch.milliseconds", in: 0...10_000)
        try KafkaSettings.check(settings.readAheadKilobytes, "readAheadKilobytes", in: 1...1_048_576)
        try KafkaSettings.check(settings.waitMilliseconds, "waitMilliseconds", in: 1...10_000)
        try KafkaSettings.check(settings.sessionMilliseconds, "sessionMilliseconds", in: 1000...300_000)
        guard !settings.group.isEmpty else { throw .settings("group: is empty") }
        var own = [
            try KafkaSettings.bootstrap(settings.brokers), ("group.id", settings.group),
            ("enable.auto.commit", "false"), ("enable.auto.offset.store", "false"), ("auto.offset.reset", "error"),
            ("enable.partition.eof", "true"), ("allow.auto.create.topics", "false"),
            ("partition.assignment.strategy", "cooperative-sticky"),
            ("queued.max.messages.kbytes", "\(settings.readAheadKilobytes)"),
            ("fetch.wait.max.ms", "\(settings.waitMilliseconds)"), ("fetch.error.backoff.ms", "100"),
            ("socket.timeout.ms", "5000"), ("reconnect.backoff.max.ms", "1000"),
            ("session.timeout.ms", "\(settings.sessionMilliseconds)"),
            ("heartbeat.interval.ms", "\(min(3000, settings.sessionMilliseconds / 3))"),
            ("statistics.interval.ms", "\(settings.statisticsMilliseconds)"),
        ]
        if case .group(_, let member?) = settings.reads { own.append(("group.instance.id", member)) }
        return own
    }

    // MARK: What the owner says

    /// Reads a partition from this position on, whatever was read of it before. Nothing happens to a partition that is
    /// not the owner's.
    public func start(_ partition: KafkaPartition, at position: Int64) {
        say { $0.positions[partition] = .some(position) }
    }

    /// Reads no more of a partition until it is started again. It stays the owner's.
    public func stop(_ partition: KafkaPartition) {
        say { $0.positions[partition] = .some(nil) }
    }

    /// The owner has done with its batch of this partition.
    public func takeNext(_ partition: KafkaPartition) {
        say { $0.wanted.insert(partition) }
    }

    /// Tells the brokers how far a partition was read. Only for tools that show it; nobody reads from there.
    public func commit(_ partition: KafkaPartition, next position: Int64) {
        say { $0.commits[partition] = position }
    }

    private func say(_ change: (inout ConsumerMailbox) -> Void) {
        mailbox.withLockedValue { mailbox in
            guard !mailbox.hasEnded else { return }
            change(&mailbox)
            handle.wake()
        }
    }

    /// Leaves the group and ends.
    ///
    /// - Parameter milliseconds: how long leaving may take. It returns at most 5 seconds later.
    public func close(within milliseconds: Int = 5000) async -> KafkaEnding {
        say { $0.deadline = $0.deadline ?? monotonicMilliseconds() + Int64(milliseconds) }
        let latest = monotonicMilliseconds() + Int64(milliseconds) + 5000
        let thread = thread.withLockedValue { $0 }
        guard await thread?.ends(within: milliseconds + 5000) != false else { return .abandoned }
        return await questions.ends(within: Int(max(0, latest - monotonicMilliseconds()))) ? .ended : .abandoned
    }

    // MARK: Questions

    /// What the log still has of a partition, asked of its broker.
    ///
    /// - Parameter milliseconds: how long the answer may take
    public func edges(of partition: KafkaPartition, within milliseconds: Int32 = 2000) async throws(KafkaError)
        -> KafkaEdges
    {
        try await ask(within: milliseconds) { handle in
            var (low, high): (Int64, Int64) = (0, 0)
            let error = rd_kafka_query_watermark_offsets(
                handle.pointer, partition.topic, partition.number, &low, &high, milliseconds)
            guard error == RD_KAFKA_RESP_ERR_NO_ERROR else { return .failure(.failed(KafkaReason(error))) }
            return .success(KafkaEdges(low: low, high: high))
        }
    }

    /// The name of the cluster, which another one does not share.
    ///
    /// - Parameter milliseconds: how long the answer may take
    public func cluster(within milliseconds: Int32 = 2000) async throws(KafkaError) -> String {
        try await ask(within: milliseconds) { handle in
            // Without this the library waits until something else makes it connect.
            var metadata: UnsafePointer<rd_kafka_metadata>?
            if rd_kafka_metadata(handle.pointer, 0, nil, &metadata, milliseconds) == RD_KAFKA_RESP_ERR_NO_ERROR {
                rd_kafka_metadata_destroy(metadata)
            }
            guard let name = rd_kafka_clusterid(handle.pointer, 10) else {
                let reason = KafkaReason(RD_KAFKA_RESP_ERR__TIMED_OUT, "the cluster did not say its name")
                return .failure(.failed(reason))
            }
            defer { rd_kafka_mem_free(handle.pointer, name) }
            return .success(String(cString: name))
        }
    }

    /// How many partitions a topic has; nil when there is no such topic, which is not created by being asked for.
    ///
    /// - Parameter milliseconds: how long the answer may take
    public func partitionCount(of topic: String, within milliseconds: Int32 = 2000) async throws(KafkaError) -> Int? {
        try await ask(within: milliseconds) { handle in
            // Of all topics: the library lets a broker create one that is asked for by name.
            var metadata: UnsafePointer<rd_kafka_metadata>?
            let error = rd_kafka_metadata(handle.pointer, 1, nil, &metadata, milliseconds)
            guard error == RD_KAFKA_RESP_ERR_NO_ERROR, let metadata else {
                return .failure(.failed(KafkaReason(error)))
            }
            defer { rd_kafka_metadata_destroy(metadata) }
            let topics = UnsafeBufferPointer(start: metadata.pointee.topics, count: Int(metadata.pointee.topic_cnt))
            guard let found = topics.first(where: { $0.topic.map { String(cString: $0) } == topic }) else {
                return .success(nil)
            }
            switch found.err {
            case RD_KAFKA_RESP_ERR_NO_ERROR: return .success(Int(found.partition_cnt))
            case RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART: return .success(nil)
            default: return .failure(.failed(KafkaReason(found.err)))
            }
        }
    }

    /// The library does not always keep the time that it is given, so the answer is not waited for much longer.
    private func ask<Answer: Sendable>(
        within milliseconds: Int32, _ question: @escaping @Sendable (KafkaHandle) -> Result<Answer, KafkaError>
    ) async throws(KafkaError) -> Answer {
        let result: Result<Answer, KafkaError> = await withCheckedContinuation { continuation in
            let waiting = NIOLockedValueBox<CheckedContinuation<Result<Answer, KafkaError>, Never>?>(continuation)
            let answer: @Sendable (Result<Answer, KafkaError>) -> Void = { result in
                waiting.withLockedValue { waiting in
                    defer { waiting = nil }
                    return waiting
                }?.resume(returning: result)
            }
            do throws(KafkaError) {
                try questions.add { [handle] isStopped in answer(isStopped ? .failure(.closed) : question(handle)) }
            } catch {
                return answer(.failure(error))
            }
            DispatchQueue.global().asyncAfter(deadline: .now() + .milliseconds(2 * Int(milliseconds) + 100)) {
                answer(.failure(.failed(KafkaReason(RD_KAFKA_RESP_ERR__TIMED_OUT))))
            }
        }
        return try result.get()
    }
}

/// What the owner has said and the consumer's thread has not heard yet. Holds one wish of each kind a partition, so
/// that it is bounded by their number.
struct ConsumerMailbox {
    /// From where to read; nil for not at all.
    var positions: [KafkaPartition: Int64?] = [:]
    var wanted: Set<KafkaPartition> = []
    var commits: [KafkaPartition: Int64] = [:]
    /// When leaving is given up; nil while the consumer is open.
    var deadline: Int64?
    var hasEnded = false

    /// Everything but the end, which stays.
    mutating func empty() -> ConsumerMailbox {
        defer {
            positions = [:]
            wanted = []
            commits = [:]
        }
        return self
    }
}

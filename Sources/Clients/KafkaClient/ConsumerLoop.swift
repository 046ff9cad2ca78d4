import CRdKafka
import NIOConcurrencyHelpers

/// What a consumer's thread does.
final class ConsumerLoop: Sendable {
    private let handle: KafkaHandle
    private let settings: KafkaConsumer.Settings
    private let mailbox: NIOLockedValueBox<ConsumerMailbox>
    private let questions: JobThread
    private let observer: KafkaObserver
    private let tell: @Sendable (KafkaConsumerEvent) -> Void

    /// Events that are served before the owner is heard again.
    private static let burst = 512

    init(
        handle: KafkaHandle, settings: KafkaConsumer.Settings, mailbox: NIOLockedValueBox<ConsumerMailbox>,
        questions: JobThread, observer: KafkaObserver, tell: @escaping @Sendable (KafkaConsumerEvent) -> Void
    ) {
        self.handle = handle
        self.settings = settings
        self.mailbox = mailbox
        self.questions = questions
        self.observer = observer
        self.tell = tell
    }

    /// What only the thread knows.
    private struct Reading {
        /// The owner's partitions.
        var owned: Set<KafkaPartition> = []
        /// Those of them that are read.
        var buffers: [KafkaPartition: PartitionBuffer] = [:]
        var failure: KafkaReason?
        /// Whether its group has ever given it a share of the topic.
        var hasJoined = false
    }

    func run() {
        var reading = Reading()
        begin(&reading)
        while reading.failure == nil {
            let heard = mailbox.withLockedValue { $0.empty() }
            if heard.deadline != nil { break }
            obey(heard, &reading)
            serve(&reading)
            handOver(&reading)
        }
        end(&reading)
    }

    private func begin(_ reading: inout Reading) {
        switch settings.reads {
        case .partitions(let partitions):
            reading.owned = Set(partitions)
            tell(.assigned(partitions))
        case .group(let topic, _):
            let topics = PartitionList()
            topics.add(KafkaPartition(topic: topic, number: RD_KAFKA_PARTITION_UA))
            let error = rd_kafka_subscribe(handle.pointer, topics.pointer)
            if error != RD_KAFKA_RESP_ERR_NO_ERROR { reading.failure = KafkaReason(error) }
        }
    }

    private func end(_ reading: inout Reading) {
        if let failure = reading.failure { tell(.failed(failure)) }
        handle.beginClosing()
        let deadline = mailbox.withLockedValue { $0.deadline } ?? monotonicMilliseconds() + 2000
        while !handle.isClosed, monotonicMilliseconds() < deadline {
            guard let event = handle.next(waiting: 50) else { continue }
            if event.kind == RD_KAFKA_EVENT_REBALANCE { rebalance(event, &reading) } else { event.tell(observer) }
        }
        if !reading.owned.isEmpty { tell(.revoked(reading.owned.sorted { $0.number < $1.number }, lost: false)) }
        mailbox.withLockedValue { $0.hasEnded = true }
        // librdkafka 2.0.2 stops the whole process when a member of a cooperative group is freed before its first
        // share of the topic (https://github.com/confluentinc/librdkafka/issues/4312). Such a one is left to the
        // process's end.
        let mayBeFreed = reading.hasJoined || !settings.reads.isGroup
        // A question may be under way, for which the library takes longer than it was allowed.
        questions.stop { [handle] in if mayBeFreed { handle.destroy(inOrder: handle.isClosed) } }
    }

    // MARK: The owner's wishes

    private func obey(_ heard: ConsumerMailbox, _ reading: inout Reading) {
        for (partition, position) in heard.positions where reading.owned.contains(partition) {
            unassign([partition], &reading)
            if let position { assign(partition, at: position, &reading) }
        }
        for partition in heard.wanted { reading.buffers[partition]?.want() }
        if !heard.commits.isEmpty {
            let list = PartitionList()
            for (partition, position) in heard.commits { list.add(partition, offset: position) }
            rd_kafka_commit(handle.pointer, list.pointer, 1)
        }
    }

    private func assign(_ partition: KafkaPartition, at position: Int64, _ reading: inout Reading) {
        let list = PartitionList()
        list.add(partition, offset: position)
        if let reason = reason(rd_kafka_incremental_assign(handle.pointer, list.pointer)) {
            return tell(.nothingThere(partition, position: position, reason))
        }
        reading.buffers[partition] = PartitionBuffer(from: position, bounds: settings.batch)
    }

    private func unassign(_ partitions: [KafkaPartition], _ reading: inout Reading) {
        let list = PartitionList()
        for partition in partitions where reading.buffers.removeValue(forKey: partition) != nil { list.add(partition) }
        guard list.count > 0 else { return }
        // The library keeps a pause through the end of an assignment and the next one, which would never be read.
        rd_kafka_resume_partitions(handle.pointer, list.pointer)
        if let reason = reason(rd_kafka_incremental_unassign(handle.pointer, list.pointer)) { observer.failed(reason) }
    }

    private func reason(_ failure: OpaquePointer?) -> KafkaReason? {
        guard let failure else { return nil }
        defer { rd_kafka_error_destroy(failure) }
        return KafkaReason(rd_kafka_error_code(failure), String(cString: rd_kafka_error_string(failure)))
    }

    // MARK: What comes in

    private func serve(_ reading: inout Reading) {
        let now = monotonicMilliseconds()
        var wait = Int32(clamping: reading.buffers.values.compactMap { $0.due(at: now) }.min() ?? 100)
        for _ in 0..<Self.burst {
            guard let event = handle.next(waiting: min(wait, 100)) else { return }
            wait = 0
            switch event.kind {
            case RD_KAFKA_EVENT_FETCH: fetched(event, &reading)
            case RD_KAFKA_EVENT_REBALANCE: rebalance(event, &reading)
            case RD_KAFKA_EVENT_ERROR: failed(event, &reading)
            default: event.tell(observer)
            }
        }
    }

    private func fetched(_ event: borrowing KafkaEvent, _ reading: inout Reading) {
        while let message = rd_kafka_event_message_next(event.pointer) {
            let message = message.pointee
            guard message.err == RD_KAFKA_RESP_ERR_NO_ERROR else {
                observer.failed(KafkaReason(message.err))
                continue
            }
            let partition = KafkaPartition(
                topic: String(cString: rd_kafka_topic_name(message.rkt)), number: message.partition)
            let record = KafkaRecord(
                position: message.offset, key: Self.bytes(message.key, message.key_len),
                value: Self.bytes(message.payload, message.len))
            if reading.buffers[partition]?.add(record, at: monotonicMilliseconds()) == true { pause(partition) }
        }
    }

    private static func bytes(_ start: UnsafeMutableRawPointer?, _ count: Int) -> [UInt8] {
        start.map { Array(UnsafeRawBufferPointer(start: $0, count: count)) } ?? []
    }

    private func failed(_ event: borrowing KafkaEvent, _ reading: inout Reading) {
        if rd_kafka_event_error_is_fatal(event.pointer) != 0 { reading.failure = event.reason }
        guard let found = rd_kafka_event_topic_partition(event.pointer) else { return event.tell(observer) }
        let place = found.pointee
        let partition = KafkaPartition(topic: String(cString: place.topic), number: place.partition)
        // It refers to the partition, without whose end the client cannot end.
        rd_kafka_topic_partition_destroy(found)
        switch event.error {
        case RD_KAFKA_RESP_ERR__PARTITION_EOF:
            if reading.buffers[partition] != nil { tell(.end(partition, position: place.offset)) }
        case RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET:
            guard reading.buffers[partition] != nil else { return }
            unassign([partition], &reading)
            tell(.nothingThere(partition, position: place.offset, event.reason))
        default:
            event.tell(observer)
        }
    }

    /// Whatever the owner still does with a batch of a partition that is not its any more is for the owner to guard.
    private func rebalance(_ event: borrowing KafkaEvent, _ reading: inout Reading) {
        // Belongs to the event.
        let partitions = PartitionList.partitions(rd_kafka_event_topic_partition_list(event.pointer))
        let nothing = PartitionList()
        if event.error == RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS {
            reading.hasJoined = true
            reading.owned.formUnion(partitions)
            // Ends the rebalance. Each partition follows when its position is known.
            if let reason = reason(rd_kafka_incremental_assign(handle.pointer, nothing.pointer)) {
                observer.failed(reason)
            }
            tell(.assigned(partitions))
        } else {
            let isLost = rd_kafka_assignment_lost(handle.pointer) != 0
            reading.owned.subtract(partitions)
            tell(.revoked(partitions, lost: isLost))
            unassign(partitions, &reading)
            if let reason = reason(rd_kafka_incremental_unassign(handle.pointer, nothing.pointer)) {
                observer.failed(reason)
            }
        }
    }

    // MARK: What goes out

    private func handOver(_ reading: inout Reading) {
        let now = monotonicMilliseconds()
        for partition in reading.buffers.keys {
            guard let batch = reading.buffers[partition]?.take(at: now) else { continue }
            if batch.resume { resume(partition) }
            tell(.batch(KafkaBatch(partition: partition, records: batch.records, logEnd: logEnd(partition))))
        }
    }

    /// As the last answer of a broker had it.
    private func logEnd(_ partition: KafkaPartition) -> Int64? {
        var (low, high): (Int64, Int64) = (0, 0)
        let error = rd_kafka_get_watermark_offsets(
            handle.pointer, partition.topic, partition.number, &low, &high)
        return error == RD_KAFKA_RESP_ERR_NO_ERROR && high >= 0 ? high : nil
    }

    private func pause(_ partition: KafkaPartition) {
        let list = PartitionList()
        list.add(partition)
        rd_kafka_pause_partitions(handle.pointer, list.pointer)
    }

    private func resume(_ partition: KafkaPartition) {
        let list = PartitionList()
        list.add(partition)
        rd_kafka_resume_partitions(handle.pointer, list.pointer)
    }
}

/// A list of partitions for a call of the library. Freed with the object: one that is left over refers to partitions,
/// without whose end the client cannot end.
private final class PartitionList {
    let pointer: UnsafeMutablePointer<rd_kafka_topic_partition_list_t>

    init() { pointer = rd_kafka_topic_partition_list_new(8) }

    deinit { rd_kafka_topic_partition_list_destroy(pointer) }

    var count: Int { Int(pointer.pointee.cnt) }

    func add(_ partition: KafkaPartition, offset: Int64? = nil) {
        let added = rd_kafka_topic_partition_list_add(pointer, partition.topic, partition.number)
        if let offset { added?.pointee.offset = offset }
    }

    static func partitions(_ list: UnsafeMutablePointer<rd_kafka_topic_partition_list_t>?) -> [KafkaPartition] {
        guard let list = list?.pointee else { return [] }
        return (0..<Int(list.cnt)).map { index in
            let element = list.elems[index]
            return KafkaPartition(topic: String(cString: element.topic), number: element.partition)
        }
    }
}

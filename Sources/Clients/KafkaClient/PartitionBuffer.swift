/// Records of one partition on their way from the library to the owner. Event in, action out.
///
/// One batch is with the owner at a time. What the library has read ahead meanwhile is at most one batch more; then
/// the partition is paused.
struct PartitionBuffer {
    private let bounds: KafkaConsumer.BatchBounds
    private var records: [KafkaRecord] = []
    private var bytes = 0
    private var since: Int64 = 0
    /// Whether the owner waits for a batch.
    private var isWanted = true
    private(set) var isPaused = false
    private var next: Int64

    init(from position: Int64, bounds: KafkaConsumer.BatchBounds) {
        next = position
        self.bounds = bounds
    }

    private var isFull: Bool { records.count >= bounds.records || bytes >= bounds.bytes }

    /// Adds what was read; true when the partition must be paused. What was read before is dropped, since the library
    /// may repeat itself around a change of leaders.
    mutating func add(_ record: KafkaRecord, at now: Int64) -> Bool {
        guard record.position >= next else { return false }
        if records.isEmpty { since = now }
        records.append(record)
        bytes += record.byteCount
        next = record.position + 1
        guard isFull, !isPaused else { return false }
        isPaused = true
        return true
    }

    /// The owner has done with its batch.
    mutating func want() { isWanted = true }

    /// Milliseconds until a batch is due; nil when there is nothing to hand over.
    func due(at now: Int64) -> Int64? {
        guard isWanted, !records.isEmpty else { return nil }
        return isFull ? 0 : max(0, since + Int64(bounds.milliseconds) - now)
    }

    /// The batch, if it is due; the partition must be read again when it was paused.
    mutating func take(at now: Int64) -> (records: [KafkaRecord], resume: Bool)? {
        guard due(at: now) == 0 else { return nil }
        defer {
            records = []
            bytes = 0
            isWanted = false
            isPaused = false
        }
        return (records, isPaused)
    }
}

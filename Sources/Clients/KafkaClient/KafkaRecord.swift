/// One partition of a topic.
public struct KafkaPartition: Hashable, Sendable {
    /// The topic.
    public let topic: String
    /// Which of its partitions, from 0.
    public let number: Int32

    /// Puts the parts together.
    public init(topic: String, number: Int32) {
        self.topic = topic
        self.number = number
    }
}

/// A record that was read.
public struct KafkaRecord: Hashable, Sendable {
    /// Its offset.
    public let position: Int64
    /// Its key; empty when it has none.
    public let key: [UInt8]
    /// Its content; empty when it has none.
    public let value: [UInt8]

    /// Puts the parts together.
    public init(position: Int64, key: [UInt8], value: [UInt8]) {
        self.position = position
        self.key = key
        self.value = value
    }

    /// Bytes of key and content.
    public var byteCount: Int { key.count + value.count }
}

/// Records of one partition, in their order.
public struct KafkaBatch: Hashable, Sendable {
    /// Whose they are.
    public let partition: KafkaPartition
    /// At least one. A gap between two offsets means that the log has dropped what stood there.
    public let records: [KafkaRecord]
    /// Where the log ended when this was read; nil when that is not known.
    public let logEnd: Int64?

    /// Puts the parts together.
    public init(partition: KafkaPartition, records: [KafkaRecord], logEnd: Int64?) {
        self.partition = partition
        self.records = records
        self.logEnd = logEnd
    }
}

/// The part of a partition that a log still has.
public struct KafkaEdges: Hashable, Sendable {
    /// The position of its oldest record.
    public let low: Int64
    /// The position that the next record will have.
    public let high: Int64

    /// Puts the parts together.
    public init(low: Int64, high: Int64) {
        self.low = low
        self.high = high
    }
}

/// What a consumer tells its owner.
public enum KafkaConsumerEvent: Hashable, Sendable {
    /// These partitions are the owner's. Nothing of them is read until it has said from where:
    /// ``KafkaConsumer/start(_:at:)``.
    case assigned([KafkaPartition])
    /// These partitions are somebody else's from now on. `lost` means that somebody else may have read them already.
    case revoked([KafkaPartition], lost: Bool)
    /// The next records of a partition. Nothing more of it comes before ``KafkaConsumer/takeNext(_:)``.
    case batch(KafkaBatch)
    /// Everything up to this position has been read.
    case end(KafkaPartition, position: Int64)
    /// The partition is not read any more, since the log has nothing at the position; ``KafkaConsumer/start(_:at:)``
    /// reads it again.
    case nothingThere(KafkaPartition, position: Int64, KafkaReason)
    /// The consumer ended itself; the owner makes a new one.
    case failed(KafkaReason)
}

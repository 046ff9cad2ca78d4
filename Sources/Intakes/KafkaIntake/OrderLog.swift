public import Domain
public import KafkaClient

/// Where orders stand in Kafka: one topic, each shard with partitions of its own. All orders of a product stand in one
/// partition, in the order of their coming.
///
/// The number of partitions is fixed when the topic is created; another one would mix the orders of shards.
public struct OrderLog: Hashable, Sendable {
    /// The topic.
    public let topic: String
    /// How many shards there are.
    public let shards: Int
    /// How many partitions each of them has.
    public let partitionsPerShard: Int

    /// The topic's usual name.
    public static let defaultTopic = "sluice.orders"

    /// Nil unless there is a topic, 1 to 65,536 shards and 1 to 1024 partitions for each.
    public init?(topic: String = defaultTopic, shards: Int = 1, partitionsPerShard: Int = 4) {
        guard !topic.isEmpty, (1...65_536).contains(shards), (1...1024).contains(partitionsPerShard) else { return nil }
        self.topic = topic
        self.shards = shards
        self.partitionsPerShard = partitionsPerShard
    }

    /// How many partitions the topic has.
    public var partitionCount: Int { shards * partitionsPerShard }

    /// The partition of an order; nil when its shard is none of the log's.
    public func partition(of draft: OrderDraft) -> Int32? {
        let (shard, product) = (Int(draft.id.identifier.shard), draft.product.id.number)
        guard shard < shards, product >= 0 else { return nil }
        return Int32(shard * partitionsPerShard + Int(product % Int64(partitionsPerShard)))
    }

    /// The partitions of a shard.
    public func partitions(of shard: Int) -> [KafkaPartition] {
        (0..<partitionsPerShard).map {
            KafkaPartition(topic: topic, number: Int32(shard * partitionsPerShard + $0))
        }
    }
}

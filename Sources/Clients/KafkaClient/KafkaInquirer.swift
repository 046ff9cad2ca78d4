/// Asks brokers about topics, and reads nothing of them. One question after the other.
///
/// It connects by itself, and lives until ``close(within:)``.
public struct KafkaInquirer: Sendable {
    private let consumer: KafkaConsumer

    /// - Parameters:
    ///   - brokers: addresses of brokers, `host:port`, with commas between them
    ///   - group: a group that the client may name, though it never joins it
    ///   - further: further settings of librdkafka, such as those for TLS
    /// - Throws: ``KafkaError/settings(_:)``
    public init(
        brokers: String, group: String = "questions", further: [String: String] = [:],
        observer: KafkaObserver = KafkaObserver()
    ) throws(KafkaError) {
        var settings = KafkaConsumer.Settings(brokers: brokers, group: group, reads: .partitions([]))
        settings.further = further
        consumer = try KafkaConsumer(settings, observer: observer) { _ in }
    }

    /// How many partitions a topic has; nil when there is no such topic, which is not created by being asked for.
    ///
    /// - Parameter milliseconds: how long the answer may take
    public func partitionCount(of topic: String, within milliseconds: Int32 = 2000) async throws(KafkaError) -> Int? {
        try await consumer.partitionCount(of: topic, within: milliseconds)
    }

    /// What the log still has of a partition, asked of its broker.
    ///
    /// - Parameter milliseconds: how long the answer may take
    public func edges(of partition: KafkaPartition, within milliseconds: Int32 = 2000) async throws(KafkaError)
        -> KafkaEdges
    {
        try await consumer.edges(of: partition, within: milliseconds)
    }

    /// The name of the cluster, which another one does not share.
    ///
    /// - Parameter milliseconds: how long the answer may take
    public func cluster(within milliseconds: Int32 = 2000) async throws(KafkaError) -> String {
        try await consumer.cluster(within: milliseconds)
    }

    /// Answers what waits with ``KafkaError/closed``, and ends.
    ///
    /// - Parameter milliseconds: how long that may take. It returns at most 5 seconds later.
    public func close(within milliseconds: Int = 5000) async -> KafkaEnding {
        await consumer.close(within: milliseconds)
    }
}

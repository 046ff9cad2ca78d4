import CRdKafka

/// librdkafka's own mock of a cluster, served on loopback ports by this process, to other processes too. For
/// development and tests.
///
/// It is **not durable**: everything is in memory and gone with the process. It keeps at most 5 MiB or 100,000 batches
/// a partition and drops the oldest beyond that without a word. It recognises no repeated record of an idempotent
/// producer, and knows no transactions.
///
/// `@unchecked`: the library's calls on a cluster may come from any thread; only `deinit` frees it.
public final class KafkaMockCluster: @unchecked Sendable {
    private let client: OpaquePointer
    private let cluster: OpaquePointer

    /// Starts a cluster.
    ///
    /// - Parameter brokers: 1 to 10; they are numbered from 1
    public init(brokers: Int = 1) throws(KafkaError) {
        try KafkaSettings.check(brokers, "brokers", in: 1...10)
        let configuration = try KafkaSettings.configuration([("log_level", "0")], further: [:])
        var text = [CChar](repeating: 0, count: 512)
        guard let client = rd_kafka_new(RD_KAFKA_PRODUCER, configuration, &text, text.count) else {
            rd_kafka_conf_destroy(configuration)
            throw .settings(KafkaSettings.string(text))
        }
        guard let cluster = rd_kafka_mock_cluster_new(client, Int32(brokers)) else {
            rd_kafka_destroy(client)
            throw .settings("the mock cluster did not start")
        }
        self.client = client
        self.cluster = cluster
    }

    deinit {
        rd_kafka_mock_cluster_destroy(cluster)
        rd_kafka_destroy(client)
    }

    /// Addresses of the brokers, with commas between them.
    public var brokers: String { String(cString: rd_kafka_mock_cluster_bootstraps(cluster)) }

    /// Creates a topic.
    public func create(topic: String, partitions: Int) throws(KafkaError) {
        try KafkaSettings.check(partitions, "partitions", in: 1...1000)
        try check(rd_kafka_mock_topic_create(cluster, topic, Int32(partitions), 1))
    }

    /// Makes a broker the leader of a partition.
    public func lead(_ partition: KafkaPartition, by broker: Int32) throws(KafkaError) {
        try check(rd_kafka_mock_partition_set_leader(cluster, partition.topic, partition.number, broker))
    }

    /// Takes a broker down: connections are cut and refused.
    public func takeDown(_ broker: Int32) throws(KafkaError) {
        try check(rd_kafka_mock_broker_set_down(cluster, broker))
    }

    /// Lets a broker take connections again.
    public func bringUp(_ broker: Int32) throws(KafkaError) {
        try check(rd_kafka_mock_broker_set_up(cluster, broker))
    }

    /// Makes a broker answer so much later.
    public func delay(_ broker: Int32, milliseconds: Int32) throws(KafkaError) {
        try check(rd_kafka_mock_broker_set_rtt(cluster, broker, milliseconds))
    }

    /// Lets the next requests of a kind fail.
    ///
    /// - Parameters:
    ///   - request: number of the request in Kafka's protocol, such as 0 for produce
    ///   - errors: numbers of errors in Kafka's protocol, one a request
    public func fail(request: Int16, errors: [Int32]) {
        let errors = errors.map { rd_kafka_resp_err_t(rawValue: $0) }
        rd_kafka_mock_push_request_errors_array(cluster, request, errors.count, errors)
    }

    private func check(_ error: rd_kafka_resp_err_t) throws(KafkaError) {
        guard error == RD_KAFKA_RESP_ERR_NO_ERROR else { throw .failed(KafkaReason(error)) }
    }
}

import CRdKafka

/// Turns names and values into the library's configuration.
enum KafkaSettings {
    /// What an owner may not set: the client's promises hang on it, or it loads foreign code into the process.
    private static let reserved: Set<String> = [
        "acks", "allow.auto.create.topics", "auto.offset.reset", "bootstrap.servers", "delivery.timeout.ms",
        "enable.auto.commit",
        "enable.auto.offset.store", "enable.idempotence", "enable.partition.eof", "group.id", "group.instance.id",
        "linger.ms", "log.queue", "message.timeout.ms", "metadata.broker.list", "partition.assignment.strategy",
        "plugin.library.paths", "queue.buffering.max.kbytes", "queue.buffering.max.messages",
        "request.required.acks", "socket.timeout.ms", "statistics.interval.ms", "transactional.id",
    ]

    /// A configuration, which the caller hands on or destroys.
    static func configuration(_ own: [(String, String)], further: [String: String]) throws(KafkaError) -> OpaquePointer
    {
        guard let configuration = rd_kafka_conf_new() else { throw .settings("no memory for a configuration") }
        do throws(KafkaError) {
            for (name, value) in further.sorted(by: { $0.key < $1.key }) {
                guard !reserved.contains(name), !name.hasPrefix("test.") else {
                    throw .settings("\(name): is not for the owner to set")
                }
                try set(name, value, in: configuration)
            }
            for (name, value) in own { try set(name, value, in: configuration) }
        } catch {
            rd_kafka_conf_destroy(configuration)
            throw error
        }
        return configuration
    }

    private static func set(_ name: String, _ value: String, in configuration: OpaquePointer) throws(KafkaError) {
        guard !name.utf8.contains(0), !value.utf8.contains(0) else { throw .settings("\(name): holds a zero byte") }
        var text = [CChar](repeating: 0, count: 512)
        guard rd_kafka_conf_set(configuration, name, value, &text, text.count) == RD_KAFKA_CONF_OK else {
            throw .settings("\(name): \(string(text))")
        }
    }

    /// Text that the library wrote into a buffer.
    static func string(_ buffer: [CChar]) -> String {
        String(decoding: buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    /// Addresses of brokers, checked so far as the library would only complain about them later.
    static func bootstrap(_ brokers: String) throws(KafkaError) -> (String, String) {
        guard !brokers.isEmpty else { throw .settings("bootstrap.servers: names no broker") }
        return ("bootstrap.servers", brokers)
    }

    /// Throws unless a number is in its range.
    static func check(_ value: Int, _ name: String, in range: ClosedRange<Int>) throws(KafkaError) {
        guard range.contains(value) else {
            throw .settings("\(name): \(value) is not between \(range.lowerBound) and \(range.upperBound)")
        }
    }
}

import CRdKafka

/// What librdkafka says about a failure.
public struct KafkaReason: Hashable, Sendable, CustomStringConvertible {
    /// Its number: negative ones are the library's own, positive ones a broker's.
    public let code: Int32
    /// Its short name, for metrics.
    public let name: String
    /// A sentence for the operator.
    public let text: String

    /// Puts the parts together.
    public init(code: Int32, name: String, text: String) {
        self.code = code
        self.name = name
        self.text = text
    }

    init(_ error: rd_kafka_resp_err_t, _ text: String? = nil) {
        self.init(
            code: error.rawValue, name: String(cString: rd_kafka_err2name(error)),
            text: text ?? String(cString: rd_kafka_err2str(error)))
    }

    public var description: String { "\(text) (\(name))" }
}

/// Why the client could not do what it was asked.
public enum KafkaError: Error, Hashable, Sendable, CustomStringConvertible {
    /// A setting is wrong or not allowed; says which.
    case settings(String)
    /// The library or a broker refused, or there was no answer in time.
    case failed(KafkaReason)
    /// Too many questions wait.
    case busy
    /// The client was closed.
    case closed

    public var description: String {
        switch self {
        case .settings(let text): text
        case .failed(let reason): reason.description
        case .busy: "too many questions wait"
        case .closed: "the client is closed"
        }
    }
}

/// Where a record stands.
public struct KafkaPosition: Hashable, Sendable {
    /// Its partition.
    public let partition: Int32
    /// Its offset there.
    public let offset: Int64
}

/// Why a record was not acknowledged.
public enum KafkaProduceFailure: Error, Hashable, Sendable {
    /// Nothing was taken: the queue is full, the record too large, the partition unknown or the producer ended.
    case refused(KafkaReason)
    /// It was taken, and is surely not in the log.
    case notPersisted(KafkaReason)
    /// It was taken, and may be in the log.
    case unknown(KafkaReason)
}

/// How a client ended.
public enum KafkaEnding: Hashable, Sendable {
    /// In order.
    case ended
    /// The library did not return in time; its thread was given up and goes on until it does.
    case abandoned
}

/// Hears what a client has to say. Called on the client's own thread, which must not be blocked.
public struct KafkaObserver: Sendable {
    /// A line of the library's log: its syslog level, 0 to 7, and its text.
    public var log: @Sendable (_ level: Int, _ text: String) -> Void
    /// An error that belongs to no record, such as a broker that went away. The library goes on by itself.
    public var failed: @Sendable (KafkaReason) -> Void
    /// Statistics of the library, as JSON, every ``KafkaProducer/Settings/statisticsMilliseconds``.
    public var statistics: @Sendable (String) -> Void

    /// Hears nothing of what is not given.
    public init(
        log: @escaping @Sendable (_ level: Int, _ text: String) -> Void = { _, _ in },
        failed: @escaping @Sendable (KafkaReason) -> Void = { _ in },
        statistics: @escaping @Sendable (String) -> Void = { _ in }
    ) {
        self.log = log
        self.failed = failed
        self.statistics = statistics
    }
}

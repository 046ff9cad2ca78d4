import CRdKafka

/// One client of the library with the queue on which everything that happens to it arrives.
///
/// `@unchecked`: the library's calls may come from any thread. Whoever calls must know that ``destroy(inOrder:)`` has
/// not been called; only the client's own thread calls that, once, when nobody else can reach the handle any more.
final class KafkaHandle: @unchecked Sendable {
    let pointer: OpaquePointer
    private let queue: OpaquePointer

    /// A producer, or a consumer.
    init(_ kind: rd_kafka_type_t, own: [(String, String)], further: [String: String]) throws(KafkaError) {
        let configuration = try KafkaSettings.configuration(own + [("log.queue", "true")], further: further)
        let isConsumer = kind == RD_KAFKA_CONSUMER
        var events = RD_KAFKA_EVENT_ERROR | RD_KAFKA_EVENT_LOG | RD_KAFKA_EVENT_STATS
        events |= isConsumer ? RD_KAFKA_EVENT_FETCH | RD_KAFKA_EVENT_REBALANCE : RD_KAFKA_EVENT_DR
        rd_kafka_conf_set_events(configuration, events)
        var text = [CChar](repeating: 0, count: 512)
        guard let pointer = rd_kafka_new(kind, configuration, &text, text.count) else {
            rd_kafka_conf_destroy(configuration)
            throw .settings(KafkaSettings.string(text))
        }
        if isConsumer { rd_kafka_poll_set_consumer(pointer) }
        guard let queue = isConsumer ? rd_kafka_queue_get_consumer(pointer) : rd_kafka_queue_get_main(pointer) else {
            rd_kafka_destroy(pointer)
            throw .settings("the client has no queue")
        }
        rd_kafka_set_log_queue(pointer, queue)
        self.pointer = pointer
        self.queue = queue
    }

    /// The next event, for which it waits at most so long. Only the client's own thread asks.
    func next(waiting milliseconds: Int32) -> KafkaEvent? {
        rd_kafka_queue_poll(queue, milliseconds).map { KafkaEvent($0) }
    }

    /// Ends a wait for the next event.
    func wake() { rd_kafka_queue_yield(queue) }

    /// Begins to leave the group; what is to be done for it comes as events.
    func beginClosing() {
        if let failure = rd_kafka_consumer_close_queue(pointer, queue) { rd_kafka_error_destroy(failure) }
    }

    /// Whether the group was left.
    var isClosed: Bool { rd_kafka_consumer_closed(pointer) != 0 }

    /// Frees everything; blocks until the library's threads have ended.
    ///
    /// - Parameter inOrder: false to leave a group without saying so
    func destroy(inOrder: Bool = true) {
        rd_kafka_queue_destroy(queue)
        rd_kafka_destroy_flags(pointer, inOrder ? 0 : RD_KAFKA_DESTROY_F_NO_CONSUMER_CLOSE)
    }
}

/// Something that happened. Freed with the value.
struct KafkaEvent: ~Copyable {
    let pointer: OpaquePointer

    init(_ pointer: OpaquePointer) { self.pointer = pointer }

    deinit { rd_kafka_event_destroy(pointer) }

    var kind: Int32 { rd_kafka_event_type(pointer) }

    var error: rd_kafka_resp_err_t { rd_kafka_event_error(pointer) }

    var reason: KafkaReason { KafkaReason(error, rd_kafka_event_error_string(pointer).map { String(cString: $0) }) }

    /// Tells the observer of what is the same for all clients.
    func tell(_ observer: KafkaObserver) {
        switch kind {
        case RD_KAFKA_EVENT_LOG:
            var (facility, text): (UnsafePointer<CChar>?, UnsafePointer<CChar>?)
            var level: Int32 = 0
            guard rd_kafka_event_log(pointer, &facility, &text, &level) == 0, let text else { return }
            observer.log(Int(level), String(cString: text))
        case RD_KAFKA_EVENT_STATS:
            if let text = rd_kafka_event_stats(pointer) { observer.statistics(String(cString: text)) }
        case RD_KAFKA_EVENT_ERROR:
            observer.failed(reason)
        default:
            break
        }
    }
}

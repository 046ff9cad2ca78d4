/// Who listens to which channel. Event in, what is to be sent or called out; generic over who listens.
struct SubscriptionMachine<Listener> {
    private var listeners: [String: [(number: UInt64, listener: Listener)]] = [:]
    private var nextNumber: UInt64 = 0
    private var count = 0
    private var isUp = false
    private var isPingUnanswered = false
    private let maximum: Int

    init(maximum: Int) { self.maximum = maximum }

    /// A number to stop with, nil when too many listen; and what is to be sent.
    mutating func add(_ listener: Listener, to channel: String) -> (number: UInt64?, send: RedisCommand?) {
        guard count < maximum else { return (nil, nil) }
        count += 1
        nextNumber += 1
        let isFirst = listeners[channel] == nil
        listeners[channel, default: []].append((nextNumber, listener))
        return (nextNumber, isFirst && isUp ? RedisCommand("SUBSCRIBE", channel) : nil)
    }

    mutating func remove(_ number: UInt64, from channel: String) -> RedisCommand? {
        guard var left = listeners[channel] else { return nil }
        let before = left.count
        left.removeAll { $0.number == number }
        count -= before - left.count
        listeners[channel] = left.isEmpty ? nil : left
        return left.isEmpty && isUp ? RedisCommand("UNSUBSCRIBE", channel) : nil
    }

    /// What is to be sent on a new connection.
    mutating func cameUp() -> [RedisCommand] {
        isUp = true
        isPingUnanswered = false
        return listeners.keys.map { RedisCommand("SUBSCRIBE", $0) }
    }

    mutating func wentDown() { isUp = false }

    /// Called from time to time. A silent connection may be a dead one: false when the last question was not answered.
    mutating func ping() -> Bool {
        guard isUp else { return true }
        defer { isPingUnanswered = true }
        return !isPingUnanswered
    }

    var mayPing: Bool { isUp }

    /// What was received, and for whom.
    enum Received {
        case message([Listener], [UInt8])
        case listening([Listener])
        case nothing
    }

    mutating func received(_ value: RedisValue) -> Received {
        isPingUnanswered = false
        guard let parts = value.array, parts.count == 3, let kind = parts[0].bytes, let channel = parts[1].bytes else {
            return .nothing
        }
        let found = (listeners[String(decoding: channel, as: UTF8.self)] ?? []).map(\.listener)
        switch (String(decoding: kind, as: UTF8.self), parts[2]) {
        case ("message", .bytes(let message)): return .message(found, message)
        case ("subscribe", _): return .listening(found)
        default: return .nothing
        }
    }
}

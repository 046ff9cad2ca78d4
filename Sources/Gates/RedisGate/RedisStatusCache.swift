public import Domain
public import RedisClient

/// The latest states of orders, for those who watch them on any node. A copy: what is missing is asked of the ledger.
public struct RedisStatusCache: Sendable {
    private let client: RedisClient
    private let subscriber: RedisSubscriber
    private let seconds: Int64

    /// - Parameter seconds: how long a state is kept
    public init(client: RedisClient, subscriber: RedisSubscriber, seconds: Int64) {
        self.client = client
        self.subscriber = subscriber
        self.seconds = seconds
    }

    private static func name(_ order: OrderID) -> String { "{s\(order.identifier.shard)}:status:\(order.text)" }

    /// Keeps a state and tells whoever listens; one that is not newer than what is kept is dropped. May be lost.
    public func set(_ order: OrderID, version: Int, _ bytes: [UInt8]) {
        var call = GateScripts.status.call(keys: 1)
        call.append(Self.name(order))
        call.append(version)
        call.append(bytes)
        call.append(seconds)
        client.send(call, of: GateScripts.status, hash: order.hashValue) { _ in }
    }

    /// The latest state; nil when none is kept.
    ///
    /// - Throws: when Redis gives no answer
    public func get(_ order: OrderID) async throws(RedisError) -> [UInt8]? {
        try await client.call(RedisCommand("HGET", Self.name(order), "bytes"), hash: order.hashValue).bytes
    }

    /// Hears of every newer state. When told ``RedisMessage/listening``, ask for what may have been missed.
    public func subscribe(
        _ order: OrderID, _ listener: @escaping RedisSubscriber.Listener
    ) async throws(RedisError) -> RedisSubscriber.Subscription {
        try await subscriber.subscribe(Self.name(order), listener)
    }

    /// Ends a subscription.
    public func unsubscribe(_ subscription: RedisSubscriber.Subscription) { subscriber.unsubscribe(subscription) }
}

public import NIOCore
import Synchronization

/// Asks Redis over one connection for each event loop. Knows RESP2, and is made for many small commands at once:
/// those of one tick of a loop leave together.
///
/// Nothing is queued without a connection, and nothing beyond the bounds of the settings: the answer then comes at
/// once. ``shutDown()`` must be called in the end.
public final class RedisClient: Sendable {
    private let connections: [RedisConnection]
    private let turn = Atomic(0)
    let plan: LinkPlan

    /// Begins to connect.
    ///
    /// - Parameters:
    ///   - group: whose loops get a connection each
    ///   - scripts: what will be called. Each new connection tells them to Redis first, so that calls keep their order
    ///     also on a server that was started empty.
    ///   - complaint: hears why a connection could not be made or was lost; holds no password
    /// - Throws: what is wrong with the file of authorities
    public convenience init(
        _ settings: RedisSettings, group: any EventLoopGroup, scripts: [RedisScript] = [],
        complaint: @escaping @Sendable (String) -> Void = { _ in }
    ) throws {
        let plan = LinkPlan(
            settings: settings, dial: try RedisDialer.dial(settings), scripts: scripts,
            random: { UInt64.random(in: .min ... .max) }, complain: complaint)
        self.init(plan, group: group)
    }

    init(_ plan: LinkPlan, group: any EventLoopGroup) {
        self.plan = plan
        let loops = Array(group.makeIterator())
        let ups = ConnectionCount()
        self.ups = ups
        connections = loops.map { RedisConnection(eventLoop: $0, plan: plan, ups: ups) }
        for connection in connections { connection.start() }
    }

    private let ups: ConnectionCount

    /// Connections that can be used at the moment.
    public var connected: Int { ups.connected }
    /// Grows whenever one of the connections is made or lost. As long as it stays the same, all that is answered comes
    /// over the same connections, and so from the same run of the server.
    public var generation: Int64 { ups.generation }
    /// Connections that there are meant to be: one for each event loop.
    public var expected: Int { connections.count }

    /// Closes the connections; what waits for a reply ends as *unknown*.
    public func shutDown() async {
        for connection in connections { try? await connection.end().get() }
    }

    /// Sends a command. On one of the client's event loops its own connection is taken, and the reply comes on that
    /// loop.
    ///
    /// - Parameters:
    ///   - hash: chooses the connection elsewhere, so that commands of one thing keep their order; by turns when nil
    ///   - reply: called exactly once, perhaps before this returns
    public func send(_ command: RedisCommand, hash: Int? = nil, reply: @escaping RedisReply) {
        connection(hash).send(command, reply: reply)
    }

    /// Calls a script that was made by ``RedisScript/call(keys:)``. If Redis does not know it, it is sent whole.
    ///
    /// - Parameter generation: the call is *unavailable* when ``generation`` is another one by the time at which it
    ///   would be sent; nil when that does not matter
    public func send(
        _ call: RedisCommand, of script: RedisScript, hash: Int? = nil, under generation: Int64? = nil,
        reply: @escaping RedisReply
    ) {
        let connection = connection(hash)
        connection.send(call, under: generation) { result in
            if case .failure(.reply(let text)) = result, text.hasPrefix("NOSCRIPT") {
                connection.send(script.sent(whole: call), under: generation, reply: reply)
            } else {
                reply(result)
            }
        }
    }

    /// Sends a command and waits for its reply.
    public func call(_ command: RedisCommand, hash: Int? = nil) async throws(RedisError) -> RedisValue {
        try await withCheckedContinuation { continuation in
            send(command, hash: hash) { continuation.resume(returning: $0) }
        }.get()
    }

    /// Calls a script and waits for its reply.
    public func call(
        _ call: RedisCommand, of script: RedisScript, hash: Int? = nil
    ) async throws(RedisError) -> RedisValue {
        try await withCheckedContinuation { continuation in
            send(call, of: script, hash: hash) { continuation.resume(returning: $0) }
        }.get()
    }

    private func connection(_ hash: Int?) -> RedisConnection {
        if let own = connections.first(where: { $0.eventLoop.inEventLoop }) { return own }
        let number = hash ?? turn.wrappingAdd(1, ordering: .relaxed).newValue
        return connections[Int(UInt(bitPattern: number) % UInt(connections.count))]
    }
}

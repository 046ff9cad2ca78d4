public import Domain
import NIOConcurrencyHelpers
public import RedisClient
public import Shop

/// The board of a shop of many nodes: hashes in Redis, one for each order that somebody looks at, and a channel of the
/// same name.
///
/// Whoever looks at an order leaves a mark before asking the ledger, and what the ledger says is kept under it. From
/// then on every change that is told replaces what is kept and is published; of orders without a mark nothing is kept
/// or published. So what is kept is never older than the last change that was told. A change that was not told, since
/// Redis was in trouble, is seen when the entry's time is over, and by those who watch with the next renewal.
///
/// When Redis gives no answer in time, the ledger is asked, and nobody notices.
public final class RedisOrderBoard: OrderBoard {
    private let client: RedisClient
    private let subscriber: RedisSubscriber
    private let clock: any Clock
    private let seconds: Int64
    private let waitMilliseconds: Int64
    private let read: Read
    private let watchers: OrderWatchers
    /// One for each order that is watched here.
    private let followers = NIOLockedValueBox<[OrderID: Task<Void, Never>]>([:])

    /// - Parameters:
    ///   - client: should have been told ``RedisGate/scripts``; belongs to the caller
    ///   - subscriber: listens for orders that are watched here; belongs to the caller
    ///   - read: asks the ledger
    public init(
        client: RedisClient, subscriber: RedisSubscriber, clock: any Clock, limits: Limits, read: @escaping Read
    ) {
        self.client = client
        self.subscriber = subscriber
        self.clock = clock
        self.read = read
        seconds = limits.boardSeconds
        waitMilliseconds = limits.boardWaitMilliseconds
        watchers = OrderWatchers(maximum: limits.eventStreams, maximumPerOrder: limits.eventStreamsPerOrder)
    }

    private static func name(_ order: OrderID) -> String { "{s\(order.identifier.shard)}:order:\(order.text)" }

    // MARK: Looking

    /// What is kept, if it can be believed, or else what the ledger says.
    public func standing(of order: OrderID) async throws(ShopError) -> OrderStanding {
        let look = await look(order)
        if let kept = look?.kept, isCurrent(kept) { return kept }
        return try await read(order, under: look?.mark)
    }

    /// Asks the ledger past what is kept.
    private func refresh(_ order: OrderID) async throws(ShopError) -> OrderStanding {
        try await read(order, under: await look(order)?.mark)
    }

    /// A hold that has run out is ended by the ledger at any moment.
    private func isCurrent(_ standing: OrderStanding) -> Bool {
        guard standing.state == .awaitingPayment, let end = standing.order?.expiresAt else { return true }
        return clock.now() < end
    }

    private func read(_ order: OrderID, under mark: [UInt8]?) async throws(ShopError) -> OrderStanding {
        let standing = try await read(order)
        guard let mark else { return standing }
        var call = GateScripts.boardFill.call(keys: 1)
        call.append(Self.name(order))
        call.append(mark)
        call.append(standing.version)
        call.append(OrderEntry.bytes(order, standing))
        call.append(seconds)
        client.send(call, of: GateScripts.boardFill, hash: order.hashValue) { _ in }
        return standing
    }

    /// What Redis has of an order, with the mark under which the ledger's answer may be kept; nil when it does not say.
    private func look(_ order: OrderID) async -> (mark: [UInt8], kept: OrderStanding?)? {
        var call = GateScripts.boardLook.call(keys: 1)
        call.append(Self.name(order))
        call.append(UInt64.random(in: .min ... .max))
        call.append(seconds)
        guard let parts = await answer(call, of: GateScripts.boardLook, hash: order.hashValue)?.array,
            parts.count == 2, let mark = parts[0].bytes
        else { return nil }
        return (mark, parts[1].bytes.flatMap { OrderEntry.standing($0, of: order) })
    }

    /// Waits for an answer, but not for long.
    private func answer(_ call: RedisCommand, of script: RedisScript, hash: Int) async -> RedisValue? {
        let waiting = NIOLockedValueBox<CheckedContinuation<RedisValue?, Never>?>(nil)
        return await withCheckedContinuation { continuation in
            waiting.withLockedValue { $0 = continuation }
            let finish: @Sendable (RedisValue?) -> Void = { value in
                let continuation = waiting.withLockedValue { waiting in
                    defer { waiting = nil }
                    return waiting
                }
                continuation?.resume(returning: value)
            }
            let timer = Task { [waitMilliseconds] in
                try? await Task.sleep(for: .milliseconds(waitMilliseconds))
                finish(nil)
            }
            client.send(call, of: script, hash: hash) { result in
                finish(try? result.get())
                timer.cancel()
            }
        }
    }

    // MARK: Telling

    /// Orders told of in one call, which holds up everybody else meanwhile.
    private static let ordersInCall = 256

    /// Tells those who watch here at once, and the other nodes by way of Redis.
    public func tell(_ changes: [BoardEntry]) {
        var shards: [UInt16: [BoardEntry]] = [:]
        for change in changes {
            if let standing = change.standing { watchers.tell(change.order, OrderNews(standing)) }
            shards[change.order.identifier.shard, default: []].append(change)
        }
        for (shard, changes) in shards {
            var rest = changes[...]
            while !rest.isEmpty {
                send(rest.prefix(Self.ordersInCall), hash: Int(shard))
                rest = rest.dropFirst(Self.ordersInCall)
            }
        }
    }

    private func send(_ changes: ArraySlice<BoardEntry>, hash: Int) {
        var call = GateScripts.boardTell.call(keys: changes.count)
        for change in changes { call.append(Self.name(change.order)) }
        call.append(seconds)
        for change in changes {
            call.append(change.version)
            call.append(change.standing.map { OrderEntry.bytes(change.order, $0) } ?? [])
        }
        client.send(call, of: GateScripts.boardTell, hash: hash) { _ in }
    }

    // MARK: Watching

    /// A stream of the order's next states, whichever node makes them. Ask how it stands after this, and again and
    /// again nobody needs to: as long as somebody watches, the order is looked at.
    public func watch(_ order: OrderID) -> AsyncStream<OrderNews>? {
        watchers.watch(order) {
            let follower = Task { [weak self] in
                guard let self else { return }
                await follow(order)
            }
            followers.withLockedValue { $0[order] = follower }
        } onLast: { [followers] in
            followers.withLockedValue { $0.removeValue(forKey: order) }?.cancel()
        }
    }

    /// Listens to an order's channel, and asks the ledger from time to time, which keeps the mark and finds what was
    /// not heard. Until it is cancelled.
    private func follow(_ order: OrderID) async {
        let subscription = try? await subscriber.subscribe(Self.name(order)) { [weak self] in
            self?.heard($0, of: order)
        }
        while !Task.isCancelled {
            do { try await Task.sleep(for: .milliseconds(seconds * 400)) } catch { break }
            // A ledger in trouble is asked again the next time.
            if let standing = try? await refresh(order) { watchers.tell(order, OrderNews(standing)) }
        }
        if let subscription { subscriber.unsubscribe(subscription) }
    }

    private func heard(_ message: RedisMessage, of order: OrderID) {
        if case .published(let bytes) = message, let standing = OrderEntry.standing(bytes, of: order) {
            return watchers.tell(order, OrderNews(standing))
        }
        // It begins to listen and may have missed something, or the teller knew a version only.
        Task { [weak self] in
            guard let self, watchers.watches(order), let standing = try? await standing(of: order) else { return }
            watchers.tell(order, OrderNews(standing))
        }
    }

    /// Ends every stream, and listens to nothing any more. Client and subscriber stay open.
    public func close() {
        watchers.close()
        for follower in followers.withLockedValue({ Array($0.values) }) { follower.cancel() }
    }
}

import Domain
import NIOConcurrencyHelpers
import RedisClient
import Shop

/// Keeps the catalogs of all nodes alike: a node whose owner changed something tells the others over Redis and waits
/// until they have read it, so that whoever asks another node next finds it. What was missed, or could not be read, is
/// read later by itself.
final class CatalogSync: Sendable {
    /// Milliseconds for which the others are waited for. A node that takes longer reads it a little later.
    private static let patienceMilliseconds: Int64 = 1000
    /// Milliseconds between two looks at who has read it.
    private static let lookMilliseconds: Int64 = 5
    /// Milliseconds after which the catalog is read although nobody said anything.
    private static let renewMilliseconds: Int64 = 30_000
    /// Milliseconds after which a catalog that could not be read is tried again.
    private static let retryMilliseconds: Int64 = 1000
    private static let channel = "sluice:catalog"
    /// Changes that wait to be confirmed; of more, the teller's patience ends.
    private static let maximumPending = 1000

    private let redis: RedisClient
    private let subscriber: RedisSubscriber
    private let reload: @Sendable () async -> Bool
    private let pending = NIOLockedValueBox<[String]>([])
    private let signal: AsyncStream<Void>
    private let wake: AsyncStream<Void>.Continuation

    /// - Parameter reload: brings the catalog of this node up to date; false when it could not
    init(redis: RedisClient, subscriber: RedisSubscriber, reload: @escaping @Sendable () async -> Bool) {
        self.redis = redis
        self.subscriber = subscriber
        self.reload = reload
        (signal, wake) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
    }

    /// Something of the catalog was changed here. Returns when all nodes that listen have read it, or after a second.
    func changed() async {
        let change = String(UInt64.random(in: .min ... .max), radix: 36)
        guard let listeners = try? await redis.call(RedisCommand("PUBLISH", Self.channel, change)).number else {
            return
        }
        for _ in 0..<Self.patienceMilliseconds / Self.lookMilliseconds {
            let text = try? await redis.call(RedisCommand("GET", Self.key(change))).bytes
            if let text, let count = Int64(String(decoding: text, as: UTF8.self)), count >= listeners { return }
            do { try await Task.sleep(for: .milliseconds(Self.lookMilliseconds)) } catch { return }
        }
    }

    private static func key(_ change: String) -> String { "\(channel):\(change)" }

    /// Works until cancelled.
    func run(pause: @escaping Background.Pause) async {
        await withTaskGroup(of: Void.self) { group in
            group.addTask { [self] in
                while true {
                    do { try await pause(Self.renewMilliseconds) } catch { return }
                    wake.yield()
                }
            }
            group.addTask { [self] in
                guard let subscription = await subscribe(pause) else { return }
                defer { subscriber.unsubscribe(subscription) }
                while true {
                    do { try await pause(Self.renewMilliseconds) } catch { return }
                }
            }
            group.addTask { [self] in
                for await _ in signal { await readAndConfirm(pause) }
            }
            await group.next()
            group.cancelAll()
        }
    }

    /// Tries until it has one; nil when it is time to end.
    private func subscribe(_ pause: Background.Pause) async -> RedisSubscriber.Subscription? {
        while true {
            if let subscription = try? await subscriber.subscribe(Self.channel, { [self] in heard($0) }) {
                return subscription
            }
            do { try await pause(1000) } catch { return nil }
        }
    }

    private func heard(_ message: RedisMessage) {
        if case .published(let bytes) = message {
            pending.withLockedValue { pending in
                if pending.count < Self.maximumPending { pending.append(String(decoding: bytes, as: UTF8.self)) }
            }
        }
        wake.yield()
    }

    private func readAndConfirm(_ pause: Background.Pause) async {
        let changes = pending.withLockedValue { pending in
            defer { pending = [] }
            return pending
        }
        while await !reload() {
            do { try await pause(Self.retryMilliseconds) } catch { return }
        }
        for change in changes {
            // Over one connection, so that one comes after the other.
            redis.send(RedisCommand("INCR", Self.key(change)), hash: 0) { _ in }
            redis.send(RedisCommand("EXPIRE", Self.key(change), "60"), hash: 0) { _ in }
        }
    }
}

public import Domain
import NIOConcurrencyHelpers

/// The streams of those who watch orders in this process.
package final class OrderWatchers: Sendable {
    private struct Watched {
        var continuations: [Int: AsyncStream<OrderNews>.Continuation] = [:]
        /// The newest version that was told.
        var version = -1
    }

    private struct State {
        var orders: [OrderID: Watched] = [:]
        var count = 0
        var next = 0
        var isClosed = false
    }

    private let maximum: Int
    private let maximumPerOrder: Int
    private let state = NIOLockedValueBox(State())

    package init(maximum: Int, maximumPerOrder: Int) {
        self.maximum = maximum
        self.maximumPerOrder = maximumPerOrder
    }

    /// A stream of news; nil when too many watch already, or after the end.
    ///
    /// - Parameters:
    ///   - onFirst: called under a lock when nobody had watched the order
    ///   - onLast: called under the same lock when nobody watches it any more
    package func watch(
        _ order: OrderID, onFirst: () -> Void = {}, onLast: @escaping @Sendable () -> Void = {}
    ) -> AsyncStream<OrderNews>? {
        let (stream, continuation) = AsyncStream.makeStream(of: OrderNews.self, bufferingPolicy: .bufferingNewest(8))
        let number = state.withLockedValue { state -> Int? in
            let here = state.orders[order]?.continuations.count ?? 0
            guard state.count < maximum, here < maximumPerOrder, !state.isClosed else { return nil }
            state.count += 1
            state.next += 1
            state.orders[order, default: Watched()].continuations[state.next] = continuation
            if here == 0 { onFirst() }
            return state.next
        }
        guard let number else { return nil }
        continuation.onTermination = { [weak self] _ in self?.remove(number, of: order, onLast) }
        return stream
    }

    /// Tells the watchers of an order what they have not heard yet.
    package func tell(_ order: OrderID, _ news: OrderNews) {
        let watchers = state.withLockedValue { state -> [AsyncStream<OrderNews>.Continuation] in
            guard let watched = state.orders[order], watched.version < news.version else { return [] }
            state.orders[order]?.version = news.version
            return Array(watched.continuations.values)
        }
        for watcher in watchers { watcher.yield(news) }
    }

    /// Whether somebody watches an order.
    package func watches(_ order: OrderID) -> Bool { state.withLockedValue { $0.orders[order] != nil } }

    /// Ends every stream.
    package func close() {
        let watchers = state.withLockedValue { state in
            state.isClosed = true
            return state.orders.values.flatMap(\.continuations.values)
        }
        for watcher in watchers { watcher.finish() }
    }

    private func remove(_ number: Int, of order: OrderID, _ onLast: () -> Void) {
        state.withLockedValue { state in
            guard state.orders[order]?.continuations.removeValue(forKey: number) != nil else { return }
            state.count -= 1
            guard state.orders[order]?.continuations.isEmpty == true else { return }
            state.orders[order] = nil
            onLast()
        }
    }
}

/// The board of a shop that is one process: it keeps nothing, and tells those who watch. At most
/// ``Limits/eventStreams`` may watch at once.
public final class OrderWatch: OrderBoard {
    private let watchers: OrderWatchers
    private let read: Read

    /// - Parameters:
    ///   - maximum: watchers at once
    ///   - maximumPerOrder: watchers of one order at once, so that one order cannot take all places
    ///   - read: asks the ledger
    public init(maximum: Int, maximumPerOrder: Int, read: @escaping Read) {
        watchers = OrderWatchers(maximum: maximum, maximumPerOrder: maximumPerOrder)
        self.read = read
    }

    /// A stream of the order's next states.
    public func watch(_ order: OrderID) -> AsyncStream<OrderNews>? { watchers.watch(order) }

    /// Tells the watchers of orders.
    public func tell(_ changes: [BoardEntry]) {
        // Who changes an order in the same process has it.
        for change in changes { change.standing.map { watchers.tell(change.order, OrderNews($0)) } }
    }

    /// Asks the ledger.
    public func standing(of order: OrderID) async throws(ShopError) -> OrderStanding { try await read(order) }

    /// Ends every stream.
    public func close() { watchers.close() }
}

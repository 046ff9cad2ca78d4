public import Domain
import NIOConcurrencyHelpers

/// Tells those who watch an order of its changes. At most ``Limits/eventStreams`` may watch at once.
public final class OrderWatch: Sendable {
    private struct State {
        var watchers: [OrderID: [Int: AsyncStream<OrderState>.Continuation]] = [:]
        var count = 0
        var next = 0
        var isClosed = false
    }

    private let maximum: Int
    private let maximumPerOrder: Int
    private let state = NIOLockedValueBox(State())

    /// - Parameters:
    ///   - maximum: watchers at once
    ///   - maximumPerOrder: watchers of one order at once, so that one order cannot take all places
    public init(maximum: Int, maximumPerOrder: Int) {
        self.maximum = maximum
        self.maximumPerOrder = maximumPerOrder
    }

    /// A stream of the order's next states; nil when too many watch already or the shop is stopping. A slow reader
    /// gets the newest states.
    public func watch(_ order: OrderID) -> AsyncStream<OrderState>? {
        let (stream, continuation) = AsyncStream.makeStream(of: OrderState.self, bufferingPolicy: .bufferingNewest(8))
        let number = state.withLockedValue { state -> Int? in
            guard state.count < maximum, (state.watchers[order]?.count ?? 0) < maximumPerOrder, !state.isClosed
            else { return nil }
            state.count += 1
            state.next += 1
            state.watchers[order, default: [:]][state.next] = continuation
            return state.next
        }
        guard let number else { return nil }
        continuation.onTermination = { [weak self] _ in self?.remove(number, of: order) }
        return stream
    }

    /// Tells the watchers of an order.
    public func publish(_ order: Order) {
        let watchers = state.withLockedValue { $0.watchers[order.id].map { Array($0.values) } ?? [] }
        for watcher in watchers { watcher.yield(order.state) }
    }

    /// Ends every stream, so that a stopping shop does not wait for readers.
    public func close() {
        let watchers = state.withLockedValue { state in
            state.isClosed = true
            return state.watchers.values.flatMap(\.values)
        }
        for watcher in watchers { watcher.finish() }
    }

    private func remove(_ number: Int, of order: OrderID) {
        state.withLockedValue { state in
            guard state.watchers[order]?.removeValue(forKey: number) != nil else { return }
            state.count -= 1
            if state.watchers[order]?.isEmpty == true { state.watchers[order] = nil }
        }
    }
}

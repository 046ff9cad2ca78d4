public import Domain
import NIOConcurrencyHelpers
public import Shop

/// The gate of one process: a few dictionaries behind one lock, answered on the caller's thread.
public final class MemoryGate: Gate {
    private let state: NIOLockedValueBox<MemoryGateState>

    /// A closed gate: nobody is let through until a snapshot is loaded.
    public init(limits: Limits) {
        state = NIOLockedValueBox(
            MemoryGateState(limits))
    }

    public func admit(_ request: AdmissionRequest, reply: @escaping @Sendable (Admission) -> Void) {
        reply(state.withLockedValue { $0.admit(request) })
    }

    public func mayKnow(_ key: String, of product: ProductID, reply: @escaping @Sendable (Bool) -> Void) {
        reply(state.withLockedValue { $0.mayKnow(key, of: product) })
    }

    public func end(_ order: OrderID, _ end: TicketEnd) { tell(.end(order, end)) }

    public func restock(_ product: ProductID, _ pool: Pool, by count: Int, change: Int64) {
        tell(.restock(product, pool, count, change: change))
    }

    public func count(_ buyer: Buyer, of product: ProductID, units: Int, change: Int64) {
        tell(.count(buyer, product, units, change: change))
    }

    private func tell(_ news: MemoryGateState.News) { state.withLockedValue { $0.tell(news) } }

    public func judged(_ orders: [OrderID]) {}

    public func close(term: Int64) throws(ShopError) {
        guard state.withLockedValue({ $0.close(term: term) }) else {
            throw ShopError(.wrongState, "the gate was closed in a later term")
        }
    }

    public func look() -> GateLook { state.withLockedValue { $0.look() } }

    public func load(_ snapshot: GateSnapshot) throws(ShopError) {
        guard state.withLockedValue({ $0.load(snapshot) }) else {
            throw ShopError(.busy, "there was more news than the gate keeps while it is closed")
        }
    }

    public func available(_ product: ProductID, _ pool: Pool) -> Int {
        state.withLockedValue { $0.available(product, pool) }
    }
}

public import Domain
import NIOConcurrencyHelpers
public import Shop

/// The gate of one process: a few dictionaries behind one lock, answered on the caller's thread.
public final class MemoryGate: Gate {
    private let state: NIOLockedValueBox<MemoryGateState>

    /// A closed gate: nobody is let through until a snapshot is loaded.
    public init(limits: Limits) {
        state = NIOLockedValueBox(
            MemoryGateState(maximumBuyers: limits.gateBuyers, maximumKeys: limits.gateKeys))
    }

    public func admit(_ request: AdmissionRequest, reply: @escaping @Sendable (Admission) -> Void) {
        reply(state.withLockedValue { $0.admit(request) })
    }

    public func mayKnow(_ key: String, of product: ProductID, reply: @escaping @Sendable (Bool) -> Void) {
        reply(state.withLockedValue { $0.mayKnow(key, of: product) })
    }

    public func end(_ order: OrderID, _ end: TicketEnd) { state.withLockedValue { $0.end(order, end) } }

    public func restock(_ product: ProductID, _ pool: Pool, by count: Int) {
        state.withLockedValue { $0.restock(product, pool, by: count) }
    }

    public func count(_ buyer: Buyer, of product: ProductID, units: Int) {
        state.withLockedValue { $0.count(buyer, of: product, units: units) }
    }

    public func judged(_ orders: [OrderID]) {}

    public func close(term: Int64) { state.withLockedValue { $0.close() } }

    public func look() -> GateLook { state.withLockedValue { $0.look() } }

    public func load(_ snapshot: GateSnapshot) { state.withLockedValue { $0.load(snapshot) } }

    public func available(_ product: ProductID, _ pool: Pool) -> Int {
        state.withLockedValue { $0.available(product, pool) }
    }
}

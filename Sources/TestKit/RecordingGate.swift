public import Domain
import NIOConcurrencyHelpers
public import Shop

/// A gate that lets everybody through and remembers what it was told.
public final class RecordingGate: Gate, LogListener {
    private let state = NIOLockedValueBox((ends: [OrderID: [TicketEnd]](), judged: [OrderID](), logged: [OrderID]()))

    /// A gate that was told nothing.
    public init() {}

    /// How tickets were ended.
    public var ends: [OrderID: [TicketEnd]] { state.withLockedValue { $0.ends } }
    /// Orders that were judged, in the order of telling.
    public var judgedOrders: [OrderID] { state.withLockedValue { $0.judged } }
    /// Orders that the log has, in the order of telling.
    public var loggedOrders: [OrderID] { state.withLockedValue { $0.logged } }

    public func logged(_ orders: [OrderID]) { state.withLockedValue { $0.logged += orders } }
    public func admit(_ request: AdmissionRequest, reply: @escaping @Sendable (Admission) -> Void) { reply(.admitted) }
    public func mayKnow(_ key: String, of product: ProductID, reply: @escaping @Sendable (Bool) -> Void) { reply(true) }
    public func end(_ order: OrderID, _ end: TicketEnd) {
        state.withLockedValue { $0.ends[order, default: []].append(end) }
    }
    public func judged(_ orders: [OrderID]) { state.withLockedValue { $0.judged += orders } }
    public func restock(_ product: ProductID, _ pool: Pool, by count: Int, change: Int64) {}
    public func count(_ buyer: Buyer, of product: ProductID, units: Int, change: Int64) {}
    public func close(term: Int64) {}
    public func look() -> GateLook { GateLook(isOpen: true) }
    public func load(_ snapshot: GateSnapshot) {}
    public func available(_ product: ProductID, _ pool: Pool) -> Int { 0 }
}

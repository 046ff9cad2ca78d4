import Domain

/// Tells the gate and those who watch an order what the ledger has done.
public struct Announcer: Sendable {
    private let gate: any Gate
    private let watch: OrderWatch

    /// Puts the parts together.
    public init(gate: any Gate, watch: OrderWatch) {
        self.gate = gate
        self.watch = watch
    }

    /// Does nothing when nothing has changed.
    public func announce(_ change: OrderChange?) {
        guard let change, change.changed else { return }
        let order = change.order
        if let end = change.gate.end { gate.end(order.id, end) }
        let (taken, units, number) = (change.gate.cardsTaken, change.gate.units, change.gate.change)
        if taken != 0 { gate.restock(order.product, order.pool, by: -taken, change: number) }
        if units != 0 { gate.count(order.buyer, of: order.product, units: units, change: number) }
        watch.publish(order)
    }
}

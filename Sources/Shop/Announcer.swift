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
        if change.gate.cardsTaken != 0 { gate.restock(order.product, order.pool, by: -change.gate.cardsTaken) }
        if change.gate.units != 0 { gate.count(order.buyer, of: order.product, units: change.gate.units) }
        watch.publish(order)
    }
}

public import Domain

/// Tells the gate and the board what the ledger has done.
public struct Announcer: Sendable {
    private let gate: any Gate
    private let board: any OrderBoard

    /// Puts the parts together.
    public init(gate: any Gate, board: any OrderBoard) {
        self.gate = gate
        self.board = board
    }

    /// Does nothing when nothing has changed.
    public func announce(_ change: OrderChange?) {
        guard let change, change.changed else { return }
        let order = change.order
        if let end = change.gate.end { gate.end(order.id, end) }
        let (taken, units, number) = (change.gate.cardsTaken, change.gate.units, change.gate.change)
        if taken != 0 { gate.restock(order.product, order.pool, by: -taken, change: number) }
        if units != 0 { gate.count(order.buyer, of: order.product, units: units, change: number) }
        board.tell([BoardEntry(order)])
    }

    /// An order was cancelled before it was written. Its ticket ends when it comes.
    public func announce(fenced order: OrderID) { board.tell([BoardEntry(fenced: order)]) }
}

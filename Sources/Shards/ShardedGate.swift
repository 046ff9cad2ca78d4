public import Domain
public import Shop

/// Several gates as one, each for the products of its shard.
public struct ShardedGate: Gate {
    private let gates: [any Gate & LogListener]
    private let isTaking: @Sendable (UInt16) -> Bool

    /// - Parameters:
    ///   - gates: one a shard, in the order of the shards
    ///   - isTaking: whether a shard's ledger takes writes; the others sell on. Asked for each order, so it must be
    ///     quick
    public init(_ gates: [any Gate & LogListener], isTaking: @escaping @Sendable (UInt16) -> Bool = { _ in true }) {
        self.gates = gates
        self.isTaking = isTaking
    }

    /// Nil for a shard that there is not.
    private func gate(_ shard: UInt16) -> (any Gate & LogListener)? {
        Int(shard) < gates.count ? gates[Int(shard)] : nil
    }

    public func admit(_ request: AdmissionRequest, reply: @escaping @Sendable (Admission) -> Void) {
        let shard = request.draft.product.id.shard
        guard let gate = gate(shard), isTaking(shard) else { return reply(.closed) }
        gate.admit(request, reply: reply)
    }

    public func mayKnow(_ key: String, of product: ProductID, reply: @escaping @Sendable (Bool) -> Void) {
        guard let gate = gate(product.shard) else { return reply(false) }
        gate.mayKnow(key, of: product, reply: reply)
    }

    public func end(_ order: OrderID, _ end: TicketEnd) { gate(order.identifier.shard)?.end(order, end) }

    public func judged(_ orders: [OrderID]) {
        for (shard, orders) in Dictionary(grouping: orders, by: \.identifier.shard) { gate(shard)?.judged(orders) }
    }

    public func restock(_ product: ProductID, _ pool: Pool, by count: Int, change: Int64) {
        gate(product.shard)?.restock(product, pool, by: count, change: change)
    }

    public func count(_ buyer: Buyer, of product: ProductID, units: Int, change: Int64) {
        gate(product.shard)?.count(buyer, of: product, units: units, change: change)
    }

    public func close(term: Int64) async throws(ShopError) {
        for gate in gates { try await gate.close(term: term) }
    }

    public func look() async throws(ShopError) -> GateLook {
        var whole = GateLook(isOpen: true)
        for gate in gates {
            let part = try await gate.look()
            whole.isOpen = whole.isOpen && part.isOpen
            whole.available.merge(part.available) { first, _ in first }
            whole.waitingBytes += part.waitingBytes
            whole.unlogged += part.unlogged
        }
        return whole
    }

    public func load(_ snapshot: GateSnapshot) async throws(ShopError) {
        for (number, gate) in gates.enumerated() { try await gate.load(snapshot.part(UInt16(number))) }
    }

    public func available(_ product: ProductID, _ pool: Pool) -> Int {
        gate(product.shard)?.available(product, pool) ?? 0
    }
}

extension ShardedGate: LogListener {
    public func logged(_ orders: [OrderID]) {
        for (shard, orders) in Dictionary(grouping: orders, by: \.identifier.shard) { gate(shard)?.logged(orders) }
    }
}

extension GateSnapshot {
    /// What of it is about one shard.
    public func part(_ shard: UInt16) -> GateSnapshot {
        var part = GateSnapshot()
        part.available = available.filter { $0.key.shard == shard }
        part.pickable = pickable.filter { $0.key.shard == shard }
        part.changes = changes.filter { $0.key.shard == shard }
        part.tickets = tickets.filter { $0.product.shard == shard }
        part.units = units.filter { $0.product.shard == shard }
        part.keys = keys.filter { $0.product.shard == shard }
        part.hasAllKeys = hasAllKeys
        return part
    }
}

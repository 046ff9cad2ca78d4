import Domain
import Shop

/// What the gate knows, as a value: event in, answer out. The lock is around it, not in it.
struct MemoryGateState {
    private struct Stock {
        var available = 0
        /// Set when the pool ran dry, cleared when cards come back: one look turns the crowd away.
        var isSoldOut = true
    }

    private struct Ticket {
        let product: ProductID
        let buyer: BuyerOfProduct
        let quantity: Int
        /// Nil for a product without one.
        let pool: Pool?
        let key: UInt64?
    }

    private struct BuyerOfProduct: Hashable {
        let product: ProductID
        let buyer: Buyer
    }

    /// What the ledger has committed.
    enum News {
        case end(OrderID, TicketEnd)
        case restock(ProductID, Pool, Int, change: Int64)
        case count(Buyer, ProductID, Int, change: Int64)
    }

    /// Names a pool of a product by one number, which is hashed at once.
    private static func place(_ product: ProductID, _ pool: Pool) -> Int64 {
        switch pool {
        case .drawn: product.number << 1
        case .picked: product.number << 1 | 1
        }
    }

    private var isOpen = false
    private var stock: [Int64: Stock] = [:]
    private var tickets = ShardedDictionary<OrderID, Ticket>()
    private var units = ShardedDictionary<BuyerOfProduct, BuyerUnits>()
    private var keys: KeyMemory
    /// Numbers of the changes that the snapshot held.
    private var changes: [ProductID: Int64] = [:]
    /// What was told while it was closed.
    private var late: [News] = []
    /// Whether more was told than is kept.
    private var isLateFull = false
    private var term = Int64.min
    private let limits: Limits

    init(_ limits: Limits) {
        self.limits = limits
        keys = KeyMemory(maximum: limits.gateKeys)
    }

    mutating func admit(_ request: AdmissionRequest) -> Admission {
        guard isOpen else { return .closed }
        let draft = request.draft
        if tickets[draft.id] != nil { return .admitted }
        let key = draft.idempotency.map { KeyMemory.digest(product: draft.product.id, key: $0.key) }
        if let key, keys.contains(key) { return .seenBefore }
        let refusal = refusal(draft)
        if let refusal { return key != nil && !keys.isComplete && !request.isKeyNew ? .seenBefore : .refused(refusal) }
        take(draft, key: key)
        return .admitted
    }

    func mayKnow(_ key: String, of product: ProductID) -> Bool {
        !isOpen || !keys.isComplete || keys.contains(KeyMemory.digest(product: product, key: key))
    }

    private func refusal(_ draft: OrderDraft) -> Refusal? {
        guard draft.product.window.contains(draft.placedAt) else { return .notOnSale }
        let pool = stock[Self.place(draft.product.id, draft.pool)] ?? Stock()
        if draft.product.kind.isPooled, pool.isSoldOut { return .soldOut }
        let buyer = BuyerOfProduct(product: draft.product.id, buyer: draft.buyer)
        return StockRule.refusal(
            quantity: draft.quantity, product: draft.product, available: pool.available,
            units: units[buyer] ?? .none, at: draft.placedAt)
    }

    private mutating func take(_ draft: OrderDraft, key: UInt64?) {
        let buyer = BuyerOfProduct(product: draft.product.id, buyer: draft.buyer)
        let pool = draft.product.kind.isPooled ? draft.pool : nil
        if let pool { add(-draft.quantity, to: pool, of: draft.product.id) }
        add(total: draft.quantity, held: draft.quantity, to: buyer)
        if let key { keys.insert(key) }
        tickets[draft.id] = Ticket(
            product: draft.product.id, buyer: buyer, quantity: draft.quantity, pool: pool, key: key)
    }

    /// Takes effect at once, or when the gate opens.
    mutating func tell(_ news: News) {
        if isOpen { return apply(news) }
        if late.count < limits.gateLateNews { late.append(news) } else { isLateFull = true }
    }

    private mutating func apply(_ news: News) {
        switch news {
        case .end(let order, let end):
            self.end(order, end)
        case .restock(let product, let pool, let count, let change):
            if isNew(change, of: product) { add(count, to: pool, of: product) }
        case .count(let buyer, let product, let units, let change):
            guard isNew(change, of: product) else { return }
            add(total: units, held: 0, to: BuyerOfProduct(product: product, buyer: buyer))
        }
    }

    /// Compared with the snapshot's number only, since changes may come in any order.
    private func isNew(_ change: Int64, of product: ProductID) -> Bool { change > changes[product] ?? 0 }

    private mutating func end(_ order: OrderID, _ end: TicketEnd) {
        guard let ticket = tickets.removeValue(forKey: order) else { return }
        switch end {
        case .sold:
            add(total: 0, held: -ticket.quantity, to: ticket.buyer)
        case .released, .notPlaced:
            add(total: -ticket.quantity, held: -ticket.quantity, to: ticket.buyer)
            if let pool = ticket.pool { add(ticket.quantity, to: pool, of: ticket.product) }
            if end == .notPlaced, let key = ticket.key { keys.remove(key) }
        }
    }

    private mutating func add(_ count: Int, to pool: Pool, of product: ProductID) {
        var known = stock[Self.place(product, pool)] ?? Stock()
        known.available += count
        known.isSoldOut = known.available <= 0
        stock[Self.place(product, pool)] = known
    }

    func available(_ product: ProductID, _ pool: Pool) -> Int {
        stock[Self.place(product, pool)]?.available ?? 0
    }

    func look() -> GateLook {
        var available: [StockPlace: Int] = [:]
        for (place, known) in stock {
            available[StockPlace(product: ProductID(place >> 1), pool: place & 1 == 0 ? .drawn : .picked)] =
                known.available
        }
        return GateLook(isOpen: isOpen, available: available)
    }

    /// False when it was closed in a later term.
    mutating func close(term: Int64) -> Bool {
        guard term >= self.term else { return false }
        self = MemoryGateState(limits)
        self.term = term
        return true
    }

    /// False when more was told meanwhile than is kept; it stays closed.
    mutating func load(_ snapshot: GateSnapshot) -> Bool {
        if isOpen { _ = close(term: term) }
        guard !isLateFull else { return false }
        let late = late
        self.late = []
        isOpen = true
        changes = snapshot.changes
        for (product, count) in snapshot.available { add(count, to: .drawn, of: product) }
        for (product, count) in snapshot.pickable { add(count, to: .picked, of: product) }
        for entry in snapshot.units {
            let buyer = BuyerOfProduct(product: entry.product, buyer: entry.buyer)
            add(total: entry.units.total, held: entry.units.held, to: buyer)
        }
        for ticket in snapshot.tickets {
            tickets[ticket.order] = Ticket(
                product: ticket.product, buyer: BuyerOfProduct(product: ticket.product, buyer: ticket.buyer),
                quantity: ticket.quantity, pool: ticket.pool, key: nil)
        }
        keys.isComplete = snapshot.hasAllKeys
        for entry in snapshot.keys { keys.insert(KeyMemory.digest(product: entry.product, key: entry.key)) }
        for news in late { apply(news) }
        return true
    }

    /// A buyer beyond the bound is not counted: the gate then lets the ledger judge.
    private mutating func add(total: Int, held: Int, to buyer: BuyerOfProduct) {
        guard var known = units[buyer] ?? (units.count < limits.gateBuyers ? BuyerUnits.none : nil) else { return }
        known.total = max(0, known.total + total)
        known.held = max(0, known.held + held)
        units[buyer] = known == .none ? nil : known
    }
}

/// Digests of idempotency keys. Holds at most `maximum`, in two halves: when the younger half is full, the older is
/// forgotten.
struct KeyMemory {
    let maximum: Int
    /// Whether every key that was ever accepted is here.
    var isComplete = true
    private var young = ShardedDictionary<UInt64, Void>()
    private var old = ShardedDictionary<UInt64, Void>()

    init(maximum: Int) { self.maximum = maximum }

    /// Seeded at random for each process, so that nobody can aim at a collision.
    static func digest(product: ProductID, key: String) -> UInt64 {
        var hasher = Hasher()
        hasher.combine(product)
        hasher.combine(key)
        return UInt64(bitPattern: Int64(hasher.finalize()))
    }

    func contains(_ digest: UInt64) -> Bool { young[digest] != nil || old[digest] != nil }

    mutating func insert(_ digest: UInt64) {
        if young.count >= maximum / 2 {
            if old.count > 0 { isComplete = false }
            old = young
            young = ShardedDictionary()
        }
        young[digest] = ()
    }

    mutating func remove(_ digest: UInt64) {
        young.removeValue(forKey: digest)
        old.removeValue(forKey: digest)
    }
}

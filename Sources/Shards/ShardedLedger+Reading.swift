public import Domain
public import Shop

// What is read of one order, and lists over all shards.
extension ShardedLedger {
    /// An order of a shard that there is not is never written.
    public func standing(of id: OrderID) async throws(ShopError) -> OrderStanding {
        guard Int(id.identifier.shard) < shards.count else { return .unwritten }
        return try await shard(of: id).standing(of: id)
    }

    /// Nil for an order of a shard that there is not.
    public func order(_ id: OrderID) async throws(ShopError) -> Order? {
        guard Int(id.identifier.shard) < shards.count else { return nil }
        return try await shard(of: id).order(id)
    }

    /// Nil for an attempt of a shard that there is not.
    public func attempt(_ id: AttemptID) async throws(ShopError) -> Attempt? {
        guard Int(id.identifier.shard) < shards.count else { return nil }
        return try await shard(id.identifier.shard).attempt(id)
    }

    public func goods(of id: OrderID) async throws(ShopError) -> [SealedGoods] {
        try await shard(of: id).goods(of: id)
    }

    public func journal(of id: OrderID) async throws(ShopError) -> [JournalEntry] {
        try await shard(of: id).journal(of: id)
    }

    public func refunds(_ filter: RefundFilter) async throws(ShopError) -> [RefundCase] {
        if let order = filter.order { return try await shard(of: order).refunds(filter) }
        return try await page(filter.limit) {
            $0.id > $1.id
        } _: { shard throws(ShopError) in
            try await shard.refunds(filter)
        }
    }

    public func orders(queryTag: [UInt8], limit: Int) async throws(ShopError) -> [Order] {
        try await page(limit) {
            $0.id.identifier > $1.id.identifier
        } _: { shard throws(ShopError) in
            try await shard.orders(queryTag: queryTag, limit: limit)
        }
    }

    public func orders(_ filter: OrderFilter) async throws(ShopError) -> [Order] {
        try await page(filter.limit) {
            $0.id.identifier > $1.id.identifier
        } _: { shard throws(ShopError) in
            try await shard.orders(filter)
        }
    }

    public func payments(_ filter: PaymentFilter) async throws(ShopError) -> [PaymentEntry] {
        if let order = filter.order { return try await shard(of: order).payments(filter) }
        return try await page(filter.limit) {
            $0.id > $1.id
        } _: { shard throws(ShopError) in
            try await shard.payments(filter)
        }
    }

    public func census() async throws(ShopError) -> LedgerCensus {
        let parts = try await all { shard throws(ShopError) in try await shard.census() }
        var callbacks: [[String]: Int] = [:]
        for counted in parts.flatMap(\.callbacks) {
            callbacks[[counted.channel, counted.verdict], default: 0] += counted.count
        }
        return LedgerCensus(
            cards: parts.reduce(into: [:]) { $0.merge($1.cards) { first, _ in first } },
            callbacks: callbacks.map { (channel: $0.key[0], verdict: $0.key[1], count: $0.value) })
    }

    public func figures(_ span: FigureSpan) async throws(ShopError) -> [SalesFigures] {
        if let product = span.product { return try await shard(of: product).figures(span) }
        let parts = try await all { shard throws(ShopError) in try await shard.figures(span) }
        return parts.dropFirst().reduce(parts[0]) { sum, part in
            zip(sum, part).map { left, right in
                var both = left
                both.add(right)
                return both
            }
        }
    }

    public func stock() async throws(ShopError) -> [StockPlace: Int] {
        try await all { shard throws(ShopError) in try await shard.stock() }
            .reduce(into: [:]) { $0.merge($1) { first, _ in first } }
    }

    public func gateSnapshot(
        keysSince: Timestamp, maximumUnits: Int, maximumKeys: Int
    ) async throws(ShopError) -> GateSnapshot {
        let parts = try await all { shard throws(ShopError) in
            try await shard.gateSnapshot(keysSince: keysSince, maximumUnits: maximumUnits, maximumKeys: maximumKeys)
        }
        var whole = GateSnapshot()
        for part in parts {
            whole.available.merge(part.available) { first, _ in first }
            whole.pickable.merge(part.pickable) { first, _ in first }
            whole.changes.merge(part.changes) { first, _ in first }
            whole.tickets += part.tickets
            whole.units += part.units
            whole.keys += part.keys
            whole.hasAllKeys = whole.hasAllKeys && part.hasAllKeys
        }
        return whole
    }

    public func audit() async throws(ShopError) -> AuditReport {
        let reports = try await all { shard throws(ShopError) in try await shard.audit() }
        let checks = reports[0].checks.map { check in
            let violations = reports.reduce(0) { sum, report in
                sum + report.checks.filter { $0.id == check.id }.reduce(0) { $0 + $1.violations }
            }
            return AuditReport.Check(id: check.id, statement: check.statement, violations: violations)
        }
        return AuditReport(products: reports.flatMap(\.products).sorted { $0.slug < $1.slug }, checks: checks)
    }

    /// Writable as long as one shard is: its products sell on.
    public var health: LedgerHealth {
        let all = shards.map(\.health)
        return all.first { $0 == .writable } ?? all[0]
    }

    public func probe() async {
        for shard in shards { await shard.probe() }
    }
}

extension ShardedLedger: CardStore {
    public func openBatch(of product: ProductID, at moment: Timestamp) async throws(ShopError) -> Int64 {
        try await shard(of: product).openBatch(of: product, at: moment)
    }

    public func add(
        _ cards: [SealedCard], to product: ProductID, batch: Int64
    ) async throws(ShopError) -> ImportedSlice {
        try await shard(of: product).add(cards, to: product, batch: batch)
    }

    public func rehearsal(of product: ProductID) async throws(ShopError) -> any ImportRehearsal {
        try await shard(of: product).rehearsal(of: product)
    }

    public func card(_ id: Int64) async throws(ShopError) -> CardEntry? { try await shard(of: id).card(id) }

    /// Each shard is asked for its own products only, and not at all when it has none of them.
    public func cards(withFingerprints fingerprints: [CardFingerprint]) async throws(ShopError) -> [CardEntry] {
        let parts = Dictionary(grouping: fingerprints, by: \.product.shard)
        var found: [CardEntry] = []
        for (number, part) in parts { found += try await shard(number).cards(withFingerprints: part) }
        return found.sorted { $0.id < $1.id }
    }

    public func cards(_ filter: CardFilter) async throws(ShopError) -> [CardEntry] {
        try await shard(of: filter.product).cards(filter)
    }

    public func contents(_ filter: CardFilter) async throws(ShopError) -> [CardContent] {
        try await shard(of: filter.product).contents(filter)
    }

    public func void(_ card: Int64, by note: OwnerNote, at moment: Timestamp) async throws(ShopError) -> ChangedCard {
        try await shard(of: card).void(card, by: note, at: moment)
    }

    public func replace(
        _ card: Int64, with other: Int64?, by note: OwnerNote, at moment: Timestamp
    ) async throws(ShopError) -> ChangedCard {
        try await shard(of: card).replace(card, with: other, by: note, at: moment)
    }

    public func replacements(of order: OrderID) async throws(ShopError) -> [CardReplacement] {
        try await shard(of: order).replacements(of: order)
    }

    public func pickable(_ product: ProductID, after: Int64, limit: Int) async throws(ShopError) -> [CardEntry] {
        try await shard(of: product).pickable(product, after: after, limit: limit)
    }

    public func pickable(_ cards: [Int64], of product: ProductID) async throws(ShopError) -> [PickedCard] {
        try await shard(of: product).pickable(cards, of: product)
    }

    public func previews(of cards: [Int64], product: ProductID) async throws(ShopError) -> [Int64: CardPreview] {
        try await shard(of: product).previews(of: cards, product: product)
    }

    public func batches(of product: ProductID, limit: Int) async throws(ShopError) -> [CardBatch] {
        try await shard(of: product).batches(of: product, limit: limit)
    }

    public func batch(_ id: Int64) async throws(ShopError) -> CardBatch? { try await shard(of: id).batch(id) }

    public func undo(_ batch: Int64, below: Int64, limit: Int) async throws(ShopError) -> UndoneSlice {
        try await shard(of: batch).undo(batch, below: below, limit: limit)
    }

    public func log(
        _ action: String, subject: String, by note: OwnerNote, at moment: Timestamp
    ) async throws(ShopError) {
        try await home.log(action, subject: subject, by: note, at: moment)
    }

    public func ownerJournal(after: Int64?, limit: Int) async throws(ShopError) -> [OwnerEntry] {
        try await page(limit) {
            $0.id > $1.id
        } _: { shard throws(ShopError) in
            try await shard.ownerJournal(after: after, limit: limit)
        }
    }
}

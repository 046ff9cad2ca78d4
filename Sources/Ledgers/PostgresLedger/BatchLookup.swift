import Domain
import PostgresClient
import SQLLedger
import Shop

/// Locks what a batch is about, then looks up all that is known of it.
struct BatchLookup {
    private let transaction: PostgresTransaction
    private var session: PostgresSession { transaction.session }

    init(_ transaction: PostgresTransaction) { self.transaction = transaction }

    /// Products are locked before coupons, and both before cards; each kind in the order of its numbers.
    func facts(of submissions: [Submission]) throws -> BatchFacts {
        let drafts = submissions.compactMap { submission -> OrderDraft? in
            if case .place(let draft) = submission { draft } else { nil }
        }
        var facts = BatchFacts()
        if !drafts.isEmpty {
            let products = Set(drafts.map(\.product.id.number)).sorted()
            try session.run(PlaceStatements.lock, [.integers(products)])
            try findCoupons(drafts, &facts)
            try findOrders(drafts, &facts)
            try findUnits(drafts, &facts)
            try findUses(drafts, &facts)
            try findCards(drafts, &facts)
        }
        try findKeys(submissions, &facts)
        return facts
    }

    private func findCoupons(_ drafts: [OrderDraft], _ facts: inout BatchFacts) throws {
        let used = Set(drafts.compactMap(\.coupon?.id.number)).sorted()
        guard !used.isEmpty else { return }
        try transaction.each(sql: PlaceStatements.coupons, [.integers(used)]) { row in
            facts.coupons[try row["id"]] = try CouponState(row: row)
        }
    }

    private func findOrders(_ drafts: [OrderDraft], _ facts: inout BatchFacts) throws {
        let ids = PostgresValue.byteStrings(drafts.map { $0.id.identifier.bytes })
        try transaction.each(sql: PlaceStatements.ordersByID, [ids]) { row in
            let order = try Order(row: row)
            facts.orders[order.id] = order
        }
        try transaction.each(sql: PlaceStatements.fences, [ids]) { row in
            facts.fences.insert(try row["order_id"])
        }
    }

    private func findKeys(_ submissions: [Submission], _ facts: inout BatchFacts) throws {
        let keys = Set(
            submissions.compactMap { submission -> KeyOfProduct? in
                switch submission {
                case .find(let key, let product): KeyOfProduct(product: product, key: key.key)
                case .place(let draft):
                    draft.idempotency.map { KeyOfProduct(product: draft.product.id, key: $0.key) }
                }
            })
        guard !keys.isEmpty else { return }
        let list = Array(keys)
        let values: [PostgresValue] = [.integers(list.map(\.product.number)), .texts(list.map(\.key))]
        try transaction.each(sql: PlaceStatements.ordersByKey, values) { row in
            let order = try Order(row: row)
            let key = KeyOfProduct(product: order.product, key: try row["idempotency_key"])
            facts.keys[key] = (order, try row["body_digest"] as [UInt8]? ?? [])
        }
    }

    private func findUnits(_ drafts: [OrderDraft], _ facts: inout BatchFacts) throws {
        let buyers = Array(Set(drafts.map { BuyerOfProduct(product: $0.product.id, contact: $0.buyer.contact) }))
        let values: [PostgresValue] = [.integers(buyers.map(\.product.number)), .texts(buyers.map(\.contact))]
        try session.rows(PlaceStatements.units, values) { row in
            let buyer = BuyerOfProduct(product: ProductID(try row.integer(0)), contact: try row.text(1))
            facts.units[buyer] = BuyerUnits(total: Int(try row.integer(2)), held: Int(try row.integer(3)))
        }
    }

    /// Only of coupons that have a limit for each buyer.
    private func findUses(_ drafts: [OrderDraft], _ facts: inout BatchFacts) throws {
        let buyers = Set(
            drafts.compactMap { draft -> BuyerOfCoupon? in
                guard let coupon = draft.coupon?.id, facts.coupons[coupon]?.uses.perBuyer != nil else { return nil }
                return BuyerOfCoupon(coupon: coupon, contact: draft.buyer.contact)
            })
        guard !buyers.isEmpty else { return }
        let list = Array(buyers)
        let values: [PostgresValue] = [.integers(list.map(\.coupon.number)), .texts(list.map(\.contact))]
        try session.rows(PlaceStatements.uses, values) { row in
            let buyer = BuyerOfCoupon(coupon: CouponID(try row.integer(0)), contact: try row.text(1))
            facts.uses[buyer] = Int(try row.integer(2))
        }
    }

    private func findCards(_ drafts: [OrderDraft], _ facts: inout BatchFacts) throws {
        let picked = Set(drafts.flatMap(\.picks).map(\.card)).sorted()
        if !picked.isEmpty {
            try session.rows(PlaceStatements.picks, [.integers(picked)]) { row in
                facts.picks[try row.integer(0)] = (ProductID(try row.integer(1)), try row.integer(2))
            }
        }
        var wanted: [Int64: Int64] = [:]
        for draft in drafts where draft.product.kind.isPooled && draft.pool == .drawn {
            wanted[draft.product.id.number, default: 0] += Int64(draft.quantity)
        }
        var starts = wanted.keys.reduce(into: [:]) { $0[$1] = transaction.hints[$1] }
        try findFree(wanted, from: starts, &facts)
        // Older ones may have come back.
        let missing = wanted.filter { product, count in
            starts[product, default: 0] > 0 && (facts.pools[ProductID(product)]?.count ?? 0) < count
        }
        for product in missing.keys { (facts.pools[ProductID(product)], starts[product]) = (nil, 0) }
        try findFree(missing, from: starts, &facts)
    }

    private func findFree(
        _ wanted: [Int64: Int64], from starts: [Int64: Int64], _ facts: inout BatchFacts
    ) throws {
        guard !wanted.isEmpty else { return }
        let list = wanted.sorted { $0.key < $1.key }
        let values: [PostgresValue] = [
            .integers(list.map(\.key)), .integers(list.map(\.value)), .integers(list.map { starts[$0.key] ?? 0 }),
        ]
        var oldest: [Int64: Int64] = [:]
        try session.rows(PlaceStatements.available, values) { row in
            let product = try row.integer(0)
            facts.pools[ProductID(product), default: []].append(try row.integer(1))
            if oldest[product] == nil { oldest[product] = try row.integer(2) }
        }
        for (product, place) in oldest { transaction.hints.note(product, place) }
    }
}

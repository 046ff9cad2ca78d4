import Domain
import Foundation
import GRDB
import SQLLedger
import Shop

/// Places submissions in turn inside one transaction: fence, idempotency key, stock rule, claim.
struct PlaceBatch {
    private let database: Database
    private let transaction: SQLiteTransaction
    private let statements: PlaceStatements
    private var pools: [ProductID: ArraySlice<Int64>] = [:]
    /// Coupons that the batch uses, with the uses that it adds.
    private var coupons: [CouponID: CouponState] = [:]
    private var usesAdded: [CouponID: Int] = [:]
    private let mustFileAtOnce: @Sendable (Identifier) -> Bool
    /// Most ledgers have no fence at all, so one look spares one for each order.
    private let hasFences: Bool
    /// Orders of the batch that can be found only in memory yet.
    private(set) var filedInMemory: (count: Int, newest: Identifier?) = (0, nil)

    /// - Parameter filing: says which orders are made findable in the file at once
    init(_ database: Database, filing: Filing) throws {
        mustFileAtOnce = filing.mustFileAtOnce(through: try RecentOrders(database: database).through())
        hasFences = try Int.fetchOne(database.cachedStatement(sql: SQLiteStatements.anyFence)) != nil
        self.database = database
        transaction = SQLiteTransaction(database)
        statements = try PlaceStatements(database)
    }

    mutating func place(_ submissions: [Submission]) throws -> [Placement] {
        try fetchPools(submissions)
        let placements = try submissions.map { try place($0) }
        // One write a coupon, however many of the orders use it.
        for (coupon, count) in usesAdded { try transaction.use(coupon, by: count) }
        return placements
    }

    /// One query a product for the whole batch: as many available cards as all its orders together could take.
    private mutating func fetchPools(_ submissions: [Submission]) throws {
        var wanted: [ProductID: Int] = [:]
        for case .place(let draft) in submissions where draft.product.kind.isPooled && draft.pool == .drawn {
            wanted[draft.product.id, default: 0] += draft.quantity
        }
        for (product, count) in wanted {
            let available = statements.available
            available.bind(1, product.number)
            available.bind(2, count)
            var cards: ArraySlice<Int64> = []
            try available.forEachRow { cards.append(available.integer(0)) }
            pools[product] = cards
        }
    }

    private mutating func place(_ submission: Submission) throws -> Placement {
        switch submission {
        case .find(let key, let product): try placement(under: key, of: product) ?? .unknownKey
        case .place(let draft): try place(draft)
        }
    }

    private mutating func place(_ draft: OrderDraft) throws -> Placement {
        if try isFenced(draft.id) { return .fenced }
        if let known = try placement(under: draft.idempotency, of: draft.product.id) { return known }
        if let refusal = try refusal(draft) { return .refused(refusal) }
        let order = Order(draft, state: .awaitingPayment, version: 1, expiresAt: draft.expiresAt)
        try insert(order, draft)
        try file(order, draft)
        for card in takeCards(draft) {
            let claim = statements.claim
            claim.bind(1, order.id.identifier)
            claim.bind(2, card)
            try claim.touchOneRow()
        }
        if let coupon = draft.coupon { use(coupon.id) }
        return .placed(
            order.total.amount == 0 ? try Deliveries(transaction, at: order.createdAt).settleFree(order) : order)
    }

    private mutating func takeCards(_ draft: OrderDraft) -> [Int64] {
        guard draft.product.kind.isPooled else { return [] }
        guard draft.pool == .drawn else { return draft.picks.map(\.card) }
        let pool = pools[draft.product.id] ?? []
        pools[draft.product.id] = pool.dropFirst(draft.quantity)
        return Array(pool.prefix(draft.quantity))
    }

    /// The stock rule, then what was picked, then the coupon.
    private mutating func refusal(_ draft: OrderDraft) throws -> Refusal? {
        let isPicked = draft.pool == .picked
        let refusal = StockRule.refusal(
            quantity: draft.quantity, product: draft.product,
            available: isPicked ? draft.quantity : pools[draft.product.id]?.count ?? 0, units: try units(draft),
            at: draft.placedAt)
        if let refusal { return refusal }
        if isPicked, try !areThere(draft.picks, draft) { return .cardTaken }
        return try draft.coupon.flatMap { try self.refusal($0, draft.buyer) }
    }

    private func areThere(_ picks: [PickedCard], _ draft: OrderDraft) throws -> Bool {
        guard picks.count == draft.quantity, Set(picks.map(\.card)).count == picks.count else { return false }
        let pickable = statements.pickable
        return try picks.allSatisfy { pick in
            pickable.bind(1, pick.card)
            pickable.bind(2, draft.product.id.number)
            return try pickable.firstRow { pickable.integer(0) } == pick.surcharge
        }
    }

    // MARK: Coupons

    private mutating func refusal(_ coupon: UsedCoupon, _ buyer: Buyer) throws -> Refusal? {
        if coupons[coupon.id] == nil { coupons[coupon.id] = try transaction.coupon(coupon.id) }
        guard let state = coupons[coupon.id], state.isEnabled, state.version == coupon.version else {
            return .couponUsedUp
        }
        let uses = statements.couponUses
        return try state.refusal {
            uses.bind(1, buyer.contact)
            uses.bind(2, coupon.id.number)
            return try uses.firstRow { Int(uses.integer(0)) } ?? 0
        }
    }

    private mutating func use(_ coupon: CouponID) {
        usesAdded[coupon, default: 0] += 1
        coupons[coupon]?.used += 1
    }

    // MARK: Parts

    private func isFenced(_ id: OrderID) throws -> Bool {
        guard hasFences else { return false }
        statements.fence.bind(1, id.identifier)
        return try statements.fence.firstRow {} != nil
    }

    private func units(_ draft: OrderDraft) throws -> BuyerUnits {
        let units = statements.units
        units.bind(1, draft.product.id.number)
        units.bind(2, draft.buyer.contact)
        return try units.firstRow { BuyerUnits(total: Int(units.integer(0)), held: Int(units.integer(1))) } ?? .none
    }

    private func placement(under key: IdempotencyKey?, of product: ProductID) throws -> Placement? {
        guard let key else { return nil }
        for lookup in [statements.recentKey, statements.filedKey] {
            lookup.bind(1, product.number)
            lookup.bind(2, key.key)
            guard let id = try lookup.firstRow({ Identifier(bytes: lookup.bytes(0)) }) else { continue }
            guard let id, let order = try transaction.order(OrderID(id)) else { throw SQLRow.damaged("order_id") }
            let digest = try Data.fetchOne(
                database.cachedStatement(sql: SQLiteStatements.bodyDigest), arguments: [Data(id.bytes)])
            return Array(digest ?? Data()) == key.bodyDigest ? .existing(order) : .mismatched
        }
        return nil
    }

    private func insert(_ order: Order, _ draft: OrderDraft) throws {
        let insert = statements.insert
        insert.bind(1, order.id.identifier)
        insert.bind(2, order.product.number)
        insert.bind(3, order.quantity)
        insert.bind(4, order.buyer.contact)
        insert.bind(5, order.channel.text)
        insert.bind(6, order.total.amount)
        insert.bind(7, order.total.currency.code)
        insert.bind(8, draft.sealedFields)
        insert.bind(9, draft.queryTag)
        insert.bind(10, draft.idempotency?.key)
        insert.bind(11, draft.idempotency?.bodyDigest)
        insert.bind(12, order.createdAt)
        insert.bind(13, order.expiresAt)
        insert.bind(14, order.lines.count == 1 ? nil : PriceLine.text(order.lines))
        insert.bind(15, order.coupon?.number)
        try insert.touchOneRow()
        let journal = statements.journal
        journal.bind(1, order.id.identifier)
        journal.bind(2, order.createdAt)
        try journal.touchOneRow()
    }

    /// Makes the order findable by its buyer and its idempotency key.
    private mutating func file(_ order: Order, _ draft: OrderDraft) throws {
        let id = order.id.identifier
        let goesToFile = mustFileAtOnce(id)
        if !goesToFile { filedInMemory = (filedInMemory.count + 1, max(id, filedInMemory.newest ?? id)) }
        let buyer = goesToFile ? statements.file : statements.fileRecent
        buyer.bind(1, order.product.number)
        buyer.bind(2, order.buyer.contact)
        buyer.bind(3, order.id.identifier)
        try buyer.touchOneRow()
        guard let idempotency = draft.idempotency else { return }
        let key = goesToFile ? statements.fileKey : statements.fileRecentKey
        key.bind(1, order.product.number)
        key.bind(2, idempotency.key)
        key.bind(3, order.id.identifier)
        try key.touchOneRow()
    }
}

/// What placing runs for each order, looked up once a batch.
private struct PlaceStatements {
    let available: RawStatement
    let pickable: RawStatement
    let fence: RawStatement
    let recentKey: RawStatement
    let filedKey: RawStatement
    let units: RawStatement
    let couponUses: RawStatement
    let insert: RawStatement
    let journal: RawStatement
    let claim: RawStatement
    let fileRecent: RawStatement
    let fileRecentKey: RawStatement
    let file: RawStatement
    let fileKey: RawStatement

    init(_ database: Database) throws {
        func raw(_ sql: String) throws -> RawStatement { try RawStatement(database, sql) }
        available = try raw(Statements.availableCards)
        pickable = try raw(Statements.pickableCard)
        fence = try raw(SQLiteStatements.fence)
        recentKey = try raw(SQLiteStatements.recentOrderByKey)
        filedKey = try raw(SQLiteStatements.orderByKey)
        units = try raw(SQLiteStatements.buyerUnits)
        couponUses = try raw(SQLiteStatements.couponUses)
        insert = try raw(SQLiteStatements.insertOrder)
        journal = try raw(SQLiteStatements.insertClaim)
        claim = try raw(Statements.claimCard)
        fileRecent = try raw(SQLiteStatements.fileRecent)
        fileRecentKey = try raw(SQLiteStatements.fileRecentKey)
        file = try raw(SQLiteStatements.file)
        fileKey = try raw(SQLiteStatements.fileKey)
    }
}

import Domain
import Foundation
import GRDB
import Shop

/// Places submissions in turn inside one transaction: fence, idempotency key, stock rule, claim.
struct PlaceBatch {
    private let transaction: LedgerTransaction
    private let statements: PlaceStatements
    private var pools: [ProductID: ArraySlice<Int64>] = [:]
    private let mustFileAtOnce: @Sendable (Identifier) -> Bool
    /// Most ledgers have no fence at all, so one look spares one for each order.
    private let hasFences: Bool
    /// Orders of the batch that can be found only in memory yet.
    private(set) var filedInMemory: (count: Int, newest: Identifier?) = (0, nil)

    /// - Parameter filing: says which orders are made findable in the file at once
    init(_ database: Database, filing: Filing) throws {
        mustFileAtOnce = filing.mustFileAtOnce(through: try RecentOrders(database: database).through())
        hasFences = try Int.fetchOne(database.cachedStatement(sql: Statements.anyFence)) != nil
        transaction = LedgerTransaction(database: database)
        statements = try PlaceStatements(database)
    }

    mutating func place(_ submissions: [Submission]) throws -> [Placement] {
        try fetchPools(submissions)
        return try submissions.map { try place($0) }
    }

    /// One query a product for the whole batch: as many available cards as all its orders together could take.
    private mutating func fetchPools(_ submissions: [Submission]) throws {
        var wanted: [ProductID: Int] = [:]
        for submission in submissions where !submission.isReplay && submission.draft.product.kind.isPooled {
            wanted[submission.draft.product.id, default: 0] += submission.draft.quantity
        }
        for (product, count) in wanted {
            pools[product] = try transaction.availableCards(of: product, limit: count)[...]
        }
    }

    private mutating func place(_ submission: Submission) throws -> Placement {
        let draft = submission.draft
        if try isFenced(draft.id) { return .fenced }
        if let known = try placement(under: draft.idempotency, of: draft.product.id) { return known }
        if submission.isReplay { return .unknownKey }
        let pool = pools[draft.product.id] ?? []
        let refusal = StockRule.refusal(
            quantity: draft.quantity, product: draft.product, available: pool.count, units: try units(draft),
            at: draft.placedAt)
        if let refusal { return .refused(refusal) }
        pools[draft.product.id] = pool.dropFirst(draft.quantity)
        let order = Order(claimedBy: draft)
        try insert(order, draft)
        try file(order, draft)
        for card in pool.prefix(draft.quantity) {
            let claim = statements.claim
            claim.bind(1, order.id.identifier)
            claim.bind(2, card)
            try claim.touchOneRow()
        }
        return .placed(order)
    }

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
            guard let id, let order = try transaction.order(OrderID(id)) else { throw Row.damaged("order_id") }
            let digest = try Data.fetchOne(
                transaction.database.cachedStatement(sql: Statements.bodyDigest), arguments: [id.data])
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
        insert.bind(
            8, draft.fields.isEmpty ? nil : String(decoding: try JSONEncoder().encode(draft.fields), as: UTF8.self))
        insert.bind(9, draft.queryTag)
        insert.bind(10, draft.idempotency?.key)
        insert.bind(11, draft.idempotency?.bodyDigest)
        insert.bind(12, order.createdAt)
        insert.bind(13, order.expiresAt)
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
    let fence: RawStatement
    let recentKey: RawStatement
    let filedKey: RawStatement
    let units: RawStatement
    let insert: RawStatement
    let journal: RawStatement
    let claim: RawStatement
    let fileRecent: RawStatement
    let fileRecentKey: RawStatement
    let file: RawStatement
    let fileKey: RawStatement

    init(_ database: Database) throws {
        func raw(_ sql: String) throws -> RawStatement { try RawStatement(database, sql) }
        fence = try raw(Statements.fence)
        recentKey = try raw(Statements.recentOrderByKey)
        filedKey = try raw(Statements.orderByKey)
        units = try raw(Statements.buyerUnits)
        insert = try raw(Statements.insertOrder)
        journal = try raw(Statements.insertClaim)
        claim = try raw(Statements.claimCard)
        fileRecent = try raw(Statements.fileRecent)
        fileRecentKey = try raw(Statements.fileRecentKey)
        file = try raw(Statements.file)
        fileKey = try raw(Statements.fileKey)
    }
}

extension Order {
    /// What a draft becomes when its cards are claimed.
    fileprivate init(claimedBy draft: OrderDraft) {
        self.init(
            id: draft.id, product: draft.product.id, slug: draft.product.slug, quantity: draft.quantity,
            buyer: draft.buyer, channel: draft.channel, total: draft.total, fields: draft.fields,
            state: .awaitingPayment, version: 1, createdAt: draft.placedAt, expiresAt: draft.expiresAt,
            kind: draft.product.kind)
    }
}

import Domain
import Foundation
import GRDB
import Shop

/// Places submissions in turn inside one transaction: fence, idempotency key, stock rule, claim.
struct PlaceBatch {
    private let transaction: LedgerTransaction
    private var pools: [ProductID: ArraySlice<Int64>] = [:]

    init(_ database: Database) { transaction = LedgerTransaction(database: database) }

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
            quantity: draft.quantity, product: draft.product, available: pool.count,
            units: try transaction.units(of: draft.buyer, product: draft.product.id), at: draft.placedAt)
        if let refusal { return .refused(refusal) }
        pools[draft.product.id] = pool.dropFirst(draft.quantity)
        return .placed(try insert(draft, cards: pool.prefix(draft.quantity)))
    }

    private func isFenced(_ id: OrderID) throws -> Bool {
        let statement = try transaction.database.cachedStatement(sql: Statements.fence)
        return try Int.fetchOne(statement, arguments: [id.identifier.data]) != nil
    }

    private func placement(under key: IdempotencyKey?, of product: ProductID) throws -> Placement? {
        guard let key else { return nil }
        let statement = try transaction.database.cachedStatement(sql: Statements.orderByKey)
        guard let row = try Row.fetchOne(statement, arguments: [product.number, key.key]) else { return nil }
        let digest = row["body_digest"] as Data? ?? Data()
        return Array(digest) == key.bodyDigest ? .existing(try Order(row: row)) : .mismatched
    }

    private func insert(_ draft: OrderDraft, cards: ArraySlice<Int64>) throws -> Order {
        let order = Order(
            id: draft.id, product: draft.product.id, slug: draft.product.slug, quantity: draft.quantity,
            buyer: draft.buyer, channel: draft.channel, total: draft.total, fields: draft.fields,
            state: .awaitingPayment, version: 1,
            createdAt: draft.placedAt, expiresAt: draft.expiresAt, kind: draft.product.kind)
        let fields =
            draft.fields.isEmpty ? nil : String(decoding: try JSONEncoder().encode(draft.fields), as: UTF8.self)
        try transaction.run(
            Statements.insertOrder,
            [
                order.id.identifier.data, order.product.number, order.quantity, order.buyer.contact,
                order.channel.text, order.total.amount, order.total.currency.code, fields,
                draft.queryTag.map { Data($0) }, draft.idempotency?.key,
                draft.idempotency.map { Data($0.bodyDigest) }, order.state.rawValue, order.version,
                order.createdAt.milliseconds, order.expiresAt?.milliseconds,
            ], rows: 1)
        try transaction.claim(cards, for: order.id)
        try transaction.addUnits(order, held: order.quantity)
        try transaction.journal(order, .claim, from: nil, at: draft.placedAt)
        return order
    }
}

public import Domain
import Foundation
import GRDB
public import Shop

// Adding cards to a pool, and looking at them.
extension SQLiteLedger: CardStore {
    public func openBatch(of product: ProductID, at moment: Timestamp) async throws(ShopError) -> Int64 {
        try await write(.urgent) { database in
            try LedgerTransaction(database: database).run(
                "INSERT INTO batches (product_id, created_at) VALUES (?, ?)", [product.number, moment.milliseconds],
                rows: 1)
            return database.lastInsertedRowID
        }
    }

    public func add(
        _ cards: [SealedCard], to product: ProductID, batch: Int64
    ) async throws(ShopError) -> ImportedSlice {
        try await write(.patient) { database in
            let transaction = LedgerTransaction(database: database)
            var duplicates: [Int] = []
            for (position, card) in cards.enumerated() {
                let inserted = try transaction.run(
                    """
                    INSERT INTO cards (product_id, batch_id, state, fingerprint, secret, note, preview, surcharge)
                    VALUES (?, ?, 'available', ?, ?, ?, ?, ?) ON CONFLICT (product_id, fingerprint) DO NOTHING
                    """,
                    [
                        product.number, batch, Data(card.fingerprint), Data(card.secret), card.note.map { Data($0) },
                        card.preview?.text, card.preview?.surcharge,
                    ])
                if inserted == 0 { duplicates.append(position) }
            }
            let imported = cards.count - duplicates.count
            try transaction.run(
                "UPDATE batches SET imported = imported + ? WHERE id = ? AND product_id = ?",
                [imported, batch, product.number], rows: 1)
            Failpoint.hit(.importBeforeCommit)
            return ImportedSlice(imported: imported, duplicates: duplicates)
        }
    }

    public func rehearsal(of product: ProductID) async throws(ShopError) -> any ImportRehearsal {
        try SQLiteRehearsal(ledger: self, product: product)
    }

    // MARK: Looking

    public func card(_ id: Int64) async throws(ShopError) -> CardEntry? {
        try await read { database in
            try Row.fetchOne(database, sql: Self.cardSQL, arguments: [id]).map { try CardEntry(row: $0) }
        }
    }

    private static let cardColumns = "id, product_id, batch_id, state, order_id, preview, surcharge"
    static let cardSQL = "SELECT \(cardColumns) FROM cards WHERE id = ?"

    public func cards(_ filter: CardFilter) async throws(ShopError) -> [CardEntry] {
        let (condition, arguments) = Self.condition(filter)
        return try await read { database in
            try Row.fetchAll(
                database, sql: "SELECT \(Self.cardColumns) FROM cards \(condition)", arguments: arguments
            ).map { try CardEntry(row: $0) }
        }
    }

    public func contents(_ filter: CardFilter) async throws(ShopError) -> [CardContent] {
        let (condition, arguments) = Self.condition(filter)
        return try await read { database in
            try Row.fetchAll(
                database, sql: "SELECT id, secret, note, preview, surcharge FROM cards \(condition)",
                arguments: arguments
            ).map { row in
                let note = row["note"] as Data?
                let goods = SealedGoods(secret: Array(row["secret"] as Data), note: note.map { Array($0) })
                return CardContent(id: row["id"], goods: goods, preview: try CardPreview(row: row))
            }
        }
    }

    public func pickable(
        _ product: ProductID, after: Int64, limit: Int
    ) async throws(ShopError) -> [CardEntry] {
        try await read { database in
            try Row.fetchAll(
                database.cachedStatement(sql: Statements.pickableCards), arguments: [product.number, after, limit]
            ).map { try CardEntry(row: $0) }
        }
    }

    public func pickable(_ cards: [Int64], of product: ProductID) async throws(ShopError) -> [PickedCard] {
        try await read { database in
            let transaction = LedgerTransaction(database: database)
            return try cards.sorted().compactMap { card in
                try transaction.surcharge(of: card, product).map { PickedCard(card: card, surcharge: $0) }
            }
        }
    }

    private static func condition(_ filter: CardFilter) -> (String, StatementArguments) {
        // The plus keeps SQLite on the row numbers: by an index of the product it would sort all cards for each page.
        var conditions = ["id > ?", "+product_id = ?"]
        var arguments: StatementArguments = [filter.after, filter.product.number]
        if let state = filter.state {
            conditions.append("state = ?")
            arguments += [state.rawValue]
        }
        if let batch = filter.batch {
            conditions.append("batch_id = ?")
            arguments += [batch]
        }
        if let pool = filter.pool {
            conditions.append(pool == .drawn ? "preview IS NULL" : "preview IS NOT NULL")
        }
        if let order = filter.order {
            conditions.append("order_id = ?")
            arguments += [order.identifier.data]
        }
        arguments += [filter.limit]
        return ("WHERE \(conditions.joined(separator: " AND ")) ORDER BY id LIMIT ?", arguments)
    }

    public func batches(of product: ProductID, limit: Int) async throws(ShopError) -> [CardBatch] {
        try await read { database in
            let ids = try Int64.fetchAll(
                database, sql: "SELECT id FROM batches WHERE product_id = ? ORDER BY id DESC LIMIT ?",
                arguments: [product.number, limit])
            return try ids.compactMap { try Self.batch($0, database) }
        }
    }

    public func batch(_ id: Int64) async throws(ShopError) -> CardBatch? {
        try await read { database in try Self.batch(id, database) }
    }

    private static func batch(_ id: Int64, _ database: Database) throws -> CardBatch? {
        guard let row = try Row.fetchOne(database, sql: "SELECT * FROM batches WHERE id = ?", arguments: [id]) else {
            return nil
        }
        var cards: [CardState: Int] = [:]
        let counts = try Row.fetchAll(
            database, sql: "SELECT state, count(*) AS count FROM cards WHERE batch_id = ? GROUP BY state",
            arguments: [id])
        for count in counts {
            guard let state = CardState(rawValue: count["state"]) else { throw Row.damaged("state") }
            cards[state] = count["count"]
        }
        return CardBatch(
            id: id, product: ProductID(row["product_id"]), createdAt: Timestamp(milliseconds: row["created_at"]),
            imported: row["imported"], undone: row["undone"], cards: cards)
    }

    // MARK: Taking out

    public func void(
        _ card: Int64, by note: OwnerNote, at moment: Timestamp
    ) async throws(ShopError) -> CardEntry {
        try await write(.urgent) { database in
            let transaction = LedgerTransaction(database: database)
            let entry = try Self.card(card, mustBe: .void, in: database)
            try transaction.run(
                "UPDATE cards SET state = 'voided' WHERE id = ? AND state = 'available'", [entry.id], rows: 1)
            try transaction.log("void", subject: "card \(entry.id)", by: note, at: moment)
            return try Self.card(card, mustBe: nil, in: database)
        }
    }

    public func replace(
        _ card: Int64, with other: Int64?, by note: OwnerNote, at moment: Timestamp
    ) async throws(ShopError) -> CardEntry {
        try await write(.urgent) { database in
            let transaction = LedgerTransaction(database: database)
            let entry = try Self.card(card, mustBe: .replace, in: database)
            guard let id = entry.order, let order = try transaction.order(id) else { throw Row.damaged("order_id") }
            guard order.kind == .card, order.state == .delivered else {
                throw ShopError(
                    .wrongState,
                    "the order is \(order.state.rawValue) and of kind \(order.kind.name); "
                        + "only a card of a delivered order is replaced")
            }
            let given = try Self.replacement(for: entry, other, transaction)
            try transaction.run(
                "UPDATE cards SET state = 'voided', order_id = NULL WHERE id = ? AND state = 'sold'", [entry.id],
                rows: 1)
            try transaction.run(
                "UPDATE cards SET state = 'sold', order_id = ? WHERE id = ? AND state = 'available'",
                [id.identifier.data, given], rows: 1)
            try transaction.run(
                """
                INSERT INTO replacements (order_id, card_id, replacement_id, at, actor, reason)
                VALUES (?, ?, ?, ?, ?, ?)
                """, [id.identifier.data, entry.id, given, moment.milliseconds, note.actor, note.reason], rows: 1)
            try transaction.log(
                "replace", subject: "card \(entry.id) of order \(id.text) by card \(given)", by: note, at: moment)
            return try Self.card(given, mustBe: nil, in: database)
        }
    }

    private static func replacement(
        for entry: CardEntry, _ other: Int64?, _ transaction: LedgerTransaction
    ) throws -> Int64 {
        guard let other else {
            guard let oldest = try transaction.availableCards(of: entry.product, limit: 1).first else {
                throw ShopError(.soldOut, "no card is left to replace it with")
            }
            return oldest
        }
        let given = try card(other, mustBe: .claim, in: transaction.database)
        guard given.product == entry.product else {
            throw ShopError(.wrongState, "card \(other) is of another product", field: "card")
        }
        return given.id
    }

    public func replacements(of order: OrderID) async throws(ShopError) -> [CardReplacement] {
        try await read { database in
            try Row.fetchAll(
                database, sql: "SELECT * FROM replacements WHERE order_id = ? ORDER BY id",
                arguments: [order.identifier.data]
            ).map { row in
                CardReplacement(
                    card: row["card_id"], replacement: row["replacement_id"],
                    at: Timestamp(milliseconds: row["at"]),
                    note: OwnerNote(actor: row["actor"], reason: row["reason"]))
            }
        }
    }

    /// - Throws: *not_found*, or *wrong_state* when the event is illegal for the card.
    private static func card(_ id: Int64, mustBe event: CardEvent?, in database: Database) throws -> CardEntry {
        guard let row = try Row.fetchOne(database, sql: Self.cardSQL, arguments: [id]) else {
            throw ShopError(.notFound, "no such card")
        }
        let entry = try CardEntry(row: row)
        if let event, entry.state.after(event) == nil {
            throw ShopError(.wrongState, "the card is \(entry.state.rawValue)")
        }
        return entry
    }

    public func undo(_ batch: Int64, below: Int64, limit: Int) async throws(ShopError) -> UndoneSlice {
        let slice = try await write(.patient) { database -> UndoneSlice in
            let transaction = LedgerTransaction(database: database)
            // A window of the batch, available or not, so that a slice stays short however few are left.
            let window = try Int64.fetchAll(
                database, sql: "SELECT id FROM cards WHERE batch_id = ? AND id < ? ORDER BY id DESC LIMIT ?",
                arguments: [batch, below, limit])
            guard let lowest = window.last else { return UndoneSlice(removed: [:], next: nil) }
            var removed: [Pool: Int] = [:]
            for (pool, condition) in [(Pool.drawn, "preview IS NULL"), (.picked, "preview IS NOT NULL")] {
                removed[pool] = try transaction.run(
                    """
                    DELETE FROM cards WHERE batch_id = ? AND id >= ? AND id < ? AND state = 'available'
                        AND \(condition)
                    """, [batch, lowest, below])
            }
            let count = removed.values.reduce(0, +)
            try transaction.run(
                "UPDATE batches SET imported = imported - ?, undone = undone + ? WHERE id = ?",
                [count, count, batch], rows: 1)
            Failpoint.hit(.undoBeforeCommit)
            return UndoneSlice(removed: removed, next: window.count == limit ? lowest : nil)
        }
        Failpoint.hit(.undoAfterCommit)
        return slice
    }

    // MARK: Journal

    public func log(
        _ action: String, subject: String, by note: OwnerNote, at moment: Timestamp
    ) async throws(ShopError) {
        try await write(.urgent) { database in
            try LedgerTransaction(database: database).log(action, subject: subject, by: note, at: moment)
        }
    }

    public func ownerJournal(after: Int64?, limit: Int) async throws(ShopError) -> [OwnerEntry] {
        try await read { database in
            try Row.fetchAll(
                database, sql: "SELECT * FROM owner_journal WHERE id < ? ORDER BY id DESC LIMIT ?",
                arguments: [after ?? .max, limit]
            ).map { row in
                OwnerEntry(
                    id: row["id"], at: Timestamp(milliseconds: row["at"]), action: row["action"],
                    subject: row["subject"], note: OwnerNote(actor: row["actor"], reason: row["reason"]))
            }
        }
    }
}

public import Domain
public import Shop

// Adding cards to a pool, and looking at them.
extension SQLLedger {
    public func openBatch(of product: ProductID, at moment: Timestamp) async throws(ShopError) -> Int64 {
        try await write(.urgent) { transaction in
            try transaction.inserted("INSERT INTO batches (product_id, created_at) VALUES (?, ?)", [product, moment])
        }
    }

    public func add(
        _ cards: [SealedCard], to product: ProductID, batch: Int64
    ) async throws(ShopError) -> ImportedSlice {
        try await write(.patient) { transaction in
            let duplicates = try transaction.insert(cards, of: product, batch: batch)
            let imported = cards.count - duplicates.count
            try transaction.run(
                "UPDATE batches SET imported = imported + ? WHERE id = ? AND product_id = ?",
                [imported, batch, product], rows: 1)
            let change = imported == 0 ? 0 : try transaction.numberChange(of: product)
            Failpoint.hit(.importBeforeCommit)
            return ImportedSlice(imported: imported, duplicates: duplicates, change: change)
        }
    }

    // MARK: Looking

    public func card(_ id: Int64) async throws(ShopError) -> CardEntry? {
        try await read { transaction in
            try transaction.first(Statements.card, [id]).map { try CardEntry(row: $0) }
        }
    }

    public func cards(withFingerprints fingerprints: [CardFingerprint]) async throws(ShopError) -> [CardEntry] {
        try await read { transaction in
            try transaction.cards(withFingerprints: fingerprints).map { try CardEntry(row: $0) }
                .sorted { $0.id < $1.id }
        }
    }

    public func cards(_ filter: CardFilter) async throws(ShopError) -> [CardEntry] {
        let (condition, arguments) = PageStatements.cards(filter)
        return try await read { transaction in
            try transaction.rows("SELECT \(Statements.cardColumns) FROM cards \(condition)", arguments).map {
                try CardEntry(row: $0)
            }
        }
    }

    public func contents(_ filter: CardFilter) async throws(ShopError) -> [CardContent] {
        let (condition, arguments) = PageStatements.cards(filter)
        return try await read { transaction in
            try transaction.rows("SELECT id, secret, note, preview, surcharge FROM cards \(condition)", arguments).map {
                row in
                let goods = SealedGoods(secret: try row["secret"], note: try row["note"])
                return CardContent(id: try row["id"], goods: goods, preview: try CardPreview(row: row))
            }
        }
    }

    public func pickable(
        _ product: ProductID, after: Int64, limit: Int
    ) async throws(ShopError) -> [CardEntry] {
        try await read { transaction in
            try transaction.rows(Statements.pickableCards, [product, after, limit]).map { try CardEntry(row: $0) }
        }
    }

    public func pickable(_ cards: [Int64], of product: ProductID) async throws(ShopError) -> [PickedCard] {
        try await read { transaction in
            try cards.sorted().compactMap { card in
                try transaction.surcharge(of: card, product).map { PickedCard(card: card, surcharge: $0) }
            }
        }
    }

    public func previews(of cards: [Int64], product: ProductID) async throws(ShopError) -> [Int64: CardPreview] {
        try await read { transaction in
            var previews: [Int64: CardPreview] = [:]
            for card in Set(cards) {
                guard let row = try transaction.rows(Statements.card, [card]).first else { continue }
                let entry = try CardEntry(row: row)
                if entry.product == product { previews[card] = entry.preview }
            }
            return previews
        }
    }

    public func batches(of product: ProductID, limit: Int) async throws(ShopError) -> [CardBatch] {
        try await read { transaction in
            let ids: [Int64] = try transaction.column(
                "SELECT id FROM batches WHERE product_id = ? ORDER BY id DESC LIMIT ?", [product, limit])
            return try ids.compactMap { try transaction.batch($0) }
        }
    }

    public func batch(_ id: Int64) async throws(ShopError) -> CardBatch? {
        try await read { try $0.batch(id) }
    }

    // MARK: Taking out

    public func void(
        _ card: Int64, by note: OwnerNote, at moment: Timestamp
    ) async throws(ShopError) -> ChangedCard {
        try await write(.urgent) { transaction in
            let entry = try transaction.lockedCard(card, mustBe: .void)
            try transaction.run(
                "UPDATE cards SET state = 'voided' WHERE id = ? AND state = 'available'", [entry.id], rows: 1)
            try transaction.log("void", subject: "card \(entry.id)", by: note, at: moment)
            let voided = try transaction.card(card, mustBe: nil)
            return ChangedCard(card: voided, change: try transaction.numberChange(of: voided.product))
        }
    }

    public func replace(
        _ card: Int64, with other: Int64?, by note: OwnerNote, at moment: Timestamp
    ) async throws(ShopError) -> ChangedCard {
        try await write(.urgent) { transaction in
            guard let id = try transaction.card(card, mustBe: .replace).order,
                let order = try transaction.lockedOrder(id)
            else { throw SQLRow.damaged("order_id") }
            let entry = try transaction.lockedCard(card, mustBe: .replace)
            guard entry.order == id, order.kind == .card, order.state == .delivered else {
                throw ShopError(
                    .wrongState,
                    "the order is \(order.state.rawValue) and of kind \(order.kind.name); "
                        + "only a card of a delivered order is replaced")
            }
            let given = try transaction.replacement(for: entry, other)
            try transaction.run(
                "UPDATE cards SET state = 'voided', order_id = NULL WHERE id = ? AND state = 'sold'", [entry.id],
                rows: 1)
            try transaction.run(
                "UPDATE cards SET state = 'sold', order_id = ? WHERE id = ? AND state = 'available'",
                [id, given], rows: 1)
            try transaction.run(
                """
                INSERT INTO replacements (order_id, card_id, replacement_id, at, actor, reason)
                VALUES (?, ?, ?, ?, ?, ?)
                """, [id, entry.id, given, moment, note.actor, note.reason], rows: 1)
            try transaction.log(
                "replace", subject: "card \(entry.id) of order \(id.text) by card \(given)", by: note, at: moment)
            let replacement = try transaction.card(given, mustBe: nil)
            return ChangedCard(card: replacement, change: try transaction.numberChange(of: replacement.product))
        }
    }

    public func replacements(of order: OrderID) async throws(ShopError) -> [CardReplacement] {
        try await read { transaction in
            try transaction.rows("SELECT * FROM replacements WHERE order_id = ? ORDER BY id", [order]).map { row in
                CardReplacement(
                    card: try row["card_id"], replacement: try row["replacement_id"],
                    at: try row["at"],
                    note: OwnerNote(actor: try row["actor"], reason: try row["reason"]))
            }
        }
    }

    public func undo(_ batch: Int64, below: Int64, limit: Int) async throws(ShopError) -> UndoneSlice {
        let slice = try await write(.patient) { transaction -> UndoneSlice in
            let owner: ProductID? = try transaction.value("SELECT product_id FROM batches WHERE id = ?", [batch])
            if let owner { try transaction.lock(owner) }
            // A window of the batch, available or not, so that a slice stays short however few are left.
            let window: [Int64] = try transaction.column(
                "SELECT id FROM cards WHERE batch_id = ? AND id < ? ORDER BY id DESC LIMIT ?", [batch, below, limit])
            guard let lowest = window.last else { return UndoneSlice(removed: [:], change: 0, next: nil) }
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
            var change: Int64 = 0
            if count > 0, let owner { change = try transaction.numberChange(of: owner) }
            Failpoint.hit(.undoBeforeCommit)
            return UndoneSlice(removed: removed, change: change, next: window.count == limit ? lowest : nil)
        }
        Failpoint.hit(.undoAfterCommit)
        return slice
    }

    // MARK: Journal

    public func log(
        _ action: String, subject: String, by note: OwnerNote, at moment: Timestamp
    ) async throws(ShopError) {
        try await write(.urgent) { transaction in
            try transaction.log(action, subject: subject, by: note, at: moment)
        }
    }

    public func ownerJournal(after: Int64?, limit: Int) async throws(ShopError) -> [OwnerEntry] {
        try await read { transaction in
            try transaction.rows(PageStatements.journal, [after ?? .max, limit]).map { row in
                OwnerEntry(
                    id: try row["id"], at: try row["at"], action: try row["action"],
                    subject: try row["subject"], note: OwnerNote(actor: try row["actor"], reason: try row["reason"]),
                    before: try row["before"], after: try row["after"])
            }
        }
    }
}

extension SQLTransaction {
    fileprivate func batch(_ id: Int64) throws -> CardBatch? {
        guard let row = try first("SELECT * FROM batches WHERE id = ?", [id]) else { return nil }
        var cards: [CardState: Int] = [:]
        try each("SELECT state, count(*) AS count FROM cards WHERE batch_id = ? GROUP BY state", [id]) {
            cards[try $0["state"]] = try $0["count"] as Int
        }
        return CardBatch(
            id: id, product: try row["product_id"], createdAt: try row["created_at"], imported: try row["imported"],
            undone: try row["undone"], cards: cards)
    }

    /// - Throws: *not_found*, or *wrong_state* when the event is illegal for the card.
    fileprivate func card(_ id: Int64, mustBe event: CardEvent?) throws -> CardEntry {
        try card(id, mustBe: event, Statements.card)
    }

    /// A card that is to be changed, after its product: whoever judges the pool must not lose a card meanwhile.
    fileprivate func lockedCard(_ id: Int64, mustBe event: CardEvent) throws -> CardEntry {
        try lock(try card(id, mustBe: nil).product)
        return try card(id, mustBe: event, "\(Statements.card) \(dialect.forUpdate)")
    }

    private func card(_ id: Int64, mustBe event: CardEvent?, _ sql: String) throws -> CardEntry {
        guard let row = try first(sql, [id]) else { throw ShopError(.notFound, "no such card") }
        let entry = try CardEntry(row: row)
        if let event, entry.state.after(event) == nil {
            throw ShopError(.wrongState, "the card is \(entry.state.rawValue)")
        }
        return entry
    }

    /// - Parameter other: nil means the oldest of those that are drawn
    fileprivate func replacement(for entry: CardEntry, _ other: Int64?) throws -> Int64 {
        guard let other else {
            guard let oldest = try availableCards(of: entry.product, limit: 1).first else {
                throw ShopError(.soldOut, "no card is left to replace it with")
            }
            return oldest
        }
        let given = try card(other, mustBe: .claim)
        guard given.product == entry.product else {
            throw ShopError(.wrongState, "card \(other) is of another product", field: "card")
        }
        return given.id
    }
}

extension SQLTransaction {
    /// Looks for one after the other; an engine for which each statement is a round trip does it at once.
    public func cards(withFingerprints fingerprints: [CardFingerprint]) throws -> [SQLRow] {
        try Set(fingerprints).compactMap { wanted in
            try first(Statements.cardByFingerprint, [wanted.product, wanted.digest])
        }
    }

    /// Adds cards to a pool one by one; an engine for which each statement is a round trip does it at once.
    public func insert(_ cards: [SealedCard], of product: ProductID, batch: Int64) throws -> [Int] {
        var duplicates: [Int] = []
        for (position, card) in cards.enumerated() {
            let inserted = try run(
                """
                INSERT INTO cards (product_id, batch_id, state, fingerprint, secret, note, preview, surcharge)
                VALUES (?, ?, 'available', ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING
                """,
                [
                    product, batch, card.fingerprint, card.secret, card.note, card.preview?.text,
                    card.preview?.surcharge,
                ])
            if inserted == 0 { duplicates.append(position) }
        }
        return duplicates
    }
}

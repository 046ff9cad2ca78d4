public import Domain
import Foundation
import GRDB
public import Shop

extension SQLiteLedger: Catalog {
    public func listings() async throws(ShopError) -> [Listing] {
        try await read { database in
            try Row.fetchAll(database, sql: "SELECT * FROM products ORDER BY id").map { try Listing(row: $0) }
        }
    }

    public func create(_ draft: ProductDraft, _ deed: OwnerDeed) async throws(ShopError) -> Listing {
        let maximum = limits.catalogRows
        return try await write(.urgent) { database in
            try Self.checkRoom(in: "products", maximum, database)
            try Self.checkCategory(draft.category, database)
            let transaction = LedgerTransaction(database: database)
            let inserted = try transaction.run(
                """
                INSERT OR IGNORE INTO products (title, amount, max_per_order, max_per_buyer, max_held_per_buyer,
                    hold_seconds, opens_at, closes_at, fields, late_money, tiers, category_id, pickable, description,
                    instructions, picture, stock_display, position, hidden, slug, currency, kind, shared_secret,
                    most_per_buyer)
                VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
                """,
                try Self.changeable(draft) + [
                    draft.slug.text, draft.price.currency.code, draft.kind.rawValue,
                    draft.sharedSecret.map { Data($0) }, draft.limits.perBuyer,
                ])
            guard inserted == 1 else {
                throw ShopError(.alreadyExists, "a product with this slug exists", field: "slug")
            }
            let id = ProductID(database.lastInsertedRowID)
            try transaction.log("product", subject: draft.slug.text, deed)
            return draft.listing(id: id, version: 1)
        }
    }

    public func change(
        _ product: ProductID, version: Int, to draft: ProductDraft, _ deed: OwnerDeed
    ) async throws(ShopError) -> Listing {
        try await write(.urgent) { database in
            try Self.checkCategory(draft.category, database)
            let transaction = LedgerTransaction(database: database)
            let changed = try transaction.run(
                """
                UPDATE products SET title = ?, amount = ?, max_per_order = ?, max_per_buyer = ?,
                    max_held_per_buyer = ?, hold_seconds = ?, opens_at = ?, closes_at = ?, fields = ?, late_money = ?,
                    tiers = ?, category_id = ?, pickable = ?, description = ?, instructions = ?, picture = ?,
                    stock_display = ?, position = ?, hidden = ?, most_per_buyer = max(most_per_buyer, ?),
                    version = version + 1
                WHERE id = ? AND version = ?
                """,
                try Self.changeable(draft) + [draft.limits.perBuyer, product.number, version])
            guard changed == 1 else { throw ShopError.changedMeanwhile("product") }
            try transaction.log("product", subject: draft.slug.text, deed)
            return draft.listing(id: product, version: version + 1)
        }
    }

    /// What may change of a product, in the order of its columns.
    private static func changeable(_ draft: ProductDraft) throws -> StatementArguments {
        let encoder = JSONEncoder()
        encoder.outputFormatting = .sortedKeys
        let fields = String(decoding: try encoder.encode(draft.fields), as: UTF8.self)
        let tiers = String(decoding: try encoder.encode(draft.tiers), as: UTF8.self)
        return [
            draft.title, draft.price.amount, draft.limits.perOrder, draft.limits.perBuyer, draft.limits.heldPerBuyer,
            draft.holdSeconds, draft.window.opensAt?.milliseconds, draft.window.closesAt?.milliseconds, fields,
            draft.lateMoney.rawValue, tiers, draft.category?.number, draft.isPickable, draft.page.description,
            draft.page.instructions, draft.page.picture, draft.page.stockDisplay.rawValue, draft.page.position,
            draft.page.isHidden,
        ]
    }

    /// - Throws: *invalid_request* when the category was removed meanwhile.
    static func checkCategory(_ category: CategoryID?, _ database: Database) throws {
        guard let category else { return }
        let sql = "SELECT EXISTS (SELECT 1 FROM categories WHERE id = ?)"
        guard try Bool.fetchOne(database, sql: sql, arguments: [category.number]) == true else {
            throw ShopError.invalid("category", "is not a category")
        }
    }

    /// - Throws: *busy* when a table has as many rows as it may have.
    static func checkRoom(in table: String, _ maximum: Int, _ database: Database) throws {
        guard try Int.fetchOne(database, sql: "SELECT count(*) FROM \(table)") ?? 0 < maximum else {
            throw ShopError(.busy, "there are too many \(table)")
        }
    }

    public func channels() async throws(ShopError) -> [ChannelRecord] {
        try await read { database in
            try Row.fetchAll(database, sql: "SELECT name, kind, settings, enabled FROM channels ORDER BY name").map {
                ChannelRecord(
                    name: try $0.slug("name"), kind: $0["kind"], sealedSettings: Array($0["settings"] as Data),
                    isEnabled: $0["enabled"])
            }
        }
    }

    public func store(_ channel: ChannelRecord) async throws(ShopError) -> Bool {
        try await write(.urgent) { database in
            let transaction = LedgerTransaction(database: database)
            let updated = try transaction.run(
                "UPDATE channels SET settings = ?, enabled = ? WHERE name = ? AND kind = ?",
                [Data(channel.sealedSettings), channel.isEnabled, channel.name.text, channel.kind])
            if updated == 1 { return false }
            try transaction.run(
                "INSERT INTO channels (name, kind, settings, enabled) VALUES (?, ?, ?, ?)",
                [channel.name.text, channel.kind, Data(channel.sealedSettings), channel.isEnabled], rows: 1)
            return true
        }
    }

    public func store(
        sharedSecret: [UInt8], of product: ProductID, by note: OwnerNote, at moment: Timestamp
    ) async throws(ShopError) -> Bool {
        try await write(.urgent) { database in
            let transaction = LedgerTransaction(database: database)
            let updated = try transaction.run(
                "UPDATE products SET shared_secret = ? WHERE id = ? AND kind IN ('shared_counted', 'shared_endless')",
                [Data(sharedSecret), product.number])
            guard updated == 1 else { return false }
            try transaction.log("secret", subject: "product \(product.number)", by: note, at: moment)
            return true
        }
    }
}

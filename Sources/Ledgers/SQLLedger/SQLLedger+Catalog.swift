public import Domain
import Foundation
public import Shop

extension SQLLedger {
    public func listings() async throws(ShopError) -> [Listing] {
        try await read { transaction in
            try transaction.rows("SELECT * FROM products ORDER BY id").map { try Listing(row: $0) }
        }
    }

    public func create(_ draft: ProductDraft, _ deed: OwnerDeed) async throws(ShopError) -> Listing {
        let (maximum, keepsCategories) = (limits.catalogRows, keepsCategories)
        return try await write(.urgent) { transaction in
            try transaction.checkRoom(in: "products", maximum)
            if keepsCategories { try transaction.checkCategory(draft.category) }
            let inserted = try transaction.insert(
                """
                INSERT INTO products (title, amount, max_per_order, max_per_buyer, max_held_per_buyer,
                    hold_seconds, opens_at, closes_at, fields, late_money, tiers, category_id, pickable, description,
                    instructions, picture, stock_display, position, hidden, slug, currency, kind, shared_secret,
                    most_per_buyer)
                VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
                ON CONFLICT DO NOTHING
                """,
                try Self.changeable(draft) + [
                    draft.slug, draft.price.currency.code, draft.kind, draft.sharedSecret, draft.limits.perBuyer,
                ])
            guard let id = inserted else {
                throw ShopError(.alreadyExists, "a product with this slug exists", field: "slug")
            }
            let listing = draft.listing(id: ProductID(id), version: 1)
            try transaction.log("product", subject: draft.slug.text, deed, after: listing.facts)
            return listing
        }
    }

    public func change(
        _ product: ProductID, version: Int, to draft: ProductDraft, _ deed: OwnerDeed
    ) async throws(ShopError) -> Listing {
        let keepsCategories = keepsCategories
        return try await write(.urgent) { transaction in
            if keepsCategories { try transaction.checkCategory(draft.category) }
            let sql = "SELECT * FROM products WHERE id = ? \(transaction.dialect.forUpdate)"
            let before = try transaction.first(sql, [product]).map { try Listing(row: $0) }
            let changed = try transaction.run(
                """
                UPDATE products SET title = ?, amount = ?, max_per_order = ?, max_per_buyer = ?,
                    max_held_per_buyer = ?, hold_seconds = ?, opens_at = ?, closes_at = ?, fields = ?, late_money = ?,
                    tiers = ?, category_id = ?, pickable = ?, description = ?, instructions = ?, picture = ?,
                    stock_display = ?, position = ?, hidden = ?, most_per_buyer =
                        CASE WHEN most_per_buyer < ? THEN ? ELSE most_per_buyer END,
                    version = version + 1
                WHERE id = ? AND version = ?
                """,
                try Self.changeable(draft) + [draft.limits.perBuyer, draft.limits.perBuyer, product, version])
            guard changed == 1 else { throw ShopError.changedMeanwhile("product") }
            let listing = draft.listing(id: product, version: version + 1)
            try transaction.log(
                "product", subject: draft.slug.text, deed, before: before?.facts, after: listing.facts)
            return listing
        }
    }

    /// What may change of a product, in the order of its columns.
    private static func changeable(_ draft: ProductDraft) throws -> SQLArguments {
        let encoder = JSONEncoder()
        encoder.outputFormatting = .sortedKeys
        let fields = String(decoding: try encoder.encode(draft.fields), as: UTF8.self)
        let tiers = String(decoding: try encoder.encode(draft.tiers), as: UTF8.self)
        return [
            draft.title, draft.price.amount, draft.limits.perOrder, draft.limits.perBuyer, draft.limits.heldPerBuyer,
            draft.holdSeconds, draft.window.opensAt, draft.window.closesAt, fields,
            draft.lateMoney, tiers, draft.category, draft.isPickable, draft.page.description,
            draft.page.instructions, draft.page.picture, draft.page.stockDisplay, draft.page.position,
            draft.page.isHidden,
        ]
    }

    public func store(
        sharedSecret: [UInt8], of product: ProductID, by note: OwnerNote, at moment: Timestamp
    ) async throws(ShopError) -> Bool {
        try await write(.urgent) { transaction in
            let updated = try transaction.run(
                "UPDATE products SET shared_secret = ? WHERE id = ? AND kind IN ('shared_counted', 'shared_endless')",
                [sharedSecret, product])
            guard updated == 1 else { return false }
            try transaction.log("secret", subject: "product \(product.number)", by: note, at: moment)
            return true
        }
    }
}

extension SQLTransaction {
    /// Nobody removes it before this transaction has ended.
    ///
    /// - Throws: *invalid_request* when the category was removed meanwhile.
    func checkCategory(_ category: CategoryID?) throws {
        guard let category else { return }
        guard try exists("SELECT id FROM categories WHERE id = ? \(dialect.forUpdate)", [category]) else {
            throw ShopError.invalid("category", "is not a category")
        }
    }

    /// - Throws: *busy* when a table has as many rows as it may have.
    func checkRoom(in table: String, _ maximum: Int) throws {
        guard try integer("SELECT count(*) FROM \(table)") < maximum else {
            throw ShopError(.busy, "there are too many \(table)")
        }
    }
}

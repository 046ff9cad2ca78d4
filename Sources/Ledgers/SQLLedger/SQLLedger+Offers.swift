public import Domain
import Foundation
import GRDB
public import Shop

// Categories and coupons.
extension SQLiteLedger {
    // MARK: Categories

    public func categories() async throws(ShopError) -> [Category] {
        try await read { database in
            try Row.fetchAll(database, sql: "SELECT * FROM categories ORDER BY position, id").map {
                try Category(row: $0)
            }
        }
    }

    public func create(_ draft: CategoryDraft, _ deed: OwnerDeed) async throws(ShopError) -> Category {
        let maximum = limits.catalogRows
        return try await write(.urgent) { database in
            try Self.checkRoom(in: "categories", maximum, database)
            let transaction = LedgerTransaction(database: database)
            let inserted = try transaction.run(
                "INSERT OR IGNORE INTO categories (slug, name, position, hidden) VALUES (?, ?, ?, ?)",
                [draft.slug.text, draft.name, draft.position, draft.isHidden])
            guard inserted == 1 else {
                throw ShopError(.alreadyExists, "a category with this slug exists", field: "slug")
            }
            let id = database.lastInsertedRowID
            try transaction.log("category", subject: draft.slug.text, deed)
            return Category(draft, id: CategoryID(id))
        }
    }

    public func change(
        _ category: CategoryID, _ change: CategoryChange, _ deed: OwnerDeed
    ) async throws(ShopError) -> Category {
        try await write(.urgent) { database in
            let transaction = LedgerTransaction(database: database)
            try transaction.run(
                """
                UPDATE categories SET name = coalesce(?, name), position = coalesce(?, position),
                    hidden = coalesce(?, hidden)
                WHERE id = ?
                """, [change.name, change.position, change.isHidden, category.number])
            let sql = "SELECT * FROM categories WHERE id = ?"
            guard let row = try Row.fetchOne(database, sql: sql, arguments: [category.number]) else {
                throw ShopError(.notFound, "no such category")
            }
            let changed = try Category(row: row)
            try transaction.log("category", subject: changed.slug.text, deed)
            return changed
        }
    }

    public func remove(_ category: CategoryID, _ deed: OwnerDeed) async throws(ShopError) {
        try await write(.urgent) { database in
            let transaction = LedgerTransaction(database: database)
            let isUsed = try Bool.fetchOne(
                database,
                sql: """
                    SELECT EXISTS (SELECT 1 FROM products WHERE category_id = ?1)
                        OR EXISTS (SELECT 1 FROM coupons WHERE category_id = ?1)
                    """, arguments: [category.number])
            guard isUsed == false else {
                throw ShopError(.wrongState, "products or coupons are of this category; move them first")
            }
            guard try transaction.run("DELETE FROM categories WHERE id = ?", [category.number]) == 1 else {
                throw ShopError(.notFound, "no such category")
            }
            try transaction.log("category", subject: "category \(category.number) removed", deed)
        }
    }

    // MARK: Coupons

    public func coupons(
        code: CouponCode?, after: CouponID?, limit: Int
    ) async throws(ShopError) -> [CouponEntry] {
        try await read { database in
            try Row.fetchAll(
                database,
                sql: "SELECT * FROM coupons WHERE id < ?1 AND (?2 IS NULL OR code = ?2) ORDER BY id DESC LIMIT ?3",
                arguments: [after?.number ?? .max, code?.text, limit]
            ).map { CouponEntry(coupon: try Coupon(row: $0), used: $0["uses"]) }
        }
    }

    public func create(
        _ code: CouponCode, _ terms: CouponTerms, _ deed: OwnerDeed
    ) async throws(ShopError) -> Coupon {
        let maximum = limits.coupons
        return try await write(.urgent) { database in
            try Self.checkRoom(in: "coupons", maximum, database)
            try Self.checkCategory(terms.scope.category, database)
            let transaction = LedgerTransaction(database: database)
            let inserted = try transaction.run(
                """
                INSERT OR IGNORE INTO coupons (fixed, percent, currency, minimum, products, category_id, max_uses,
                    max_uses_per_buyer, opens_at, closes_at, enabled, code, most_uses_per_buyer, created_at)
                VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
                """,
                try Self.columns(terms) + [code.text, terms.uses.perBuyer, deed.at.milliseconds])
            guard inserted == 1 else {
                throw ShopError(.alreadyExists, "a coupon with this code exists", field: "code")
            }
            let id = CouponID(database.lastInsertedRowID)
            try transaction.log("coupon", subject: code.text, deed)
            return Coupon(id: id, code: code, terms: terms, version: 1)
        }
    }

    public func change(
        _ coupon: CouponID, version: Int, to terms: CouponTerms, _ deed: OwnerDeed
    ) async throws(ShopError) -> Coupon {
        try await write(.urgent) { database in
            let transaction = LedgerTransaction(database: database)
            let sql = "SELECT * FROM coupons WHERE id = ?"
            guard let row = try Row.fetchOne(database, sql: sql, arguments: [coupon.number]) else {
                throw ShopError(.notFound, "no such coupon")
            }
            try Self.checkCategory(terms.scope.category, database)
            let used: Int = row["uses"]
            if let total = terms.uses.total, total < used {
                throw ShopError.invalid("max_uses", "must not be below \(used), the uses so far")
            }
            let changed = try transaction.run(
                """
                UPDATE coupons SET fixed = ?, percent = ?, currency = ?, minimum = ?, products = ?, category_id = ?,
                    max_uses = ?, max_uses_per_buyer = ?, opens_at = ?, closes_at = ?, enabled = ?,
                    most_uses_per_buyer = max(most_uses_per_buyer, ?), version = version + 1
                WHERE id = ? AND version = ?
                """,
                try Self.columns(terms) + [terms.uses.perBuyer, coupon.number, version])
            guard changed == 1 else { throw ShopError.changedMeanwhile("coupon") }
            let before = try Coupon(row: row)
            try transaction.log("coupon", subject: before.code.text, deed)
            return Coupon(id: coupon, code: before.code, terms: terms, version: version + 1)
        }
    }

    private static func columns(_ terms: CouponTerms) throws -> StatementArguments {
        var (fixed, percent) = (nil as Int64?, nil as Int?)
        switch terms.discount {
        case .fixed(let amount): fixed = amount
        case .percent(let hundredths): percent = hundredths
        }
        let products = terms.scope.products.map { "\($0.number)" }.sorted().joined(separator: ",")
        return [
            fixed, percent, terms.currency.code, terms.minimum, products, terms.scope.category?.number,
            terms.uses.total, terms.uses.perBuyer, terms.window.opensAt?.milliseconds,
            terms.window.closesAt?.milliseconds, terms.isEnabled,
        ]
    }
}

extension Category {
    init(_ draft: CategoryDraft, id: CategoryID) {
        self.init(id: id, slug: draft.slug, name: draft.name, position: draft.position, isHidden: draft.isHidden)
    }

    init(row: Row) throws {
        self.init(
            id: CategoryID(row["id"]), slug: try row.slug("slug"), name: row["name"], position: row["position"],
            isHidden: row["hidden"])
    }
}

extension Coupon {
    init(row: Row) throws {
        let fixed = (row["fixed"] as Int64?).map { Discount.fixed($0) }
        let percent = (row["percent"] as Int?).map { Discount.percent($0) }
        let window = SaleWindow(opensAt: row.timestamp("opens_at"), closesAt: row.timestamp("closes_at"))
        guard let code = CouponCode(row["code"] as String), let discount = fixed ?? percent, let window,
            let currency = Currency(code: row["currency"]),
            let uses = CouponUses(total: row["max_uses"], perBuyer: row["max_uses_per_buyer"])
        else { throw Row.damaged("coupon") }
        let products = (row["products"] as String).split(separator: ",").compactMap { Int64($0) }
        let scope = CouponScope(
            products: Set(products.map { ProductID($0) }),
            category: (row["category_id"] as Int64?).map { CategoryID($0) })
        let terms = CouponTerms(
            discount: discount, currency: currency, minimum: row["minimum"], scope: scope, uses: uses,
            window: window, isEnabled: row["enabled"])
        self.init(id: CouponID(row["id"]), code: code, terms: terms, version: row["version"])
    }
}

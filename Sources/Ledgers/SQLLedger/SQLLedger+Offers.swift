public import Domain
public import Shop

// Categories and coupons.
extension SQLLedger {
    // MARK: Categories

    public func categories() async throws(ShopError) -> [Category] {
        try await read { transaction in
            try transaction.rows("SELECT * FROM categories ORDER BY position, id").map {
                try Category(row: $0)
            }
        }
    }

    public func create(_ draft: CategoryDraft, _ deed: OwnerDeed) async throws(ShopError) -> Category {
        let maximum = limits.catalogRows
        return try await write(.urgent) { transaction in
            try transaction.checkRoom(in: "categories", maximum)
            let inserted = try transaction.insert(
                "INSERT INTO categories (slug, name, position, hidden) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING",
                [draft.slug, draft.name, draft.position, draft.isHidden])
            guard let id = inserted else {
                throw ShopError(.alreadyExists, "a category with this slug exists", field: "slug")
            }
            let category = Category(draft, id: CategoryID(id))
            try transaction.log("category", subject: draft.slug.text, deed, after: category.facts)
            return category
        }
    }

    public func change(
        _ category: CategoryID, _ change: CategoryChange, _ deed: OwnerDeed
    ) async throws(ShopError) -> Category {
        try await write(.urgent) { transaction in
            let before = try transaction.lockedCategory(category)
            try transaction.run(
                """
                UPDATE categories SET name = coalesce(?, name), position = coalesce(?, position),
                    hidden = coalesce(?, hidden)
                WHERE id = ?
                """, [change.name, change.position, change.isHidden, category])
            let changed = try transaction.lockedCategory(category)
            try transaction.log(
                "category", subject: changed.slug.text, deed, before: before.facts, after: changed.facts)
            return changed
        }
    }

    public func remove(_ category: CategoryID, _ deed: OwnerDeed) async throws(ShopError) {
        try await write(.urgent) { transaction in
            // Whoever is about to use it is waited for, or finds it gone.
            let before = try transaction.lockedCategory(category)
            let isUsed = try ["products", "coupons"].contains { table in
                try transaction.exists("SELECT id FROM \(table) WHERE category_id = ? LIMIT 1", [category])
            }
            guard !isUsed else {
                throw ShopError(.wrongState, "products or coupons are of this category; move them first")
            }
            try transaction.run("DELETE FROM categories WHERE id = ?", [category], rows: 1)
            try transaction.log(
                "category", subject: "category \(category.number) removed", deed, before: before.facts)
        }
    }

    // MARK: Coupons

    public func coupons(
        code: CouponCode?, after: CouponID?, limit: Int
    ) async throws(ShopError) -> [CouponEntry] {
        var conditions = SQLConditions()
        if let code { conditions.add("code = ?", code.text) }
        if let after { conditions.add("id < ?", after) }
        let sql = "SELECT * FROM coupons WHERE \(conditions.sql) ORDER BY id DESC LIMIT ?"
        return try await read { [arguments = conditions.arguments + [limit]] transaction in
            try transaction.rows(sql, arguments).map {
                CouponEntry(coupon: try Coupon(row: $0), used: try $0["uses"])
            }
        }
    }

    public func create(
        _ code: CouponCode, _ terms: CouponTerms, _ deed: OwnerDeed
    ) async throws(ShopError) -> Coupon {
        let (maximum, keepsCategories) = (limits.coupons, keepsCategories)
        return try await write(.urgent) { transaction in
            try transaction.checkRoom(in: "coupons", maximum)
            if keepsCategories { try transaction.checkCategory(terms.scope.category) }
            let inserted = try transaction.insert(
                """
                INSERT INTO coupons (fixed, percent, currency, minimum, products, category_id, max_uses,
                    max_uses_per_buyer, opens_at, closes_at, enabled, code, most_uses_per_buyer, created_at)
                VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
                ON CONFLICT DO NOTHING
                """,
                try Self.columns(terms) + [code.text, terms.uses.perBuyer, deed.at])
            guard let id = inserted else {
                throw ShopError(.alreadyExists, "a coupon with this code exists", field: "code")
            }
            let coupon = Coupon(id: CouponID(id), code: code, terms: terms, version: 1)
            try transaction.log("coupon", subject: code.text, deed, after: coupon.facts)
            return coupon
        }
    }

    public func change(
        _ coupon: CouponID, version: Int, to terms: CouponTerms, _ deed: OwnerDeed
    ) async throws(ShopError) -> Coupon {
        let keepsCategories = keepsCategories
        return try await write(.urgent) { transaction in
            let sql = "SELECT * FROM coupons WHERE id = ? \(transaction.dialect.forUpdate)"
            guard let row = try transaction.first(sql, [coupon]) else {
                throw ShopError(.notFound, "no such coupon")
            }
            if keepsCategories { try transaction.checkCategory(terms.scope.category) }
            let used: Int = try row["uses"]
            if let total = terms.uses.total, total < used {
                throw ShopError.invalid("max_uses", "must not be below \(used), the uses so far")
            }
            let changed = try transaction.run(
                """
                UPDATE coupons SET fixed = ?, percent = ?, currency = ?, minimum = ?, products = ?, category_id = ?,
                    max_uses = ?, max_uses_per_buyer = ?, opens_at = ?, closes_at = ?, enabled = ?,
                    most_uses_per_buyer = CASE WHEN most_uses_per_buyer IS NULL THEN NULL
                        WHEN most_uses_per_buyer >= ? THEN most_uses_per_buyer ELSE ? END,
                    version = version + 1
                WHERE id = ? AND version = ?
                """,
                try Self.columns(terms) + [terms.uses.perBuyer, terms.uses.perBuyer, coupon, version])
            guard changed == 1 else { throw ShopError.changedMeanwhile("coupon") }
            let before = try Coupon(row: row)
            let after = Coupon(id: coupon, code: before.code, terms: terms, version: version + 1)
            try transaction.log("coupon", subject: before.code.text, deed, before: before.facts, after: after.facts)
            return after
        }
    }

    private static func columns(_ terms: CouponTerms) throws -> SQLArguments {
        var (fixed, percent) = (nil as Int64?, nil as Int?)
        switch terms.discount {
        case .fixed(let amount): fixed = amount
        case .percent(let hundredths): percent = hundredths
        }
        let products = terms.scope.products.map { "\($0.number)" }.sorted().joined(separator: ",")
        return [
            fixed, percent, terms.currency.code, terms.minimum, products, terms.scope.category,
            terms.uses.total, terms.uses.perBuyer, terms.window.opensAt,
            terms.window.closesAt, terms.isEnabled,
        ]
    }
}

extension SQLTransaction {
    /// A category that nobody else changes until the transaction ends.
    fileprivate func lockedCategory(_ id: CategoryID) throws -> Category {
        guard let row = try first("SELECT * FROM categories WHERE id = ? \(dialect.forUpdate)", [id]) else {
            throw ShopError(.notFound, "no such category")
        }
        return try Category(row: row)
    }
}

extension Category {
    init(_ draft: CategoryDraft, id: CategoryID) {
        self.init(id: id, slug: draft.slug, name: draft.name, position: draft.position, isHidden: draft.isHidden)
    }

    init(row: SQLRow) throws {
        self.init(
            id: try row["id"], slug: try row["slug"], name: try row["name"], position: try row["position"],
            isHidden: try row["hidden"])
    }
}

extension Coupon {
    init(row: SQLRow) throws {
        let fixed = (try row["fixed"]).map { Discount.fixed($0) }
        let percent = (try row["percent"]).map { Discount.percent($0) }
        let window = SaleWindow(opensAt: try row["opens_at"], closesAt: try row["closes_at"])
        guard let code = CouponCode(try row["code"] as String), let discount = fixed ?? percent, let window,
            let currency = Currency(code: try row["currency"]),
            let uses = CouponUses(total: try row["max_uses"], perBuyer: try row["max_uses_per_buyer"])
        else { throw SQLRow.damaged("coupon") }
        let products = (try row["products"] as String).split(separator: ",").compactMap { Int64($0) }
        let scope = CouponScope(
            products: Set(products.map { ProductID($0) }),
            category: try row["category_id"])
        let terms = CouponTerms(
            discount: discount, currency: currency, minimum: try row["minimum"], scope: scope, uses: uses,
            window: window, isEnabled: try row["enabled"])
        self.init(id: try row["id"], code: code, terms: terms, version: try row["version"])
    }
}

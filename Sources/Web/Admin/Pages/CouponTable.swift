import Domain
import Hummingbird
import PageSupport
import Shop

// Coupons as a table: many codes at once.
extension Admin {
    private static let couponColumns = [
        "code", "off", "currency", "minimum", "products", "category", "max_uses", "max_uses_per_buyer", "opens_at",
        "closes_at", "enabled", "version",
    ]

    private func cells(_ coupon: Coupon, _ slugs: [ProductID: String], _ visit: AdminVisit) -> [String: String] {
        var cells = values(coupon, slugs, visit).values
        cells["code"] = coupon.code.text
        cells["enabled"] = coupon.terms.isEnabled ? "yes" : "no"
        return cells
    }

    func exportCoupons(_ visit: AdminVisit) async throws -> Response {
        let columns = Self.couponColumns
        let slugs = productSlugs()
        return try await Self.csv("coupons", columns: columns) { (after: CouponID?) in
            let limit = PageQuery.fileRows
            let entries = try await ports.catalog.coupons(code: nil, after: after, limit: limit)
            let rows = entries.map { entry in
                let cells = cells(entry.coupon, slugs, visit)
                return columns.map { cells[$0] ?? "" }
            }
            return (rows, entries.count == limit ? entries.last?.coupon.id : nil)
        }
    }

    func couponTable(_ visit: AdminVisit) -> TableKind {
        // Asked once, not for each row.
        let slugs = productSlugs()
        let currency = ports.cache.products().first?.price.currency.code ?? "CNY"
        return TableKind(name: "coupons", key: "code", columns: Self.couponColumns) { cells in
            guard let code = CouponCode(cells["code"] ?? "") else {
                return .faulty(["code": "must be 4 to 32 of A-Z, 0-9 and -"])
            }
            if let coupon = ports.cache.coupon(code) { return judge(cells, coupon, slugs, visit) }
            return judgeNew(cells, code, currency, slugs, visit)
        }
    }

    private func judge(
        _ cells: [String: String], _ coupon: Coupon, _ slugs: [ProductID: String], _ visit: AdminVisit
    ) -> TableVerdict {
        let known = self.cells(coupon, slugs, visit)
        var different = changes(cells, known, filled: ["currency", "minimum", "version"])
        different["code"] = nil
        guard !different.isEmpty else { return .same }
        var filled = FilledForm(known.merging(different) { _, new in new })
        filled.checkTruths(["enabled"])
        let terms = checkedTerms(&filled, coupon.terms.window, visit)
        if terms == coupon.terms { return .same }
        if different["version"] != nil { filled.fail("version", Self.oldVersion) }
        guard let terms, filled.isFine else { return .faulty(filled.allErrors) }
        let after = self.cells(
            Coupon(id: coupon.id, code: coupon.code, terms: terms, version: coupon.version), slugs, visit)
        return .changed(
            changes(Self.couponColumns, from: known, to: after), version: coupon.version
        ) { note throws(ShopError) in
            _ = try await useCases.manageCoupons.change(
                coupon.code.text, version: coupon.version, by: note
            ) { _ in terms }
        }
    }

    private func judgeNew(
        _ cells: [String: String], _ code: CouponCode, _ currency: String, _ slugs: [ProductID: String],
        _ visit: AdminVisit
    ) -> TableVerdict {
        let given = cells.filter { !$0.value.isEmpty }
        var filled = FilledForm(
            ["currency": currency, "enabled": "yes", "minimum": "0"].merging(given) { _, new in new })
        filled.checkTruths(["enabled"])
        filled.checkFixed(["version"], [:])
        guard let terms = checkedTerms(&filled, .always, visit) else { return .faulty(filled.allErrors) }
        let after = self.cells(Coupon(id: CouponID(0), code: code, terms: terms, version: 1), slugs, visit)
        let shown = Self.couponColumns.filter { $0 != "version" }
        return .new(changes(shown, from: [:], to: after)) { note throws(ShopError) in
            _ = try await useCases.manageCoupons.create(code, terms, by: note)
        }
    }

    /// Nil when something is wrong with the row.
    private func checkedTerms(
        _ filled: inout FilledForm, _ window: SaleWindow, _ visit: AdminVisit
    ) -> CouponTerms? {
        guard let terms = terms(&filled, window, visit) else { return nil }
        do throws(ShopError) { try useCases.manageCoupons.check(terms) } catch { filled.fail(error) }
        return filled.isFine ? terms : nil
    }
}

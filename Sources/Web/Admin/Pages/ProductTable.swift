import Domain
import Hummingbird
import PageSupport
import Shop

// Products as a table: what the form of a product asks is a column each.
extension Admin {
    private static let truths = ["pickable", "hidden"]
    private static let filledColumns: Set = [
        "kind", "currency", "position", "max_per_order", "max_per_buyer", "hold_seconds", "late_money", "stock_display",
        "version",
    ]
    private static let productColumns = [
        "slug", "title", "kind", "amount", "currency", "category", "position", "hidden", "max_per_order",
        "max_per_buyer", "max_held_per_buyer", "hold_seconds", "late_money", "opens_at", "closes_at", "tiers", "fields",
        "pickable", "stock_display", "picture", "description", "instructions", "version",
    ]

    /// A product's cells by column.
    private func cells(_ listing: Listing, _ visit: AdminVisit) -> [String: String] {
        var cells = values(listing, visit).values
        cells["slug"] = listing.product.slug.text
        cells["kind"] = listing.product.kind.name
        for name in Self.truths { cells[name] = cells[name] == "yes" ? "yes" : "no" }
        return cells
    }

    func exportProducts(_ visit: AdminVisit) async throws -> Response {
        // In memory already, so the pages of the file are made of one list.
        let listings = ports.cache.listings()
        let columns = Self.productColumns
        return try await Self.csv("products", columns: columns) { (after: Int?) in
            let start = after ?? 0
            let page = listings[start...].prefix(PageQuery.fileRows)
            let rows = page.map { listing in
                let cells = cells(listing, visit)
                return columns.map { cells[$0] ?? "" }
            }
            let next = start + page.count
            return (rows, next < listings.count ? next : nil)
        }
    }

    func productTable(_ visit: AdminVisit) -> TableKind {
        // Asked once, not for each row.
        let plain = newProductValues(visit).values
        return TableKind(name: "products", key: "slug", columns: Self.productColumns) { cells in
            var filled = FilledForm(cells)
            guard let slug = filled.slug() else { return .faulty(filled.errors) }
            if let listing = ports.cache.listing(slug) { return judge(cells, listing, visit) }
            return judgeNew(cells, plain, visit)
        }
    }

    private func judge(_ cells: [String: String], _ listing: Listing, _ visit: AdminVisit) -> TableVerdict {
        let known = self.cells(listing, visit)
        let different = changes(cells, known, filled: Self.filledColumns)
        guard !different.isEmpty else { return .same }
        var filled = FilledForm(known.merging(different) { _, new in new })
        filled.checkTruths(Self.truths)
        filled.checkFixed(["kind", "currency"], known)
        let before = ProductDraft(listing)
        var draft = before
        read(&filled, into: &draft, visit)
        // A table that was applied may come again: its versions are old, and nothing is different.
        if filled.isFine, draft == before { return .same }
        if different["version"] != nil { filled.fail("version", Self.oldVersion) }
        if filled.isFine {
            do throws(ShopError) { try useCases.changeProduct.check(draft) } catch { filled.fail(error) }
        }
        guard filled.isFine else { return .faulty(filled.allErrors) }
        let (product, wanted) = (listing.product, draft)
        let after = self.cells(draft.listing(id: product.id, version: product.version), visit)
        return .changed(
            changes(Self.productColumns, from: known, to: after), version: product.version
        ) { note throws(ShopError) in
            _ = try await useCases.changeProduct(
                product.slug.text, version: product.version, by: note
            ) { $0 = wanted }
        }
    }

    /// What is left empty is as the form of a new product has it.
    private func judgeNew(
        _ cells: [String: String], _ plain: [String: String], _ visit: AdminVisit
    ) -> TableVerdict {
        let given = cells.filter { !$0.value.isEmpty }
        var filled = FilledForm(plain.merging(given) { _, new in new })
        filled.checkTruths(Self.truths)
        filled.checkFixed(["version"], [:])
        guard filled["kind"] != "shared" else {
            return .faulty(["kind": "of a new product must be card or manual in a table"])
        }
        let made = newProduct(&filled, visit)
        if let made, filled.isFine {
            do throws(ShopError) { try useCases.changeProduct.check(made.draft) } catch { filled.fail(error) }
        }
        guard let made, filled.isFine else { return .faulty(filled.allErrors) }
        let after = self.cells(made.draft.listing(id: ProductID(0), version: 1), visit)
        let shown = Self.productColumns.filter { $0 != "version" }
        return .new(changes(shown, from: [:], to: after)) { note throws(ShopError) in
            _ = try await useCases.createProduct(made.draft, shared: nil, by: note)
        }
    }

    static let oldVersion = "was changed by somebody else meanwhile; export the table anew"
}

extension FilledForm {
    /// What is wrong by field, under no name what is wrong with no field.
    var allErrors: [String: String] {
        guard let fault else { return errors }
        return errors.merging(["": fault.detail]) { first, _ in first }
    }
}

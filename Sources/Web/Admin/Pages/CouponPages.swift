import Domain
import Hummingbird
import PageSupport
import Shop
import WebSupport

// Codes that take something off the price. They are switched off, never removed: orders have used them.
extension Admin {
    var couponRoutes: [Route] {
        [
            page("/coupons", .read) { visit, _, _ in try await couponList(visit) },
            page("/new-coupon", .changeCatalog) { visit, _, _ in
                let currency = ports.cache.products().first?.price.currency.code ?? "CNY"
                let values = ["currency": currency, "enabled": "yes", "minimum": "0"]
                return couponPage(visit, FilledForm(values), of: nil)
            },
            form("/coupons", .changeCatalog) { form, visit, _, _ in
                var filled = try FilledForm(form)
                let code = CouponCode(filled["code"])
                if code == nil { filled.fail("code", "must be 4 to 32 of A-Z, 0-9 and -") }
                let terms = terms(&filled, .always, visit)
                guard let code, let terms else { return couponPage(visit, filled, of: nil) }
                do {
                    _ = try await useCases.manageCoupons.create(code, terms, by: note(visit, form))
                } catch let error as ShopError {
                    filled.fail(error)
                    return couponPage(visit, filled, of: nil)
                }
                return Self.redirect(to: "/admin/coupons", done: "saved")
            },
            page("/coupons/{code}", .changeCatalog) { visit, _, context in
                let coupon = try coupon(context)
                return couponPage(visit, values(coupon, productSlugs(), visit), of: coupon)
            },
            form("/coupons/{code}", .changeCatalog) { form, visit, _, context in
                let coupon = try coupon(context)
                var filled = try FilledForm(form)
                guard let terms = terms(&filled, coupon.terms.window, visit) else {
                    return couponPage(visit, filled, of: coupon)
                }
                do {
                    _ = try await useCases.manageCoupons.change(
                        coupon.code.text, version: Int(form["version"]) ?? 0, by: note(visit, form)
                    ) { _ in terms }
                } catch let error as ShopError {
                    filled.fail(error)
                    if error.code == .wrongState {
                        filled.overtaken(by: values(try await stored(coupon), productSlugs(), visit))
                    }
                    return couponPage(visit, filled, of: coupon)
                }
                return Self.redirect(to: "/admin/coupons", done: "saved")
            },
        ]
    }

    /// A coupon as it is stored, whatever this process has in memory.
    private func stored(_ known: Coupon) async throws(ShopError) -> Coupon {
        let entries = try await ports.catalog.coupons(code: known.code, after: nil, limit: 1)
        guard let stored = entries.first?.coupon else { return known }
        ports.cache.put(stored)
        return stored
    }

    private func coupon(_ context: ShopRequestContext) throws(ShopError) -> Coupon {
        guard let code = CouponCode(context.parameter("code")), let coupon = ports.cache.coupon(code) else {
            throw ShopError(.notFound, "no such coupon")
        }
        return coupon
    }

    // MARK: Form and terms

    /// By what products are called in forms and tables.
    func productSlugs() -> [ProductID: String] {
        Dictionary(ports.cache.products().map { ($0.id, $0.slug.text) }) { first, _ in first }
    }

    /// - Parameter slugs: of all products
    func values(_ coupon: Coupon, _ slugs: [ProductID: String], _ visit: AdminVisit) -> FilledForm {
        let terms = coupon.terms
        let off: String =
            switch terms.discount {
            case .fixed(let amount): DecimalMoney.text(amount, terms.currency)
            case .percent(let percent): "\(percent)%"
            }
        let values = [
            "version": "\(coupon.version)", "off": off, "currency": terms.currency.code,
            "minimum": DecimalMoney.text(terms.minimum, terms.currency),
            "products": terms.scope.products.compactMap { slugs[$0] }.sorted().joined(separator: "\n"),
            "category": terms.scope.category.flatMap { ports.cache.category($0)?.slug.text } ?? "",
            "max_uses": terms.uses.total.map { "\($0)" } ?? "",
            "max_uses_per_buyer": terms.uses.perBuyer.map { "\($0)" } ?? "", "enabled": Self.check(terms.isEnabled),
        ]
        return FilledForm(values.merging(self.values(terms.window, visit)) { first, _ in first })
    }

    func terms(_ filled: inout FilledForm, _ window: SaleWindow, _ visit: AdminVisit) -> CouponTerms? {
        let currency = filled.currency()
        var discount = Discount.percent(0)
        let off = filled["off"].trimmed
        if off.hasSuffix("%"), let percent = Int(off.dropLast().description.trimmed), (1...100).contains(percent) {
            discount = .percent(percent)
        } else if let currency, let amount = DecimalMoney.read(off, currency), amount > 0 {
            discount = .fixed(amount)
        } else {
            filled.fail("off", "must be an amount such as 5.00, or a percentage from 1% to 100%")
        }
        if filled["minimum"].trimmed.isEmpty { filled = filled.with("minimum", "0") }
        let minimum = filled.amount("minimum", currency)
        let scope = scope(&filled)
        let range = 1...Int64(CouponUses.maximum)
        let uses = CouponUses(
            total: filled.optionalInteger("max_uses", in: range).map { Int($0) },
            perBuyer: filled.optionalInteger("max_uses_per_buyer", in: range).map { Int($0) })
        let times = filled.window(window, zone(visit))
        guard filled.isFine, let currency, let uses else { return nil }
        return CouponTerms(
            discount: discount, currency: currency, minimum: minimum, scope: scope, uses: uses, window: times,
            isEnabled: filled.isChecked("enabled"))
    }

    private func scope(_ filled: inout FilledForm) -> CouponScope {
        var products: Set<ProductID> = []
        for slug in filled["products"].split(whereSeparator: { $0.isWhitespace || $0 == "," }) {
            guard let product = Slug(String(slug)).flatMap({ ports.cache.product($0) }) else {
                filled.fail("products", "names no product: \(slug.prefix(64))")
                continue
            }
            products.insert(product.id)
        }
        if products.count > CouponScope.maximumProducts {
            filled.fail("products", "must be at most \(CouponScope.maximumProducts)")
        }
        return CouponScope(products: products, category: category(&filled))
    }

    // MARK: Pages

    private static let rowsPerPage = 100

    private func couponList(_ visit: AdminVisit) async throws -> Response {
        let asked = FilledForm(visit.query)
        let wanted = asked["code"].trimmed
        let code = CouponCode(wanted)
        let after = visit.query["after"].flatMap { Int64($0) }.map { CouponID($0) }
        let isNone = !wanted.isEmpty && code == nil
        let entries =
            isNone ? [] : try await ports.catalog.coupons(code: code, after: after, limit: Self.rowsPerPage)
        let search = FormSpec(
            action: "/admin/coupons", fields: [FormFields(visit, asked, "find")("code", .input("search"))],
            button: visit.word("cat_search"), isGet: true, isInline: true, isPlain: true)
        var links: [Link] = []
        if visit.may(.changeCatalog) {
            links.append(Link(text: visit.word("cat_newCoupon"), address: "/admin/new-coupon", isPlain: false))
        }
        if entries.count == Self.rowsPerPage, let last = entries.last {
            links.append(
                Link(text: visit.word("cat_more"), address: "/admin/coupons?after=\(last.coupon.id.number)"))
        }
        var sections = [
            PageSection(forms: [search], links: links), PageSection(table: couponRows(visit, entries)),
        ]
        if visit.may(.changeCatalog) { sections.append(tableSection(visit, "coupons")) }
        return show(visit, visit.word("menuCoupons"), sections)
    }

    private func couponRows(_ visit: AdminVisit, _ entries: [CouponEntry]) -> DataTable {
        let mayChange = visit.may(.changeCatalog)
        return DataTable(
            columns: columns(visit, ["code", "off", "minimum", "used", "window", "state"], numbers: [1, 2, 3]),
            rows: entries.map { entry in
                let terms = entry.coupon.terms
                let format = MoneyFormat(terms.currency)
                let off: String =
                    switch terms.discount {
                    case .fixed(let amount): format.text(amount)
                    case .percent(let percent): "\(percent)%"
                    }
                let isOn = terms.isEnabled && terms.window.contains(visit.now)
                return [
                    DataTable.Cell(
                        text: entry.coupon.code.text,
                        link: mayChange ? "/admin/coupons/\(entry.coupon.code.text)" : ""),
                    DataTable.Cell(text: off), DataTable.Cell(text: format.text(terms.minimum)),
                    DataTable.Cell(text: "\(entry.used) / \(terms.uses.total.map { "\($0)" } ?? "∞")"),
                    DataTable.Cell(text: windowText(terms.window, visit)),
                    DataTable.Cell(
                        text: visit.word(terms.isEnabled ? "cat_enabled" : "cat_disabled"), tone: isOn ? .good : .warn,
                        isBadge: true),
                ]
            }, nothing: visit.word("cat_nothing"), label: visit.word("menuCoupons"))
    }

    private func couponPage(_ visit: AdminVisit, _ filled: FilledForm, of coupon: Coupon?) -> Response {
        let field = FormFields(visit, filled, "coupon")
        var fields = [
            coupon == nil ? field("code", isRequired: true) : .hidden("version", filled["version"]),
            field("off", isRequired: true), field("currency", isRequired: true), field("minimum"),
            field("products", .area(rows: 3)), field("category", categoryChoices(visit)),
            field("max_uses", .input("number")), field("max_uses_per_buyer", .input("number")),
            field("opens_at", .input("datetime-local")), field("closes_at", .input("datetime-local")),
        ]
        fields += [field("enabled", .check), field.reason]
        let action = coupon.map { "/admin/coupons/\($0.code.text)" } ?? "/admin/coupons"
        let form = FormSpec(action: action, fields: fields, button: visit.word("save"))
        let links =
            filled.fault?.code == .wrongState ? [Link(text: visit.word("cat_fresh"), address: action)] : []
        return show(
            visit, coupon?.code.text ?? visit.word("cat_newCoupon"),
            crumbs: [Link(text: visit.word("menuCoupons"), address: "/admin/coupons")],
            [PageSection(forms: [form], links: links)], alert: alert(filled, visit), status: status(filled))
    }
}

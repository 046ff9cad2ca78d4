import Domain
import PageSupport
import Shop

// What is asked of a product: from a form into a draft, and back.
extension Admin {
    // MARK: Values

    /// What the form of a new product holds at first.
    func newProductValues(_ visit: AdminVisit) -> FilledForm {
        FilledForm([
            "currency": ports.cache.products().first?.price.currency.code ?? "CNY", "kind": ProductKind.card.name,
            "max_per_order": "1", "max_per_buyer": "\(PurchaseLimits.maximumPerBuyer)", "hold_seconds": "900",
            "late_money": LateMoney.deliver.rawValue, "stock_display": StockDisplay.exact.rawValue, "position": "0",
        ])
    }

    func values(_ listing: Listing, _ visit: AdminVisit) -> FilledForm {
        let (product, page) = (listing.product, listing.page)
        let currency = product.price.currency
        let values = [
            "version": "\(product.version)", "title": product.title,
            "amount": DecimalMoney.text(product.price.amount, currency), "currency": currency.code,
            "max_per_order": "\(product.limits.perOrder)", "max_per_buyer": "\(product.limits.perBuyer)",
            "max_held_per_buyer": "\(product.limits.heldPerBuyer)", "hold_seconds": "\(product.holdSeconds)",
            "late_money": product.lateMoney.rawValue, "pickable": Self.check(product.isPickable),
            "tiers": TierLines.text(product.tiers, currency), "fields": FieldLines.text(product.fields),
            "category": product.category.flatMap { ports.cache.category($0)?.slug.text } ?? "",
            "description": page.description, "instructions": page.instructions, "picture": page.picture ?? "",
            "stock_display": page.stockDisplay.rawValue, "position": "\(page.position)",
            "hidden": Self.check(page.isHidden),
        ]
        return FilledForm(values.merging(self.values(product.window, visit)) { first, _ in first })
    }

    // MARK: Reading

    /// A new product with what all its buyers get; nil when something is wrong with the form.
    func newProduct(_ filled: inout FilledForm, _ visit: AdminVisit) -> (draft: ProductDraft, stock: SharedStock?)? {
        let slug = filled.slug()
        let currency = filled.currency()
        let stock = sharedStock(&filled)
        let kind: ProductKind? =
            switch filled["kind"] {
            case "card": .card
            case "shared": stock?.units == nil ? .sharedEndless : .sharedCounted
            case "manual": .manual
            default: nil
            }
        if kind == nil { filled.fail("kind", "is not one of the choices") }
        guard let slug, let currency, let kind, let price = Money(amount: 0, currency: currency),
            let limits = PurchaseLimits(perOrder: 1, perBuyer: 1)
        else { return nil }
        var draft = ProductDraft(
            slug: slug, title: "", price: price, limits: limits, holdSeconds: 900, window: .always, fields: [],
            kind: kind)
        read(&filled, into: &draft, visit)
        return filled.isFine ? (draft, stock) : nil
    }

    private func sharedStock(_ filled: inout FilledForm) -> SharedStock? {
        guard filled["kind"] == "shared" else { return nil }
        let units = filled.optionalInteger("units", in: 0...Int64(CreateProduct.maximumUnits))
        if filled["secret"].isEmpty { filled.fail("secret", "is missing") }
        return SharedStock(secret: filled["secret"], units: units.map { Int($0) })
    }

    /// What is said of new and known products alike.
    func read(_ filled: inout FilledForm, into draft: inout ProductDraft, _ visit: AdminVisit) {
        let currency = draft.price.currency
        draft.title = filled.line("title", maximum: Product.maximumTitleLength)
        let amount = filled.amount("amount", currency)
        draft.price = Money(amount: amount, currency: currency) ?? draft.price
        draft.limits = limits(&filled, draft.limits)
        draft.holdSeconds = filled.integer("hold_seconds", in: 1...Product.maximumHoldSeconds)
        draft.lateMoney = filled.choice("late_money", draft.lateMoney)
        draft.window = filled.window(draft.window, zone(visit))
        do {
            draft.tiers = try TierLines.read(filled["tiers"], currency)
        } catch {
            filled.fail(error)
        }
        do {
            draft.fields = try FieldLines.read(filled["fields"])
        } catch {
            filled.fail(error)
        }
        draft.category = category(&filled)
        draft.isPickable = filled.isChecked("pickable")
        draft.page = page(&filled, draft.page)
    }

    private func limits(_ filled: inout FilledForm, _ known: PurchaseLimits) -> PurchaseLimits {
        let perOrder = filled.integer("max_per_order", in: 1...Int64(PurchaseLimits.maximumPerOrder))
        let perBuyer = filled.integer("max_per_buyer", in: 1...Int64(PurchaseLimits.maximumPerBuyer))
        let held = filled.optionalInteger("max_held_per_buyer", in: 1...Int64(PurchaseLimits.maximumPerBuyer))
        let limits = PurchaseLimits(
            perOrder: Int(perOrder), perBuyer: Int(perBuyer), heldPerBuyer: Int(held ?? perBuyer))
        if limits == nil { filled.fail("max_held_per_buyer", "must not be more than the units of a buyer") }
        return limits ?? known
    }

    private func page(_ filled: inout FilledForm, _ known: ProductPage) -> ProductPage {
        let picture = filled["picture"].trimmed
        if !picture.isEmpty, !ProductPage.isPicture(picture) {
            filled.fail("picture", "must be an https address, or a path of this shop that begins with /")
        }
        let bound = Int64(Category.maximumPosition)
        return ProductPage(
            description: filled.text("description", maximum: ProductPage.maximumTextLength),
            instructions: filled.text("instructions", maximum: ProductPage.maximumTextLength),
            picture: picture.isEmpty ? nil : picture, stockDisplay: filled.choice("stock_display", known.stockDisplay),
            position: Int(filled.integer("position", in: -bound...bound)), isHidden: filled.isChecked("hidden"))
    }

    // MARK: Asking

    /// - Parameter listing: nil for a new one
    func productForm(_ visit: AdminVisit, _ filled: FilledForm, of listing: Listing?) -> FormSpec {
        let field = FormFields(visit, filled)
        var fields = [field("title", isRequired: true)]
        if listing == nil {
            fields.insert(field("slug", isRequired: true), at: 0)
            fields += [
                field.choice("kind", ["card", "shared", "manual"]), field("secret", .area(rows: 2)),
                field("units", .input("number")),
            ]
        } else {
            fields.append(.hidden("version", filled["version"]))
        }
        fields += [field("amount", isRequired: true)]
        if listing == nil { fields.append(field("currency", isRequired: true)) }
        fields += [
            field("max_per_order", .input("number")), field("max_per_buyer", .input("number")),
            field("max_held_per_buyer", .input("number")), field("hold_seconds", .input("number")),
            field.choice("late_money", LateMoney.allCases.map(\.rawValue)),
            field("opens_at", .input("datetime-local")), field("closes_at", .input("datetime-local")),
            field("tiers", .area(rows: 3)), field("fields", .area(rows: 4)),
            field("category", categoryChoices(visit)),
        ]
        if listing.map({ $0.product.kind == .card }) ?? true { fields.append(field("pickable", .check)) }
        let maximum = ProductPage.maximumTextLength
        fields += [
            field("description", .area(rows: 8), maximum: maximum),
            field("instructions", .area(rows: 5), maximum: maximum), field("picture"),
            field.choice("stock_display", StockDisplay.allCases.map(\.rawValue)),
            field("position", .input("number")), field("hidden", .check), field.reason,
        ]
        let action = listing.map { "/admin/products/\($0.product.slug.text)" } ?? "/admin/products"
        return FormSpec(action: action, fields: fields, button: visit.word("save"), name: "product")
    }
}

/// Lower prices for larger orders, one a line: `3 47.00`.
enum TierLines {
    static func text(_ tiers: [PriceTier], _ currency: Currency) -> String {
        tiers.sorted { $0.from < $1.from }.map { "\($0.from) \(DecimalMoney.text($0.amount, currency))" }
            .joined(separator: "\n")
    }

    /// - Throws: *invalid_request* that names `tiers`, with the line.
    static func read(_ text: String, _ currency: Currency) throws(ShopError) -> [PriceTier] {
        var tiers: [PriceTier] = []
        for (index, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
            let parts = line.split { $0.isWhitespace }
            guard !parts.isEmpty else { continue }
            guard parts.count == 2, let from = Int(parts[0]), let amount = DecimalMoney.read(parts[1], currency) else {
                throw ShopError(
                    .invalidRequest, "line \(index + 1): write a quantity and the price of one unit, such as 3 47.00",
                    field: "tiers")
            }
            tiers.append(PriceTier(from: from, amount: amount))
        }
        return tiers
    }
}

/// What buyers fill in, one field a line: `name | label | type | options`.
///
/// In labels and choices a backslash stands before `|`, `,` and itself where they are meant.
enum FieldLines {
    static func text(_ fields: [OrderField]) -> String { fields.map { line($0) }.joined(separator: "\n") }

    private static func line(_ field: OrderField) -> String {
        let kind = field.kind.rawValue + (field.isOptional ? "?" : "")
        let options: String =
            switch field.kind {
            case .text, .email: ""
            case .number:
                field.minimum == nil && field.maximum == nil
                    ? "" : "\(field.minimum.map { "\($0)" } ?? "")..\(field.maximum.map { "\($0)" } ?? "")"
            case .choice: field.choices.map { escaped($0) }.joined(separator: ", ")
            case .pattern: field.pattern ?? ""
            }
        return ([field.name, escaped(field.label), kind] + (options.isEmpty ? [] : [options])).joined(separator: " | ")
    }

    private static func escaped(_ text: String) -> String {
        text.map { "|,\\".contains($0) ? "\\\($0)" : String($0) }.joined()
    }

    /// - Throws: *invalid_request* that names `fields`, with the line.
    static func read(_ text: String) throws(ShopError) -> [OrderField] {
        var fields: [OrderField] = []
        for (index, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
            guard !line.allSatisfy(\.isWhitespace) else { continue }
            do throws(ShopError) {
                let field = try field(line)
                if let fault = field.fault { throw ShopError(.invalidRequest, "\(fault.member) \(fault.reason)") }
                fields.append(field)
            } catch {
                throw ShopError(.invalidRequest, "line \(index + 1): \(error.detail)", field: "fields")
            }
        }
        return fields
    }

    private static func field(_ line: Substring) throws(ShopError) -> OrderField {
        let (parts, options) = cut(line)
        let word = parts.count > 2 && !parts[2].isEmpty ? parts[2] : OrderField.Kind.text.rawValue
        let isOptional = word.hasSuffix("?")
        guard let kind = OrderField.Kind(rawValue: isOptional ? String(word.dropLast()) : word) else {
            throw ShopError(.invalidRequest, "the type must be text, email, number, choice or pattern")
        }
        var (minimum, maximum): (Int64?, Int64?)
        if kind == .number, !options.trimmed.isEmpty { (minimum, maximum) = try range(options.trimmed) }
        let label = parts.count > 1 && !parts[1].isEmpty ? parts[1] : nil
        guard kind != .text && kind != .email || options.trimmed.isEmpty else {
            throw ShopError(.invalidRequest, "\(kind.rawValue) has no options")
        }
        return OrderField(
            name: parts[0], label: label, kind: kind, isOptional: isOptional, minimum: minimum, maximum: maximum,
            choices: kind == .choice ? choices(options) : [], pattern: kind == .pattern ? options : nil)
    }

    /// The first three parts, and all that follows them as it is, without the space behind the bar.
    private static func cut(_ line: Substring) -> (parts: [String], rest: String) {
        var parts = [""]
        var rest = line
        while let character = rest.popFirst() {
            if character == "\\", let next = rest.popFirst() {
                parts[parts.count - 1].append(next)
            } else if character == "|" {
                if parts.count == 3 {
                    return (parts.map(\.trimmed), String(rest.first == " " ? rest.dropFirst() : rest))
                }
                parts.append("")
            } else {
                parts[parts.count - 1].append(character)
            }
        }
        return (parts.map(\.trimmed), "")
    }

    private static func choices(_ text: String) -> [String] {
        var choices = [""]
        var rest = text[...]
        while let character = rest.popFirst() {
            if character == "\\", let next = rest.popFirst() {
                choices[choices.count - 1].append(next)
            } else if character == "," {
                choices.append("")
            } else {
                choices[choices.count - 1].append(character)
            }
        }
        return choices.map(\.trimmed)
    }

    private static func range(_ text: String) throws(ShopError) -> (Int64?, Int64?) {
        let ends = text.split(separator: "..", omittingEmptySubsequences: false).map(\.description.trimmed)
        let numbers = ends.map { Int64($0) }
        guard ends.count == 2, zip(ends, numbers).allSatisfy({ $0.isEmpty || $1 != nil }) else {
            throw ShopError(.invalidRequest, "write the numbers allowed as 1..10, 1.. or ..10")
        }
        return (numbers[0], numbers[1])
    }
}

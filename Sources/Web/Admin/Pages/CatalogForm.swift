import Domain
import HTTPTypes
import Hummingbird
import PageSupport
import Shop
import WebSupport

/// What somebody filled in, and what is wrong with it. Readers note what is wrong and go on, so that all of it is told
/// at once.
struct FilledForm {
    private(set) var values: [String: String]
    private(set) var errors: [String: String] = [:]
    /// What is wrong with no field.
    private(set) var fault: ShopError?
    /// What is stored by now, if somebody else was faster.
    private(set) var stored: [String: String]?

    /// What is known already.
    init(_ values: [String: String]) { self.values = values }

    /// - Throws: *malformed* for null characters, which no text may hold.
    init(_ form: WebForm) throws(ShopError) {
        let values = form.below("").mapValues { Admin.lines($0) }
        guard values.values.allSatisfy({ !$0.unicodeScalars.contains("\0") }) else {
            throw ShopError(.malformed, "the form holds a null character")
        }
        self.values = values
    }

    subscript(_ name: String) -> String { values[name] ?? "" }

    /// The same with another value.
    func with(_ name: String, _ value: String) -> FilledForm {
        var other = self
        other.values[name] = value
        return other
    }

    var isFine: Bool { errors.isEmpty && fault == nil }

    /// Notes what is wrong with a field; the first word stays.
    mutating func fail(_ name: String, _ reason: String) { errors[name] = errors[name] ?? reason }

    /// Notes an error of a use case, at its field if the form has that.
    mutating func fail(_ error: ShopError) {
        let name = error.field.map { String($0.prefix { $0 != "." }) } ?? ""
        guard values[name] != nil, error.code == .invalidRequest else {
            fault = error
            return
        }
        // Its name stands in front of the reason, and beside the field already.
        let prefix = "\(name): "
        fail(name, error.detail.hasPrefix(prefix) ? String(error.detail.dropFirst(prefix.count)) : error.detail)
    }

    /// Somebody else was faster. What was filled in stays, and may take the place of what is stored now: of that
    /// version and no other.
    mutating func overtaken(by stored: FilledForm) {
        self.stored = stored.values
        values["version"] = stored["version"]
    }

    // MARK: Reading

    /// Without spaces at its ends; 1 character at least.
    mutating func line(_ name: String, maximum: Int) -> String {
        let text = self[name].trimmed
        if !(1...maximum).contains(text.unicodeScalars.count) { fail(name, "must have 1 to \(maximum) characters") }
        return text
    }

    mutating func text(_ name: String, maximum: Int) -> String {
        if self[name].unicodeScalars.count > maximum { fail(name, "must have at most \(maximum) characters") }
        return self[name]
    }

    func isChecked(_ name: String) -> Bool { self[name] == "yes" }

    mutating func slug(_ name: String = "slug") -> Slug? {
        let slug = Slug(self[name].trimmed)
        if slug == nil { fail(name, "must be 1 to 64 of a-z, 0-9 and -") }
        return slug
    }

    mutating func choice<Choice: RawRepresentable<String>>(_ name: String, _ known: Choice) -> Choice {
        guard let choice = Choice(rawValue: self[name]) else {
            fail(name, "is not one of the choices")
            return known
        }
        return choice
    }

    mutating func integer(_ name: String, in range: ClosedRange<Int64>) -> Int64 {
        guard let number = optionalInteger(name, in: range) else {
            fail(name, "must be from \(range.lowerBound) to \(range.upperBound)")
            return range.lowerBound
        }
        return number
    }

    /// Nil when nothing is filled in.
    mutating func optionalInteger(_ name: String, in range: ClosedRange<Int64>) -> Int64? {
        let text = self[name].trimmed
        guard !text.isEmpty else { return nil }
        guard let number = Int64(text), range.contains(number) else {
            fail(name, "must be a whole number from \(range.lowerBound) to \(range.upperBound)")
            return range.lowerBound
        }
        return number
    }

    mutating func currency() -> Currency? {
        let currency = Currency(code: self["currency"].trimmed.uppercased())
        if currency == nil { fail("currency", "must be three upper-case letters") }
        return currency
    }

    /// Minor units.
    mutating func amount(_ name: String, _ currency: Currency?) -> Int64 {
        guard let currency else { return 0 }
        guard let amount = DecimalMoney.read(self[name].trimmed, currency) else {
            fail(name, DecimalMoney.fault(currency))
            return 0
        }
        return amount
    }

    /// Minor units, 1 or more; nil when nothing is filled in.
    mutating func optionalAmount(_ name: String, _ currency: Currency) -> Int64? {
        guard !self[name].trimmed.isEmpty else { return nil }
        let amount = amount(name, currency)
        if amount == 0 { fail(name, DecimalMoney.fault(currency)) }
        return amount == 0 ? nil : amount
    }

    /// - Parameter known: kept where nothing was changed, since a form knows minutes only
    mutating func window(_ known: SaleWindow, _ zone: LocalTime) -> SaleWindow {
        let opensAt = moment("opens_at", known.opensAt, zone)
        let closesAt = moment("closes_at", known.closesAt, zone)
        guard let window = SaleWindow(opensAt: opensAt, closesAt: closesAt) else {
            fail("closes_at", "must be after the beginning")
            return known
        }
        return window
    }

    private mutating func moment(_ name: String, _ known: Timestamp?, _ zone: LocalTime) -> Timestamp? {
        let text = self[name].trimmed
        guard !text.isEmpty else { return nil }
        if let known, zone.input(known) == text { return known }
        let moment = zone.moment(text)
        if moment == nil { fail(name, "must be a time such as 2026-01-31T20:00") }
        return moment
    }
}

/// Amounts as people type them, such as `19.90`.
enum DecimalMoney {
    static func text(_ amount: Int64, _ currency: Currency) -> String {
        let decimals = MoneyFormat(currency).decimals
        let digits = String(amount.magnitude)
        let padded = String(repeating: "0", count: max(0, decimals + 1 - digits.count)) + digits
        let fraction = decimals == 0 ? "" : ".\(padded.suffix(decimals))"
        return (amount < 0 ? "-" : "") + padded.dropLast(decimals) + fraction
    }

    /// Nil when it is no amount, has too many digits behind the point, or is too much.
    static func read(_ text: some StringProtocol, _ currency: Currency) -> Int64? {
        let decimals = MoneyFormat(currency).decimals
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        guard (1...2).contains(parts.count), !parts[0].isEmpty else { return nil }
        let fraction = parts.count == 2 ? String(parts[1]) : ""
        guard parts.count == 1 || (1...max(1, decimals)).contains(fraction.count), fraction.count <= decimals,
            (parts[0] + fraction).utf8.allSatisfy({ (0x30...0x39).contains($0) })
        else { return nil }
        let digits = parts[0] + fraction + String(repeating: "0", count: decimals - fraction.count)
        guard let amount = Int64(digits), amount <= Money.maximumAmount else { return nil }
        return amount
    }

    static func fault(_ currency: Currency) -> String {
        let example = text(1_990, currency)
        return "must be an amount such as \(example), of \(text(Money.maximumAmount, currency)) at most"
    }
}

/// Fields of a form with their words, values and errors.
struct FormFields {
    let visit: AdminVisit
    let filled: FilledForm
    /// What its words begin with.
    let prefix: String

    init(_ visit: AdminVisit, _ filled: FilledForm, _ prefix: String = "cat") {
        self.visit = visit
        self.filled = filled
        self.prefix = prefix
    }

    func callAsFunction(
        _ name: String, _ kind: FormField.Kind = .input("text"), isRequired: Bool = false, maximum: Int = 200_000
    ) -> FormField {
        FormField(
            name: name, label: visit.words["\(prefix)_\(name)"] ?? visit.word("cat_\(name)"), kind: kind,
            value: filled[name],
            hint: visit.words["\(prefix)_\(name)_hint"] ?? visit.words["cat_\(name)_hint"] ?? "",
            error: filled.errors[name].map { visit.reason($0) } ?? "", isRequired: isRequired, maximum: maximum,
            stored: stored(name, kind))
    }

    /// What is stored by now, where something else was filled in.
    private func stored(_ name: String, _ kind: FormField.Kind) -> String {
        guard let values = filled.stored, let stored = values[name], stored.trimmed != filled[name].trimmed
        else { return "" }
        return FormField.storedText(stored, kind, visit)
    }

    /// One of some words, each called `cat_NAME_WORD`.
    func choice(_ name: String, _ values: [String]) -> FormField {
        self(name, .choice(values.map { ($0, visit.word("cat_\(name)_\($0)")) }))
    }

    /// What the journal keeps as the reason.
    var reason: FormField { self("reason") }
}

extension Admin {
    /// What stands above a form that was filled in.
    func alert(_ filled: FilledForm?, _ visit: AdminVisit) -> String {
        guard let filled, !filled.isFine else { return "" }
        if filled.stored != nil { return visit.word("overtaken") }
        return filled.fault.map { Self.explain($0, visit) } ?? visit.word("checkFields")
    }

    func status(_ filled: FilledForm?) -> HTTPResponse.Status {
        guard let filled, !filled.isFine else { return .ok }
        return Problem.answer(filled.fault ?? .invalid("form", "is wrong")).status
    }

    static func check(_ flag: Bool) -> String { flag ? "yes" : "" }

    func zone(_ visit: AdminVisit) -> LocalTime { LocalTime(zone: visit.shop.timeZone) }

    /// The values of a window's two fields.
    func values(_ window: SaleWindow, _ visit: AdminVisit) -> [String: String] {
        let zone = zone(visit)
        return [
            "opens_at": window.opensAt.map { zone.input($0) } ?? "",
            "closes_at": window.closesAt.map { zone.input($0) } ?? "",
        ]
    }

    func windowText(_ window: SaleWindow, _ visit: AdminVisit) -> String {
        guard window != .always else { return visit.word("cat_always") }
        return (window.opensAt.map { visit.time($0) } ?? "…") + " – " + (window.closesAt.map { visit.time($0) } ?? "…")
    }

    func number(_ context: ShopRequestContext) throws(ShopError) -> Int64 {
        guard let number = Int64(context.parameter("id")), number > 0 else {
            throw ShopError(.notFound, "no such thing")
        }
        return number
    }

    /// The choices of a category, none among them.
    func categoryChoices(_ visit: AdminVisit) -> FormField.Kind {
        .choice([("", visit.word("cat_none"))] + ports.cache.categories().map { ($0.slug.text, $0.name) })
    }

    func category(_ filled: inout FilledForm) -> CategoryID? {
        let text = filled["category"]
        guard !text.isEmpty else { return nil }
        let category = Slug(text).flatMap { ports.cache.category($0) }
        if category == nil { filled.fail("category", "is not a category") }
        return category?.id
    }

    func columns(_ visit: AdminVisit, _ words: [String], numbers: Set<Int> = []) -> [DataTable.Column] {
        words.enumerated().map { index, word in
            DataTable.Column(text: word.isEmpty ? "" : visit.word("cat_\(word)"), isNumber: numbers.contains(index))
        }
    }
}

import Domain
import PageSupport

/// What a list was asked for, as part of its address: filters, and where to go on.
struct PageQuery {
    /// Rows of one page for people.
    static let rows = 50
    /// Rows that a file is written by at a time.
    static let fileRows = 1000

    private let given: [String: String]

    init(_ visit: AdminVisit) { given = visit.query }

    /// The text of a filter, without white space around it; nil when it is empty.
    func text(_ name: String) -> String? {
        let text = (given[name] ?? "").trimmed
        return text.isEmpty ? nil : text
    }

    /// One of a closed list of words.
    func word<Word: RawRepresentable<String>>(_ name: String, _: Word.Type) throws(ShopError) -> Word? {
        guard let text = text(name) else { return nil }
        guard let word = Word(rawValue: text) else { throw .invalid(name, "is none of those to choose from") }
        return word
    }

    /// The number of an order.
    func order(_ name: String) throws(ShopError) -> OrderID? {
        guard let text = text(name) else { return nil }
        guard let id = OrderID(text: text) else { throw .invalid(name, "must be an order's number") }
        return id
    }

    /// The number of a line.
    func line(_ name: String) throws(ShopError) -> Int64? {
        guard let text = text(name) else { return nil }
        guard let id = Int64(text), id > 0 else { throw .invalid(name, "must be the number of a line") }
        return id
    }

    /// An address with the same filters.
    func address(_ path: String, filters: [String], after: String? = nil) -> String {
        var parts = filters.compactMap { name in text(name).map { "\(name)=\(FormText.encoded($0))" } }
        if let after { parts.append("after=\(FormText.encoded(after))") }
        return parts.isEmpty ? path : path + "?" + parts.joined(separator: "&")
    }
}

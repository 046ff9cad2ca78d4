/// What a thing was like before or after a change, as the owner's journal keeps it: names and values, without secrets
/// and without what tells of a buyer. What is in the journal stays for ever.
public struct JournalFacts: Hashable, Sendable {
    /// One value.
    public enum Value: Hashable, Sendable {
        /// A text.
        case text(String)
        /// A whole number.
        case number(Int64)
        /// Yes or no.
        case truth(Bool)
        /// Nothing.
        case nothing
    }

    private var facts: [(name: String, value: Value)] = []

    /// Stands at the end of a text that was cut.
    public static let mark = "…(cut)"

    /// Nothing yet.
    public init() {}

    /// Adds a text.
    public mutating func add(_ name: String, _ text: String?) {
        facts.append((name, text.map { .text($0) } ?? .nothing))
    }
    /// Adds a number.
    public mutating func add(_ name: String, _ number: (some BinaryInteger)?) {
        facts.append((name, number.map { .number(Int64(clamping: $0)) } ?? .nothing))
    }
    /// Adds a yes or no.
    public mutating func add(_ name: String, _ truth: Bool) { facts.append((name, .truth(truth))) }

    /// The facts as one JSON object. Where it would be longer than so many bytes, its longest texts are cut, and
    /// ``mark`` stands at the end of each of them; the object stays whole.
    public func json(maximumBytes: Int) -> String {
        var longest = maximumBytes
        while true {
            let text = json(longestText: longest)
            if text.utf8.count <= maximumBytes || longest == 0 { return text }
            longest /= 2
        }
    }

    private func json(longestText: Int) -> String {
        let parts = facts.map { fact in
            let value =
                switch fact.value {
                case .text(let text): Self.quoted(Self.cut(text, longestText))
                case .number(let number): "\(number)"
                case .truth(let truth): truth ? "true" : "false"
                case .nothing: "null"
                }
            return "\(Self.quoted(fact.name)):\(value)"
        }
        return "{\(parts.joined(separator: ","))}"
    }

    private static func cut(_ text: String, _ maximum: Int) -> String {
        guard text.utf8.count > maximum else { return text }
        var kept = String.UnicodeScalarView()
        var bytes = 0
        for scalar in text.unicodeScalars {
            bytes += UTF8.width(scalar)
            guard bytes <= maximum else { break }
            kept.append(scalar)
        }
        return String(kept) + mark
    }

    private static func quoted(_ text: String) -> String {
        var quoted = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": quoted += "\\\""
            case "\\": quoted += "\\\\"
            case "\n": quoted += "\\n"
            case _ where scalar.value < 32:
                let digits = String(scalar.value, radix: 16)
                quoted += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            default: quoted.unicodeScalars.append(scalar)
            }
        }
        return quoted + "\""
    }

    /// The same facts in the same order.
    public static func == (left: JournalFacts, right: JournalFacts) -> Bool {
        left.facts.map(\.name) == right.facts.map(\.name) && left.facts.map(\.value) == right.facts.map(\.value)
    }

    /// Feeds all facts.
    public func hash(into hasher: inout Hasher) {
        for fact in facts {
            hasher.combine(fact.name)
            hasher.combine(fact.value)
        }
    }
}

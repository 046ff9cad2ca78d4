/// Something that the buyer of a product fills in.
public struct OrderField: Hashable, Sendable, Codable {
    /// What may be filled in. The raw values are those of the database and the API.
    public enum Kind: String, CaseIterable, Sendable, Codable {
        /// Any text.
        case text
        /// An e-mail address.
        case email
        /// A whole number between `minimum` and `maximum`.
        case number
        /// One of `choices`.
        case choice
        /// A text that fits `pattern` from beginning to end.
        case pattern
    }

    /// Its name in requests, 1 to 64 of `a-z`, `0-9`, `-` and `_`.
    public let name: String
    /// What people read beside it, 1 to 100 characters.
    public let label: String
    /// What may be filled in.
    public let kind: Kind
    /// Whether it may be left out.
    public let isOptional: Bool
    /// Smallest number; of *number* only.
    public let minimum: Int64?
    /// Largest number; of *number* only.
    public let maximum: Int64?
    /// What can be chosen; of *choice* only.
    public let choices: [String]
    /// A regular expression; of *pattern* only.
    public let pattern: String?

    /// The most fields of one product.
    public static let maximumCount = 32
    /// The longest value, in Unicode scalars.
    public static let maximumValueLength = 500
    /// The longest value that is held against a pattern, in Unicode scalars.
    public static let maximumPatternValueLength = 200
    /// The most fields with a pattern: each is matched for each order.
    public static let maximumPatterns = 8
    /// The longest label and the longest choice, in characters.
    public static let maximumLabelLength = 100
    /// The most choices.
    public static let maximumChoices = 50
    /// The longest pattern, in bytes.
    public static let maximumPatternLength = 200

    /// Puts checked parts together; see ``fault``.
    public init(
        name: String, label: String? = nil, kind: Kind = .text, isOptional: Bool = false, minimum: Int64? = nil,
        maximum: Int64? = nil, choices: [String] = [], pattern: String? = nil
    ) {
        self.name = name
        self.label = label ?? name
        self.kind = kind
        self.isOptional = isOptional
        self.minimum = minimum
        self.maximum = maximum
        self.choices = choices
        self.pattern = pattern
    }

    /// Why it is no field; nil when it is one. Whether the pattern is a regular expression is not looked at.
    public var fault: (member: String, reason: String)? {
        let nameIsFine =
            (1...64).contains(name.utf8.count)
            && name.utf8.allSatisfy { byte in
                (0x61...0x7A).contains(byte) || (0x30...0x39).contains(byte) || byte == 0x2D || byte == 0x5F
            }
        guard nameIsFine else { return ("name", "must be 1 to 64 of a-z, 0-9, - and _") }
        guard Self.isLabel(label) else { return ("label", "must have 1 to \(Self.maximumLabelLength) characters") }
        return kindFault
    }

    private var kindFault: (member: String, reason: String)? {
        let isNumber = minimum != nil || maximum != nil
        if kind != .number, isNumber { return (minimum == nil ? "maximum" : "minimum", "is for numbers only") }
        if kind != .choice, !choices.isEmpty { return ("choices", "is for a choice only") }
        if kind != .pattern, pattern != nil { return ("pattern", "is for a pattern only") }
        switch kind {
        case .text, .email: return nil
        case .number:
            if let minimum, let maximum, minimum > maximum { return ("maximum", "must not be below the minimum") }
            return nil
        case .choice:
            let areFine = (1...Self.maximumChoices).contains(choices.count) && choices.allSatisfy(Self.isLabel)
            guard areFine, Set(choices).count == choices.count else {
                return ("choices", "must be 1 to \(Self.maximumChoices) distinct texts of at most 100 characters")
            }
            return nil
        case .pattern:
            guard (1...Self.maximumPatternLength).contains(pattern?.utf8.count ?? 0) else {
                return ("pattern", "must have 1 to \(Self.maximumPatternLength) bytes")
            }
            return nil
        }
    }

    private static func isLabel(_ text: String) -> Bool {
        (1...maximumLabelLength).contains(text.unicodeScalars.count)
            && text.unicodeScalars.allSatisfy { $0.value >= 0x20 && $0.value != 0x7F }
    }

    /// What is wrong with a value; nil when it may be filled in. Of a *pattern* only the length is looked at.
    public func fault(in value: String) -> String? {
        guard !value.utf8.isEmpty, value.unicodeScalars.count <= Self.maximumValueLength else {
            return "must have 1 to \(Self.maximumValueLength) characters"
        }
        switch kind {
        case .text: return nil
        case .pattern:
            let fits = value.unicodeScalars.count <= Self.maximumPatternValueLength
            return fits ? nil : "must have at most \(Self.maximumPatternValueLength) characters"
        case .email: return Buyer(contact: value)?.isNumber == false ? nil : "must be an e-mail address"
        case .choice: return choices.contains(value) ? nil : "must be one of: \(choices.joined(separator: ", "))"
        case .number: return numberFault(in: value)
        }
    }

    private func numberFault(in value: String) -> String? {
        let digits = value.utf8.first == UInt8(ascii: "-") ? value.utf8.dropFirst() : value.utf8[...]
        guard !digits.isEmpty, digits.allSatisfy({ (0x30...0x39).contains($0) }), let number = Int64(value) else {
            return "must be a whole number"
        }
        if let minimum, number < minimum { return "must be at least \(minimum)" }
        if let maximum, number > maximum { return "must be at most \(maximum)" }
        return nil
    }
}

/// What a buyer filled in. Sealed as one value before it goes anywhere.
public enum FilledFields {
    /// Names and values as one text: sorted, each followed by a null character, which neither may hold.
    public static func text(_ fields: [String: String]) -> String {
        var text = ""
        for (name, value) in fields.sorted(by: { $0.key < $1.key }) {
            text += name
            text += "\0"
            text += value
            text += "\0"
        }
        return text
    }

    /// Reads such a text; nil when it is none.
    public static func read(_ text: String) -> [String: String]? {
        var parts = text.split(separator: "\0", omittingEmptySubsequences: false)
        guard parts.popLast() == "", parts.count.isMultiple(of: 2) else { return nil }
        var fields: [String: String] = [:]
        for index in stride(from: 0, to: parts.count, by: 2) {
            guard fields.updateValue(String(parts[index + 1]), forKey: String(parts[index])) == nil else { return nil }
        }
        return fields
    }
}

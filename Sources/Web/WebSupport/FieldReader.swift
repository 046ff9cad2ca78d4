public import Domain

/// Takes the fields of a JSON object one by one, and refuses those that nobody took.
///
/// Every refusal is *invalid_request* and names the field.
public struct FieldReader {
    private var members: [String: JSONValue] = [:]
    private var taken: Set<String> = []
    private let prefix: String

    /// - Throws: *invalid_request* when the value is not an object, or a name is repeated.
    public init(_ value: JSONValue, prefix: String = "") throws(ShopError) {
        self.prefix = prefix
        guard case .object(let list) = value else {
            guard prefix.isEmpty else { throw .invalid(String(prefix.dropLast()), "must be an object") }
            throw ShopError(.invalidRequest, "the body must be a JSON object")
        }
        for member in list where members.updateValue(member.value, forKey: member.name) != nil {
            throw .invalid(Self.printable(prefix + member.name), "is repeated")
        }
    }

    /// Whether a field is there, taken or not.
    public func holds(_ name: String) -> Bool { members[name] != nil }

    /// Takes a field if it is `null`: what is there is to be cleared.
    public mutating func takesNull(_ name: String) -> Bool {
        guard members[name] == .null else { return false }
        taken.insert(name)
        return true
    }

    /// A field that must be there.
    public mutating func string(_ name: String) throws(ShopError) -> String {
        guard let value = try optionalString(name) else { throw .invalid(prefix + name, "is missing") }
        return value
    }

    /// A field that may be absent.
    public mutating func optionalString(_ name: String) throws(ShopError) -> String? {
        guard let value = take(name) else { return nil }
        guard case .string(let text) = value else { throw .invalid(prefix + name, "must be a string") }
        guard !text.unicodeScalars.contains("\0") else {
            throw .invalid(prefix + name, "must not hold a null character")
        }
        return text
    }

    /// A field that must be there.
    public mutating func integer(_ name: String) throws(ShopError) -> Int64 {
        guard let value = try optionalInteger(name) else { throw .invalid(prefix + name, "is missing") }
        return value
    }

    /// A field that may be absent.
    public mutating func optionalInteger(_ name: String) throws(ShopError) -> Int64? {
        guard let value = take(name) else { return nil }
        guard case .integer(let number) = value else { throw .invalid(prefix + name, "must be an integer") }
        return number
    }

    /// A field that may be absent, between two bounds.
    public mutating func optionalInteger(
        _ name: String, in range: ClosedRange<Int64>
    ) throws(ShopError) -> Int64? {
        guard let value = try optionalInteger(name) else { return nil }
        guard range.contains(value) else {
            throw .invalid(prefix + name, "must be from \(range.lowerBound) to \(range.upperBound)")
        }
        return value
    }

    /// A text that may be absent, not longer than so many characters.
    public mutating func optionalText(_ name: String, maximumLength: Int) throws(ShopError) -> String? {
        guard let text = try optionalString(name) else { return nil }
        guard text.unicodeScalars.count <= maximumLength else {
            throw .invalid(prefix + name, "must have at most \(maximumLength) characters")
        }
        return text
    }

    /// A field that may be absent.
    public mutating func optionalBool(_ name: String) throws(ShopError) -> Bool? {
        guard let value = take(name) else { return nil }
        guard case .bool(let flag) = value else { throw .invalid(prefix + name, "must be true or false") }
        return flag
    }

    /// An object whose values are all strings; empty when absent.
    public mutating func strings(_ name: String, maximumCount: Int = 32) throws(ShopError) -> [String: String] {
        guard let value = take(name) else { return [:] }
        guard case .object(let list) = value else { throw .invalid(prefix + name, "must be an object") }
        guard list.count <= maximumCount else { throw .invalid(prefix + name, "has more than \(maximumCount) members") }
        var inner = try FieldReader(value, prefix: "\(prefix)\(name).")
        var strings: [String: String] = [:]
        for member in list {
            guard !member.name.unicodeScalars.contains("\0") else {
                throw .invalid(Self.printable(prefix + name), "has a name with a null character")
            }
            strings[member.name] = try inner.string(member.name)
        }
        return strings
    }

    /// An array of strings; empty when absent.
    public mutating func stringList(_ name: String, maximumCount: Int = 32) throws(ShopError) -> [String] {
        guard let value = take(name) else { return [] }
        guard case .array(let list) = value, list.count <= maximumCount else {
            throw .invalid(prefix + name, "must be an array of at most \(maximumCount) strings")
        }
        var strings: [String] = []
        for element in list {
            guard case .string(let text) = element else { throw .invalid(prefix + name, "must hold strings only") }
            strings.append(text)
        }
        return strings
    }

    /// An array of values of any kind, each with what to call it in a refusal; nil when absent.
    public mutating func list(_ name: String, maximumCount: Int) throws(ShopError) -> [(name: String, JSONValue)]? {
        guard let value = take(name) else { return nil }
        guard case .array(let list) = value, list.count <= maximumCount else {
            throw .invalid(prefix + name, "must be an array of at most \(maximumCount) elements")
        }
        return list.enumerated().map { ("\(prefix)\(name).\($0.offset)", $0.element) }
    }

    /// Must come last.
    ///
    /// - Throws: *invalid_request* that names a field nobody took.
    public func end() throws(ShopError) {
        if let name = members.keys.filter({ !taken.contains($0) }).min() {
            throw .invalid(Self.printable(prefix + name), "is not known")
        }
    }

    /// An explicit null counts as a wrong type, not as absent.
    private mutating func take(_ name: String) -> JSONValue? {
        guard let value = members[name] else { return nil }
        taken.insert(name)
        return value
    }

    /// A name that a stranger chose, fit for an error message.
    private static func printable(_ name: String) -> String {
        String(name.unicodeScalars.filter { $0.value >= 0x20 && $0.value != 0x7F }.prefix(64).map(Character.init))
    }
}

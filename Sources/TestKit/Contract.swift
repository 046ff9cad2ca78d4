/// What a contract suite throws when an implementation breaks the contract.
public struct ContractViolation: Error, CustomStringConvertible {
    /// What was expected, and where.
    public let description: String
}

/// Throws unless the two are equal.
public func expect<Value: Equatable>(
    _ value: Value, is expected: Value, _ what: String = "", file: StaticString = #fileID, line: UInt = #line
) throws {
    guard value == expected else {
        throw ContractViolation(description: "\(file):\(line) \(what): got \(value), expected \(expected)")
    }
}

/// Throws unless the condition holds.
public func expect(
    _ condition: Bool, _ what: String, file: StaticString = #fileID, line: UInt = #line
) throws {
    guard condition else { throw ContractViolation(description: "\(file):\(line) \(what)") }
}

/// One named check of a contract.
public struct ContractCase<Subject: Sendable>: Sendable, CustomStringConvertible {
    /// What it checks, as a sentence.
    public let name: String
    /// The check.
    public let run: @Sendable (Subject) async throws -> Void

    public var description: String { name }

    /// Puts the parts together.
    public init(_ name: String, _ run: @escaping @Sendable (Subject) async throws -> Void) {
        self.name = name
        self.run = run
    }
}

extension ContractViolation {
    /// Something that did not come true in time.
    public static func timeOut(_ what: String) -> ContractViolation {
        ContractViolation(description: "did not come true: \(what)")
    }
}

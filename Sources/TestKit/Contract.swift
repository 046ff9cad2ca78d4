public import Domain

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

/// The value; throws when there is none.
public func unwrap<Value>(
    _ value: Value?, file: StaticString = #fileID, line: UInt = #line
) throws -> Value {
    guard let value else { throw ContractViolation(description: "\(file):\(line) nothing is there") }
    return value
}

/// Throws unless the body fails with that code.
public func refuses<Value>(
    _ code: ShopError.Code, file: StaticString = #fileID, line: UInt = #line, _ body: () async throws -> Value
) async throws {
    do {
        _ = try await body()
    } catch let error as ShopError where error.code == code {
        return
    }
    throw ContractViolation(description: "\(file):\(line) was not refused as \(code.rawValue)")
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

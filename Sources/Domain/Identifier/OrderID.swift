/// Names one order.
public struct OrderID: Hashable, Sendable {
    /// The 128 bits.
    public let identifier: Identifier

    /// Wraps an identifier.
    public init(_ identifier: Identifier) { self.identifier = identifier }

    /// Reads the text form; nil when it is not an identifier.
    public init?(text: some StringProtocol) {
        guard let identifier = Identifier(text: text) else { return nil }
        self.init(identifier)
    }

    /// 26 lower-case letters and digits.
    public var text: String { identifier.text }
}

/// Names one try to pay one order through one channel; its text is the merchant order number that providers see.
public struct AttemptID: Hashable, Sendable {
    /// The 128 bits.
    public let identifier: Identifier

    /// Wraps an identifier.
    public init(_ identifier: Identifier) { self.identifier = identifier }

    /// Reads the text form; nil when it is not an identifier.
    public init?(text: some StringProtocol) {
        guard let identifier = Identifier(text: text) else { return nil }
        self.init(identifier)
    }

    /// 26 lower-case letters and digits.
    public var text: String { identifier.text }
}

/// Names one product inside its ledger.
public struct ProductID: Hashable, Sendable {
    /// The row number, from 1.
    public let number: Int64

    /// Wraps a row number.
    public init(_ number: Int64) { self.number = number }
}

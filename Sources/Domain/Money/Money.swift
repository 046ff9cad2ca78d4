/// An ISO 4217 style code: three upper-case letters.
public struct Currency: Hashable, Sendable {
    /// The three letters.
    public let code: String

    /// Nil unless the text is three upper-case ASCII letters.
    public init?(code: String) {
        guard code.utf8.count == 3, code.utf8.allSatisfy({ (0x41...0x5A).contains($0) }) else { return nil }
        self.code = code
    }
}

/// An amount of money in minor units (fen, cents), never a fraction.
public struct Money: Hashable, Sendable {
    /// Minor units, 0 or more.
    public let amount: Int64
    /// What the amount counts.
    public let currency: Currency

    /// The largest amount an order may come to: 10^12 minor units.
    public static let maximumAmount: Int64 = 1_000_000_000_000

    /// Nil when the amount is negative or above ``maximumAmount``.
    public init?(amount: Int64, currency: Currency) {
        guard (0...Self.maximumAmount).contains(amount) else { return nil }
        self.amount = amount
        self.currency = currency
    }

    /// The price of several units; nil when it would exceed ``maximumAmount``.
    public func times(_ quantity: Int) -> Money? {
        let (product, overflow) = amount.multipliedReportingOverflow(by: Int64(quantity))
        return overflow ? nil : Money(amount: product, currency: currency)
    }
}

import Domain

/// Amounts as the protocol writes them: yuan as decimal text.
enum EpayMoney {
    /// The one currency of the protocol.
    static let currencyCode = "CNY"

    /// Always two decimals, such as `19.90`.
    static func text(_ money: Money) -> String {
        let fen = money.amount % 100
        return "\(money.amount / 100).\(fen < 10 ? "0" : "")\(fen)"
    }

    /// Reads `19`, `19.9` and `19.90`, as gateways print a float. Nil for every other form, such as signs, exponents,
    /// spaces, leading zeros, `19.` and a third decimal, and above ``Money/maximumAmount``.
    static func read(_ text: String) -> Money? {
        let parts = text.utf8.split(separator: UInt8(ascii: "."), maxSplits: 1, omittingEmptySubsequences: false)
        guard let first = parts.first, let yuan = number(first), first.count == 1 || first.first != UInt8(ascii: "0"),
            let fen = parts.count == 1 ? 0 : fen(decimals: parts[1])
        else { return nil }
        let (whole, overflow) = yuan.multipliedReportingOverflow(by: 100)
        let (amount, secondOverflow) = whole.addingReportingOverflow(fen)
        guard !overflow, !secondOverflow, let currency = Currency(code: currencyCode) else { return nil }
        return Money(amount: amount, currency: currency)
    }

    private static func fen(decimals: Substring.UTF8View) -> Int64? {
        guard let value = number(decimals), decimals.count <= 2 else { return nil }
        return decimals.count == 1 ? value * 10 : value
    }

    /// One digit or more, and nothing else.
    private static func number(_ digits: Substring.UTF8View) -> Int64? {
        guard !digits.isEmpty, digits.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }) else {
            return nil
        }
        return Int64(Substring(digits))
    }
}

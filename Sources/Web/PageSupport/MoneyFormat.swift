package import Domain

/// How amounts of one currency are written. Browsers write them by the same rule (`money` in shop.js).
package struct MoneyFormat {
    /// What stands before the digits.
    package let prefix: String
    /// What stands behind them.
    package let suffix: String
    /// Digits behind the point (ISO 4217).
    package let decimals: Int

    private static let signs = [
        "CNY": "¥", "USD": "$", "EUR": "€", "GBP": "£", "HKD": "HK$", "TWD": "NT$", "SGD": "S$", "AUD": "A$",
        "CAD": "C$", "JPY": "JP¥", "KRW": "₩", "VND": "₫", "RUB": "₽", "INR": "₹",
    ]
    /// Without digits behind the point, and with three of them.
    private static let whole: Set<String> = [
        "BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX", "UYI", "VND", "VUV", "XAF", "XOF",
        "XPF",
    ]
    private static let thousandths: Set<String> = ["BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"]

    package init(_ currency: Currency) {
        prefix = Self.signs[currency.code] ?? ""
        suffix = Self.signs[currency.code] == nil ? " \(currency.code)" : ""
        decimals = Self.whole.contains(currency.code) ? 0 : Self.thousandths.contains(currency.code) ? 3 : 2
    }

    /// Minor units as text; negative amounts with a minus.
    package func text(_ amount: Int64) -> String {
        let digits = String(amount.magnitude)
        let padded = String(repeating: "0", count: max(0, decimals + 1 - digits.count)) + digits
        let whole = grouped(String(padded.dropLast(decimals)))
        let fraction = decimals == 0 ? "" : ".\(padded.suffix(decimals))"
        return (amount < 0 ? "−" : "") + prefix + whole + fraction + suffix
    }

    private func grouped(_ digits: String) -> String {
        var text = ""
        for (index, digit) in digits.enumerated() {
            if index > 0, (digits.count - index).isMultiple(of: 3) { text.append(",") }
            text.append(digit)
        }
        return text
    }

    package static func text(_ money: Money) -> String { MoneyFormat(money.currency).text(money.amount) }
}

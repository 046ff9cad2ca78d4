import Shop

/// Tables as spreadsheets read them (RFC 4180): every cell quoted, lines that end with CR and LF.
enum CSVText {
    /// Stands at the start of a file: spreadsheets take the rest for UTF-8.
    static let byteOrderMark = "\u{FEFF}"

    /// One line of a table.
    static func row(_ cells: [String]) -> String { CSVCell.row(cells) }

    /// Minor units as a plain number: a point before the last digits, no sign of a currency, no groups.
    ///
    /// - Parameter decimals: digits behind the point, 0 or more
    static func number(_ amount: Int64, decimals: Int) -> String {
        let digits = String(amount.magnitude)
        let padded = String(repeating: "0", count: max(0, decimals + 1 - digits.count)) + digits
        let fraction = decimals == 0 ? "" : ".\(padded.suffix(decimals))"
        return (amount < 0 ? "-" : "") + padded.dropLast(decimals) + fraction
    }
}

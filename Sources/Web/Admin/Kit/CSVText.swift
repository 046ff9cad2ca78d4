/// Tables as spreadsheets read them (RFC 4180): every cell quoted, lines that end with CR and LF.
enum CSVText {
    /// Stands at the start of a file: spreadsheets take the rest for UTF-8.
    static let byteOrderMark = "\u{FEFF}"

    /// One line of a table.
    static func row(_ cells: [String]) -> String { cells.map(quoted).joined(separator: ",") + "\r\n" }

    /// Spreadsheets run a cell that begins so as a formula, whoever wrote it; an apostrophe makes it a text.
    private static let formulas = Set("=+-@\t\r".unicodeScalars)

    /// Scalars are looked at: a mark that combines with a quote or a sign would hide it among characters.
    private static func quoted(_ cell: String) -> String {
        var quoted = String.UnicodeScalarView("\"".unicodeScalars)
        if let first = cell.unicodeScalars.first, formulas.contains(first) { quoted.append("'") }
        for scalar in cell.unicodeScalars {
            if scalar == "\"" { quoted.append(scalar) }
            quoted.append(scalar)
        }
        quoted.append("\"")
        return String(quoted)
    }

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

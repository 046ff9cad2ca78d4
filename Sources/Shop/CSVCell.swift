/// One cell of a table as spreadsheets read and write it (RFC 4180).
public enum CSVCell {
    /// Spreadsheets run a cell that begins so as a formula, whoever wrote it (OWASP, "CSV Injection"); the wide ones
    /// where Chinese or Japanese is written.
    private static let formulas = Set("=+-@\t\r\n＝＋－＠".unicodeScalars)
    private static let guardian: Unicode.Scalar = "'"

    /// The cell in quotes. An apostrophe before what would be a formula makes it a text; one more where such a text
    /// begins with an apostrophe of its own, so that ``read(_:)`` gives back every text.
    ///
    /// Scalars are looked at: a mark that combines with a quote or a sign would hide it among characters.
    public static func written(_ text: String) -> String {
        var quoted = String.UnicodeScalarView("\"".unicodeScalars)
        if isFormula(text) { quoted.append(guardian) }
        for scalar in text.unicodeScalars {
            if scalar == "\"" { quoted.append(scalar) }
            quoted.append(scalar)
        }
        quoted.append("\"")
        return String(quoted)
    }

    /// What ``written(_:)`` was given, of a cell without its quotes.
    public static func read(_ text: String) -> String {
        guard text.unicodeScalars.first == guardian, isFormula(text) else { return text }
        return String(text.unicodeScalars.dropFirst())
    }

    /// One line of a table, which ends with CR and LF.
    public static func row(_ cells: [String]) -> String { cells.map(written).joined(separator: ",") + "\r\n" }

    private static func isFormula(_ text: String) -> Bool {
        text.unicodeScalars.drop { $0 == guardian }.first.map(formulas.contains) ?? false
    }
}

import Testing

@testable import Admin

@Suite("Tables for spreadsheets")
struct CSVTextTests {
    @Test("every cell is quoted, a quote is doubled, and lines end with CR and LF")
    func quoting() {
        #expect(CSVText.row(["a", "", "b,c", "say \"hi\"", "two\r\nlines"]) == expected)
        #expect(CSVText.row(["\"\u{301},=1"]).unicodeScalars.elementsEqual("\"\"\"\u{301},=1\"\r\n".unicodeScalars))
    }

    private var expected: String { "\"a\",\"\",\"b,c\",\"say \"\"hi\"\"\",\"two\r\nlines\"\r\n" }

    @Test("what a spreadsheet would run begins with an apostrophe", arguments: ["=", "+", "-", "@", "\t", "\r"])
    func formulas(_ sign: String) {
        #expect(CSVText.row([sign + "1"]) == "\"'\(sign)1\"\r\n")
        #expect(CSVText.row(["1" + sign]) == "\"1\(sign)\"\r\n")
        let combined = CSVText.row([sign + "\u{301}1"])
        #expect(combined.unicodeScalars.dropFirst().first == "'")
    }

    @Test("amounts are plain numbers")
    func numbers() {
        #expect(CSVText.number(1990, decimals: 2) == "19.90" && CSVText.number(5, decimals: 2) == "0.05")
        #expect(CSVText.number(0, decimals: 2) == "0.00" && CSVText.number(1_234_567, decimals: 0) == "1234567")
        #expect(CSVText.number(1, decimals: 3) == "0.001" && CSVText.number(-120, decimals: 2) == "-1.20")
    }

    @Test("a file begins with the mark of UTF-8")
    func mark() { #expect(Array(CSVText.byteOrderMark.utf8) == [0xEF, 0xBB, 0xBF]) }
}

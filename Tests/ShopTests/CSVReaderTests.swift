import Domain
import Testing

@testable import Shop

@Suite("Tables of spreadsheets, read")
struct CSVReaderTests {
    private static let bounds = CSVReader.Bounds(cellBytes: 100, rowBytes: 200, cells: 4)

    private func rows(_ bytes: [UInt8], cutAt places: [Int] = [], charset: CardCharset? = nil) -> [CSVReader.Row] {
        var reader = CSVReader(bounds: Self.bounds, charset: charset)
        var rows: [CSVReader.Row] = []
        var start = 0
        for end in places + [bytes.count] {
            rows += reader.append(bytes[start..<end])
            start = end
        }
        return rows + reader.finish()
    }

    private func cells(_ text: String) -> [[String]] { rows(Array(text.utf8)).map(\.cells) }

    @Test("cells are plain or in quotes, which hold commas, quotes and line breaks")
    func cells() {
        #expect(cells("a,b\r\nc,d\r\n") == [["a", "b"], ["c", "d"]])
        #expect(cells("\"a,b\",\"say \"\"hi\"\"\"\n") == [["a,b", "say \"hi\""]])
        #expect(cells("\"two\r\nlines\",x\n") == [["two\r\nlines", "x"]])
        #expect(cells(",\"\",x") == [["", "", "x"]])
        #expect(cells("a, b ,") == [["a", " b ", ""]])
    }

    @Test("rows end with CR LF, LF or CR, are counted, and blank ones are left out")
    func lineBreaks() {
        let found = rows(Array("a\r\n\nb\rc\n,,\n\"\"\nd".utf8))
        #expect(found.map(\.cells) == [["a"], ["b"], ["c"], ["d"]])
        #expect(found.map(\.number) == [1, 3, 4, 7])
    }

    @Test("a mark of UTF-8 is dropped at the beginning, and part of one is not")
    func mark() {
        let mark: [UInt8] = [0xEF, 0xBB, 0xBF]
        for places in [[], [1], [2], [1, 2], [3]] {
            #expect(rows(mark + Array("a".utf8), cutAt: places).map(\.cells) == [["a"]])
        }
        #expect(rows(mark) == [])
        #expect(rows(Array("a,\u{FEFF}".utf8)).map(\.cells) == [["a", "\u{FEFF}"]])
        #expect(rows([0xEF, 0xBB, 0x2C]).first?.cells.count == 2)
    }

    @Test("without a mark the first row that is not ASCII decides on the charset")
    func charsets() {
        let chinese: [UInt8] = [0xD6, 0xD0, 0xCE, 0xC4]
        #expect(rows(Array("x\n\"a,".utf8) + chinese + Array("\",b\n".utf8)).last?.cells == ["a,中文", "b"])
        #expect(rows(Array("中\n".utf8) + chinese).map(\.fault) == [nil, .undecodable])
        #expect(rows(Array("caf".utf8) + [0xE9, 0x2C, 0x78]).map(\.fault) == [.undecodable])
        #expect(rows(chinese, charset: .utf8).map(\.fault) == [.undecodable])
        // A character whose second byte is a letter in ASCII.
        #expect(rows([0x81, 0x41, 0x2C, 0x81, 0x5C, 0x0A]).map(\.cells.count) == [2])
    }

    @Test("what is wrong with a row is said of it, and the next one is read")
    func faults() {
        func faults(_ text: String) -> [CSVReader.Fault?] { rows(Array(text.utf8)).map(\.fault) }
        let long = String(repeating: "x", count: 101)
        #expect(faults("a\n\(long)\nb") == [nil, .tooLong, nil])
        #expect(faults("\"\(long)\n\",\"x\"\nb") == [.tooLong, nil])
        let half = String(repeating: "x", count: 100)
        #expect(faults("\(half),\(half)\n\(half),\(half),x\n") == [nil, .tooLong])
        #expect(faults("1,2,3,4\n1,2,3,4,5\n1") == [nil, .tooManyCells, nil])
        #expect(faults("a\"b\nc\n\"a\"b,\"\nc") == [.badQuote, nil, .badQuote, nil])
        #expect(faults("a\n\"b\nc") == [nil, .openQuote])
        #expect(faults("a\0\nb") == [.binary, nil] && faults("\"\0\nb") == [.binary])
        #expect(rows(Array("\"\(long)".utf8)).map(\.fault) == [.tooLong])
    }

    @Test("what was written comes back, formulas and apostrophes too")
    func roundTrip() {
        let texts = [
            "", "a", "=1+1", "+1", "-1", "@x", "\tx", "\nx", "'", "''", "'=1", "''=1", "'x", "\"", "a\"b,c\r\nd", "＝1",
            "中文", "e\u{301}", "\u{301}=1", "=\u{301}", "'\u{301}=1",
        ]
        for text in texts {
            let written = CSVCell.written(text)
            #expect(cells(written + ",x") == [[text, "x"]], "\(text.debugDescription): \(written)")
            let inner = written.unicodeScalars.dropFirst().first
            #expect(!"=+-@\t\n＝".unicodeScalars.contains { $0 == inner }, "\(written)")
        }
        #expect(cells(CSVCell.row(texts.suffix(4))) == [Array(texts.suffix(4))])
    }

    @Test("however a table is cut, it is the same table; random bytes are rows or faults", arguments: 0..<200)
    func fuzz(_ seed: UInt64) {
        var random = SplitMix(state: seed &* 0x9E37_79B9_7F4A_7C15)
        let alphabet: [UInt8] = Array("ab,,\"\"\r\n\n'=".utf8) + [0x00, 0xD6, 0xD0, 0xEF, 0xBB, 0xBF, 0xE4, 0xB8, 0xAD]
        let length = Int(random.next() % 400)
        let bytes = (0..<length).map { _ in
            seed % 4 == 0
                ? UInt8(truncatingIfNeeded: random.next()) : alphabet[Int(random.next() % UInt64(alphabet.count))]
        }
        let whole = rows(bytes)
        #expect(rows(bytes, cutAt: Array(0..<length)) == whole)
        let places = (0..<5).map { _ in length == 0 ? 0 : Int(random.next() % UInt64(length)) }.sorted()
        #expect(rows(bytes, cutAt: places) == whole)
        for row in whole {
            #expect((row.fault == nil) == !row.cells.isEmpty)
            #expect(row.cells.count <= Self.bounds.cells)
        }
        #expect(whole.map(\.number) == whole.map(\.number).sorted())
    }
}

/// Sebastiano Vigna's SplitMix64: small, and the same everywhere.
struct SplitMix: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}

@Suite("Cards in a table")
struct CardTableTests {
    private func lines(_ text: String) -> [CardLine] {
        var lines = CardLines(maximumLength: 20, layout: .csv)
        return lines.append(Array(text.utf8)) + lines.finish()
    }

    private func fault(_ text: String) -> String? {
        var lines = CardLines(maximumLength: 20, layout: .csv)
        _ = lines.append(Array(text.utf8))
        _ = lines.finish()
        return lines.fault?.detail
    }

    @Test("the first row names the columns, in any order; a card without a preview is drawn")
    func columns() {
        let found = lines("Note,secret,preview,surcharge\r\nbe quick,AAA,,\r\n,\"B,B\",No. 1,50\r\n,'=C,No. 2,\r\n")
        #expect(found.map { String(decoding: $0.secret, as: UTF8.self) } == ["AAA", "B,B", "=C"])
        #expect(found.map(\.number) == [2, 3, 4] && found.allSatisfy { $0.fault == nil })
        #expect(found[0].note == Array("be quick".utf8) && found[0].preview == nil && found[1].note == nil)
        #expect(found[1].preview?.surcharge == 50 && found[2].preview?.surcharge == 0)
    }

    @Test("a row that is no card is said to be none, with its number")
    func faults() {
        let long = String(repeating: "x", count: 21)
        let text =
            "secret,note,preview,surcharge\n\"a\nb\",,,\n,x,,\n\(long),,,\nx,\(long),,\n"
            + "x,,,5\nx,,p,-5\nx,y\n\"x\"y,,,\nok,,,\n"
        let reasons: [ImportReport.Reason?] = [
            .lineBreak, .emptySecret, .tooLong, .tooLong, .badPreview, .badPreview, .badRow, .badRow, nil,
        ]
        #expect(lines(text).map(\.fault) == reasons)
        #expect(lines(text).map(\.number) == Array(2...10))
    }

    @Test("a table without its columns is refused as a whole")
    func header() {
        #expect(fault("secret\nx\n") == nil)
        // What was taken for a name may be a card.
        let stranger = fault("secret,AAAA-BBBB\n")
        #expect(stranger?.contains("its column 2 is none") == true && stranger?.lowercased().contains("aaaa") == false)
        for text in ["note\nx", "secret,secret\nx,y", "\"secret\nx"] {
            #expect(fault(text)?.contains("must begin with a row") == true, "\(text)")
        }
    }
}

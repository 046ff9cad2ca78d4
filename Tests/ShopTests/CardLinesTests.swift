import Shop
import Testing

@Suite("Lines of an import")
struct CardLinesTests {
    /// The lines of a text that arrives in chunks of so many bytes; "✗" stands for a rejected one.
    private func lines(
        _ text: [UInt8], chunk: Int, maximum: Int = 8, charset: CardCharset? = nil
    ) -> [String] {
        var lines = CardLines(maximumLength: maximum, charset: charset)
        var found: [CardLine] = []
        for start in stride(from: 0, to: text.count, by: chunk) {
            found += lines.append(Array(text[start..<min(start + chunk, text.count)]))
        }
        found += lines.finish()
        return found.map { line in
            guard line.fault == nil else { return "✗" }
            let note = line.note.map { "|" + String(decoding: $0, as: UTF8.self) } ?? ""
            return String(decoding: line.secret, as: UTF8.self) + note
        }
    }

    @Test("are the same however the text is cut", arguments: 1...12)
    func chunks(size: Int) {
        let text: [UInt8] = [0xEF, 0xBB, 0xBF] + Array("one\r\n\n  \ntwo\n\r\nthree".utf8)
        #expect(lines(text, chunk: size) == ["one", "two", "three"])
    }

    @Test("that are too long are rejected, and the next is read", arguments: 1...12)
    func tooLong(size: Int) {
        let text = Array("12345678\r\n123456789\n\(String(repeating: "x", count: 100))\nshort\n".utf8)
        #expect(lines(text, chunk: size) == ["12345678", "✗", "✗", "short"])
    }

    @Test("that are not UTF-8 are rejected")
    func encoding() { #expect(lines([0xFF, 0x0A, 0x61], chunk: 9) == ["✗", "a"]) }

    /// "激活码" and "联通" in GB 18030.
    private let chinese: [UInt8] = [0xBC, 0xA4, 0xBB, 0xEE, 0xC2, 0xEB]
    private let ambiguous: [UInt8] = [0xC1, 0xAA, 0xCD, 0xA8]

    @Test("of a text in GB 18030 are turned into UTF-8", arguments: 1...9)
    func chineseText(size: Int) {
        let text = Array("a1\r\n".utf8) + chinese + Array("\r\nb2\n".utf8)
        #expect(lines(text, chunk: size, maximum: 20) == ["a1", "激活码", "b2"])
        let fourBytes: [UInt8] = [0x94, 0x39, 0xDA, 0x33]
        #expect(lines(fourBytes, chunk: size, maximum: 20) == ["💩"])
    }

    @Test("follow the charset that is named, where the text alone would mislead")
    func namedCharset() {
        #expect(lines(ambiguous, chunk: 9, maximum: 20, charset: .gb18030) == ["联通"])
        #expect(lines(chinese, chunk: 9, maximum: 20, charset: .utf8) == ["✗"])
    }

    @Test("of a text in UTF-8 that are damaged are rejected and not read as something else")
    func damaged() {
        #expect(lines(Array("码\n".utf8) + chinese, chunk: 9, maximum: 20) == ["码", "✗"])
        #expect(lines([0xEF, 0xBB, 0xBF] + chinese, chunk: 9, maximum: 20) == ["✗"])
    }

    @Test("of a text in UTF-16 are rejected, each")
    func wide() {
        let text: [UInt8] = Array("ab\r\ncd\r\n".utf8).reduce(into: [0xFF, 0xFE]) { $0 += [$1, 0] }
        #expect(Set(lines(text, chunk: 3, maximum: 20)) == ["✗"])
    }

    @Test("are a secret, or a secret and a note after four dashes")
    func notes() {
        let text = Array("a----n\nb--c\nc----\n----n\nd-----e\ne----f----g\n".utf8)
        #expect(lines(text, chunk: 99, maximum: 20) == ["a|n", "b--c", "c", "✗", "d|-e", "e|f----g"])
    }

    @Test("keep their numbers, with blank lines counted")
    func numbers() {
        var lines = CardLines(maximumLength: 2)
        let found = lines.append(Array("a\n\nccc\nd".utf8)) + lines.finish()
        #expect(found.map(\.number) == [1, 3, 4])
        #expect(found.map(\.fault) == [nil, .tooLong, nil])
    }

    @Test("of an empty text are none")
    func empty() { #expect(lines([], chunk: 1) == []) }
}

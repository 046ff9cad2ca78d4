import Shop
import Testing

@Suite("Lines of an import")
struct CardLinesTests {
    /// The lines of a text that arrives in chunks of so many bytes; "✗" stands for a rejected one.
    private func lines(_ text: [UInt8], chunk: Int, maximum: Int = 8) -> [String] {
        var lines = CardLines(maximumLength: maximum)
        var found: [[UInt8]?] = []
        for start in stride(from: 0, to: text.count, by: chunk) {
            found += lines.append(Array(text[start..<min(start + chunk, text.count)]))
        }
        found += lines.finish()
        return found.map { $0.map { String(decoding: $0, as: UTF8.self) } ?? "✗" }
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

    @Test("of an empty text are none")
    func empty() { #expect(lines([], chunk: 1) == []) }
}

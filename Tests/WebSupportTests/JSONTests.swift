import Domain
import NIOCore
import Testing

@testable import WebSupport

@Suite("JSON")
struct JSONTests {
    private func read(_ text: String) throws -> JSONValue { try JSONReader.read(ByteBuffer(string: text)) }

    @Test(
        "what is not JSON is refused",
        arguments: [
            "", " ", "{", "}", "[", "nul", "tru", "{\"a\"}", "{\"a\":}", "{a:1}", "{\"a\":1,}", "[1,]", "[,1]", "01",
            "-", "1.", ".1", "1e", "+1", "0x1", "\"", "\"\\x\"", "\"\\u12\"", "\"\\ud800\"", "\"\\udc00\"",
            "\"\\ud800\\u0041\"", "\"\n\"", "1 2", "{} {}", "NaN", "Infinity", "'a'", "// a", "\u{FEFF}{}",
        ])
    func refused(text: String) {
        let error = #expect(throws: ShopError.self) { try read(text) }
        #expect(error?.code == .malformed)
    }

    @Test("what is nested too deeply is refused without recursion to its end", arguments: [17, 100_000])
    func deep(levels: Int) {
        let error = #expect(throws: ShopError.self) { try read(String(repeating: "[", count: levels)) }
        #expect(error?.code == .invalidRequest)
    }

    @Test("bytes that are not UTF-8 are refused")
    func encoding() {
        #expect(throws: ShopError.self) { try JSONReader.read(ByteBuffer(bytes: [0x22, 0xFF, 0x22])) }
        #expect(throws: ShopError.self) { try JSONReader.read(ByteBuffer(bytes: [0x22, 0xC0, 0x80, 0x22])) }
    }

    @Test("values are read as they are")
    func values() throws {
        #expect(
            try read(" [1, -0, 12.5, 1e3, true, false, null] ")
                == .array([
                    .integer(1), .integer(0), .number("12.5"), .number("1e3"), .bool(true), .bool(false), .null,
                ]))
        #expect(try read("9223372036854775807") == .integer(.max))
        #expect(try read("9223372036854775808") == .number("9223372036854775808"))
        #expect(try read(#""\u0041\n\ud83d\ude00\/é""#) == .string("A\n😀/é"))
    }

    @Test("fields: repeated, unknown, missing and of a wrong type are named")
    func fields() throws {
        func fault(_ text: String, _ body: (inout FieldReader) throws -> Void) -> String? {
            do {
                var fields = try FieldReader(try read(text))
                try body(&fields)
                try fields.end()
                return nil
            } catch {
                return (error as? ShopError)?.field
            }
        }
        #expect(fault(#"{"a":1,"a":2}"#) { _ = try $0.integer("a") } == "a")
        #expect(fault(#"{"a":1,"b":2}"#) { _ = try $0.integer("a") } == "b")
        #expect(fault("{}") { _ = try $0.integer("a") } == "a")
        #expect(fault(#"{"a":"1"}"#) { _ = try $0.integer("a") } == "a")
        #expect(fault(#"{"a":1.0}"#) { _ = try $0.integer("a") } == "a")
        #expect(fault(#"{"a":null}"#) { _ = try $0.optionalString("a") } == "a")
        #expect(fault(#"{"a":"\u0000"}"#) { _ = try $0.string("a") } == "a")
        #expect(fault(#"{"a":{"b":"1","b":"2"}}"#) { _ = try $0.strings("a") } == "a.b")
        #expect(fault(#"{"a":{"b":1}}"#) { _ = try $0.strings("a") } == "a.b")
        #expect(fault(#"{"a":1}"#) { _ = try $0.integer("a") } == nil)
    }

    @Test("what is written can be read, whatever the characters")
    func roundTrip() throws {
        let text = String(String.UnicodeScalarView((0..<0x180).compactMap { Unicode.Scalar($0) })) + "\"\\😀"
        let buffer = JSONWriter.object { $0.string("a", text) }
        #expect(
            try JSONReader.read(buffer)
                == .object([
                    JSONMember(name: "a", value: .string(text))
                ]))
    }
}

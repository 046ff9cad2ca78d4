import Domain
import TestKit
import Testing

@Suite("Fields that buyers fill in")
struct OrderFieldTests {
    @Test(
        "values are held to the kind",
        arguments: [
            (
                OrderField(name: "a"), ["x", "两", String(repeating: "x", count: 500)],
                ["", String(repeating: "x", count: 501)]
            ),
            (
                OrderField(name: "a", kind: .email), ["a@example.com", "A.B@Example.org"],
                ["", "a", "12345", "a@b", "a b@c.de"]
            ),
            (
                OrderField(name: "a", kind: .number, minimum: -5, maximum: 80), ["-5", "0", "80", "007"],
                ["-6", "81", "1.5", "1e1", "+1", " 1", "", "-", "٣", "99999999999999999999"]
            ),
            (OrderField(name: "a", kind: .choice, choices: ["CN", "EU"]), ["CN", "EU"], ["cn", "", "CN "]),
        ])
    func values(field: OrderField, right: [String], wrong: [String]) {
        #expect(field.fault == nil)
        for value in right { #expect(field.fault(in: value) == nil, "\(value)") }
        for value in wrong { #expect(field.fault(in: value) != nil, "\(value)") }
    }

    @Test("what contradicts its kind is no field")
    func faults() {
        let wrong: [(OrderField, String)] = [
            (OrderField(name: ""), "name"), (OrderField(name: "A"), "name"), (OrderField(name: "a b"), "name"),
            (OrderField(name: "a", label: ""), "label"), (OrderField(name: "a", label: "x\ny"), "label"),
            (OrderField(name: "a", minimum: 1), "minimum"),
            (OrderField(name: "a", kind: .email, maximum: 1), "maximum"),
            (OrderField(name: "a", kind: .number, minimum: 2, maximum: 1), "maximum"),
            (OrderField(name: "a", kind: .choice), "choices"),
            (OrderField(name: "a", kind: .choice, choices: ["x", "x"]), "choices"),
            (OrderField(name: "a", choices: ["x"]), "choices"), (OrderField(name: "a", pattern: "x"), "pattern"),
            (OrderField(name: "a", kind: .pattern), "pattern"),
            (OrderField(name: "a", kind: .pattern, pattern: String(repeating: "a", count: 201)), "pattern"),
        ]
        for (field, member) in wrong { #expect(field.fault?.member == member, "\(field)") }
    }

    @Test("what was filled in is one text and comes back")
    func filled() {
        for fields in [[:], ["a": "1"], ["a": "", "b-2": "x\ny", "c": "两\u{1F600}"]] as [[String: String]] {
            #expect(FilledFields.read(FilledFields.text(fields)) == fields)
        }
        for text in ["a", "a\0", "a\0b", "a\0b\0c\0", "a\0b\0a\0c\0"] { #expect(FilledFields.read(text) == nil) }
    }
}

@Suite("The blacklist")
struct BlacklistTests {
    private func blacklist(_ parties: [BlockedParty]) -> Blacklist {
        Blacklist(
            parties.enumerated().map {
                Block(id: Int64($0.offset), party: $0.element, reason: nil, createdAt: Timestamp(milliseconds: 0))
            })
    }

    private func buyer(_ text: String) throws -> Buyer { try #require(Buyer(contact: text)) }

    @Test("knows a buyer however the contact is spelled, and everybody of a domain")
    func buyers() throws {
        let domain = try #require(BlockedParty.domain(named: "Spam.Example"))
        let list = blacklist([.contact(try buyer("Bad@Example.com")), .contact(try buyer("12345")), domain])
        for text in ["bad@example.com", " BAD@EXAMPLE.COM", "12345", "any@spam.example", "x@SPAM.example"] {
            #expect(list.contains(try buyer(text)), "\(text)")
        }
        for text in ["good@example.com", "123456", "any@notspam.example", "any@sub.spam.example"] {
            #expect(!list.contains(try buyer(text)), "\(text)")
        }
        for text in ["", "spam", "@spam.example", "a@spam.example", "spam .example"] {
            #expect(BlockedParty.domain(named: text) == nil, "\(text)")
        }
    }

    @Test("knows addresses by their ranges")
    func addresses() throws {
        func range(_ network: [UInt8], _ length: Int) throws -> BlockedParty {
            .addresses(try #require(AddressRange(network: network, length: length)))
        }
        let six: [UInt8] = [0x20, 0x01, 0x0D, 0xB8] + Array(repeating: 0, count: 12)
        let list = blacklist([
            try range([192, 0, 2, 77], 24), try range([198, 51, 100, 4], 32), try range([203, 0, 113, 128], 25),
            try range(six, 32),
        ])
        for address in [[192, 0, 2, 0], [192, 0, 2, 255], [198, 51, 100, 4], [203, 0, 113, 200]] as [[UInt8]] {
            #expect(list.contains(address: address), "\(address)")
        }
        #expect(list.contains(address: six.prefix(15) + [9]))
        for address in [[192, 0, 3, 0], [198, 51, 100, 5], [203, 0, 113, 127], [0x20, 0x01, 0x0D, 0xB8]] as [[UInt8]] {
            #expect(!list.contains(address: address), "\(address)")
        }
        #expect(!list.contains(address: []))
        #expect(!Blacklist().contains(address: [1, 2, 3, 4]))
        for (network, length) in [([1, 2, 3], 8), ([1, 2, 3, 4], 33), ([1, 2, 3, 4], -1)] as [([UInt8], Int)] {
            #expect(AddressRange(network: network, length: length) == nil)
        }
    }
}

@Suite("How products are shown")
struct ProductPageTests {
    @Test("a picture is an https address or a path of the shop, and cannot end an attribute")
    func pictures() {
        for text in ["https://img.example/a.png", "/files/a-1.webp?v=2"] { #expect(ProductPage.isPicture(text)) }
        let wrong = [
            "", "http://a.example/", "//a.example/x", "javascript:alert(1)", "https://", "https:///x", "files/a.png",
            "/a b", "/a\"onerror=x", "/a'", "/<x>", "/图.png", "data:image/png;base64,AA", "/a\\b",
            "/" + String(repeating: "x", count: 500),
        ]
        for text in wrong { #expect(!ProductPage.isPicture(text), "\(text)") }
    }

    @Test(
        "bands of stock",
        arguments: [
            (-1, StockBand.none), (0, .none), (1, .few), (9, .few), (10, .some), (99, .some), (100, .many),
        ])
    func bands(available: Int, band: StockBand) { #expect(StockBand(available) == band) }
}

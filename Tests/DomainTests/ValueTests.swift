import Domain
import TestKit
import Testing

@Suite("Values")
struct ValueTests {
    @Test("spellings of one contact are one buyer", arguments: ["a@example.com", "A@Example.COM", " a@example.com\t"])
    func spellings(text: String) { #expect(Buyer(contact: text)?.contact == "a@example.com") }

    @Test("numbers of 5 to 15 digits are contacts", arguments: ["12345", " 13800138000 ", "123456789012345"])
    func numbers(text: String) { #expect(Buyer(contact: text) != nil) }

    @Test(
        "what is neither is refused",
        arguments: [
            "", " ", "1234", "1234567890123456", "a@b", "@example.com", "a@", "a@@example.com", "a b@example.com",
            "a@exa mple.com", "a@.com", "a@example..com", "ａ@example.com", "12345\u{0}", "用户@例子.公司",
            "\u{212A}@example.com",
            String(repeating: "a", count: 65) + "@example.com",
        ])
    func noContact(text: String) { #expect(Buyer(contact: text) == nil) }

    @Test("an identifier keeps its time, shard and text")
    func identifier() throws {
        let time = Timestamp(milliseconds: 1_767_225_600_123)
        let identifier = Identifier(time: time, shard: 513, random: .max)
        #expect(identifier.time == time)
        #expect(identifier.shard == 513)
        #expect(identifier.text.count == 26)
        #expect(identifier.text.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber) })
        #expect(Identifier(text: identifier.text) == identifier)
        #expect(Identifier(bytes: identifier.bytes) == identifier)
    }

    @Test("identifiers sort by time, in every form")
    func sorting() {
        let early = Identifier(time: Timestamp(milliseconds: 1), shard: 9, random: .max)
        let late = Identifier(time: Timestamp(milliseconds: 2), shard: 0, random: 0)
        #expect(early < late)
        #expect(early.text < late.text)
        #expect(early.bytes.lexicographicallyPrecedes(late.bytes))
    }

    @Test("every random identifier survives its text")
    func identifierText() {
        for _ in 0..<1000 {
            let identifier = Identifier(high: .random(in: 0 ... .max), low: .random(in: 0 ... .max))
            #expect(Identifier(text: identifier.text) == identifier)
        }
    }

    @Test(
        "what is no identifier is refused",
        arguments: [
            "", "0", String(repeating: "z", count: 26), String(repeating: "0", count: 27),
            "0000000000000000000000000u", "0000000000000000000000000A", "0000000000000000000000000é",
        ])
    func noIdentifier(text: String) { #expect(Identifier(text: text) == nil) }

    @Test("money is never negative and never overflows")
    func money() {
        #expect(Currency(code: "CN") == nil)
        #expect(Currency(code: "cny") == nil)
        #expect(Money(amount: -1, currency: Fixtures.price.currency) == nil)
        #expect(Fixtures.price.times(3)?.amount == 5970)
        #expect(Fixtures.money(Money.maximumAmount).times(2) == nil)
    }

    @Test("slugs are 1 to 64 of a-z, 0-9 and -")
    func slugs() {
        #expect(Slug("game-key-1") != nil)
        for text in ["", "Game", "game_key", "a b", String(repeating: "a", count: 65)] { #expect(Slug(text) == nil) }
    }

    @Test("a sale window is half open")
    func window() throws {
        let (opens, closes) = (Timestamp(milliseconds: 10), Timestamp(milliseconds: 20))
        let window = try #require(SaleWindow(opensAt: opens, closesAt: closes))
        #expect([9, 10, 19, 20].map { window.contains(Timestamp(milliseconds: $0)) } == [false, true, true, false])
        #expect(SaleWindow(opensAt: closes, closesAt: closes) == nil)
    }

    @Test("limits must be at least one")
    func limits() {
        #expect(PurchaseLimits(perOrder: 0, perBuyer: 1) == nil)
        #expect(PurchaseLimits(perOrder: 1, perBuyer: 0) == nil)
        #expect(PurchaseLimits(perOrder: 1, perBuyer: 1, heldPerBuyer: 2) == nil)
        #expect(PurchaseLimits(perOrder: 101, perBuyer: 1) == nil)
        #expect(PurchaseLimits(perOrder: 1, perBuyer: 7)?.heldPerBuyer == 7)
    }

    @Test("an idempotency key is 1 to 64 printable characters")
    func keys() {
        for key in ["", String(repeating: "k", count: 65), "tab\t", "é"] {
            #expect(IdempotencyKey(key: key, bodyDigest: []) == nil)
        }
        #expect(IdempotencyKey(key: "a ~", bodyDigest: []) != nil)
    }

    @Test("the default bounds do not contradict each other")
    func bounds() {
        #expect(Limits().contradictions().isEmpty)
        var limits = Limits()
        limits.batchOrders = limits.intakeOrders + 1
        #expect(limits.contradictions().count == 1)
    }
}

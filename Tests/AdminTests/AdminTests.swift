import Domain
import Testing

@testable import Admin

@Suite("The owner's pages")
struct AdminTests {
    @Test(
        "a path of the owner's pages is followed", arguments: ["/admin", "/admin/orders", "/admin/products/game-key"])
    func ownPaths(_ path: String) { #expect(Admin.own(path) == path) }

    @Test(
        "any other one is not",
        arguments: [
            "", "/", "//evil.example", "https://evil.example", "/\\evil.example", "/administrator", "/admin/../orders",
            "/admin/\r\nSet-Cookie: a=b", "/admin?next=x", "/admin/\u{202E}", "javascript:alert(1)", "admin",
        ])
    func otherPaths(_ path: String) { #expect(Admin.own(path) == "/admin") }

    @Test("both languages have the same words, with the same places in them")
    func words() {
        let (english, chinese) = (AdminWords.english, AdminWords.chinese)
        #expect(Set(english.keys).symmetricDifference(chinese.keys) == [])
        for (key, text) in english {
            for place in ["{n}", "{m}"] {
                #expect(text.contains(place) == chinese[key]?.contains(place), "\(key)")
            }
        }
    }
}

@Suite("The health of a channel")
struct ChannelHealthTests {
    @Test("is told by its newest callbacks")
    func health() {
        #expect(Admin.health([]).tone == .plain)
        #expect(Admin.health([.accepted, .forged]).tone == .warn)
        #expect(Admin.health([.forged, .forged, .forged, .accepted]).tone == .bad)
        #expect(Admin.health([.mismatched, .accepted]).tone == .warn)
        #expect(Admin.health([.accepted, .duplicate, .late, .forged]).tone == .good)
    }
}

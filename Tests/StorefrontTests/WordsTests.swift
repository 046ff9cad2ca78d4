import Domain
import Foundation
import Testing

@testable import PageSupport
@testable import Storefront

@Suite("Words of the pages")
struct WordsTests {
    private static func places(_ text: String) -> Set<String> {
        Set(text.matches(of: /\{[a-z]*\}/).map { String($0.output) })
    }

    @Test("both languages have the same words, with the same places in them")
    func languages() {
        let (english, chinese) = (PageWords.english, PageWords.chinese)
        #expect(Set(english.keys).symmetricDifference(chinese.keys) == [])
        for (key, text) in english {
            #expect(Self.places(text) == Self.places(chinese[key] ?? ""), "\(key)")
            #expect(Self.places(text).isSubset(of: ["{n}", "{m}"]), "\(key)")
            #expect(text.isEmpty == chinese[key]?.isEmpty, "\(key)")
        }
    }

    @Test("every word that a template or the code names is there")
    func named() throws {
        let templates = try Bench.files("Sources/Web/Storefront/Templates", ".mustache")
        let code = try Bench.files("Sources/Web/Storefront", ".swift")
        #expect(templates.count == PageTemplate.allCases.count && code.count > 15)
        var names: Set<String> = []
        for text in templates { names.formUnion(text.matches(of: /words\.([A-Za-z_]+)/).map { String($0.output.1) }) }
        for text in code { names.formUnion(text.matches(of: /word\("([A-Za-z_]+)"/).map { String($0.output.1) }) }
        #expect(names.count > 80)
        #expect(names.filter { PageWords.english[$0] == nil } == [])
    }

    @Test("every word that a script names is given to it")
    func scripts() throws {
        let given = try Bench.files("Sources/Web/Storefront", ".swift").joined()
        for script in try Bench.files("Sources/Web/Storefront/Assets", ".js") {
            for name in script.matches(of: /words\.([A-Za-z_]+)/).map({ String($0.output.1) }) {
                #expect(PageWords.english[name] != nil && given.contains("\"\(name)\""), "\(name)")
            }
        }
    }

    @Test("every state, every step and every refusal has its words", arguments: Language.allCases)
    func states(language: Language) {
        for state in OrderState.allCases {
            #expect(language.words[state.rawValue]?.isEmpty == false, "\(state)")
            #expect(language.words["next_\(state.rawValue)"]?.isEmpty == false, "\(state)")
        }
        for refusal in Refusal.allCases {
            #expect(language.words["error_\(refusal.rawValue)"]?.isEmpty == false, "\(refusal)")
        }
        let codes: [ShopError.Code] = [
            .blocked, .busy, .forbidden, .internalFault, .noSuchProduct, .notReady, .outcomeUnknown, .rateLimited,
            .wrongState,
        ]
        for code in codes { #expect(language.words["error_\(code.rawValue)"]?.isEmpty == false, "\(code)") }
        for field in ["contact", "query_password", "quantity", "coupon", "channel", "cards"] {
            #expect(language.words["bad_\(field)"]?.isEmpty == false, "\(field)")
        }
    }

    @Test("what belongs in a place is put there as it is")
    func filled() {
        let words = ["a": "{n} of {m}", "b": "{n} and {n}"]
        #expect(PageWords.text(words, "a", "1", "2") == "1 of 2" && PageWords.text(words, "b", "x") == "x and x")
        #expect(PageWords.text(words, "a", "{m}", "2") == "{m} of 2")
        #expect(PageWords.text(words, "absent", "1") == "absent")
    }

    @Test(
        "the browser's language decides, and Chinese must come first",
        arguments: [
            (nil, .english), ("", .english), ("zh", .chinese), ("ZH-CN,en;q=0.5", .chinese), ("en,zh", .english),
            ("fr", .english), ("*", .english),
        ] as [(String?, Language)])
    func accepted(header: String?, language: Language) { #expect(Language(accepted: header) == language) }
}

import Domain
import Foundation
import NIOCore
import Testing

@testable import PageSupport
@testable import Storefront

@Suite("Pages and what is written into them")
struct RendererTests {
    @Test(
        "what means something to browsers is escaped, whatever stands on it",
        arguments: ["", "\u{301}", "\u{338}", "\u{20DD}", "\u{200D}", "\u{FE0F}"])
    func escaping(mark: String) {
        let pairs = [
            ("&", "&amp;"), ("<", "&lt;"), (">", "&gt;"), ("\"", "&quot;"), ("'", "&#39;"), ("`", "&#96;"),
        ]
        for (plain, escaped) in pairs {
            let found = HTMLText.escaped("a\(plain)\(mark)b")
            #expect(Array(found.utf8) == Array("a\(escaped)\(mark)b".utf8), "\(plain)")
        }
        #expect(HTMLText.escaped("\r\n\u{0}é 中 \u{1F600}") == "\r\n\u{0}é 中 \u{1F600}")
        #expect(HTMLText.escaped("") == "")
    }

    // MARK: Every template with hostile values

    private static let hostile =
        "\"'>\u{338}<script>alert(1)</script>` onload=x &\"\u{301}<\u{338}img src=x> {{words.buy}} {{{html}}}"
    private static let harmless = "harmless"

    /// Names in the templates, with what says how they are used.
    private static func tags(_ sources: [String]) throws -> [(kind: String, name: String)] {
        let pattern = /\{\{(\{|[#^\/>$<]|)\s*([A-Za-z.]+)\}?\}\}/
        return sources.flatMap { source in
            source.matches(of: pattern).map { (String($0.output.1), String($0.output.2)) }
        }
    }

    /// Values for all names: as text everywhere, and nothing where a part is to be shown that stands for nothing.
    private static func values(_ text: String, without: Set<String> = []) throws -> [String: Any] {
        var values: [String: Any] = [:]
        for (kind, name) in try tags(PageTemplate.allCases.map { String(decoding: $0.source, as: UTF8.self) }) {
            guard !["/", ">", "$", "<"].contains(kind), name != "." else { continue }
            let parts = name.split(separator: ".").map(String.init)
            if parts.count == 2 {
                var inner = values[parts[0]] as? [String: Any] ?? [:]
                inner[parts[1]] = without.contains(name) ? nil : text
                values[parts[0]] = inner
            } else if !(values[name] is [String: Any]) {
                // HTML is made elsewhere, and is as it is.
                values[name] = kind == "{" ? "<p>made</p>" : without.contains(name) ? false : text
            }
        }
        for raw in ["html", "details", "instructions", "range"] { values[raw] = "<p>made</p>" }
        return values
    }

    private static func counts(_ bytes: [UInt8]) -> [UInt8: Int] {
        Dictionary(bytes.filter { "\"'<>`".utf8.contains($0) }.map { ($0, 1) }, uniquingKeysWith: +)
    }

    @Test("no value can break out of its place, in any template", arguments: PageTemplate.allCases, [false, true])
    func hostileValues(template: PageTemplate, isBare: Bool) throws {
        let renderer = try PageRenderer(assets: StoreAssets())
        let visit = Bench.visit("/")
        let tags = try Self.tags(PageTemplate.allCases.map { String(decoding: $0.source, as: UTF8.self) })
        let without = isBare ? Set(tags.filter { $0.kind == "^" }.map(\.name)) : []
        let bodies = try [Self.harmless, Self.hostile].map { text in
            let body = renderer.render(template, visit, title: text, try Self.values(text, without: without))
            return Array(body.readableBytesView)
        }
        let text = String(decoding: bodies[1], as: UTF8.self)
        #expect(text.utf8.count > 500)
        #expect(!String(decoding: bodies[0], as: UTF8.self).contains("{{"))
        // As many of them as with values that hold none.
        #expect(Self.counts(bodies[0]) == Self.counts(bodies[1]))
        #expect(!text.unicodeScalars.map { String($0) }.joined(separator: "").contains("<script>"))
        #expect(template == .layout || text.contains("&lt;script&gt;alert(1)"))
        // What looks like a template in a value is no template.
        #expect(template == .layout || text.contains("{{words.buy}}"))
    }

    @Test("a quotation mark with an accent does not end an attribute")
    func accentedQuote() throws {
        let renderer = try PageRenderer(assets: StoreAssets())
        let values: [String: Any] = ["errors": [String: Any](), "contact": "\"\u{301} onfocus=alert(1) x=\""]
        let page = String(buffer: renderer.render(.lookup, Bench.visit("/orders"), title: "t", values))
        let expected = "value=\"&quot;\u{301} onfocus=alert(1) x=&quot;\""
        #expect(Data(page.utf8).range(of: Data(expected.utf8)) != nil)
    }

    @Test("the settings of the shop are escaped, and its addresses are those of its own")
    func settings() throws {
        let renderer = try PageRenderer(assets: StoreAssets())
        let shop = ShopSettings(name: Self.hostile, tagline: Self.hostile, contact: Self.hostile, filing: Self.hostile)
        let page = String(buffer: renderer.render(.message, Bench.visit("/", shop: shop), title: Self.hostile, [:]))
        #expect(page.contains("&lt;script&gt;") && !page.contains("<script>"))
        #expect(!page.contains("<pre>Contact: \"") && page.contains("<pre>Contact: &quot;"))
    }

    @Test("every template has a script that there is, or none, and a title")
    func scripts() throws {
        let (assets, renderer) = (StoreAssets(), try PageRenderer(assets: StoreAssets()))
        for template in PageTemplate.allCases where template != .layout && template != .orderform {
            let page = String(buffer: renderer.render(template, Bench.visit("/"), title: "T", [:]))
            #expect(page.contains("<title>T · Sluice</title>"), "\(template)")
            #expect(page.contains("<script ") == (template.script != nil), "\(template)")
            if let script = template.script { #expect(page.contains("src=\"\(assets.address(script))\"")) }
            #expect(page.contains("noindex") != template.isPublic, "\(template)")
        }
    }
}

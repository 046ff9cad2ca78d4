import Domain
import NIOCore
import Testing

@testable import PageSupport
@testable import Storefront

@Suite("Visits")
struct VisitTests {
    @Test("what is unknown, too long or broken is ignored")
    func ignored() {
        let long = String(repeating: "a", count: 257)
        let visit = Bench.visit("/?utm=1&q=a+b&token=%zz&after=%FF&page=2&Q=x&q2=1&=x&lang=xx&\(long)=1")
        #expect(visit.query == ["q": "a b", "page": "2", "lang": "xx"])
        #expect(visit.chosen == nil && visit.language == .english && visit.lang == "")
        #expect(Bench.visit("/?q=\(long)").query == [:] && Bench.visit("/?q=\(long.dropLast())").query.count == 1)
        let wide = String(repeating: "%61", count: 256)
        #expect(Bench.visit("/?q=\(wide)").query.count == 1 && Bench.visit("/?q=\(wide)%61").query == [:])
        #expect(Bench.visit("/?q=&lang&page").query == [:])
    }

    @Test("the language of the address comes before the browser's")
    func language() {
        let chosen = Bench.visit("/?lang=zh", accepts: "en")
        #expect(chosen.language == .chinese && chosen.lang == "?lang=zh")
        let spoken = Bench.visit("/", accepts: "zh-TW")
        #expect(spoken.language == .chinese && spoken.lang == "" && spoken.chosen == nil)
        for text in ["//evil.example", "zh%0d%0aX:1", "ZH", "zh-CN", "en%00", "en,zh"] {
            #expect(Bench.visit("/?lang=\(text)").lang == "", "\(text)")
        }
    }

    @Test("the page in another language keeps what was looked for, and no token")
    func otherLanguage() {
        let visit = Bench.visit("/products/a?q=a%26b&page=3&after=7&token=secret&x=1&lang=en")
        #expect(visit.address(in: .chinese) == "/products/a?q=a%26b&page=3&after=7&lang=zh")
        #expect(visit.link("/x", [("q", "ä&\"")]) == "/x?q=%C3%A4%26%22&lang=en")
        #expect(Bench.visit("/").link("/x", []) == "/x")
    }

    @Test(
        "a link to the page itself is never one to another host",
        arguments: [
            ("//evil.example/x", "/evil.example/x"), ("///evil.example", "/evil.example"),
            ("/\\evil.example", "/evil.example"), ("/\\/evil.example", "/evil.example"), ("/a/../b", "/a/../b"),
            ("/a\"'<>`\\b", "/a%22%27%3C%3E%60%5Cb"), ("/a%2Fb%0d%0a", "/a%2Fb%0d%0a"), ("/\u{9}/e", "/%09/e"),
            ("/é", "/%C3%A9"), ("/", "/"), ("javascript:alert(1)", "/javascript:alert(1)"), ("*", "/*"),
        ])
    func ownAddress(path: String, own: String) {
        #expect(Bench.visit(path).address(in: .english) == "\(own)?lang=en")
    }
}

@Suite("Files of the pages")
struct StoreAssetsTests {
    @Test("names tell the content, and modules name the shared one by its own")
    func names() throws {
        let assets = StoreAssets()
        let shared = assets.address("shop.js")
        for name in ["style.css", "icon.svg", "shop.js", "catalog.js", "product.js", "order.js"] {
            let address = assets.address(name)
            let file = try #require(assets.file(at: address))
            let parts = name.split(separator: ".")
            let digest = PageFile.digest(Array(file.body.readableBytesView))
            #expect(address == "/assets/\(parts[0])-\(digest).\(parts[1])" && digest.utf8.count == 16)
            let text = String(buffer: file.body)
            #expect(!text.contains("./shop.js"), "\(name)")
            let imports = text.matches(of: /from "([^"]+)"/).map { String($0.output.1) }
            #expect(imports.allSatisfy { $0 == shared }, "\(name)")
            #expect(imports.isEmpty == !["catalog.js", "product.js", "order.js"].contains(name), "\(name)")
        }
        #expect(assets.address("absent.js") == "")
        for address in ["", "/assets/", "/assets/style.css", "/assets/../style.css", shared + "x", shared.uppercased()]
        {
            #expect(assets.file(at: address) == nil, "\(address)")
        }
    }

    @Test("another colour is another file")
    func theme() {
        let (first, second) = (StoreAssets.theme("#112233"), StoreAssets.theme("#112234"))
        #expect(first.address != second.address && first.mediaType == "text/css")
        #expect(first.address == StoreAssets.theme("#112233").address)
    }
}

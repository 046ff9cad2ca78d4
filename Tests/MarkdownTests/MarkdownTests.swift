import Foundation
import Markdown
import TestKit
import Testing

@Suite("Markdown of strangers")
struct MarkdownTests {
    @Test(
        "what it makes",
        arguments: [
            ("", ""), ("a", "<p>a</p>"), ("# a", "<h3>a</h3>"), ("#### a", "<h6>a</h6>"), ("###### a", "<h6>a</h6>"),
            ("**a** ~~b~~", "<p><strong>a</strong> <del>b</del></p>"),
            ("https://a.example/b", "<p><a href=\"https://a.example/b\">https://a.example/b</a></p>"),
            ("www.a.example", "<p><a href=\"http://www.a.example\">www.a.example</a></p>"),
            ("[a](/products/b)", "<p><a href=\"/products/b\">a</a></p>"), ("a & b < c", "<p>a &amp; b &lt; c</p>"),
            ("`<b>`", "<p><code>&lt;b&gt;</code></p>"), ("中文\n\né", "<p>中文</p>\n<p>é</p>"),
        ])
    func made(text: String, html: String) {
        #expect(Markdown.html(text).trimmingCharacters(in: .newlines) == html)
    }

    @Test("a table")
    func table() {
        let html = Markdown.html("|a|b|\n|-|-|\n|<i>|2|\n")
        #expect(html.contains("<table>") && html.contains("<th>a</th>") && html.contains("<td>2</td>"))
        #expect(!html.contains("<i>"))
    }

    @Test(
        "markup is left out",
        arguments: [
            "<script>alert(1)</script>", "a <b onclick=x>b</b>", "<img src=x onerror=alert(1)>", "<!-- a -->",
            "<iframe src=//evil.example>", "<svg/onload=alert(1)>", "<?php x ?>", "<![CDATA[<script>]]>",
            "<style>*{display:none}</style>", "<a\nhref=x>", "<base href=//evil.example>",
        ])
    func markup(text: String) {
        let html = Markdown.html(text)
        let names = html.matches(of: /<([a-z]+)/).map { String($0.output.1) }
        #expect(Set(names).isSubset(of: ["p"]), "\(html)")
        #expect(!html.contains("on") || !html.contains("=x>"), "\(html)")
    }

    @Test(
        "addresses that run something lead nowhere",
        arguments: [
            "javascript:alert(1)", "JavaScript:alert(1)", "vbscript:x", "data:text/html,<script>",
            "data:text/html;base64,x",
            "file:///etc/passwd", "&#106;avascript:alert(1)", "javascript&colon;alert(1)",
        ])
    func addresses(address: String) {
        for text in [
            "[a](\(address))", "[a](<\(address)>)", "![a](\(address))", "<\(address)>", "[a][b]\n\n[b]: \(address)",
        ] {
            let found = Markdown.html(text).matches(of: /(?:href|src)="([^"]*)"/).map { $0.output.1.lowercased() }
            for link in found {
                let scheme = link.prefix { $0 != ":" && $0 != "/" && $0 != "%" }
                let runs = link.contains(":") && ["javascript", "vbscript", "data", "file"].contains(String(scheme))
                #expect(!runs, "\(text): \(link)")
            }
        }
    }

    @Test("only pictures of the shop are pictures; others are links")
    func pictures() {
        #expect(Markdown.html("![a](/pictures/0f.png)").contains("<img src=\"/pictures/0f.png\" alt=\"a\""))
        for address in [
            "https://evil.example/a.png", "//evil.example/a.png", "/a.png", "pictures/a.png", "/pictures/../a.png",
            "/pictures/%2e%2e/a.png", "/pictures/.%2E/a.png", "/pictures/a/../../b", "/pictures\\..\\a.png",
            "/pictures/a.png?x=1", "/Pictures/a.png", "/pictures/\\evil", "https://evil.example/pictures/a.png",
        ] {
            let html = Markdown.html("a ![b](\(address)) c")
            #expect(!html.contains("<img") && html.contains("<a href="), "\(address): \(html)")
        }
        #expect(!Markdown.html("![a][b]\n\n[b]: //evil.example/x").contains("<img"))
        #expect(!Markdown.html("[![a](//evil.example/x)](//evil.example/y)").contains("<img"))
    }

    @Test("what is nested deep or broken is rendered all the same")
    func depth() {
        for part in ["[", "]", "(", "> ", "*", "_ ", "`", "![", "<", "- ", "1. ", "|", "~", "[a](", "&", "\\", "www."] {
            let text = String(repeating: part, count: 20_000 / part.utf8.count)
            #expect(!Markdown.html(text).contains("<script"), "\(part)")
        }
        #expect(Markdown.html("a\u{0}b").contains("b"))
        let broken = String(decoding: [0x61, 0xFF, 0xC3, 0x28, 0xED, 0xA0, 0x80, 0x62], as: UTF8.self)
        #expect(Markdown.html(broken).contains("a") && Markdown.html(broken).contains("b"))
    }

    // MARK: Random texts

    private static let parts = [
        "<script>alert(1)</script>", "<img src=x onerror=alert(1)>", " onload=\"x\"", "[a](", "javascript:alert(1)",
        ")", "![",
        "](", "\"", "'", "<", ">", "`", "\n", "\n\n", "> ", "# ", "* ", "|", "|-|-|\n", "~~", "&lt;script&gt;", "&#60;",
        "\\",
        "http://a.example/\"onclick=x", "www.b.example", "中", "\u{301}", "\u{0}", "\t", "    ", "<a href=\"", "<!--",
        "-->", "[b]: ",
        "x@y.example", "***", "```\n", "<div ", "=",
    ]

    @Test("nothing that 500 random texts make can run, and what is opened is closed")
    func random() {
        var generator = SeededGenerator(seed: 4)
        for round in 1...500 {
            let count = Int.random(in: 1...60, using: &generator)
            let text = (0..<count).map { _ in Self.parts.randomElement(using: &generator) ?? "" }.joined()
            let html = Markdown.html(text)
            #expect(!html.lowercased().contains("<script"), "round \(round): \(text)")
            let tag = /<(\/?)([a-z0-9]+)((?: [a-z]+="[^"<>]*")*)( \/)?>/.matchingSemantics(.unicodeScalar)
            let tags = html.matches(of: tag)
            // Whatever begins like a tag is one of those, or a comment that says that something was left out.
            let left = html.replacingOccurrences(of: "<!-- raw HTML omitted -->", with: "", options: .literal)
            #expect(left.unicodeScalars.count { $0 == "<" } == tags.count, "round \(round): \(html)")
            for tag in tags {
                #expect(!String(tag.output.3).contains(/\son[a-z]+=/), "round \(round): \(html)")
                #expect(!tag.output.3.lowercased().contains("=\"javascript:"), "round \(round): \(html)")
            }
            var open: [String: Int] = [:]
            for tag in tags where !["br", "hr", "img"].contains(tag.output.2) && tag.output.4 == nil {
                open[String(tag.output.2), default: 0] += tag.output.1.isEmpty ? 1 : -1
            }
            #expect(open.values.allSatisfy { $0 == 0 }, "round \(round): \(html)")
        }
    }
}

import Domain
import TestKit
import Testing

@Suite("The shop's settings")
struct ShopSettingsTests {
    /// The field that is refused; nil when all are taken.
    private func fault(_ change: (inout ShopSettings) -> Void) -> String? {
        var settings = ShopSettings.plain
        change(&settings)
        do {
            try settings.check()
            return nil
        } catch {
            return error.code == .invalidRequest ? error.field : "another error: \(error)"
        }
    }

    private func text(_ count: Int, _ character: String = "两") -> String { String(repeating: character, count: count) }

    @Test("are plain as long as nobody has said anything")
    func plain() {
        #expect(ShopSettings.plain == ShopSettings(name: "Sluice", timeZone: "UTC", version: 0))
        #expect(fault { _ in } == nil)
    }

    @Test(
        "texts are held to their lengths, in characters",
        arguments: [
            ("name", 60), ("tagline", 200), ("time_zone", 64), ("contact", 300), ("filing", 60), ("terms", 20_000),
            ("privacy", 20_000), ("refunds", 20_000),
        ])
    func lengths(field: String, maximum: Int) {
        #expect(fault { set(field, &$0, text(maximum)) } == nil)
        #expect(fault { set(field, &$0, text(maximum + 1)) } == field)
        #expect(fault { set(field, &$0, "") } == (["name", "time_zone"].contains(field) ? field : nil))
    }

    private func set(_ field: String, _ settings: inout ShopSettings, _ text: String) {
        switch field {
        case "name": settings.name = text
        case "tagline": settings.tagline = text
        case "time_zone": settings.timeZone = text
        case "contact": settings.contact = text
        case "filing": settings.filing = text
        case "terms": settings.terms = text
        case "privacy": settings.privacy = text
        case "refunds": settings.refunds = text
        default: Issue.record("\(field)")
        }
    }

    @Test("only texts have lines, and nothing holds other control characters")
    func controlCharacters() {
        for field in ["name", "tagline", "filing", "time_zone", "contact", "terms", "privacy", "refunds"] {
            let hasLines = ["contact", "terms", "privacy", "refunds"].contains(field)
            #expect(fault { set(field, &$0, "a\nb") } == (hasLines ? nil : field))
            #expect(fault { set(field, &$0, "a\u{2028}b") } == (hasLines ? nil : field))
            for control in ["\0", "\t", "\r", "\r\n", "\u{1B}", "\u{7F}", "\u{85}", "\u{9B}"] {
                #expect(fault { set(field, &$0, "a\(control)b") } == field, "\(field) \(control.debugDescription)")
            }
        }
    }

    @Test("an accent is # and six lower-case digits")
    func accent() {
        for right in ["#000000", "#1a73e8", "#ffffff"] { #expect(fault { $0.accent = right } == nil, "\(right)") }
        for wrong in ["", "#fff", "#1A73E8", "1a73e80", "#1a73e", "#1a73e88", "#1a73eg", "#1a73e\u{301}", "red"] {
            #expect(fault { $0.accent = wrong } == "accent", "\(wrong)")
        }
    }

    @Test("a logo is a picture of this shop")
    func logo() {
        let digits = "0123456789abcdef0123456789abcdef"
        for kind in ["png", "jpg", "webp", "gif"] {
            #expect(fault { $0.logo = "/pictures/\(digits).\(kind)" } == nil)
        }
        for wrong in [
            "", "/", "/pictures/", "/pictures/\(digits)", "/pictures/\(digits).svg", "/pictures/\(digits).PNG",
            "/pictures/\(digits.uppercased()).png", "/pictures/\(digits)0.png", "/pictures/../\(digits).png",
            "pictures/\(digits).png", "https://a.example/pictures/\(digits).png", "/pictures/\(digits).png?a",
            "/pictures/\(digits).png.png", "/pictures/\(digits.dropLast())\u{661}.png",
        ] {
            #expect(fault { $0.logo = wrong } == "logo", "\(wrong)")
        }
    }
}

@Suite("Pictures")
struct PictureTests {
    private let digits = String(repeating: "a", count: 32)

    @Test("their kind is told by their first bytes")
    func kinds() {
        let signatures: [(Picture.Kind, [UInt8], String)] = [
            (.png, [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A], "image/png"),
            (.jpg, [0xFF, 0xD8, 0xFF, 0xE0], "image/jpeg"),
            (.gif, Array("GIF87a".utf8), "image/gif"), (.gif, Array("GIF89a".utf8), "image/gif"),
            (.webp, Array("RIFF".utf8) + [1, 2, 3, 4] + Array("WEBPVP8 ".utf8), "image/webp"),
        ]
        for (kind, bytes, mediaType) in signatures {
            #expect(Picture.Kind(of: bytes) == kind)
            #expect(Picture.Kind(of: Array(bytes.dropLast(kind == .webp ? 5 : kind == .jpg ? 2 : 1))) == nil)
            #expect(Picture.Kind(of: [0x20] + bytes) == nil)
            #expect(kind.mediaType == mediaType)
            let picture = Picture(name: "\(digits).\(kind)", bytes: bytes)
            #expect(picture?.kind == kind && picture?.path == "/pictures/\(digits).\(kind)")
        }
        for wrong in ["", "<svg xmlns='http://www.w3.org/2000/svg'/>", "<html>", "RIFF1234WAVE", "GIF88a", "BM"] {
            #expect(Picture.Kind(of: Array(wrong.utf8)) == nil, "\(wrong)")
        }
    }

    @Test("a name that says another kind than the bytes, or is none, makes no picture")
    func names() {
        let bytes = Array("GIF89a".utf8)
        for wrong in [
            "\(digits).png", "\(digits)", "\(digits).", ".gif", "\(digits.dropLast()).gif", "a/\(digits).gif",
        ] {
            #expect(Picture(name: wrong, bytes: bytes) == nil, "\(wrong)")
        }
    }
}

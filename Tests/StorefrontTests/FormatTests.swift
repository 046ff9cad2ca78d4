import Domain
import TestKit
import Testing

@testable import PageSupport
@testable import Storefront

@Suite("How amounts and moments are written")
struct FormatTests {
    @Test(
        "amounts",
        arguments: [
            ("CNY", 0, "¥0.00"), ("CNY", 5, "¥0.05"), ("CNY", 1990, "¥19.90"), ("CNY", 100_000, "¥1,000.00"),
            ("CNY", 1_000_000_000_000, "¥10,000,000,000.00"), ("CNY", -1990, "−¥19.90"), ("USD", 99_999, "$999.99"),
            ("JPY", 0, "JP¥0"), ("JPY", 999, "JP¥999"), ("JPY", 1000, "JP¥1,000"), ("KRW", 1_234_567, "₩1,234,567"),
            ("XYZ", 1990, "19.90 XYZ"), ("XYZ", -5, "−0.05 XYZ"), ("XOF", 1500, "1,500 XOF"),
            ("KWD", 1500, "1.500 KWD"), ("KWD", 5, "0.005 KWD"), ("EUR", Int64.min, "−€92,233,720,368,547,758.08"),
        ] as [(String, Int64, String)])
    func amounts(code: String, amount: Int64, text: String) throws {
        let currency = try #require(Currency(code: code))
        #expect(MoneyFormat(currency).text(amount) == text)
    }

    @Test(
        "moments",
        arguments: [
            ("UTC", "2026-01-31 12:00", "UTC"), ("Asia/Shanghai", "2026-01-31 20:00", "UTC+8"),
            ("Asia/Kolkata", "2026-01-31 17:30", "UTC+5:30"), ("Asia/Kathmandu", "2026-01-31 17:45", "UTC+5:45"),
            ("America/St_Johns", "2026-01-31 08:30", "UTC−3:30"), ("Pacific/Marquesas", "2026-01-31 02:30", "UTC−9:30"),
            ("Pacific/Kiritimati", "2026-02-01 02:00", "UTC+14"), ("Mars/Olympus", "2026-01-31 12:00", "UTC"),
            ("", "2026-01-31 12:00", "UTC"),
        ])
    func moments(zone: String, text: String, name: String) {
        let time = LocalTime(zone: zone)
        #expect(time.text(Bench.now) == text && time.name(at: Bench.now) == name)
    }

    @Test("a zone has another offset in summer")
    func summer() {
        let time = LocalTime(zone: "Europe/Berlin")
        let july = Bench.now.advanced(seconds: 170 * 86_400)
        #expect(time.name(at: Bench.now) == "UTC+1" && time.name(at: july) == "UTC+2")
        #expect(time.text(Bench.now) == "2026-01-31 13:00" && time.text(july) == "2026-07-20 14:00")
    }
}

@Suite("The owner's colour")
struct ThemeTests {
    private static let light = Colour(red: 0xF6, green: 0xF7, blue: 0xF9)
    private static let dark = Colour(red: 0x1F, green: 0x23, blue: 0x2B)

    private static func colours(_ accent: String?) -> [String: Colour] {
        let css = Theme(accent: accent).css.drop { $0 != "{" }.dropFirst().prefix { $0 != "}" }
        let pairs = css.split(separator: ";").map { $0.split(separator: ":") }
        return Dictionary(pairs.compactMap { pair in Colour(String(pair[1])).map { (String(pair[0]), $0) } }) { $1 }
    }

    private static var accents: [String] {
        var generator = SeededGenerator(seed: 20)
        let random = (1...300).map { _ in
            Colour(
                red: .random(in: 0...255, using: &generator), green: .random(in: 0...255, using: &generator),
                blue: .random(in: 0...255, using: &generator)
            ).text
        }
        let steps = ["00", "7f", "80", "ff"]
        return random + steps.flatMap { red in steps.flatMap { green in steps.map { "#\(red)\(green)\($0)" } } }
    }

    @Test("whatever colour was chosen, texts on it and beside it can be read")
    func contrast() throws {
        for accent in Self.accents {
            let colours = Self.colours(accent)
            #expect(colours.count == 4, "\(accent)")
            let (filled, on) = (try #require(colours["--accent"]), try #require(colours["--on-accent"]))
            #expect(on.contrast(to: filled) >= 4.5, "\(accent)")
            let (text, dark) = (try #require(colours["--accent-text"]), try #require(colours["--accent-dark-text"]))
            #expect(text.contrast(to: Self.light) >= 4.5 && dark.contrast(to: Self.dark) >= 4.5, "\(accent)")
        }
    }

    @Test("the grounds are those of the style sheet")
    func grounds() throws {
        let style = try #require(try Bench.files("Sources/Web/Storefront/Assets", "style.css").first).lowercased()
        #expect(style.contains(Self.light.text) && style.contains(Self.dark.text))
    }

    @Test("a readable colour stays as it is")
    func unchanged() { #expect(Self.colours("#1a5fb4")["--accent"]?.text == "#1a5fb4") }

    @Test(
        "what is no colour is the shop's default",
        arguments: [nil, "", "red", "#fff", "#12345", "#1234567", "1a73e8#", "#1a73eg", "#-00001", "#+00001", "#１2345"])
    func broken(accent: String?) {
        #expect(Theme(accent: accent).css == Theme(accent: "#3d4fd6").css)
    }

    @Test("contrast is as WCAG has it")
    func formula() {
        let (white, black) = (Colour(red: 255, green: 255, blue: 255), Colour(red: 0, green: 0, blue: 0))
        #expect(white.contrast(to: black) == 21 && black.contrast(to: white) == 21 && white.contrast(to: white) == 1)
        let grey = Colour(red: 0x76, green: 0x76, blue: 0x76).contrast(to: white)
        #expect((4.54..<4.55).contains(grey))
    }
}

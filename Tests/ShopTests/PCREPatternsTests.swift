import Domain
import PCREPatterns
import Shop
import Testing

@Suite("Patterns")
struct PCREPatternsTests {
    private let patterns = PCREPatterns(limits: Limits())

    @Test(
        "fit the whole text or nothing",
        arguments: [
            (#"\d{9}"#, "123456789", PatternVerdict.fits), (#"\d{9}"#, "1234567890", .differs),
            (#"\d{9}"#, "x123456789", .differs),
            ("a|ab", "ab", .fits), ("[A-Z]{2}-?[0-9]+", "CN-42", .fits), ("[A-Z]{2}", "cn", .differs),
            ("a$", "a\n", .differs),
            (#"\p{Han}{2,4}"#, "激活", .fits), (#"\p{Han}{2,4}"#, "ab", .differs), ("(?i)steam", "STEAM", .fits),
            (".", "💩", .fits), ("", "", .fits), ("", "a", .differs),
        ] as [(String, String, PatternVerdict)])
    func matching(pattern: String, text: String, verdict: PatternVerdict) throws {
        try patterns.check(pattern)
        #expect(patterns.match(text, pattern) == verdict)
        #expect(patterns.match(text, pattern) == verdict, "compiled before")
    }

    @Test(
        "what is no regular expression is refused with a reason",
        arguments: [
            "(", "[a", "a{2,1}", "*a", "(?<n>a)(?<n>b)", #"\C"#,
            String(repeating: "(", count: 30) + String(repeating: ")", count: 30),
            "(?:(?:a?){200}){200}a{200}",
        ])
    func broken(pattern: String) {
        let error = #expect(throws: ShopError.self) { try patterns.check(pattern) }
        #expect(error?.detail.hasPrefix("is no regular expression: ") == true)
        #expect(patterns.match("a", pattern) == .differs)
    }

    /// Each of these takes a backtracking matcher longer than the universe has been there, without a bound.
    private static let catastrophic = [
        "([a-z]+)*[0-9]", "(a|a)*[0-9]", "(a|aa)+[0-9]", "(.*)*[0-9]", "([a-zA-Z]+)*[0-9]", "(a?){1,200}a{200}[0-9]",
        "((a*)*)*[0-9]", "(?:.*?){30}[0-9]", "(?=(a+)+[0-9])a*", #"^(\w+\s?)*[0-9]$"#, "(?:a*a*a*a*a*a*)*[0-9]",
    ]

    @Test("that go catastrophically badly with a text end after a bounded number of steps", arguments: catastrophic)
    func bounded(pattern: String) throws {
        try patterns.check(pattern)
        let text = String(repeating: "a", count: OrderField.maximumValueLength)
        #expect(patterns.match(text, pattern) != .fits)
        #expect(patterns.match("1", "[0-9]") == .fits, "others go on")
    }

    @Test("a text that needs more steps than there are is not taken for one that fits or differs")
    func tooHard() {
        let text = String(repeating: "a", count: OrderField.maximumValueLength)
        #expect(patterns.match(text, "([a-z]+)*[0-9]") == .tooHard)
        #expect(patterns.match("aaaa", "([a-z]+)*[0-9]") == .differs)
    }

    @Test("are kept compiled up to a bound, and used by many at once")
    func manyAtOnce() async {
        var limits = Limits()
        limits.patterns = 3
        let patterns = PCREPatterns(limits: limits)
        await withTaskGroup(of: Bool.self) { group in
            for number in 0..<2000 {
                group.addTask { patterns.match("\(number % 10)", "[\(number % 10)]") == .fits }
            }
            for await fits in group { #expect(fits) }
        }
    }
}

import Testing

@testable import Admin

@Suite("What is wrong, in Chinese")
struct ReasonsTests {
    @Test(
        "a sentence has its words, with what stands in its places",
        arguments: [
            ("is missing", "未填写"), ("must be from 1 to 100", "必须在 1 到 100 之间"),
            ("must be a whole number from -5 to 5", "必须是 -5 到 5 的整数"),
            ("line 3: must have at most 40 characters", "第 3 行：最多 40 个字符"),
            ("must have 1 to 50 characters, and no line breaks", "必须有 1 到 50 个字符，且没有换行"),
            ("must be an amount such as 19.90, of 10000000000.00 at most", "必须是金额，例如 19.90，最多 10000000000.00"),
            ("this is an Excel workbook: save the table as CSV in UTF-8", "这是 Excel 工作簿：请将表格另存为 UTF-8 的 CSV"),
            ("names no product: {2}", "没有商品：{2}"),
        ])
    func known(_ english: String, _ chinese: String) { #expect(Reasons.chinese(english) == chinese) }

    @Test("others keep their own", arguments: ["", "is missing today", "must be from 1 to", "something else"])
    func unknown(_ english: String) { #expect(Reasons.chinese(english) == nil) }

    @Test("every sentence has the same places in both languages, and none hides another one")
    func sentences() {
        for (english, chinese) in AdminWords.chineseReasons {
            func places(_ text: String) -> Set<String> { Set(text.matches(of: /\{[0-9]\}/).map { String($0.output) }) }
            #expect(places(chinese).isSubset(of: places(english)), "\(english)")
            if places(english) == [] { #expect(Reasons.chinese(english) == chinese, "\(english)") }
        }
    }
}

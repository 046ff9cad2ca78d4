import Domain
import Testing

@testable import Admin

@Suite("A table that comes in")
struct TablePlanTests {
    /// Rows are new, but for one that is the same, and one that is wrong.
    private func plan(_ parts: [String], limits: Limits = Limits()) throws(ShopError) -> TablePlan {
        try plan(parts.map { Array($0.utf8) }, limits: limits)
    }

    private func plan(_ parts: [[UInt8]], limits: Limits = Limits()) throws(ShopError) -> TablePlan {
        let kind = TableKind(name: "things", key: "slug", columns: ["slug", "title"]) { cells in
            switch cells["slug"] {
            case "same": return .same
            case "wrong": return .faulty(["title": "is wrong"])
            default:
                let change = TableVerdict.Change(field: "title", from: "", to: cells["title"] ?? "")
                return .new([change]) { _ throws(ShopError) in }
            }
        }
        var plan = TablePlan(kind, limits: limits, charset: nil)
        for part in parts { try plan.append(part) }
        try plan.finish()
        return plan
    }

    private func refusal(_ parts: [[UInt8]], limits: Limits = Limits()) -> ShopError? {
        do throws(ShopError) {
            _ = try plan(parts, limits: limits)
            return nil
        } catch {
            return error
        }
    }

    private func refusal(_ text: String) -> ShopError? { refusal([Array(text.utf8)]) }

    @Test("rows are counted by what becomes of them, and those that are not as they were are listed")
    func counts() throws {
        let plan = try plan(["Title,slug\nA,one\nB,sa", "me\nC,wrong\nD,ONE\nE\n\nF,two\n"])
        #expect(plan.counts == (new: 2, changed: 0, same: 1, faulty: 3))
        #expect(
            plan.listed.map(\.number) == [2, 4, 5, 6, 8]
                && plan.listed.map(\.key) == ["one", "wrong", "ONE", "", "two"])
        #expect(plan.deeds.map(\.key) == ["one", "two"])
    }

    @Test("a plan is known by what it would do")
    func digests() throws {
        let first = try plan(["slug,title\na,x\n"])
        #expect(first.digest == (try plan(["title,slug\r\nx,a\r\nq,same"])).digest)
        #expect(first.digest != (try plan(["slug,title\na,y\n"])).digest)
        #expect(first.digest != (try plan(["slug,title\na,x\nb,x\n"])).digest)
    }

    @Test("a column that is not known, twice there, or missing is refused; by its name if it may be one")
    func columns() {
        for (text, detail) in [
            ("slug,price\n", "there is no column price"), ("slug,title,title\n", "the column title is there twice"),
            ("title\n", "the column slug is missing"), ("", "the column slug is missing"),
            ("\n\n", "the column slug is missing"), ("slug;title\n", "there is no column number 1 of the first row"),
            ("slug,,title\n", "there is no column number 2 of the first row"),
            ("<!doctype html>\n", "there is no column number 1 of the first row"),
            ("AAAA-BBBB\n", "there is no column number 1 of the first row"),
        ] {
            let error = refusal(text)
            #expect(error?.code == .invalidRequest && error?.detail.hasPrefix(detail) == true, "\(text)")
        }
        let many = (1...65).map { "c\($0)" }.joined(separator: ",")
        #expect(refusal(many)?.code == .unsupportedMediaType)
    }

    @Test(
        "what is no table is called what it is, whatever its name says, cut anywhere",
        arguments: [
            ([0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A], "a picture"), (Array("GIF89a..".utf8), "a picture"),
            ([0x50, 0x4B, 0x03, 0x04, 0x14, 0x00], "Excel"), ([0xFF, 0xFE, 0x73, 0x00], "UTF-16"),
            ([0x73, 0x00, 0x6C, 0x00, 0x0A, 0x00], "no text"), (Array("slug\na\0b\n".utf8), "no text"),
            (Array("%PDF-1.7".utf8), "PDF"),
        ] as [([UInt8], String)])
    func otherFiles(_ bytes: [UInt8], _ word: String) {
        for parts in [[bytes], bytes.map { [$0] }] {
            let error = refusal(parts)
            #expect(
                error?.code == .unsupportedMediaType && error?.detail.contains(word) == true, "\(error?.detail ?? "")")
        }
    }

    @Test("a charset that is not read is told by row")
    func charset() throws {
        let plan = try plan([Array("slug,title\n\"a\",caf".utf8) + [0xE9, 0x0A]])
        guard case .faulty(let faults)? = plan.listed.first?.verdict else {
            Issue.record("no fault")
            return
        }
        #expect(faults[""]?.contains("neither UTF-8 nor GB 18030") == true && plan.counts.faulty == 1)
    }

    @Test("past a bound a table is refused, and rows of a report are only counted")
    func bounds() throws {
        var limits = Limits()
        limits.tableReportRows = 2
        limits.tableChanges = 3
        let three = "slug,title\na,\nb,\nc,\n"
        let plan = try plan([three], limits: limits)
        #expect(plan.listed.count == 2 && plan.unlisted == 1 && plan.deeds.count == 3)
        #expect(refusal([Array((three + "d,\n").utf8)], limits: limits)?.code == .tooLarge)
        limits.tableBytes = 10
        #expect(refusal([Array("slug,title".utf8), [0x0A]], limits: limits)?.code == .tooLarge)
    }
}

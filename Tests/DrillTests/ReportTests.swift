import Foundation
import Testing

@testable import Drill

@Suite("The report")
struct ReportTests {
    private static func report(violations: [String] = []) throws -> DrillReport {
        var settings = DrillSettings(slug: "drill", seed: 7)
        settings.load = "5x1"
        var counts = DrillCounts(arrivalsPlanned: 12_345, buyers: 12_345)
        (counts.accepted, counts.delivered) = (500, 500)
        var latencies = Latencies()
        for microseconds in 1...1000 { latencies.placed(.accepted, after: Int64(microseconds) * 1000) }
        var series = SaleSeries(saleNanoseconds: 1_000_000_000)
        series.arrived(at: 0)
        series.answered(.accepted, after: 5_000_000, at: 5_000_000)
        series.answered(.failed, after: 5_000_000, at: 250_000_000)
        series.end(at: 300_000_001)
        let product = AuditFigures.Product(slug: "drill", imported: 500, available: 0, held: 0, sold: 500, voided: 0)
        let audit = AuditFigures(ok: true, products: [product], checks: [])
        let plan = try settings.plan(host: "h", port: 1)
        let result = LoadResult(
            counts: counts, latencies: latencies.summaries, intervalMilliseconds: 100, rows: series.rows,
            secondsToLastAccepted: 2, seconds: 3, orders: [])
        return DrillReport(
            startedAt: "2026-01-01T00:00:00Z",
            machine: Machine(cores: 2, kernel: "Linux <6>", cpu: "A & \"B\"", memoryMebibytes: 2048),
            sale: settings.sale(plan, url: nil), result: result,
            processes: .init(shop: nil, generator: nil), audits: .init(live: audit, offline: audit),
            verdict: DrillVerdict(violations: violations, voids: []))
    }

    @Test("JSON is in snake case and reads back the same")
    func json() throws {
        let report = try Self.report()
        let json = try report.json()
        #expect(try DrillReport(json: json) == report)
        let object = try #require(try JSONSerialization.jsonObject(with: json) as? [String: Any])
        let counts = try #require(object["counts"] as? [String: Any])
        #expect(counts["sold_out"] as? Int == 0)
        #expect(counts["accepted"] as? Int == 500)
        #expect(object["orders_per_second"] as? Double == 250)
        #expect(object["passed"] as? Bool == true)
        #expect((object["series"] as? [Any])?.count == 4)
        let milliseconds = try #require(object["milliseconds"] as? [String: [String: Any]])
        #expect(milliseconds["order_to_delivered"]?["count"] as? Int == 0)
        #expect(milliseconds["placing"]?["p999"] as? Double == 0.999)
    }

    @Test("the page escapes every text, needs nothing else, and says how it went")
    func html() throws {
        let page = HTMLReport.write(try Self.report(violations: ["<script>alert('&')</script>"]))
        #expect(page.contains("Violation: &lt;script&gt;alert(&#39;&amp;&#39;)&lt;/script&gt;"))
        #expect(page.contains("A &amp; &quot;B&quot;") && page.contains("Linux &lt;6&gt;"))
        for word in ["<script", "http://", "https://", "src=", "url(", "@import"] { #expect(!page.contains(word)) }
        #expect(page.contains("prefers-color-scheme: dark"))
        #expect(page.contains("class=\"missed\""))
        #expect(page.components(separatedBy: "<svg").count == 3)
        #expect(!page.contains("nan") && !page.contains("inf\""))
        #expect(try HTMLReport.write(Self.report()).contains("class=\"passed\""))
    }

    @Test("the text has the figures that matter")
    func text() throws {
        let text = try Self.report().text
        for part in [
            "12,345 arrivals", "accepted                       500", "seed 7", "2 cores", "offline: ok", "Passed",
        ] {
            #expect(text.contains(part), "\(part)\n\(text)")
        }
    }

    @Test("a row holds what happened in its interval")
    func series() throws {
        let rows = try Self.report().series
        #expect(rows.map(\.second) == [0, 0.1, 0.2, 0.3])
        #expect(rows.map(\.arrivals) == [1, 0, 0, 0])
        #expect(rows.map(\.accepted) == [1, 0, 0, 0])
        #expect(rows.map(\.other) == [0, 0, 1, 0])
        #expect(rows.map { $0.p50 == nil } == [false, true, false, true])
    }

    @Test("percentiles are right to three digits, and the greatest is exact")
    func percentiles() {
        var record = LatencyRecord()
        #expect(record.summary.max == 0 && record.summary.p99 == 0)
        for microseconds in 1...100_000 { record.record(Int64(microseconds) * 1000) }
        record.record(-5)
        record.record(.max)
        let summary = record.summary
        #expect(abs(summary.p50 - 50) < 0.1)
        #expect(abs(summary.p99 - 99) < 0.1)
        #expect(summary.max == 3_600_000)
        #expect(summary.count == 100_002)
    }

    @Test("what Linux says of a process is read, whatever the process is called")
    func processes() throws {
        let stat = "42 (a) b (c)) S 1 2 3 4 5 6 7 8 9 10 150 50 0 0 20 0 9 0 100 999 256 18446744073709551615 1"
        let reading = try #require(ProcessReading(stat: stat, second: 1, pageBytes: 4096))
        #expect(reading.cpuSeconds == 2)
        #expect(reading.residentMebibytes == 1)
        #expect(ProcessReading(stat: "42 (a", second: 0, pageBytes: 4096) == nil)
        var later = try #require(
            ProcessReading(stat: stat.replacing(" 150 ", with: " 200 "), second: 1, pageBytes: 8192))
        later.second = 2
        let use = try #require([reading, later].use)
        #expect((use.cpuSeconds, use.cpuShare) == (0.5, 0.5))
        #expect((use.residentStart, use.residentEnd, use.residentMaximum) == (1, 2, 2))
        let samples = [reading, later].samples(rows: 3, interval: 1)
        #expect(samples == [nil, ProcessSample(resident: 2, cpu: 0.5), nil])
        #expect(Machine.model(in: "processor : 0\nmodel name\t: X: 5\n") == "X: 5")
    }
}

/// Text inside a page.
enum HTMLText {
    static func escape(_ text: String) -> String {
        var escaped = ""
        for character in text {
            switch character {
            case "&": escaped += "&amp;"
            case "<": escaped += "&lt;"
            case ">": escaped += "&gt;"
            case "\"": escaped += "&quot;"
            case "'": escaped += "&#39;"
            default: escaped.append(character)
            }
        }
        return escaped
    }
}

/// The report as one page that needs nothing else: no script, no request.
enum HTMLReport {
    static func write(_ report: DrillReport) -> String {
        let title = "Drill of \(report.startedAt)"
        return """
            <!doctype html>
            <html lang="en">
            <head>
            <meta charset="utf-8">
            <meta name="viewport" content="width=device-width, initial-scale=1">
            <meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
            <title>\(HTMLText.escape(title))</title>
            <style>\(style)</style>
            </head>
            <body>
            <h1>\(HTMLText.escape(title))</h1>
            \(verdict(report))
            <p>\(HTMLText.escape(TextReport.load(report)))</p>
            <p>\(HTMLText.escape(report.machine.sentence)); seed \(report.sale.seed)</p>
            <h2>Rate</h2>
            \(rates(report).svg())
            <h2>Latency of placing an order</h2>
            \(latencies(report).svg())
            <h2>Durations</h2>
            \(latencyTable(report))
            <h2>Buyers</h2>
            \(countTable(report))
            <h2>Machine and books</h2>
            \(notes(report))
            </body>
            </html>

            """
    }

    private static func verdict(_ report: DrillReport) -> String {
        let items = report.sentences.map { "<p>\(HTMLText.escape($0))</p>" }.joined(separator: "\n")
        return "<section class=\"\(report.passed ? "passed" : "missed")\">\n\(items)\n</section>"
    }

    // MARK: Plots

    private static func rates(_ report: DrillReport) -> Plot {
        let step = Double(report.intervalMilliseconds) / 1000
        let line = { (name: String, style: String, count: (SeriesRow) -> Int) in
            Plot.Line(name: name, style: style, values: report.series.map { Double(count($0)) / step })
        }
        return Plot(
            title: "Arrivals and answers a second", unit: "a second", step: step,
            lines: [
                line("arrivals", "arrivals", \.arrivals), line("accepted", "accepted", \.accepted),
                line("sold out", "sold", \.soldOut), line("other", "other", \.other),
            ], isLogarithmic: false)
    }

    private static func latencies(_ report: DrillReport) -> Plot {
        Plot(
            title: "Latency of placing an order", unit: "milliseconds",
            step: Double(report.intervalMilliseconds) / 1000,
            lines: [
                Plot.Line(name: "p50", style: "accepted", values: report.series.map(\.p50)),
                Plot.Line(name: "p99", style: "other", values: report.series.map(\.p99)),
            ], isLogarithmic: true)
    }

    // MARK: Tables

    private static func latencyTable(_ report: DrillReport) -> String {
        let rows = report.namedLatencies.map { named in
            let summary = named.summary
            let values = [summary.p50, summary.p90, summary.p99, summary.p999, summary.mean, summary.max]
            let figures = summary.count == 0 ? values.map { _ in "–" } : values.map(Figure.short)
            return row([named.name, Figure.count(summary.count)] + figures)
        }
        return table(["milliseconds", "count", "p50", "p90", "p99", "p99.9", "mean", "max"], rows)
    }

    private static func countTable(_ report: DrillReport) -> String {
        let rows = report.namedCounts.map { row([$0.name, Figure.count($0.count)]) }
        return table(["", "count"], rows + [row(["orders per second", Figure.short(report.ordersPerSecond)])])
    }

    private static func notes(_ report: DrillReport) -> String {
        let lines = report.namedProcesses.map { TextReport.use($0.name, $0.use) } + TextReport.audits(report)
        return lines.map { "<p>\(HTMLText.escape($0))</p>" }.joined(separator: "\n")
    }

    private static func table(_ names: [String], _ rows: [String]) -> String {
        let head = names.map { "<th>\(HTMLText.escape($0))</th>" }.joined()
        return "<table>\n<thead><tr>\(head)</tr></thead>\n<tbody>\n\(rows.joined(separator: "\n"))\n</tbody>\n</table>"
    }

    private static func row(_ cells: [String]) -> String {
        let name = "<th scope=\"row\">\(HTMLText.escape(cells.first ?? ""))</th>"
        return "<tr>\(name)\(cells.dropFirst().map { "<td>\(HTMLText.escape($0))</td>" }.joined())</tr>"
    }

    private static let style = """
        :root { color-scheme: light dark; --ink: #1c2024; --paper: #fff; --faint: #d9dde2; --soft: #60676f;
          --a: #8a9099; --b: #16794c; --c: #2b66c2; --d: #c2410c; --good: #e3f5ea; --bad: #fde8e4 }
        @media (prefers-color-scheme: dark) {
          :root { --ink: #e6e8eb; --paper: #15181b; --faint: #343a41; --soft: #9aa3ad;
            --a: #9aa3ad; --b: #4cc38a; --c: #70a5ff; --d: #ff8b5c; --good: #12331f; --bad: #46190f } }
        body { margin: 2rem auto; max-width: 60rem; padding: 0 1rem; background: var(--paper); color: var(--ink);
          font: 16px/1.5 system-ui, sans-serif }
        h1 { font-size: 1.5rem } h2 { font-size: 1.1rem; margin-top: 2rem }
        section { padding: .5rem 1rem; border-left: .4rem solid; font-weight: 600 }
        .passed { background: var(--good); border-color: var(--b) }
        .missed { background: var(--bad); border-color: var(--d) }
        svg { width: 100%; height: auto } svg text { fill: var(--soft); font-size: 13px }
        path { fill: none; stroke-width: 2; stroke-linejoin: round }
        .grid { stroke: var(--faint) } .arrivals { stroke: var(--a); stroke-dasharray: 5 4 }
        .accepted { stroke: var(--b) } .sold { stroke: var(--c) } .other { stroke: var(--d) }
        table { border-collapse: collapse } th, td { padding: .25rem .8rem; border-bottom: 1px solid var(--faint) }
        td { text-align: right; font-variant-numeric: tabular-nums } th { text-align: left; font-weight: 600 }
        thead th:not(:first-child) { text-align: right }
        """
}

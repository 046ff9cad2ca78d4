/// The report for a terminal.
enum TextReport {
    static func write(_ report: DrillReport) -> String {
        var lines = ["drill     \(report.startedAt), seed \(report.sale.seed)"]
        lines.append("machine   \(report.machine.sentence)")
        lines.append("load      \(load(report))")
        lines.append("")
        for named in report.namedCounts where named.count > 0 || ["accepted", "delivered"].contains(named.name) {
            lines.append(Figure.fill(named.name, 22) + Figure.pad(Figure.count(named.count), 12))
        }
        if let reads = report.reads { lines.append(self.reads(reads)) }
        lines.append(Figure.fill("orders per second", 22) + Figure.pad(Figure.short(report.ordersPerSecond), 12))
        lines.append("")
        lines += table(report)
        lines.append("")
        for named in report.namedProcesses { lines.append(use(named.name, named.use)) }
        lines.append(contentsOf: audits(report))
        lines.append("")
        lines += report.sentences
        return lines.joined(separator: "\n")
    }

    static func load(_ report: DrillReport) -> String {
        let sale = report.sale
        return """
            \(Figure.count(report.counts.arrivalsPlanned)) arrivals (\(sale.load)) in \
            \(Figure.short(sale.loadSeconds)) s on \(Figure.count(sale.connections)) connections, \
            \(Figure.count(sale.cards)) cards, \(sale.quantity) an order
            """
    }

    private static func table(_ report: DrillReport) -> [String] {
        let names = ["count", "p50", "p99", "p99.9", "mean", "max"]
        let head = Figure.fill("milliseconds", 22) + names.map { Figure.pad($0, 12) }.joined()
        return [head]
            + report.namedLatencies.map { named in
                let summary = named.summary
                let values = [summary.p50, summary.p99, summary.p999, summary.mean, summary.max]
                let figures = summary.count == 0 ? values.map { _ in "-" } : values.map(Figure.short)
                let cells = [Figure.count(summary.count)] + figures
                return Figure.fill(named.name, 22) + cells.map { Figure.pad($0, 12) }.joined()
            }
    }

    private static func reads(_ reads: ReadFigures) -> String {
        """
        \(Figure.fill("reads", 22))\(Figure.pad(Figure.count(reads.shown), 12)) of \(Figure.count(reads.planned)), \
        refused \(Figure.count(reads.refused)), unknown \(Figure.count(reads.unknown)), \
        failed \(Figure.count(reads.failed))
        """
    }

    static func use(_ name: String, _ use: ProcessUse) -> String {
        """
        \(Figure.fill(name, 9)) \(Figure.short(use.cpuSeconds)) s of CPU, \(Figure.percent(use.cpuShare)) of a core; \
        resident \(Figure.short(use.residentStart)) MiB at the start, \(Figure.short(use.residentEnd)) at the end, \
        \(Figure.short(use.residentMaximum)) at most
        """
    }

    static func audits(_ report: DrillReport) -> [String] {
        [("live", report.audits.live), ("offline", report.audits.offline)].compactMap { name, audit in
            guard let audit else { return nil }
            guard let product = audit.products.first(where: { $0.slug == report.sale.slug }) else { return nil }
            return """
                audit     \(name): \(audit.ok ? "ok" : "NOT OK"), imported \(Figure.count(product.imported)), \
                available \(Figure.count(product.available)), held \(Figure.count(product.held)), \
                sold \(Figure.count(product.sold))
                """
        }
    }
}

import Domain
import Hummingbird
import PageSupport
import Shop
import WebSupport

// What happened in the last day and the last month, and what wants looking after.
extension Admin {
    /// Cards of a product below which it is listed as low.
    private static let lowStock = 10
    private static let hour: Int64 = 3_600_000

    func overview(_ visit: AdminVisit) async throws -> Response {
        let (hours, days) = try await (figures(visit, .hour, 24), figures(visit, .day, 30))
        let (byHour, byDay) = (hours?.value ?? [], days?.value ?? [])
        let isCounting = hours == nil || days == nil
        let times = [hours, days].compactMap { $0?.at }
        let counted = isCounting ? visit.word("counting") : times.min().map { countedText(visit, $0) } ?? ""
        let review = try await waiting(.review)
        let paid = try await waiting(.paid)
        let payments = try await ports.ledger.payments(PaymentFilter(limit: Self.healthPayments))
        return show(
            visit, visit.word("menuDashboard"),
            [
                PageSection(
                    heading: visit.word("lastDay"), text: counted, facts: facts(byHour, visit), isLarge: true,
                    data: isCounting ? ("again", "2") : nil),
                attention(visit, review: review, paid: paid),
                chart(
                    visit.word("ordersByHour"), byHour, visit, label: { String(visit.time($0).suffix(5).prefix(2)) },
                    value: { (Double($0.placed), "\($0.placed)") }),
                takings(byDay, visit),
                stockSection(visit), channelSection(visit, payments),
            ], refresh: isCounting ? 2 : 60)
    }

    /// Seconds that counts may be old without a word of it.
    private static let freshSeconds: Int64 = 2

    /// When something was counted, unless it was just now.
    func countedText(_ visit: AdminVisit, _ moment: Timestamp) -> String {
        visit.now < moment.advanced(seconds: Self.freshSeconds) ? "" : visit.word("countedAt", visit.time(moment))
    }

    /// Whole hours, or days of the shop's time zone, up to now.
    private func figures(
        _ visit: AdminVisit, _ bucket: FigureSpan.Bucket, _ count: Int
    ) async throws(ShopError) -> CountWatch<FigureSpan, [SalesFigures]>.Counted? {
        let length = bucket.rawValue * 1000
        let offset = Int64(LocalTime(zone: visit.shop.timeZone).secondsFromUTC(at: visit.now)) * 1000
        let local = visit.now.milliseconds + offset
        let first = local - local % length - Int64(count - 1) * length - offset
        let span = try FigureSpan(
            from: Timestamp(milliseconds: max(0, first)), by: bucket, count: count, limits: ports.limits)
        return await figuresWatch.latest(span)
    }

    private func facts(_ figures: [SalesFigures], _ visit: AdminVisit) -> [Fact] {
        let placed = figures.reduce(0) { $0 + $1.placed }
        let delivered = figures.reduce(0) { $0 + $1.delivered }
        let expired = figures.reduce(0) { $0 + $1.expired }
        var takings: [Currency: Int64] = [:]
        for bucket in figures { takings.merge(bucket.takings, uniquingKeysWith: +) }
        let money = takings.sorted { $0.key.code < $1.key.code }.map { MoneyFormat($0.key).text($0.value) }
        let share = placed == 0 ? "–" : "\((delivered * 1000 / placed + 5) / 10) %"
        return [
            Fact(label: visit.word("figureOrders"), value: "\(placed)"),
            Fact(label: visit.word("figureDelivered"), value: "\(delivered)"),
            Fact(label: visit.word("figureExpired"), value: "\(expired)"),
            Fact(label: visit.word("figureConversion"), value: share),
            Fact(label: visit.word("figureTakings"), value: money.isEmpty ? "–" : money.joined(separator: "\n")),
        ]
    }

    private func chart(
        _ heading: String, _ figures: [SalesFigures], _ visit: AdminVisit, label: (Timestamp) -> String,
        value: (SalesFigures) -> (Double, String)
    ) -> PageSection {
        let points = figures.map { bucket in
            let (number, text) = value(bucket)
            return Chart.Point(label: label(bucket.start), value: number, text: text)
        }
        return PageSection(heading: heading, chart: Chart(points: points, label: heading).svg)
    }

    /// Of the currency that brings most.
    private func takings(_ figures: [SalesFigures], _ visit: AdminVisit) -> PageSection {
        var sums: [Currency: Int64] = [:]
        for bucket in figures { sums.merge(bucket.takings, uniquingKeysWith: +) }
        guard let currency = sums.max(by: { ($0.value, $1.key.code) < ($1.value, $0.key.code) })?.key else {
            return PageSection(heading: visit.word("takingsByDay"), text: visit.word("noTakings"))
        }
        let money = MoneyFormat(currency)
        return chart(
            "\(visit.word("takingsByDay")) (\(currency.code))", figures, visit,
            label: { String(visit.time($0).prefix(10).suffix(5)) },
            value: { (Double($0.takings[currency] ?? 0), money.text($0.takings[currency] ?? 0)) })
    }

    // MARK: What wants looking after

    private static let waitingShown = 100

    private func waiting(_ state: OrderState) async throws(ShopError) -> Int {
        try await ports.ledger.orders(OrderFilter(state: state, limit: Self.waitingShown)).count
    }

    private func attention(_ visit: AdminVisit, review: Int, paid: Int) -> PageSection {
        func text(_ count: Int) -> String { count == Self.waitingShown ? "\(count)+" : "\(count)" }
        var health = Fact(label: visit.word("ledger"), value: visit.word("writable"), tone: .good)
        if case .stopped(let reason, _) = ports.ledger.health {
            health = Fact(label: visit.word("ledger"), value: reason, tone: .bad)
        }
        return PageSection(
            heading: visit.word("attention"),
            facts: [
                Fact(
                    label: visit.word("inReview"), value: text(review), tone: review > 0 ? .bad : .good,
                    link: "/admin/orders?state=review"),
                Fact(
                    label: visit.word("paidWaiting"), value: text(paid), tone: paid > 0 ? .warn : .good,
                    link: "/admin/orders?state=paid"),
                health,
            ], links: [Link(text: visit.word("checkBooks"), address: "/admin/books")])
    }

    private func stockSection(_ visit: AdminVisit) -> PageSection {
        let rows = ports.cache.products().filter(\.kind.isPooled).compactMap { product -> [DataTable.Cell]? in
            let left = Pool.allCases.reduce(0) { $0 + max(0, ports.gate.available(product.id, $1)) }
            guard left < Self.lowStock else { return nil }
            let link = "/admin/products/\(product.slug.text)/cards"
            return [
                DataTable.Cell(text: product.title, link: link),
                DataTable.Cell(text: "\(left)", tone: left == 0 ? .bad : .warn),
            ]
        }
        let table = DataTable(
            columns: [
                DataTable.Column(text: visit.word("product")),
                DataTable.Column(text: visit.word("stockLeft"), isNumber: true),
            ], rows: Array(rows.prefix(50)), nothing: visit.word("nothingLow"), label: visit.word("lowStock"))
        return PageSection(heading: visit.word("lowStock"), table: table)
    }

    /// The newest payments, by which channels are judged.
    private static let healthPayments = 200
    /// So many refused callbacks in a row are no accident.
    private static let refusedInRow = 3

    private func channelSection(_ visit: AdminVisit, _ payments: [PaymentEntry]) -> PageSection {
        let rows = ports.cache.channels().map { configured in
            let own = payments.filter { $0.channel == configured.channel.name.text }
            let (word, tone) = Self.health(own.map(\.verdict))
            return [
                DataTable.Cell(text: configured.channel.name.text, small: configured.channel.kind),
                DataTable.Cell(
                    text: visit.word(configured.isEnabled ? "on" : "off"), tone: configured.isEnabled ? .good : .warn),
                DataTable.Cell(text: visit.word(word), tone: tone, isBadge: true),
                DataTable.Cell(text: own.first.map { visit.time($0.receivedAt) } ?? "–"),
            ]
        }
        let table = DataTable(
            columns: ["channel", "state", "health", "lastCallback"].map { DataTable.Column(text: visit.word($0)) },
            rows: rows, nothing: visit.word("noChannel"), label: visit.word("menuChannels"))
        return PageSection(heading: visit.word("menuChannels"), table: table)
    }

    /// How a channel does, by its newest callbacks, newest first.
    static func health(_ verdicts: [PaymentVerdict]) -> (word: String, tone: Tone) {
        let newest = verdicts.prefix(refusedInRow)
        guard !newest.isEmpty else { return ("healthUnknown", .plain) }
        if newest.count == refusedInRow, newest.allSatisfy({ $0 == .forged }) { return ("healthForged", .bad) }
        if newest.contains(where: { $0 == .mismatched || $0 == .unknownOrder }) { return ("healthOdd", .warn) }
        return newest.contains(.forged) ? ("healthSome", .warn) : ("healthGood", .good)
    }

    // MARK: The books

    /// Checks every invariant. On a large ledger that takes a while, so nothing but this page does it.
    func booksPage(_ visit: AdminVisit) async throws -> Response {
        let report = try await ports.ledger.audit()
        let checks = report.checks.map { check in
            [
                DataTable.Cell(text: check.id), DataTable.Cell(text: check.statement),
                DataTable.Cell(text: "\(check.violations)", tone: check.ok ? .good : .bad),
            ]
        }
        let stock = report.products.map { product in
            [product.slug, "\(product.imported)", "\(product.available)", "\(product.held)", "\(product.sold)"]
                .map { DataTable.Cell(text: $0) }
                + [
                    DataTable.Cell(text: "\(product.voided)"),
                    DataTable.Cell(text: "\(product.drift)", tone: product.drift == 0 ? .good : .bad),
                ]
        }
        let columns = ["product", "imported", "available", "held", "sold", "voided", "drift"].map {
            DataTable.Column(text: visit.word($0), isNumber: $0 != "product")
        }
        return show(
            visit, visit.word("books"),
            [
                PageSection(
                    facts: [
                        Fact(
                            label: visit.word("books"), value: visit.word(report.ok ? "booksRight" : "booksWrong"),
                            tone: report.ok ? .good : .bad)
                    ]),
                PageSection(
                    heading: visit.word("invariants"),
                    table: DataTable(
                        columns: ["invariant", "statement", "violations"].map {
                            DataTable.Column(text: visit.word($0), isNumber: $0 == "violations")
                        }, rows: checks, label: visit.word("invariants"))),
                PageSection(
                    heading: visit.word("stock"),
                    table: DataTable(columns: columns, rows: stock, label: visit.word("stock"))),
            ])
    }
}

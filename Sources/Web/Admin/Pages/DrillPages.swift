import Domain
import HTTPTypes
import Hummingbird
import NIOCore
import PageSupport
import Shop
import WebSupport

// Rehearsed sales: begun by a button, watched, and looked at afterwards.
extension Admin {
    var drillRoutes: [Route] {
        [
            page("/drills", .drill) { visit, _, _ in try await drillsPage(visit) },
            form("/drills", .drill, beginDrill),
            form("/drills/stop", .drill) { form, visit, _, _ in
                try await useCases.manageDrills.stop(by: note(visit, form))
                return Self.redirect(to: "/admin/drills", done: "stopped")
            },
            page("/drills/{name}", .drill) { visit, _, context in
                try await drillPage(visit, try await useCases.manageDrills.drill(context.parameter("name")))
            },
            page("/drills/{name}/report", .drill) { _, _, context in
                Self.wholeReport(try await useCases.manageDrills.report(context.parameter("name")))
            },
            form("/drills/{name}/remove", .drill) { form, visit, _, context in
                try await useCases.manageDrills.remove(context.parameter("name"), by: note(visit, form))
                return Self.redirect(to: "/admin/drills", done: "removed")
            },
        ]
    }

    @Sendable private func beginDrill(
        _ form: WebForm, _ visit: AdminVisit, _ request: Request, _ context: ShopRequestContext
    ) async throws -> Response {
        var filled = try FilledForm(form)
        func number(_ name: String, _ range: ClosedRange<Int>) -> Int {
            Int(filled.integer(name, in: Int64(range.lowerBound)...Int64(range.upperBound)))
        }
        let (cards, buyers) = (number("cards", DrillPlan.cardsAllowed), number("buyers", DrillPlan.buyersAllowed))
        let (rate, paid) = (number("rate", DrillPlan.rateAllowed), number("paid", DrillPlan.paidAllowed))
        guard filled.isFine else { return try await drillsPage(visit, filled) }
        do throws(ShopError) {
            let entry = try await useCases.manageDrills.begin(
                filled["product"], cards: cards, buyers: buyers, rate: rate, paid: paid, by: note(visit, form))
            return Self.redirect(to: "/admin/drills/\(entry.name)")
        } catch {
            filled.fail(error)
            return try await drillsPage(visit, filled)
        }
    }

    /// The page that the drill wrote: it brings its own style, and may do nothing else.
    private static func wholeReport(_ bytes: [UInt8]) -> Response {
        var headers = PageHeaders.page()
        headers[.contentSecurityPolicy] =
            "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; frame-ancestors 'none'; sandbox"
        headers[.cacheControl] = "no-store"
        return Response(status: .ok, headers: headers, body: .init(byteBuffer: ByteBuffer(bytes: bytes)))
    }

    // MARK: All drills

    private func drillsPage(_ visit: AdminVisit, _ filled: FilledForm? = nil) async throws -> Response {
        guard useCases.manageDrills.isOffered else {
            return show(visit, visit.word("menuDrills"), [PageSection(text: visit.word("drill_cluster"))])
        }
        let products = ports.cache.products().map { ($0.slug.text, $0.title) }
        let known = FilledForm(["product": "", "cards": "100", "buyers": "5000", "rate": "500", "paid": "100"])
        let field = FormFields(visit, filled ?? known, "drill")
        let begin = FormSpec(
            action: "/admin/drills",
            fields: [field("product", .choice(products))]
                + ["cards", "buyers", "rate", "paid"].map { field($0, .input("number"), isRequired: true) },
            button: visit.word("drill_begin"))
        let entries = try await useCases.manageDrills.list()
        return show(
            visit, visit.word("menuDrills"),
            [
                PageSection(
                    heading: visit.word("drill_begin"),
                    text: visit.word(products.isEmpty ? "drill_nothing" : "drill_hint"),
                    forms: products.isEmpty ? [] : [begin]),
                PageSection(heading: visit.word("menuDrills"), table: drillTable(visit, entries)),
            ], alert: alert(filled, visit), status: status(filled))
    }

    private func drillTable(_ visit: AdminVisit, _ entries: [DrillEntry]) -> DataTable {
        DataTable(
            columns: ["time", "drill_product", "drill_verdict", ""].map {
                .init(text: $0.isEmpty ? "" : visit.word($0))
            },
            rows: entries.map { entry in
                let (word, tone) = Self.verdict(entry.state)
                var action = DataTable.Action(
                    address: "/admin/drills/\(entry.name)/remove", button: visit.word("bak_remove"))
                if case .running = entry.state {
                    action = DataTable.Action(address: "/admin/drills/stop", button: visit.word("drill_stop"))
                }
                return [
                    .init(text: visit.time(entry.startedAt), link: "/admin/drills/\(entry.name)"),
                    .init(text: entry.title), .init(text: visit.word(word), tone: tone, isBadge: true),
                    .init(text: "", action: action),
                ]
            }, nothing: visit.word("drill_none"), label: visit.word("menuDrills"))
    }

    private static func verdict(_ state: DrillEntry.State) -> (word: String, tone: Tone) {
        switch state {
        case .running: ("drill_running", .plain)
        case .passed: ("drill_passed", .good)
        case .missed: ("drill_missed", .bad)
        case .void: ("drill_void", .warn)
        case .failed: ("drill_failed", .bad)
        }
    }

    // MARK: One drill

    private func drillPage(_ visit: AdminVisit, _ entry: DrillEntry) async throws -> Response {
        let (word, tone) = Self.verdict(entry.state)
        var sections = [
            PageSection(
                facts: [
                    Fact(label: visit.word("drill_product"), value: entry.title),
                    Fact(label: visit.word("time"), value: visit.time(entry.startedAt)),
                    Fact(label: visit.word("drill_verdict"), value: visit.word(word), tone: tone),
                ])
        ]
        var refresh: Int?
        switch entry.state {
        case .running(let standing):
            refresh = 2
            let stop = FormSpec(
                action: "/admin/drills/stop", fields: [], button: visit.word("drill_stop"), isPlain: true)
            sections.append(
                PageSection(
                    heading: visit.word("drill_running"), text: visit.word("drill_runningHint"),
                    facts: standingFacts(visit, standing), forms: [stop],
                    links: [Link(text: visit.word("menuLive"), address: "/admin/live")], data: ("drill", entry.name)))
        case .failed(let reason):
            sections.append(PageSection(heading: visit.word("drill_failed"), text: reason))
        case .passed, .missed, .void:
            if let outcome = try await useCases.manageDrills.outcome(entry.name) {
                sections += outcomeSections(visit, entry, outcome)
            }
        }
        return show(
            visit, visit.word("drill_one"), crumbs: [Link(text: visit.word("menuDrills"), address: "/admin/drills")],
            sections, refresh: refresh)
    }

    /// How a drill stands, by the keys by which the script finds them.
    func standingFacts(_ visit: AdminVisit, _ standing: DrillStanding?) -> [Fact] {
        let texts = standing.map(LiveFigures.texts) ?? [:]
        return LiveFigures.drillKeys.map { key in
            Fact(label: visit.word(key), value: texts[key] ?? "–", key: key)
        }
    }

    private func outcomeSections(_ visit: AdminVisit, _ entry: DrillEntry, _ outcome: DrillOutcome) -> [PageSection] {
        let counts = [
            ("drill_buyers", outcome.buyers), ("drill_cards", outcome.cards), ("drill_accepted", outcome.accepted),
            ("drill_soldOut", outcome.soldOut), ("drill_refused", outcome.refused), ("drill_failures", outcome.failed),
            ("drill_delivered", outcome.delivered),
        ].map { Fact(label: visit.word($0.0), value: "\($0.1)") }
        let rate = Fact(
            label: visit.word("drill_perSecond"), value: "\(Int(outcome.acceptedPerSecond.rounded()))")
        let durations = DataTable(
            columns: ["drill_duration", "drill_count", "drill_mean", "drill_p50", "drill_p99", "drill_longest"].map {
                .init(text: visit.word($0), isNumber: $0 != "drill_duration")
            },
            rows: [("drill_placing", outcome.placing), ("drill_delivery", outcome.delivery)].map { name, times in
                [.init(text: visit.word(name)), .init(text: "\(times.count)")]
                    + [times.mean, times.p50, times.p99, times.longest].map {
                        .init(text: times.count == 0 ? "–" : "\(($0 * 10).rounded() / 10)")
                    }
            }, label: visit.word("drill_durations"))
        var sections: [PageSection] = []
        if !outcome.complaints.isEmpty {
            sections.append(
                PageSection(
                    heading: visit.word(Self.verdict(entry.state).word),
                    text: outcome.complaints.joined(separator: "\n")))
        }
        sections.append(PageSection(heading: visit.word("drill_came"), id: "outcome", facts: counts + [rate]))
        sections.append(PageSection(heading: visit.word("drill_durations"), table: durations))
        sections += plots(visit, outcome)
        sections.append(
            PageSection(
                text: visit.word("drill_wholeHint"),
                links: [Link(text: visit.word("drill_whole"), address: "/admin/drills/\(entry.name)/report")]))
        return sections
    }

    /// Bars that a plot has at most.
    private static let bars = 60

    private func plots(_ visit: AdminVisit, _ outcome: DrillOutcome) -> [PageSection] {
        let moments = outcome.moments
        guard !moments.isEmpty else { return [] }
        let width = (moments.count + Self.bars - 1) / Self.bars
        let groups = stride(from: 0, to: moments.count, by: width).map {
            Array(moments[$0..<min($0 + width, moments.count)])
        }
        func plot(_ word: String, _ value: ([DrillOutcome.Moment]) -> Double) -> PageSection {
            let points = groups.map { group in
                let number = value(group)
                return Chart.Point(
                    label: "\(Int((group.first?.second ?? 0).rounded(.down))) s", value: number,
                    text: "\((number * 10).rounded() / 10)")
            }
            return PageSection(heading: visit.word(word), chart: Chart(points: points, label: visit.word(word)).svg)
        }
        func mean(_ part: @escaping (DrillOutcome.Moment) -> Double) -> ([DrillOutcome.Moment]) -> Double {
            { group in group.reduce(0) { $0 + part($1) } / Double(max(group.count, 1)) }
        }
        return [
            plot("drill_plotArrivals", mean(\.arrivals)), plot("drill_plotAccepted", mean(\.accepted)),
            plot("drill_plotSoldOut", mean(\.soldOut)),
            plot("drill_plotP99") { group in group.compactMap(\.p99).max() ?? 0 },
        ]
    }
}

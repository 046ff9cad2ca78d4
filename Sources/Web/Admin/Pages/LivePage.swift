import AsyncAlgorithms
import Domain
import HTTPTypes
import Hummingbird
import NIOCore
import PageSupport
import ServiceLifecycle
import Shop
import WebSupport

// A sale as it runs: one line of numbers a second, pushed to the browser.
extension Admin {
    func livePage(_ visit: AdminVisit) -> Response {
        let keys = ["rate", "accepted", "soldOut", "refused", "failed", "p99", "flush", "queue", "stock"]
        let facts = keys.map { Fact(label: visit.word("live_\($0)"), value: "–", key: $0) }
        let writable = Fact(label: visit.word("ledger"), value: visit.word("writable"), tone: .good, key: "health")
        let words = JSONWriter.object { json in
            json.string("writable", visit.word("writable"))
            json.string("stopped", visit.word("stopped"))
            json.string("lost", visit.word("liveLost"))
            for name in ["ledger", "stock", "answers"] { json.string(name, visit.word("check_\(name)")) }
        }
        var sections = [
            PageSection(
                heading: visit.word("liveNow"), text: visit.word("liveNext"), facts: facts + [writable],
                data: ("sale", String(buffer: words))),
            PageSection(
                heading: visit.word("live_rate"), id: "curve", chart: Self.curve(visit.word("live_rate")),
                caption: visit.word("liveCurve")),
            PageSection(
                heading: visit.word("invariants"), id: "books", text: visit.word("liveBooks"),
                facts: [Fact(label: visit.word("liveBooksTime"), value: "–", key: "booksTime")],
                links: [Link(text: visit.word("checkBooks"), address: "/admin/books")],
                data: ("books", visit.word("liveBooksList"))),
        ]
        if visit.may(.drill), useCases.manageDrills.isOffered {
            sections.append(
                PageSection(
                    heading: visit.word("drill_one"), id: "drill",
                    facts: standingFacts(visit, useCases.manageDrills.standing),
                    links: [Link(text: visit.word("menuDrills"), address: "/admin/drills")]))
        }
        return show(visit, visit.word("menuLive"), sections)
    }

    /// An empty curve; the script draws it.
    private static func curve(_ label: String) -> String {
        "<svg viewBox=\"0 0 720 160\" role=\"img\" aria-label=\"\(HTMLText.escaped(label))\"><polyline data-curve "
            + "fill=\"none\" stroke=\"var(--series)\" stroke-width=\"2\" points=\"\"/></svg>"
    }

    /// Server-sent events; a second of the registry each.
    func liveEvents(_ visit: AdminVisit) throws(ShopError) -> Response {
        guard liveStreams.enter() else { throw ShopError(.busy, "too many live screens are open") }
        let (streams, metrics, admin) = (liveStreams, settings.metricsText, self)
        let mayDrill = visit.may(.drill)
        let body = ResponseBody { writer in
            defer { streams.leave() }
            let start = LiveSample(metrics())
            var last = start
            let seconds = AsyncTimerSequence(interval: .seconds(1), clock: .continuous)
            for await _ in seconds.cancelOnGracefulShutdown() {
                let now = LiveSample(metrics())
                let figures = LiveFigures(from: last, to: now, seconds: 1)
                let beside = await admin.beside(visit, figures, mayDrill: mayDrill)
                let json = figures.json(beside, since: start, now: now)
                try await writer.write(ByteBuffer(string: "data: \(json)\n\n"))
                last = now
            }
            try await writer.finish(nil)
        }
        return Response(
            status: .ok, headers: [.contentType: "text/event-stream", .cacheControl: "no-store"], body: body)
    }

    private func beside(_ visit: AdminVisit, _ figures: LiveFigures, mayDrill: Bool) async -> LiveFigures.Beside {
        let places = ports.cache.products().filter(\.kind.isPooled).flatMap { product in
            Pool.allCases.map { ports.gate.available(product.id, $0) }
        }
        let last = await booksWatch.latest(.all, mayBegin: false)
        let now = ports.clock.now()
        let opensSoon = ports.cache.products().contains { product in
            guard let opensAt = product.window.opensAt else { return false }
            return now < opensAt && opensAt < now.advanced(seconds: BooksLook.quietSeconds)
        }
        let mayBegin = BooksLook.mayBegin(
            atRate: figures.perSecond, lastMilliseconds: last?.milliseconds, opensSoon: opensSoon)
        let look = await booksWatch.latest(.all, mayBegin: mayBegin)
        return LiveFigures.Beside(
            stock: places.reduce(0) { $0 + max(0, $1) }, isWritable: ports.ledger.health == .writable,
            isStockRight: places.allSatisfy { $0 >= 0 }, books: look?.value,
            booksTime: look.map { visit.time($0.at) } ?? "–",
            drill: mayDrill ? useCases.manageDrills.standing : nil)
    }
}

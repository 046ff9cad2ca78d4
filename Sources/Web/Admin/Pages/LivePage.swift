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
        }
        return show(
            visit, visit.word("menuLive"),
            [
                PageSection(
                    heading: visit.word("liveNow"), text: visit.word("liveNext"), facts: facts + [writable],
                    data: ("sale", String(buffer: words))),
                PageSection(
                    heading: visit.word("live_rate"), id: "curve",
                    chart: Self.curve(visit.word("live_rate")),
                    caption: visit.word("liveCurve"),
                    links: [Link(text: visit.word("checkBooks"), address: "/admin/books")]),
            ])
    }

    /// An empty curve; the script draws it.
    private static func curve(_ label: String) -> String {
        "<svg viewBox=\"0 0 720 160\" role=\"img\" aria-label=\"\(HTMLText.escaped(label))\"><polyline data-curve "
            + "fill=\"none\" stroke=\"var(--series)\" stroke-width=\"2\" points=\"\"/></svg>"
    }

    /// Server-sent events; a second of the registry each.
    func liveEvents() throws(ShopError) -> Response {
        guard liveStreams.enter() else { throw ShopError(.busy, "too many live screens are open") }
        let (streams, metrics, ports) = (liveStreams, settings.metricsText, ports)
        let body = ResponseBody { writer in
            defer { streams.leave() }
            let start = LiveSample(metrics())
            var last = start
            let seconds = AsyncTimerSequence(interval: .seconds(1), clock: .continuous)
            for await _ in seconds.cancelOnGracefulShutdown() {
                let now = LiveSample(metrics())
                let stock = ports.cache.products().filter(\.kind.isPooled).reduce(0) { sum, product in
                    sum + Pool.allCases.reduce(0) { $0 + max(0, ports.gate.available(product.id, $1)) }
                }
                var isWritable = false
                if case .writable = ports.ledger.health { isWritable = true }
                let figures = LiveFigures(from: last, to: now, seconds: 1)
                let json = figures.json(stock: stock, isWritable: isWritable, since: start, now: now)
                try await writer.write(ByteBuffer(string: "data: \(json)\n\n"))
                last = now
            }
            try await writer.finish(nil)
        }
        return Response(
            status: .ok, headers: [.contentType: "text/event-stream", .cacheControl: "no-store"], body: body)
    }
}

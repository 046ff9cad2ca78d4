import AsyncAlgorithms
import Domain
import HTTPTypes
import Hummingbird
import NIOCore
import Shop
import WebSupport

extension WebAPI {
    /// Server-sent events (https://html.spec.whatwg.org/multipage/server-sent-events.html): the state of the order
    /// now, each state it comes to, and a comment every fifteen seconds so that a dead connection is noticed.
    @Sendable func watchOrder(_ request: Request, _ context: ShopRequestContext) async throws -> Response {
        let id = try useCases.readOrder.authorize(id: context.parameter("id"), token: token(request))
        // Watched before it is read, so that no change falls between.
        guard let changes = ports.board.watch(id) else { throw ShopError(.busy, "too many streams are open") }
        let first = OrderNews(try await ports.board.standing(of: id))
        let body = ResponseBody { writer in
            try await Self.write(first, changes, to: &writer)
            try await writer.finish(nil)
        }
        return Response(
            status: .ok,
            headers: [.contentType: "text/event-stream", .cacheControl: "no-store", Self.accelBuffering: "no"],
            body: body)
    }

    /// Tells nginx to pass each event on at once.
    private static let accelBuffering = HTTPField.Name("X-Accel-Buffering") ?? .cacheControl

    private enum Signal: Sendable {
        case news(OrderNews)
        case beat
        case end
    }

    private static func write(
        _ first: OrderNews, _ changes: AsyncStream<OrderNews>, to writer: inout any ResponseBodyWriter
    ) async throws {
        try await writer.write(event(first.state))
        if first.state.isSettled { return }
        let states = chain(changes.map { Signal.news($0) }, [Signal.end].async)
        let beats = AsyncTimerSequence(interval: .seconds(15), clock: .continuous).map { _ in Signal.beat }
        var last = first
        for await signal in merge(states, beats) {
            switch signal {
            case .beat:
                try await writer.write(ByteBuffer(string: ": still here\n\n"))
            // What was told before the order was read is no news.
            case .news(let news) where news.version > last.version:
                if news.state != last.state { try await writer.write(event(news.state)) }
                last = news
                if news.state.isSettled { return }
            case .news: continue
            case .end: return
            }
        }
    }

    private static func event(_ state: OrderState) -> ByteBuffer {
        ByteBuffer(string: "event: status\ndata: {\"status\":\"\(state.rawValue)\"}\n\n")
    }
}

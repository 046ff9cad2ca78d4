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
        guard let changes = ports.watch.watch(id) else { throw ShopError(.busy, "too many streams are open") }
        let first = try await ports.ledger.order(id)?.state ?? .queued
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
        case state(OrderState)
        case beat
        case end
    }

    private static func write(
        _ first: OrderState, _ changes: AsyncStream<OrderState>, to writer: inout any ResponseBodyWriter
    ) async throws {
        try await writer.write(event(first))
        if first.isSettled { return }
        let states = chain(changes.map { Signal.state($0) }, [Signal.end].async)
        let beats = AsyncTimerSequence(interval: .seconds(15), clock: .continuous).map { _ in Signal.beat }
        var last = first
        for await signal in merge(states, beats) {
            switch signal {
            case .beat:
                try await writer.write(ByteBuffer(string: ": still here\n\n"))
            case .state(let state) where state != last:
                last = state
                try await writer.write(event(state))
                if state.isSettled { return }
            case .state: continue
            case .end: return
            }
        }
    }

    private static func event(_ state: OrderState) -> ByteBuffer {
        ByteBuffer(string: "event: status\ndata: {\"status\":\"\(state.rawValue)\"}\n\n")
    }
}

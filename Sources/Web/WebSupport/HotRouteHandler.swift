import Domain
import HTTPTypes
import Hummingbird
public import Logging
public import NIOCore
import NIOHTTP1
public import NIOHTTPTypes

/// Answers the requests of one endpoint on the connection's event loop, in front of Hummingbird's task. Every other
/// request goes on to Hummingbird untouched.
///
/// The decisions are in ``HotConnection``; this is its shell.
public final class HotRouteHandler<Endpoint: HotEndpoint>: ChannelDuplexHandler, RemovableChannelHandler {
    public typealias InboundIn = HTTPRequestPart
    public typealias InboundOut = HTTPRequestPart
    public typealias OutboundIn = HTTPResponsePart
    public typealias OutboundOut = HTTPResponsePart

    private enum Item {
        case part(HTTPRequestPart)
        case inputClosed
        case failure(any Error)
    }

    private let endpoint: Endpoint
    private let logger: Logger
    private var connection = HotConnection<Item>()
    private var context: ChannelHandlerContext?
    /// Answers are written below HTTP's encoder, in bytes.
    private var encoder: ChannelHandlerContext?
    private var peer: PeerAddress?
    private var head: HTTPRequest?
    private var body: ByteBuffer?
    /// Somebody wants to read, and may not yet.
    private var holdsRead = false
    private var isSettling = false

    /// One handler a connection.
    public init(endpoint: Endpoint, logger: Logger) {
        self.endpoint = endpoint
        self.logger = logger
    }

    public func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        encoder = try? context.pipeline.syncOperations.context(handlerType: HTTPResponseEncoder.self)
    }

    public func handlerRemoved(context: ChannelHandlerContext) { leave() }

    public func channelInactive(context: ChannelHandlerContext) {
        leave()
        context.fireChannelInactive()
    }

    /// The answer that is under way finds nobody; its order stays valid.
    private func leave() {
        (context, encoder) = (nil, nil)
        connection.gone()
        (head, body) = (nil, nil)
    }

    // MARK: From the peer

    public func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let part = unwrapInboundIn(data)
        switch part {
        case .head(let head): arrived(.head(kind(of: head)), .part(part), context)
        case .body: arrived(.body, .part(part), context)
        case .end: arrived(.end, .part(part), context)
        }
    }

    public func errorCaught(context: ChannelHandlerContext, error: any Error) {
        arrived(.failure, .failure(error), context)
    }

    public func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        switch event {
        case is ChannelShouldQuiesceEvent:
            connection.quiesce()
            settle(context)
        case ChannelEvent.inputClosed:
            arrived(.inputClosed, .inputClosed, context)
        default:
            context.fireUserInboundEventTriggered(event)
        }
    }

    /// What is asked for in a special way is left to Hummingbird.
    private func kind(of head: HTTPRequest) -> HotConnection<Item>.Head {
        let fields = head.headerFields
        let connection = fields[.connection]
        // Hummingbird reads nothing after such a request, and compares in the same way.
        if connection == "close" { return .ordinary(isLast: true) }
        let isHot =
            head.method == .post && head.path == endpoint.path && fields[.expect] == nil && fields[.upgrade] == nil
            && (connection == nil || connection?.lowercased() == "keep-alive")
        return isHot ? .hot : .ordinary(isLast: false)
    }

    private func arrived(_ arrival: HotConnection<Item>.Arrival, _ item: Item, _ context: ChannelHandlerContext) {
        perform(connection.arrived(arrival, item), item, context)
    }

    private func perform(_ verdict: HotConnection<Item>.Verdict, _ item: Item, _ context: ChannelHandlerContext) {
        switch (verdict, item) {
        case (.wait, _), (.drop, _): break
        case (.pass, .part(let part)): context.fireChannelRead(wrapInboundOut(part))
        case (.pass, .inputClosed):
            (head, body) = (nil, nil)
            context.fireUserInboundEventTriggered(ChannelEvent.inputClosed)
        case (.pass, .failure(let error)):
            (head, body) = (nil, nil)
            context.fireErrorCaught(error)
        case (.take, .part(let part)): take(part, context)
        case (.take, _): break
        }
    }

    // MARK: Reading

    public func read(context: ChannelHandlerContext) {
        if connection.mayRead { context.read() } else { holdsRead = true }
    }

    public func channelWritabilityChanged(context: ChannelHandlerContext) {
        connection.isWritable = context.channel.isWritable
        context.fireChannelWritabilityChanged()
        settle(context)
    }

    /// Does what has become possible after an answer.
    private func settle(_ context: ChannelHandlerContext) {
        // An answer that is ready at once ends up here again from within the loop, which goes on anyway.
        guard !isSettling else { return }
        isSettling = true
        var hasPassed = false
        while let (verdict, item) = connection.next() {
            if verdict == .pass { hasPassed = true }
            perform(verdict, item, context)
        }
        isSettling = false
        guard self.context != nil else { return }
        // Hummingbird's channel hands on what it has read when a turn of reading is complete.
        if hasPassed { context.fireChannelReadComplete() }
        if connection.takeQuiescing() {
            // Hummingbird closes the connection when it hears this. The answer must be under way by then.
            context.flush()
            context.fireUserInboundEventTriggered(ChannelShouldQuiesceEvent())
        }
        if holdsRead, connection.mayRead {
            holdsRead = false
            context.read()
        }
    }

    // MARK: Answering

    private func take(_ part: HTTPRequestPart, _ context: ChannelHandlerContext) {
        switch part {
        case .head(let head):
            self.head = head
            let peer = peer ?? PeerAddress(context.remoteAddress)
            self.peer = peer
            if let refusal = endpoint.refusal(of: head, from: peer) { end(refusal) }
        case .body(let part):
            let size = (body?.readableBytes ?? 0) + part.readableBytes
            if size > endpoint.maximumBytes { return end(endpoint.tooLarge) }
            _ = body.setOrWriteImmutableBuffer(part)
        case .end:
            guard let head else { return }
            let body = body ?? ByteBuffer()
            (self.head, self.body) = (nil, nil)
            run(head, body, context.eventLoop)
        }
    }

    private func run(_ head: HTTPRequest, _ body: ByteBuffer, _ eventLoop: any EventLoop) {
        let handler = NIOLoopBound(self, eventLoop: eventLoop)
        endpoint.run(head, body: body) { outcome in
            if eventLoop.inEventLoop {
                handler.value.end(outcome)
            } else {
                eventLoop.execute { handler.value.end(outcome) }
            }
        }
    }

    private func end(_ outcome: Endpoint.Outcome) {
        endpoint.note(outcome, logger: requestLogger)
        (head, body) = (nil, nil)
        guard let context, connection.owesHot else { return }
        guard let encoder else { return context.close(promise: nil) }
        var buffer = context.channel.allocator.buffer(capacity: 1024)
        let closes = endpoint.write(outcome, date: HTTPDate.cached(endpoint.now()), to: &buffer)
        encoder.writeAndFlush(NIOAny(IOData.byteBuffer(buffer)), promise: nil)
        context.triggerUserOutboundEvent(AnswerEndedEvent(closes: closes), promise: nil)
        connection.answered(closes: closes)
        settle(context)
    }

    /// As Hummingbird's, which numbers requests in the log.
    private var requestLogger: Logger {
        var logger = logger
        logger[metadataKey: "hb.request.id"] = .stringConvertible(RequestID())
        return logger
    }

    // MARK: From the handlers behind

    public func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        switch unwrapOutboundIn(data) {
        case .head(let head):
            if head.headerFields[.connection] == "close" { connection.behindCloses() }
            context.write(data, promise: promise)
        case .body:
            context.write(data, promise: promise)
        case .end:
            context.write(data, promise: promise)
            connection.behindAnswered()
            settle(context)
        }
    }
}

@available(*, unavailable)
extension HotRouteHandler: Sendable {}

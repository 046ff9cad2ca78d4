public import Domain
import HTTPTypes
public import NIOCore
public import NIOHTTPTypes

/// Decides until when a connection must have sent the next part of a request. Event in, deadline out.
///
/// Hummingbird's own idle time-out starts anew with every byte that arrives as a part; this one does not, so that a
/// peer which trickles a head or a body is closed too.
struct ConnectionDeadlines: Hashable, Sendable {
    enum Event: Hashable, Sendable {
        case connected
        case head(isImport: Bool)
        case requestEnded
        case responseEnded
    }

    /// Seconds from now until the connection is closed; nil while the shop owes the answer.
    static func seconds(after event: Event, limits: Limits) -> Int64? {
        switch event {
        case .connected: limits.headerSeconds
        case .head(let isImport): isImport ? limits.importSeconds : limits.bodySeconds
        case .requestEnded: nil
        case .responseEnded: limits.idleSeconds
        }
    }
}

/// Closes connections that miss their deadline.
public final class ConnectionDeadlineHandler: ChannelDuplexHandler, RemovableChannelHandler {
    public typealias InboundIn = HTTPRequestPart
    public typealias InboundOut = HTTPRequestPart
    public typealias OutboundIn = HTTPResponsePart
    public typealias OutboundOut = HTTPResponsePart

    private let limits: Limits
    private var deadline: NIODeadline?
    private var isScheduled = false
    private var context: ChannelHandlerContext?

    /// One handler a connection.
    public init(limits: Limits) { self.limits = limits }

    public func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        follow(.connected, context)
    }

    public func handlerRemoved(context: ChannelHandlerContext) { self.context = nil }

    public func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let head): follow(.head(isImport: head.path?.hasSuffix("/cards") == true), context)
        case .body: break
        case .end: follow(.requestEnded, context)
        }
        context.fireChannelRead(data)
    }

    public func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        if case .end = unwrapOutboundIn(data) { follow(.responseEnded, context) }
        context.write(data, promise: promise)
    }

    private func follow(_ event: ConnectionDeadlines.Event, _ context: ChannelHandlerContext) {
        deadline = ConnectionDeadlines.seconds(after: event, limits: limits).map { .now() + .seconds($0) }
        schedule(context.eventLoop)
    }

    /// One timer a connection at most; it looks at the deadline of the moment when it fires.
    private func schedule(_ eventLoop: any EventLoop) {
        guard let deadline, !isScheduled else { return }
        isScheduled = true
        eventLoop.assumeIsolated().scheduleTask(deadline: deadline) { [weak self] in self?.fired() }
    }

    private func fired() {
        isScheduled = false
        guard let context, let deadline else { return }
        if deadline <= .now() { return context.close(promise: nil) }
        schedule(context.eventLoop)
    }
}

@available(*, unavailable)
extension ConnectionDeadlineHandler: Sendable {}

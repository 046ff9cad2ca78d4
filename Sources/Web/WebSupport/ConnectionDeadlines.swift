public import Domain
import HTTPTypes
public import NIOCore
public import NIOHTTPTypes

/// Decides until when a connection must have sent the next part of a request. Event in, deadline out.
///
/// Hummingbird's own idle time-out starts anew with every byte that arrives as a part; this one does not, so that a
/// peer which trickles a head or a body is closed too.
struct ConnectionDeadlines: Sendable {
    enum Event: Hashable, Sendable {
        case connected
        case head(isImport: Bool)
        case requestEnded
        case responseEnded(closes: Bool)
    }

    private let limits: Limits
    /// Requests that have begun and are not answered to the end. More than one when the peer pipelines.
    private var owed = 0
    private var isReading = false

    init(limits: Limits) { self.limits = limits }

    /// An import of cards may take long; nothing else may, whatever its query says.
    static func isImport(_ head: HTTPRequest) -> Bool {
        let path = (head.path ?? "").prefix { $0 != "?" }
        return head.method == .post && path.hasPrefix("/api/v1/admin/products/") && path.hasSuffix("/cards")
    }

    /// Seconds from now until the connection is closed; nil while the peer waits for the shop.
    mutating func seconds(after event: Event) -> Int64? {
        switch event {
        case .connected:
            return limits.headerSeconds
        case .head(let isImport):
            owed += 1
            isReading = true
            return isImport ? limits.importSeconds : limits.bodySeconds
        case .requestEnded:
            isReading = false
            return owed > 0 ? nil : limits.idleSeconds
        case .responseEnded(let closes):
            owed = max(0, owed - 1)
            // A moment for the peer to read the answer before the connection goes.
            if closes { return 1 }
            return owed > 0 && !isReading ? nil : limits.idleSeconds
        }
    }
}

/// Closes connections that miss their deadline.
public final class ConnectionDeadlineHandler: ChannelDuplexHandler, RemovableChannelHandler {
    public typealias InboundIn = HTTPRequestPart
    public typealias InboundOut = HTTPRequestPart
    public typealias OutboundIn = HTTPResponsePart
    public typealias OutboundOut = HTTPResponsePart

    private var deadlines: ConnectionDeadlines
    private var deadline: NIODeadline?
    private var timer: (deadline: NIODeadline, scheduled: Scheduled<Void>)?
    private var closesAfterResponse = false
    private var context: ChannelHandlerContext?

    /// One handler a connection.
    public init(limits: Limits) { deadlines = ConnectionDeadlines(limits: limits) }

    public func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        follow(.connected, context)
    }

    public func handlerRemoved(context: ChannelHandlerContext) { self.context = nil }

    public func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let head): follow(.head(isImport: ConnectionDeadlines.isImport(head)), context)
        case .body: break
        case .end: follow(.requestEnded, context)
        }
        context.fireChannelRead(data)
    }

    public func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        switch unwrapOutboundIn(data) {
        case .head(let head): closesAfterResponse = head.headerFields[.connection] == "close"
        case .body: break
        case .end: follow(.responseEnded(closes: closesAfterResponse), context)
        }
        context.write(data, promise: promise)
    }

    private func follow(_ event: ConnectionDeadlines.Event, _ context: ChannelHandlerContext) {
        deadline = deadlines.seconds(after: event).map { .now() + .seconds($0) }
        schedule(context.eventLoop)
    }

    /// One timer a connection at most; it looks at the deadline of the moment when it fires, so that a later deadline
    /// needs no new timer.
    private func schedule(_ eventLoop: any EventLoop) {
        guard let deadline else { return }
        if let timer, timer.deadline <= deadline { return }
        timer?.scheduled.cancel()
        let scheduled = eventLoop.assumeIsolated().scheduleTask(deadline: deadline) { [weak self] in
            guard let self else { return }
            fired()
        }
        timer = (deadline, scheduled)
    }

    private func fired() {
        timer = nil
        guard let context, let deadline else { return }
        if deadline <= .now() { return context.close(promise: nil) }
        schedule(context.eventLoop)
    }
}

@available(*, unavailable)
extension ConnectionDeadlineHandler: Sendable {}

public import Domain
import HTTPTypes
public import NIOCore
public import NIOHTTPTypes

/// Decides until when a connection must have sent the next part of a request. Event in, deadline out.
///
/// A deadline does not start anew with every part that arrives, so that a peer which trickles a head or a body is
/// closed too. Only an import may go on as long as something comes. Hummingbird's own idle time-out is not used: it
/// does not see the requests that are answered in front of it.
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
    private var isImporting = false

    init(limits: Limits) { self.limits = limits }

    /// An import of cards and a backup that is brought in may take long; nothing else may, whatever its query says.
    static func isImport(_ head: HTTPRequest) -> Bool {
        let path = (head.path ?? "").prefix { $0 != "?" }
        guard head.method == .post else { return false }
        return path.hasPrefix("/api/v1/admin/products/") && path.hasSuffix("/cards")
            || path.hasPrefix("/admin/products/") && path.hasSuffix("/cards/upload")
            || path == "/admin/backups/upload" || path == "/admin/products.csv" || path == "/admin/coupons.csv"
    }

    /// Seconds without a part of the request after which the connection is closed although its deadline is later.
    var silenceSeconds: Int64? { isImporting ? limits.idleSeconds : nil }

    /// Seconds from now until the connection is closed; nil while the peer waits for the shop.
    mutating func seconds(after event: Event) -> Int64? {
        switch event {
        case .connected:
            return limits.headerSeconds
        case .head(let isImport):
            owed += 1
            isReading = true
            isImporting = isImport
            return isImport ? limits.importSeconds : limits.bodySeconds
        case .requestEnded:
            isReading = false
            isImporting = false
            return owed > 0 ? nil : limits.idleSeconds
        case .responseEnded(let closes):
            owed = max(0, owed - 1)
            // A moment for the peer to read the answer before the connection goes.
            if closes { return 1 }
            return owed > 0 && !isReading ? nil : limits.idleSeconds
        }
    }
}

/// Told by whoever writes a whole answer past the handlers of HTTP.
struct AnswerEndedEvent: Sendable {
    let closes: Bool
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
    /// When the last part of an import came.
    private var heardAt: NIODeadline?
    private var closesAfterResponse = false
    private var isClosing = false
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
        case .body: if deadlines.silenceSeconds != nil { heardAt = context.eventLoop.now }
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

    public func triggerUserOutboundEvent(
        context: ChannelHandlerContext, event: Any, promise: EventLoopPromise<Void>?
    ) {
        guard let answer = event as? AnswerEndedEvent else {
            return context.triggerUserOutboundEvent(event, promise: promise)
        }
        follow(.responseEnded(closes: answer.closes), context)
        promise?.succeed()
    }

    private func follow(_ event: ConnectionDeadlines.Event, _ context: ChannelHandlerContext) {
        let seconds = deadlines.seconds(after: event)
        // Nothing that still comes puts off the end of a connection that is closing.
        if isClosing { return }
        if case .responseEnded(closes: true) = event { isClosing = true }
        let now = context.eventLoop.now
        deadline = seconds.map { now + .seconds($0) }
        heardAt = deadlines.silenceSeconds == nil ? nil : now
        schedule(context.eventLoop)
    }

    /// The deadline of the moment.
    private var nextDeadline: NIODeadline? {
        guard let deadline, let heardAt, let silence = deadlines.silenceSeconds else { return deadline }
        return min(deadline, heardAt + .seconds(silence))
    }

    /// One timer a connection at most; it looks at the deadline of the moment when it fires, so that a later deadline
    /// needs no new timer.
    private func schedule(_ eventLoop: any EventLoop) {
        guard let deadline = nextDeadline else { return }
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
        guard let context, let deadline = nextDeadline else { return }
        if deadline <= context.eventLoop.now { return context.close(promise: nil) }
        schedule(context.eventLoop)
    }
}

@available(*, unavailable)
extension ConnectionDeadlineHandler: Sendable {}

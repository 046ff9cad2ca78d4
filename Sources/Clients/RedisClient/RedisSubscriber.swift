public import NIOCore

/// What a subscriber hears.
public enum RedisMessage: Hashable, Sendable {
    /// What was published.
    case published([UInt8])
    /// The channel is listened to again or for the first time; what was published before may have been missed.
    case listening
}

/// Listens to channels over a connection of its own, which it makes anew when it is lost. ``shutDown()`` must be called
/// in the end.
public final class RedisSubscriber: Sendable {
    /// Hears messages, on the subscriber's event loop.
    public typealias Listener = @Sendable (RedisMessage) -> Void

    /// One listener; to be handed back in the end.
    public struct Subscription: Hashable, Sendable {
        let channel: String
        let number: UInt64
    }

    private let core: NIOLoopBoundBox<SubscriberCore>
    private let eventLoop: any EventLoop

    /// Begins to connect, as ``RedisClient`` does.
    public convenience init(
        _ settings: RedisSettings, eventLoop: any EventLoop,
        complaint: @escaping @Sendable (String) -> Void = { _ in }
    ) throws {
        let plan = LinkPlan(
            settings: settings, dial: try RedisDialer.dial(settings), scripts: [],
            random: { UInt64.random(in: .min ... .max) }, complain: complaint)
        self.init(plan, eventLoop: eventLoop)
    }

    init(_ plan: LinkPlan, eventLoop: any EventLoop) {
        self.eventLoop = eventLoop
        core = .makeBoxSendingValue(SubscriberCore(eventLoop: eventLoop, plan: plan), eventLoop: eventLoop)
        eventLoop.execute { [core] in core.value.start() }
    }

    /// Listens to a channel from soon on.
    ///
    /// - Throws: *refused* when too many listen
    public func subscribe(
        _ channel: String, _ listener: @escaping Listener
    ) async throws(RedisError) -> Subscription {
        let future = eventLoop.submit { [core] in core.value.subscribe(channel, listener) }
        guard let number = try? await future.get() else { throw .refused }
        return Subscription(channel: channel, number: number)
    }

    /// Ends a subscription. A message that is under way may still be heard.
    public func unsubscribe(_ subscription: Subscription) {
        eventLoop.execute { [core] in core.value.unsubscribe(subscription) }
    }

    /// Closes the connection; nothing is heard any more.
    public func shutDown() async { try? await eventLoop.flatSubmit { [core] in core.value.end() }.get() }
}

/// Does what a ``SubscriptionMachine`` says, on the subscriber's event loop only.
final class SubscriberCore: LinkUser {
    private let link: RedisLink
    private let pingEvery: TimeAmount
    private var machine: SubscriptionMachine<RedisSubscriber.Listener>
    private var isEnded = false

    init(eventLoop: any EventLoop, plan: LinkPlan) {
        link = RedisLink(eventLoop: eventLoop, plan: plan)
        pingEvery = .milliseconds(plan.settings.timeoutMilliseconds)
        machine = SubscriptionMachine(maximum: plan.settings.subscriptions)
        link.user = self
    }

    func start() {
        link.start()
        watch()
    }

    func end() -> EventLoopFuture<Void> {
        isEnded = true
        return link.end()
    }

    func subscribe(_ channel: String, _ listener: @escaping RedisSubscriber.Listener) -> UInt64? {
        let (number, command) = machine.add(listener, to: channel)
        if let command { send([command]) }
        return number
    }

    func unsubscribe(_ subscription: RedisSubscriber.Subscription) {
        if let command = machine.remove(subscription.number, from: subscription.channel) { send([command]) }
    }

    /// Nobody else would notice a server that is gone without a word.
    private func watch() {
        link.eventLoop.assumeIsolated().scheduleTask(in: pingEvery) { [self] in
            guard !isEnded else { return }
            if !machine.ping() {
                link.complain("the subscriber's connection is silent")
                link.abandon()
            } else if machine.mayPing {
                send([RedisCommand("PING")])
            }
            watch()
        }
    }

    private func send(_ commands: [RedisCommand]) {
        var buffer = ByteBuffer()
        guard commands.allSatisfy({ $0.write(into: &buffer) }) else { return link.abandon() }
        if buffer.readableBytes > 0 { link.write(buffer) }
    }

    // MARK: What the link tells

    func linkCameUp() { send(machine.cameUp()) }

    func linkReceived(_ value: RedisValue) {
        switch machine.received(value) {
        case .message(let listeners, let bytes): for listener in listeners { listener(.published(bytes)) }
        case .listening(let listeners): for listener in listeners { listener(.listening) }
        case .nothing: break
        }
    }

    func linkWentDown() { machine.wentDown() }
}

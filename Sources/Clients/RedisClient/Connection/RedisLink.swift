import NIOCore

/// What a link needs to know.
struct LinkPlan: Sendable {
    let settings: RedisSettings
    let dial: Dial
    /// Scripts that Redis is told of before anything else, so that calls keep their order on a fresh server too.
    let scripts: [RedisScript]
    let random: @Sendable () -> UInt64
    let complain: @Sendable (String) -> Void

    /// The first commands of a connection; at least one, since only an answer shows that the connection is let in: an
    /// encrypted one is made before the certificate was looked at.
    var greeting: [RedisCommand] {
        var commands: [RedisCommand] = []
        if let password = settings.password {
            commands.append(
                settings.user.map { RedisCommand("AUTH", $0, password) } ?? RedisCommand("AUTH", password))
        }
        if settings.database != 0 { commands.append(RedisCommand("SELECT", String(settings.database))) }
        commands += scripts.map { RedisCommand("SCRIPT", "LOAD", $0.source) }
        return commands.isEmpty ? [RedisCommand("PING")] : commands
    }
}

/// What a link tells whoever uses it, on its event loop.
protocol LinkUser: AnyObject {
    func linkCameUp()
    func linkReceived(_ value: RedisValue)
    func linkWentDown()
}

/// Does what a ``LinkMachine`` says. Belongs to one event loop.
final class RedisLink {
    let eventLoop: any EventLoop
    weak var user: (any LinkUser)?
    private let plan: LinkPlan
    private var machine: LinkMachine
    private var channel: (any Channel)?
    private var ended: EventLoopPromise<Void>?

    init(eventLoop: any EventLoop, plan: LinkPlan) {
        self.eventLoop = eventLoop
        self.plan = plan
        machine = LinkMachine(backoff: Backoff(plan.settings.redialMilliseconds), greetings: plan.greeting.count)
    }

    // MARK: What happens

    func start() { perform(machine.start()) }
    func received(_ value: RedisValue) { perform(machine.received(value)) }
    func abandon() { perform(machine.abandon()) }
    func complain(_ reason: String) { plan.complain(reason) }

    func closed() {
        channel = nil
        perform(machine.closed(random: plan.random()))
        ended?.succeed()
        ended = nil
    }

    /// The future is fulfilled when nothing is left of the connection.
    func end() -> EventLoopFuture<Void> {
        let promise = eventLoop.makePromise(of: Void.self)
        let before = ended
        ended = promise
        if let before { promise.futureResult.cascade(to: before) }
        perform(machine.end())
        if channel == nil { closed() }
        return promise.futureResult
    }

    func write(_ bytes: ByteBuffer) { channel?.writeAndFlush(bytes, promise: nil) }

    // MARK: What is done

    private func perform(_ actions: [LinkMachine.Action]) {
        for action in actions {
            switch action {
            case .dial: dial()
            case .greet: greet()
            case .up: user?.linkCameUp()
            case .pass(let value): user?.linkReceived(value)
            case .down: user?.linkWentDown()
            case .cut: channel?.close(promise: nil)
            case .complain(let reason): complain(reason)
            case .redial(let milliseconds):
                eventLoop.assumeIsolated().scheduleTask(in: .milliseconds(milliseconds)) { [self] in
                    perform(machine.redialDue())
                }
            }
        }
    }

    private func dial() {
        let bound = NIOLoopBound(self, eventLoop: eventLoop)
        let bounds = plan.settings.bounds
        plan.dial(eventLoop) { channel in
            channel.eventLoop.makeCompletedFuture {
                try channel.pipeline.syncOperations.addHandler(ReplyHandler(bounds, link: bound.value))
            }
        }.assumeIsolated().whenComplete { [self] result in
            switch result {
            case .success(let channel) where channel.isActive:
                self.channel = channel
                perform(machine.connected())
            case .success:
                closed()
            case .failure(let error):
                complain("\(error)")
                closed()
            }
        }
    }

    private func greet() {
        var buffer = ByteBufferAllocator().buffer(capacity: 256)
        let isWhole = plan.greeting.allSatisfy { $0.write(into: &buffer) }
        guard isWhole else { return complain("no memory for a greeting") }
        write(buffer)
        eventLoop.assumeIsolated().scheduleTask(in: .milliseconds(plan.settings.timeoutMilliseconds)) { [self] in
            perform(machine.greetingOverdue())
        }
    }
}

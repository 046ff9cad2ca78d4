import NIOCore
import Synchronization

/// Hears what became of a command, once.
public typealias RedisReply = @Sendable (Result<RedisValue, RedisError>) -> Void

/// What becomes of a client's connections, over all of them.
final class ConnectionCount: Sendable {
    private let up = Atomic(0)
    private let changes = Atomic<Int64>(0)

    var connected: Int { up.load(ordering: .sequentiallyConsistent) }
    /// How often one of them was made or lost.
    var generation: Int64 { changes.load(ordering: .sequentiallyConsistent) }

    func change(isUp: Bool) {
        changes.wrappingAdd(1, ordering: .sequentiallyConsistent)
        up.wrappingAdd(isUp ? 1 : -1, ordering: .sequentiallyConsistent)
    }
}

/// One connection for commands, which belongs to one event loop. Other threads hand commands over to it.
final class RedisConnection: Sendable {
    let eventLoop: any EventLoop
    private let core: NIOLoopBoundBox<ConnectionCore>
    /// Commands on their way to the event loop, which must not be more than may wait there.
    private let arriving = Atomic(0)
    private let maximumArriving: Int

    init(eventLoop: any EventLoop, plan: LinkPlan, ups: ConnectionCount) {
        self.eventLoop = eventLoop
        maximumArriving = plan.settings.pendingCommands
        core = .makeBoxSendingValue(
            ConnectionCore(eventLoop: eventLoop, plan: plan, ups: ups), eventLoop: eventLoop)
    }

    func start() { eventLoop.execute { [self] in core.value.start() } }

    /// The reply comes on the event loop, unless the command is refused at once.
    func send(_ command: RedisCommand, under generation: Int64? = nil, reply: @escaping RedisReply) {
        if eventLoop.inEventLoop { return core.value.send(command, under: generation, reply: reply) }
        guard arriving.wrappingAdd(1, ordering: .relaxed).newValue <= maximumArriving else {
            arriving.wrappingSubtract(1, ordering: .relaxed)
            return reply(.failure(.refused))
        }
        eventLoop.execute { [self] in
            arriving.wrappingSubtract(1, ordering: .relaxed)
            core.value.send(command, under: generation, reply: reply)
        }
    }

    func end() -> EventLoopFuture<Void> { eventLoop.flatSubmit { [self] in core.value.end() } }
}

/// Does what a ``CommandMachine`` says, on the connection's event loop only.
final class ConnectionCore: LinkUser {
    private let link: RedisLink
    private let ups: ConnectionCount
    private var machine: CommandMachine<RedisReply>
    private var gathered = ByteBuffer()

    init(eventLoop: any EventLoop, plan: LinkPlan, ups: ConnectionCount) {
        link = RedisLink(eventLoop: eventLoop, plan: plan)
        self.ups = ups
        machine = CommandMachine(plan.settings)
        link.user = self
    }

    func start() { link.start() }
    func end() -> EventLoopFuture<Void> { link.end() }

    func send(_ command: RedisCommand, under generation: Int64?, reply: @escaping RedisReply) {
        // Looked at here and not where it was asked for: this connection may have been made anew in between.
        if let generation, generation != ups.generation { return reply(.failure(.unavailable)) }
        switch machine.send(reply, bytes: command.byteCount, now: link.eventLoop.now) {
        case .refuse(let error): reply(.failure(error))
        case .write(let flush, let timer):
            guard command.write(into: &gathered) else {
                // Half of what was gathered cannot be taken back.
                link.complain("no memory for a command")
                return link.abandon()
            }
            if flush { link.eventLoop.assumeIsolated().execute { [self] in self.flush() } }
            if let timer { look(at: timer) }
        }
    }

    /// Once a tick, so that many commands cost one system call.
    private func flush() {
        guard machine.flushed() else { return }
        let bytes = gathered
        gathered = ByteBufferAllocator().buffer(capacity: bytes.readableBytes)
        link.write(bytes)
    }

    private func look(at time: NIODeadline) {
        link.eventLoop.assumeIsolated().scheduleTask(deadline: time) { [self] in
            switch machine.timerFired(now: link.eventLoop.now) {
            case .none: break
            case .later(let time): look(at: time)
            case .giveUp:
                link.complain("a reply is overdue")
                link.abandon()
            }
        }
    }

    // MARK: What the link tells

    func linkCameUp() {
        machine.cameUp()
        ups.change(isUp: true)
    }

    func linkReceived(_ value: RedisValue) {
        guard let reply = machine.replied() else {
            link.complain("a reply that nobody asked for")
            return link.abandon()
        }
        if case .error(let text) = value { reply(.failure(.reply(text))) } else { reply(.success(value)) }
    }

    func linkWentDown() {
        gathered.clear()
        let lost = machine.wentDown()
        ups.change(isUp: false)
        for (reply, error) in lost { reply(.failure(error)) }
    }
}

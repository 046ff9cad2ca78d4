import NIOCore

/// What a load of looks at orders saw.
public struct ReadFigures: Codable, Equatable, Sendable {
    public internal(set) var planned = 0
    public internal(set) var shown = 0
    /// Turned away for now.
    public internal(set) var refused = 0
    /// No answer.
    public internal(set) var unknown = 0
    /// An answer that the contract does not allow here.
    public internal(set) var failed = 0
    /// From the moment of a look, as planned, to its answer.
    public internal(set) var milliseconds: LatencySummary
    /// By how much a look was released too late.
    public internal(set) var lag: LatencySummary
}

/// Looks at orders that were accepted, at the moments of a schedule, whether or not the shop keeps up. It lives on one
/// event loop, and all its state with it.
final class ReadRunner: ConnectionUser, LoadRunner {
    private let plan: LoadPlan
    private let orders: [PlaceAnswer.Order]
    private let loop: NIOIsolatedEventLoop
    private let requests: OrderRequests
    private let pool: ConnectionPool
    private var result: EventLoopPromise<ReadFigures>?

    private var latency = LatencyRecord()
    private var lag = LatencyRecord()
    private var figures: ReadFigures
    private var waiting = CircularBuffer<Job>()
    private var open = 0
    private var next = 0
    private var start: NIODeadline?

    private static let releasedAtOnce = 10_000
    private static let tick = TimeAmount.milliseconds(100)
    private static let runUp = TimeAmount.milliseconds(200)

    /// - Parameter orders: at least one
    init(
        _ plan: LoadPlan, of orders: [PlaceAnswer.Order], on eventLoop: any EventLoop,
        result: EventLoopPromise<ReadFigures>
    ) {
        (self.plan, self.orders, self.result) = (plan, orders, result)
        loop = eventLoop.assumeIsolated()
        requests = OrderRequests(
            host: "\(plan.host):\(plan.port)", slug: plan.slug, quantity: plan.quantity, isForwarded: plan.isForwarded)
        pool = ConnectionPool(plan, on: eventLoop)
        figures = ReadFigures(planned: plan.schedule.count, milliseconds: latency.summary, lag: lag.summary)
    }

    func begin() { pool.fill(for: self) }

    // MARK: Connections

    func opened(_ connection: BuyerConnection) {
        pool.opened(connection, for: self)
        guard start == nil else { return serve(connection) }
        pool.release(connection)
        guard pool.isFull else { return }
        let start = NIODeadline.now() + Self.runUp
        self.start = start
        scheduleRelease(start)
        scheduleTick(start)
    }

    func couldNotOpen(_ error: any Error) {
        guard start == nil else { return }
        fail(DrillError("could not open \(plan.connections) connections to \(plan.host):\(plan.port): \(error)"))
    }

    func closed(_ connection: BuyerConnection) { pool.closed(connection, for: self) }

    // MARK: Looks

    private func intended(_ arrival: Int, _ start: NIODeadline) -> NIODeadline {
        start + .nanoseconds(plan.schedule.offset(of: arrival))
    }

    private func scheduleRelease(_ start: NIODeadline) {
        guard next < plan.schedule.count else { return }
        loop.scheduleTask(deadline: intended(next, start)) { self.release(start) }
    }

    private func release(_ start: NIODeadline) {
        guard result != nil else { return }
        let last = min(next + Self.releasedAtOnce, plan.schedule.count)
        while next < last {
            let late = (NIODeadline.now() - intended(next, start)).nanoseconds
            guard late >= 0 else { break }
            lag.record(late)
            open += 1
            waiting.append(.look(arrival: next))
            next += 1
            if let connection = pool.takeFree() { serve(connection) }
        }
        scheduleRelease(start)
    }

    private func serve(_ connection: BuyerConnection) {
        guard connection.isOpen, connection.job == nil else { return }
        guard let job = waiting.popFirst(), case .look(let arrival) = job else { return pool.release(connection) }
        let order = orders[arrival % orders.count]
        connection.send(job, at: .now()) { buffer in
            requests.read(order, contact: plan.buyers.contact(arrival % orders.count), into: &buffer)
        }
    }

    func answered(_ job: Job, _ reply: Reply, sentAt: NIODeadline, on connection: BuyerConnection) {
        guard case .look(let arrival) = job, let start, result != nil else { return }
        open -= 1
        latency.record((NIODeadline.now() - intended(arrival, start)).nanoseconds)
        switch reply {
        case .lost: figures.unknown += 1
        case .malformed: figures.failed += 1
        case .answer(let answer):
            switch answer.status {
            case 200: figures.shown += 1
            case 429, 503: figures.refused += 1
            case 504: figures.unknown += 1
            default: figures.failed += 1
            }
        }
        serve(connection)
    }

    // MARK: Time

    private func scheduleTick(_ start: NIODeadline) {
        loop.scheduleTask(in: Self.tick) { self.tick(start) }
    }

    private func tick(_ start: NIODeadline) {
        guard result != nil else { return }
        let now = NIODeadline.now()
        pool.giveUp(sentBefore: now - .nanoseconds(plan.timeoutNanoseconds))
        let patience = plan.schedule.nanoseconds + plan.timeoutNanoseconds
        guard next == plan.schedule.count && open == 0 || now > start + .nanoseconds(patience) else {
            return scheduleTick(start)
        }
        figures.unknown += open
        (figures.milliseconds, figures.lag) = (latency.summary, lag.summary)
        let promise = result
        result = nil
        pool.closeAll()
        promise?.succeed(figures)
    }

    func fail(_ error: any Error) {
        let promise = result
        result = nil
        pool.closeAll()
        promise?.fail(error)
    }
}

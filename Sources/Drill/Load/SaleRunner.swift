import NIOCore

/// The sale under way. It lives on one event loop, and all its state with it.
final class SaleRunner: ConnectionUser, LoadRunner {
    /// An accepted order whose journey has not ended.
    private struct Visit {
        var journey: Journey
        let order: PlaceAnswer.Order
        /// When the order was to be placed.
        let intended: NIODeadline
    }

    private let plan: LoadPlan
    private let loop: NIOIsolatedEventLoop
    private let requests: OrderRequests
    private let pool: ConnectionPool
    private let started: @Sendable () -> Void
    private let progress: @Sendable (DrillProgress) -> Void
    private var result: EventLoopPromise<LoadResult>?

    private var book: SaleBook
    private var latencies = Latencies()
    private var series: SaleSeries
    private var visits: [Int: Visit] = [:]
    /// Buyers who have an order come first: they hold a connection already, in real life.
    private var continuing = CircularBuffer<Job>()
    private var arriving = CircularBuffer<Job>()
    private var placing = 0
    private var next = 0
    private var start: NIODeadline?
    private var lastAccepted: NIODeadline?
    private var accepted: [PlaceAnswer.Order] = []
    private var ticks = 0

    /// Arrivals released before answers are read again. A burst is released whole if it is no larger: whoever reads
    /// answers in between makes the rest of it late.
    private static let releasedAtOnce = 10_000
    private static let tick = TimeAmount.milliseconds(100)
    private static let runUp = TimeAmount.milliseconds(200)

    init(
        _ plan: LoadPlan, on eventLoop: any EventLoop, started: @escaping @Sendable () -> Void,
        progress: @escaping @Sendable (DrillProgress) -> Void, result: EventLoopPromise<LoadResult>
    ) {
        self.plan = plan
        loop = eventLoop.assumeIsolated()
        requests = OrderRequests(
            host: "\(plan.host):\(plan.port)", slug: plan.slug, quantity: plan.quantity, isForwarded: plan.isForwarded)
        pool = ConnectionPool(plan, on: eventLoop)
        self.started = started
        self.progress = progress
        self.result = result
        let arrivals = plan.schedule.count
        book = SaleBook(
            arrivals: arrivals, buyers: arrivals - plan.buyers.repeats(among: arrivals), stock: plan.stock,
            cards: CardNames(slug: plan.slug))
        series = SaleSeries(saleNanoseconds: plan.schedule.nanoseconds)
        if plan.reads != nil { accepted.reserveCapacity(min(arrivals, plan.stock)) }
    }

    // MARK: Connections

    func open() {
        warmUp()
        pool.fill(for: self)
    }

    /// The first decoding of a process takes milliseconds, which the first buyers would be charged with.
    private func warmUp() {
        let body = ByteBuffer(string: #"{"id":"id","token":"token","status":"delivered","cards":["card"]}"#)
        let reply = Reply.answer(HTTPAnswer(status: 200, isLast: false, body: body))
        _ = (PlaceAnswer(reply), OrderView(reply, quantity: 1))
    }

    func opened(_ connection: BuyerConnection) {
        pool.opened(connection, for: self)
        if start == nil {
            pool.release(connection)
            if pool.isFull { begin() }
        } else {
            serve(connection)
        }
    }

    func couldNotOpen(_ error: any Error) {
        guard start == nil else { return }
        fail(DrillError("could not open \(plan.connections) connections to \(plan.host):\(plan.port): \(error)"))
    }

    func closed(_ connection: BuyerConnection) {
        if start != nil, !pool.isClosed { book.lostConnection() }
        pool.closed(connection, for: self)
    }

    // MARK: Arrivals

    private func begin() {
        let start = NIODeadline.now() + Self.runUp
        self.start = start
        loop.scheduleTask(deadline: start - .milliseconds(1)) { self.started() }
        scheduleRelease(start)
        scheduleTick(start)
    }

    private func scheduleRelease(_ start: NIODeadline) {
        guard next < plan.schedule.count else { return }
        loop.scheduleTask(deadline: intended(next, start)) { self.release(start) }
    }

    private func intended(_ arrival: Int, _ start: NIODeadline) -> NIODeadline {
        start + .nanoseconds(plan.schedule.offset(of: arrival))
    }

    private func release(_ start: NIODeadline) {
        guard result != nil else { return }
        let last = min(next + Self.releasedAtOnce, plan.schedule.count)
        while next < last {
            let now = NIODeadline.now()
            let lag = (now - intended(next, start)).nanoseconds
            guard lag >= 0 else { break }
            latencies.lag.record(lag)
            series.arrived(at: (now - start).nanoseconds)
            book.sent(isRepeat: plan.buyers.isRepeat(next))
            placing += 1
            arrive(.place(arrival: next))
            next += 1
        }
        scheduleRelease(start)
    }

    private func arrive(_ job: Job) {
        // Nobody overtakes those who wait.
        if arriving.isEmpty, let connection = pool.takeFree() { return send(job, on: connection) }
        arriving.append(job)
    }

    /// Gives a connection its next request. The buyer who was just answered goes on with the connection they have.
    private func serve(_ connection: BuyerConnection) {
        guard connection.isOpen, connection.job == nil else { return serveWaiting() }
        if let job = continuing.popFirst() ?? arriving.popFirst() {
            send(job, on: connection)
        } else {
            pool.release(connection)
        }
    }

    private func serveWaiting() {
        while !continuing.isEmpty || !arriving.isEmpty, let connection = pool.takeFree() { serve(connection) }
    }

    private func send(_ job: Job, on connection: BuyerConnection) {
        connection.send(job, at: .now()) { buffer in
            switch job {
            case .place(let arrival):
                let buyer = plan.buyers.buyer(of: arrival)
                requests.place(contact: plan.buyers.contact(buyer), key: plan.buyers.key(buyer), into: &buffer)
            case .pay(let buyer):
                guard let order = visits[buyer]?.order else { return }
                requests.pay(order, contact: plan.buyers.contact(buyer), into: &buffer)
            case .read(let buyer):
                guard let order = visits[buyer]?.order else { return }
                requests.read(order, contact: plan.buyers.contact(buyer), into: &buffer)
            case .look: break
            }
        }
    }

    // MARK: Answers

    func answered(_ job: Job, _ reply: Reply, sentAt: NIODeadline, on connection: BuyerConnection) {
        let now = NIODeadline.now()
        switch job {
        case .place(let arrival): placed(arrival, PlaceAnswer(reply), at: now)
        case .pay(let buyer):
            latencies.paying.record((now - sentAt).nanoseconds)
            follow(buyer, .paid(PayAnswer(reply)))
        case .read(let buyer):
            latencies.reading.record((now - sentAt).nanoseconds)
            wasRead(buyer, OrderView(reply, quantity: plan.quantity), at: now)
        case .look: break
        }
        serve(connection)
    }

    private func placed(_ arrival: Int, _ answer: PlaceAnswer, at now: NIODeadline) {
        guard let start, result != nil else { return }
        placing -= 1
        let intended = intended(arrival, start)
        let latency = (now - intended).nanoseconds
        latencies.placed(answer.outcome, after: latency)
        series.answered(answer.outcome, after: latency, at: (now - start).nanoseconds)
        if answer.outcome == .accepted { lastAccepted = now }
        let buyer = plan.buyers.buyer(of: arrival)
        let isNews = book.answered(
            buyer: buyer, isRepeat: buyer != arrival, answer.outcome, order: answer.order?.id)
        guard isNews, let order = answer.order else { return }
        let journey = Journey(pays: plan.buyers.pays(buyer), payDelay: plan.buyers.payDelay(buyer))
        visits[buyer] = Visit(journey: journey, order: order, intended: intended)
        if plan.reads != nil { accepted.append(order) }
        follow(buyer, order.isQueued ? .queued : .accepted)
    }

    private func wasRead(_ buyer: Int, _ view: OrderView, at now: NIODeadline) {
        guard let visit = visits[buyer] else { return }
        book.showed(view.cards, to: buyer)
        switch view.answer {
        case .delivered(isWhole: true): latencies.orderToDelivered.record((now - visit.intended).nanoseconds)
        case .notYet where visit.journey.isQueued:
            latencies.orderToClaimed.record((now - visit.intended).nanoseconds)
        default: break
        }
        follow(buyer, .read(view.answer))
    }

    private func follow(_ buyer: Int, _ event: Journey.Event) {
        guard let action = visits[buyer]?.journey.handle(event) else { return }
        switch action {
        case .nothing: break
        case .pay: continuing.append(.pay(buyer: buyer))
        case .read: continuing.append(.read(buyer: buyer))
        case .wait(let nanoseconds):
            loop.scheduleTask(in: .nanoseconds(nanoseconds)) {
                self.follow(buyer, .moment)
                self.serveWaiting()
            }
        case .end(let end):
            visits[buyer] = nil
            book.ended(end)
        }
    }

    // MARK: Time

    private func scheduleTick(_ start: NIODeadline) {
        loop.scheduleTask(in: Self.tick) { self.tick(start) }
    }

    private func tick(_ start: NIODeadline) {
        guard result != nil else { return }
        let now = NIODeadline.now()
        pool.giveUp(sentBefore: now - .nanoseconds(plan.timeoutNanoseconds))
        ticks += 1
        if ticks % 10 == 0 { report(start, now) }
        let isIdle = next == plan.schedule.count && placing == 0 && visits.isEmpty
        let patience = plan.schedule.nanoseconds + plan.buyers.payAfter.upperBound + plan.drainNanoseconds
        if isIdle || now > start + .nanoseconds(patience) { return finish(start, now) }
        scheduleTick(start)
    }

    private func report(_ start: NIODeadline, _ now: NIODeadline) {
        progress(
            DrillProgress(
                seconds: Double((now - start).nanoseconds) / 1e9, counts: book.counts,
                p99: latencies.placing.percentile(99), waiting: arriving.count))
    }

    private func finish(_ start: NIODeadline, _ now: NIODeadline) {
        // What was never written is not unknown: it never reached the shop, and the drill is void.
        for _ in arriving { book.neverSent() }
        arriving.removeAll()
        continuing.removeAll()
        pool.closeAll()
        for buyer in visits.keys.sorted() { follow(buyer, .timeUp) }
        series.end(at: (now - start).nanoseconds)
        let promise = result
        result = nil
        promise?.succeed(
            LoadResult(
                counts: book.counts, latencies: latencies.summaries,
                intervalMilliseconds: Int(series.interval / 1_000_000), rows: series.rows,
                secondsToLastAccepted: lastAccepted.map { Double(($0 - start).nanoseconds) / 1e9 } ?? 0,
                seconds: Double((now - start).nanoseconds) / 1e9, orders: accepted))
    }

    func fail(_ error: any Error) {
        let promise = result
        result = nil
        pool.closeAll()
        promise?.fail(error)
    }
}

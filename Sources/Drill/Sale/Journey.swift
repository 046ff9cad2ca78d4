/// How placing an order ended, seen by the buyer.
enum PlaceOutcome: String, CaseIterable, Sendable {
    case accepted
    /// The answer to a request that was answered before.
    case repeated
    case soldOut
    /// This buyer has had as many as one buyer may.
    case limited
    /// Turned away for now: too many requests, busy, not on sale.
    case refused
    /// Nobody knows: the request was written, and no answer came that says what became of it.
    case unknown
    /// An answer that the contract does not allow here.
    case failed
}

/// What came back for a payment.
enum PayAnswer: Sendable {
    /// The money is taken.
    case done
    /// Ask again: busy, or the order is still queued.
    case later
    case unknown
    case failed
}

/// What a look at the order showed.
enum ReadAnswer: Sendable {
    /// Delivered; `isWhole` when there are exactly as many cards as were ordered.
    case delivered(isWhole: Bool)
    case notYet
    /// Written down, and no card is claimed yet.
    case queued
    /// No card was left after all.
    case rejected
    /// No answer; reading again does no harm.
    case lost
    case failed
}

/// How the journey of an accepted order ended.
enum JourneyEnd: String, CaseIterable, Sendable {
    case delivered
    /// The buyer did not want to pay.
    case unpaid
    /// The money was taken, and the cards were never shown.
    case undelivered
    /// No card was left for an order that had been accepted.
    case rejected
    /// No card was claimed for it until the end.
    case unclaimed
    case failed
    /// Whether the money was taken is not known, and no cards were shown.
    case unknown
}

/// The way of one accepted order: pay, read, done. An order that is only queued is read first, until its cards are
/// claimed. Event in, action out.
struct Journey: Sendable {
    enum Event: Sendable {
        case accepted
        case queued
        case moment
        case paid(PayAnswer)
        case read(ReadAnswer)
        /// The drill waits no longer.
        case timeUp
    }

    enum Action: Equatable, Sendable {
        case pay
        case read
        /// Send the event `moment` after so many nanoseconds.
        case wait(Int64)
        case end(JourneyEnd)
        case nothing
    }

    private enum Step {
        case placing, waitingForClaim, claiming, waitingToPay, paying, waitingToRead, reading, ended
    }

    private let pays: Bool
    private let payDelay: Int64
    private var step = Step.placing
    private var isPaid = false
    private var wasPutOff = false
    private var tries = 0
    /// Whether no card was claimed yet, as far as the buyer knows.
    var isQueued: Bool { step == .waitingForClaim || step == .claiming }

    init(pays: Bool, payDelay: Int64) {
        self.pays = pays
        self.payDelay = payDelay
    }

    mutating func handle(_ event: Event) -> Action {
        switch (step, event) {
        case (.ended, _): return .nothing
        case (_, .timeUp): return end(endAtLast)
        case (.placing, .accepted): return hold()
        case (.placing, .queued): return waitForClaim()
        case (.waitingForClaim, .moment):
            step = .claiming
            return .read
        case (.claiming, .read(let answer)): return claimed(answer)
        case (.waitingToPay, .moment): return pay()
        case (.paying, .paid(let answer)): return handle(answer)
        case (.waitingToRead, .moment): return read()
        case (.reading, .read(let answer)): return handle(answer)
        default: return .nothing
        }
    }

    /// The order has its cards.
    private mutating func hold() -> Action {
        guard pays else { return end(.unpaid) }
        guard payDelay > 0 else { return pay() }
        step = .waitingToPay
        return .wait(payDelay)
    }

    private mutating func waitForClaim() -> Action {
        step = .waitingForClaim
        return .wait(pause())
    }

    private mutating func claimed(_ answer: ReadAnswer) -> Action {
        switch answer {
        case .queued, .lost: return waitForClaim()
        case .rejected: return end(.rejected)
        // Nobody has paid.
        case .delivered, .failed: return end(.failed)
        case .notYet:
            tries = 0
            return hold()
        }
    }

    private mutating func handle(_ answer: PayAnswer) -> Action {
        switch answer {
        case .done:
            isPaid = true
            return read()
        case .unknown: return read()
        case .failed: return end(.failed)
        case .later:
            wasPutOff = true
            step = .waitingToPay
            return .wait(pause())
        }
    }

    private mutating func handle(_ answer: ReadAnswer) -> Action {
        switch answer {
        case .delivered(let isWhole): return end(isWhole ? .delivered : .failed)
        case .failed, .rejected: return end(.failed)
        case .notYet where !isPaid, .queued where !isPaid: return end(.unknown)
        case .notYet, .queued, .lost:
            step = .waitingToRead
            return .wait(pause())
        }
    }

    private var endAtLast: JourneyEnd {
        switch step {
        case .placing: .unpaid
        case .waitingForClaim, .claiming: .unclaimed
        case .waitingToPay: wasPutOff ? .failed : .unpaid
        default: isPaid ? .undelivered : .unknown
        }
    }

    private mutating func pay() -> Action {
        step = .paying
        return .pay
    }

    private mutating func read() -> Action {
        step = .reading
        return .read
    }

    private mutating func end(_ end: JourneyEnd) -> Action {
        step = .ended
        return .end(end)
    }

    /// A quarter of a second, and longer each time, up to two seconds. The shop's own page is told by a push and, where
    /// it cannot be, asks every two seconds; who asks much sooner measures a load that no buyer makes.
    private mutating func pause() -> Int64 {
        tries += 1
        return min(125_000_000 << Int64(min(tries, 10)), 2_000_000_000)
    }
}

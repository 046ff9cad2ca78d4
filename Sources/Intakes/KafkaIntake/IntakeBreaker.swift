/// Whether orders are handed to the log. Event in, answer out; the time is passed in, in milliseconds of a clock that
/// does not go back.
///
/// While the log is silent its orders would wait until they are given up, and their buyers with them. So they are
/// refused at once, but for one a second, which finds out whether the log has come back.
struct IntakeBreaker: Hashable, Sendable {
    private enum State: Hashable, Sendable {
        case closed
        /// Refuses, but lets one through from this moment on.
        case open(trialAt: Int64)
    }

    private let silence: Int64
    private var state = State.closed
    private var inFlight = 0
    /// When something was last heard while records were under way, or the first of them began.
    private var heardAt: Int64 = 0

    /// Milliseconds between two trials.
    static let trialMilliseconds: Int64 = 1000

    /// - Parameter silenceMilliseconds: without an acknowledgement while records are under way
    init(silenceMilliseconds: Int64) { silence = silenceMilliseconds }

    /// Whether orders are refused.
    var isOpen: Bool { state != .closed }

    /// Whether an order may be handed over now; it is under way then.
    mutating func admits(at now: Int64) -> Bool {
        switch state {
        case .closed:
            if inFlight > 0, now - heardAt >= silence {
                // Those under way are the first trial.
                state = .open(trialAt: now + Self.trialMilliseconds)
                return false
            }
        case .open(let trialAt):
            guard now >= trialAt else { return false }
            state = .open(trialAt: now + Self.trialMilliseconds)
        }
        if inFlight == 0 { heardAt = now }
        inFlight += 1
        return true
    }

    /// A record that was under way is in the log, or is not and never will be known to be.
    mutating func answered(isAcknowledged: Bool, at now: Int64) {
        inFlight -= 1
        if isAcknowledged {
            heardAt = now
            state = .closed
        } else if !isOpen, now - heardAt >= silence {
            // Nobody has asked meanwhile; the next one need not wait as long.
            state = .open(trialAt: now + Self.trialMilliseconds)
        }
    }
}

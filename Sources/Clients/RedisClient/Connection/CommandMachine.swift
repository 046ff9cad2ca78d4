import NIOCore

/// The commands of one connection and the replies they wait for, in their order. Event in, answer out; generic over
/// what waits.
struct CommandMachine<Waiting> {
    /// What becomes of a command.
    enum Verdict: Equatable {
        /// It waits for a reply, and is to be written.
        ///
        /// - Parameters:
        ///   - flush: report ``flushed()`` at the end of the loop's tick and write what has gathered
        ///   - timer: report ``timerFired(now:)`` at that time
        case write(flush: Bool, timer: NIODeadline?)
        /// It is not taken.
        case refuse(RedisError)
    }

    /// What follows from the time.
    enum Overdue: Equatable {
        /// All is well, and nothing waits.
        case none
        /// All is well; look again then.
        case later(NIODeadline)
        /// A reply is overdue: give the connection up, since a reply cannot be skipped.
        case giveUp
    }

    private struct Entry {
        let waiting: Waiting
        let bytes: Int
        let deadline: NIODeadline
    }

    private let maximum: (commands: Int, bytes: Int, commandBytes: Int)
    private let timeout: TimeAmount
    private var pending = CircularBuffer<Entry>()
    private var pendingBytes = 0
    /// How many of the pending commands have not been written; they are the last.
    private var unwritten = 0
    private var isUp = false
    private var isTimerSet = false

    init(_ settings: RedisSettings) {
        maximum = (settings.pendingCommands, settings.pendingBytes, settings.commandBytes)
        timeout = .milliseconds(settings.timeoutMilliseconds)
    }

    /// Commands that wait.
    var depth: Int { pending.count }

    mutating func cameUp() { isUp = true }

    mutating func send(_ waiting: Waiting, bytes: Int, now: NIODeadline) -> Verdict {
        guard bytes <= maximum.commandBytes else { return .refuse(.refused) }
        guard isUp else { return .refuse(.unavailable) }
        guard pending.count < maximum.commands, pendingBytes + bytes <= maximum.bytes else {
            return .refuse(.refused)
        }
        pending.append(Entry(waiting: waiting, bytes: bytes, deadline: now + timeout))
        pendingBytes += bytes
        unwritten += 1
        let isTimerNew = !isTimerSet
        isTimerSet = true
        return .write(flush: unwritten == 1, timer: isTimerNew ? now + timeout : nil)
    }

    /// What has gathered is handed to the system now. False when there is nothing to hand over.
    mutating func flushed() -> Bool {
        defer { unwritten = 0 }
        return unwritten > 0
    }

    /// Whoever waits for this reply; nil when nobody does, which is a fault of the server.
    mutating func replied() -> Waiting? {
        guard pending.count > unwritten, let entry = pending.popFirst() else { return nil }
        pendingBytes -= entry.bytes
        return entry.waiting
    }

    mutating func timerFired(now: NIODeadline) -> Overdue {
        guard let oldest = pending.first else {
            isTimerSet = false
            return .none
        }
        if oldest.deadline > now { return .later(oldest.deadline) }
        isTimerSet = false
        return .giveUp
    }

    /// The connection is gone: what was written may have taken effect, what was not has not.
    mutating func wentDown() -> [(waiting: Waiting, error: RedisError)] {
        let written = pending.count - unwritten
        let lost = pending.enumerated().map { index, entry -> (waiting: Waiting, error: RedisError) in
            (entry.waiting, index < written ? .unknown : .unavailable)
        }
        pending.removeAll(keepingCapacity: true)
        (pendingBytes, unwritten, isUp) = (0, 0, false)
        return lost
    }
}

import Domain
import Shop

/// Decides which submissions share a flush. Event in, action out; generic over what travels with a submission.
///
/// One batch is under way at a time. What arrives meanwhile is the next batch; a few orders wait a moment for company.
struct BatchMachine<Entry: Sendable>: Sendable {
    /// What the shell must do.
    enum Action: Sendable {
        /// Nothing.
        case none
        /// Answer *busy*: the queue is full.
        case refuse
        /// Fire ``timerFired()`` after the batch wait.
        case startTimer
        /// Hand these to the ledger and call ``flushed()`` when they are on disk.
        case flush([Entry])
    }

    private let limits: Limits
    private var queue: [(entry: Entry, bytes: Int)] = []
    private var head = 0
    private var queuedBytes = 0
    private var isFlushing = false
    private var isTimerSet = false

    init(limits: Limits) { self.limits = limits }

    /// Submissions that wait.
    var depth: Int { queue.count - head }

    mutating func submit(_ entry: Entry, bytes: Int) -> Action {
        guard depth < limits.intakeOrders, queuedBytes + bytes <= limits.intakeBytes else { return .refuse }
        queue.append((entry, bytes))
        queuedBytes += bytes
        return isFlushing ? .none : flushOrWait()
    }

    /// A flush costs much the same whether it carries one order or fifty, so a few wait for company.
    private mutating func flushOrWait() -> Action {
        let isWorthwhile = depth >= min(limits.batchWorthwhileOrders, limits.batchOrders)
        if isWorthwhile || queuedBytes >= limits.batchBytes { return .flush(takeBatch()) }
        if isTimerSet { return .none }
        isTimerSet = true
        return .startTimer
    }

    mutating func timerFired() -> Action {
        isTimerSet = false
        return isFlushing || depth == 0 ? .none : .flush(takeBatch())
    }

    mutating func flushed() -> Action {
        isFlushing = false
        return depth == 0 ? .none : flushOrWait()
    }

    private mutating func takeBatch() -> [Entry] {
        isFlushing = true
        var batch: [Entry] = []
        var bytes = 0
        while head < queue.count, batch.count < limits.batchOrders {
            let next = queue[head]
            guard batch.isEmpty || bytes + next.bytes <= limits.batchBytes else { break }
            batch.append(next.entry)
            bytes += next.bytes
            head += 1
        }
        queuedBytes -= bytes
        if head == queue.count || head >= limits.intakeOrders {
            queue.removeFirst(head)
            head = 0
        }
        return batch
    }
}

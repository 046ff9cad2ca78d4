import NIOCore

/// Decides who answers what arrives on a connection, and when: the hot route, or the handlers behind it.
///
/// Answers leave in the order of the requests, so one side at a time works. What comes for the other side waits, and
/// while anything waits nothing more is read. Event in, verdict out; the items themselves are only kept and handed
/// back.
struct HotConnection<Item> {
    /// What comes from the peer.
    enum Arrival: Hashable, Sendable {
        case head(Head)
        case body
        case end
        case inputClosed
        case failure
    }

    /// How a request begins.
    enum Head: Hashable, Sendable {
        case hot
        /// `isLast` if the handlers behind read nothing after it.
        case ordinary(isLast: Bool)
    }

    /// What to do with it.
    enum Verdict: Hashable, Sendable {
        /// For the handlers behind.
        case pass
        /// For the hot route.
        case take
        /// For nobody: the rest of a request that is answered already.
        case drop
        /// It comes again, from ``next()``.
        case wait
    }

    private enum Reader { case nobody, hot, behind }

    /// Whose request is being read.
    private var reader = Reader.nobody
    /// Whether the hot route has a request that it has not answered.
    private(set) var owesHot = false
    /// Requests that the handlers behind have not answered to the end.
    private var owedBehind = 0
    private var takesHot = true
    /// The hot route said that the connection ends.
    private var isOver = false
    private var isQuiescing = false
    /// Whether the peer takes its answers. One that does not is not read from, or they would pile up.
    var isWritable = true
    private var waiting = CircularBuffer<(arrival: Arrival, item: Item)>(initialCapacity: 1)

    // MARK: Events

    /// Something came from the peer.
    mutating func arrived(_ arrival: Arrival, _ item: Item) -> Verdict {
        let verdict = waiting.isEmpty ? verdict(on: arrival) : .wait
        if verdict == .wait { waiting.append((arrival, item)) }
        return verdict
    }

    /// The oldest that waits, if its time has come.
    mutating func next() -> (verdict: Verdict, item: Item)? {
        guard let arrival = waiting.first?.arrival else { return nil }
        let verdict = verdict(on: arrival)
        guard verdict != .wait else { return nil }
        return (verdict, waiting.removeFirst().item)
    }

    /// The hot answer is written.
    mutating func answered(closes: Bool) {
        owesHot = false
        if closes { isOver = true }
    }

    /// The handlers behind have said that their answer is the connection's last.
    mutating func behindCloses() { takesHot = false }

    /// The handlers behind have written the end of an answer.
    mutating func behindAnswered() { owedBehind = max(0, owedBehind - 1) }

    /// The shop stops.
    mutating func quiesce() { isQuiescing = true }

    /// The connection is gone.
    mutating func gone() {
        owesHot = false
        isOver = true
        waiting.removeAll()
    }

    // MARK: What follows

    /// Whether more may be read from the peer.
    ///
    /// While a hot answer is owed it may, until something waits: most peers send nothing before they have their answer,
    /// and to stop and start reading costs two calls of the system.
    var mayRead: Bool { isWritable && waiting.isEmpty }

    /// True once, when the shop stops and no answer is owed: then the handlers behind may hear it.
    mutating func takeQuiescing() -> Bool {
        guard isQuiescing, !owesHot, owedBehind == 0, waiting.isEmpty else { return false }
        isQuiescing = false
        return true
    }

    private mutating func verdict(on arrival: Arrival) -> Verdict {
        switch arrival {
        case .head(let head):
            return begin(head)
        case .body, .end:
            let isHot = reader == .hot
            if arrival == .end { reader = .nobody }
            return !isHot ? .pass : owesHot ? .take : .drop
        case .inputClosed, .failure:
            if isOver { return arrival == .failure ? .drop : .pass }
            guard owesHot else { return .pass }
            // A whole request gets its answer first. One that breaks off never gets one.
            guard reader == .hot else { return .wait }
            owesHot = false
            reader = .nobody
            return .pass
        }
    }

    private mutating func begin(_ head: Head) -> Verdict {
        if isOver {
            reader = .hot
            return .drop
        }
        if owesHot { return .wait }
        switch head {
        case .hot where takesHot:
            guard owedBehind == 0 else { return .wait }
            reader = .hot
            owesHot = true
            return .take
        case .ordinary(isLast: true):
            takesHot = false
        case .hot, .ordinary:
            break
        }
        reader = .behind
        owedBehind += 1
        return .pass
    }
}

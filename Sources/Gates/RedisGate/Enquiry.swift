/// Those who wait for one answer, so that it is asked for once however many want to know. A value; the lock is around
/// it.
struct Enquiry<Waiting> {
    /// What whoever wants to know does.
    enum Step: Hashable {
        /// Ask, and report ``answered()``.
        case ask
        /// Somebody has asked.
        case wait
        /// Too many wait.
        case refuse
    }

    private var waiting: [Waiting] = []
    private let maximum: Int

    /// - Parameter maximum: how many may wait, 1 or more
    init(maximum: Int) { self.maximum = maximum }

    mutating func add(_ one: Waiting) -> Step {
        guard waiting.count < maximum else { return .refuse }
        waiting.append(one)
        return waiting.count == 1 ? .ask : .wait
    }

    /// All who waited; whoever comes from now on has to ask anew.
    mutating func answered() -> [Waiting] {
        defer { waiting = [] }
        return waiting
    }
}

extension Enquiry: Sendable where Waiting: Sendable {}

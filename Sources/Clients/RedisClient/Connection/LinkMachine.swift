/// The life of one connection that is made anew whenever it is lost. Event in, actions out.
struct LinkMachine {
    /// What the shell must do.
    enum Action: Equatable {
        /// Connect, and report ``connected()`` or ``closed(random:)``.
        case dial
        /// Send the greeting, whose replies are judged first, and report ``greetingOverdue()`` if they do not come.
        case greet
        /// The connection can be used.
        case up
        /// A reply for whoever uses it.
        case pass(RedisValue)
        /// Close the connection.
        case cut
        /// The connection cannot be used any more.
        case down
        /// Report ``redialDue()`` after so many milliseconds.
        case redial(Int64)
        /// Tell the operator.
        case complain(String)
    }

    private enum Phase {
        case idle
        case dialling
        /// So many replies to the greeting are to come.
        case greeting(Int)
        case up
        case cutting
        case waiting
        case ended
    }

    private var phase = Phase.idle
    private var backoff: Backoff
    private let greetings: Int

    /// - Parameter greetings: commands of the greeting, 1 or more
    init(backoff: Backoff, greetings: Int) {
        self.backoff = backoff
        self.greetings = greetings
    }

    mutating func start() -> [Action] {
        guard case .idle = phase else { return [] }
        phase = .dialling
        return [.dial]
    }

    mutating func connected() -> [Action] {
        guard case .dialling = phase else { return [.cut] }
        phase = .greeting(greetings)
        return [.greet]
    }

    mutating func received(_ value: RedisValue) -> [Action] {
        switch phase {
        case .up: return [.pass(value)]
        case .greeting(let left):
            if case .error(let text) = value {
                phase = .cutting
                return [.complain(text), .cut]
            }
            if left == 1 { return cameUp() }
            phase = .greeting(left - 1)
            return []
        case .idle, .dialling, .cutting, .waiting, .ended: return []
        }
    }

    private mutating func cameUp() -> [Action] {
        phase = .up
        backoff.reset()
        return [.up]
    }

    mutating func greetingOverdue() -> [Action] {
        guard case .greeting = phase else { return [] }
        phase = .cutting
        return [.complain("the greeting was not answered in time"), .cut]
    }

    /// The connection is gone, or could not be made.
    mutating func closed(random: UInt64) -> [Action] {
        switch phase {
        case .up:
            phase = .waiting
            return [.down, .redial(backoff.next(random: random))]
        case .dialling, .greeting, .cutting:
            phase = .waiting
            return [.redial(backoff.next(random: random))]
        case .idle, .waiting, .ended: return []
        }
    }

    /// Whoever uses the connection has given it up.
    mutating func abandon() -> [Action] {
        guard case .up = phase else { return [] }
        phase = .cutting
        return [.down, .cut]
    }

    mutating func redialDue() -> [Action] {
        guard case .waiting = phase else { return [] }
        phase = .dialling
        return [.dial]
    }

    mutating func end() -> [Action] {
        defer { phase = .ended }
        switch phase {
        case .up: return [.down, .cut]
        case .greeting, .cutting: return [.cut]
        case .idle, .dialling, .waiting, .ended: return []
        }
    }
}

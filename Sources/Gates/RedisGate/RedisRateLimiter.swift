public import RedisClient

/// Lets so many through in a while, for all nodes together: the generic cell rate algorithm. Each thing that is limited
/// has a key, which is gone when it owes nothing any more.
public struct RedisRateLimiter: Sendable {
    /// How many may come.
    public struct Rate: Hashable, Sendable {
        let cost: Int64
        let ahead: Int64

        /// - Parameters:
        ///   - count: how many in `milliseconds`, 1 or more
        ///   - burst: how many of them may come at once, 1 or more
        public init(_ count: Int, in milliseconds: Int64, burst: Int) {
            cost = max(1, milliseconds * 1000 / Int64(max(1, count)))
            ahead = cost * Int64(max(1, burst))
        }
    }

    /// The limiter's answer.
    public enum Answer: Hashable, Sendable {
        /// Go on.
        case allowed
        /// Not before so many milliseconds have passed.
        case retry(after: Int64)
    }

    private let client: RedisClient
    private let prefix: String
    private let inTrouble: Answer

    /// - Parameters:
    ///   - prefix: of the keys; one hash tag of its own keeps them together
    ///   - inTrouble: the answer when Redis gives none
    public init(client: RedisClient, prefix: String, inTrouble: Answer) {
        self.client = client
        self.prefix = prefix
        self.inTrouble = inTrouble
    }

    /// Asks for one.
    ///
    /// - Parameter microseconds: the time; Redis's own when nil
    public func ask(_ name: String, _ rate: Rate, at microseconds: Int64? = nil) async -> Answer {
        var call = GateScripts.rate.call(keys: 1)
        call.append(prefix + name)
        call.append(rate.cost)
        call.append(rate.ahead)
        if let microseconds { call.append(microseconds) }
        guard let wait = try? await client.call(call, of: GateScripts.rate).number else { return inTrouble }
        return wait == 0 ? .allowed : .retry(after: (wait + 999) / 1000)
    }
}

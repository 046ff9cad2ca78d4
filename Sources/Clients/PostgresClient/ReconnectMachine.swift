/// When a lost connection is tried anew: at once, then after pauses that double, each cut short by chance so that not
/// all come back in the same moment.
struct ReconnectMachine: Sendable {
    /// Longest pause, in milliseconds.
    static let longest: Int64 = 5000
    private static let first: Int64 = 100
    private var failures = 0
    private var notBefore: Int64 = 0

    /// Milliseconds until the next try; 0 when it may be now.
    func pause(at now: Int64) -> Int64 { max(notBefore - now, 0) }

    /// - Parameter chance: from 0 to 1
    mutating func failed(at now: Int64, chance: Double) {
        let full = min(Self.first << Int64(min(failures, 16)), Self.longest)
        failures += 1
        notBefore = now + full / 2 + Int64(Double(full / 2) * chance)
    }

    mutating func connected() { self = ReconnectMachine() }
}

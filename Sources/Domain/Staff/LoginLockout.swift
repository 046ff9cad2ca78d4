/// Slows down whoever guesses passwords, as a value: by login name and by address, the first tries are free, and each
/// failure after them locks the key for twice as long as the one before.
///
/// A try counts as failed from the moment it begins, and is taken back when it succeeds. So tries that run at the same
/// time cannot all be the last free one.
public struct LoginLockout: Sendable {
    /// Failures of a key that lock nothing.
    public static let freeTries = 5
    /// Seconds that the first failure after them locks.
    public static let firstSeconds: Int64 = 30
    /// Seconds that no lock exceeds.
    public static let longestSeconds: Int64 = 3600

    private struct Key: Hashable {
        let isName: Bool
        let text: String
    }

    private struct Failures {
        var count = 0
        var last: Timestamp
        var lockedUntil: Timestamp?
    }

    private let maximumKeys: Int
    private let forgetSeconds: Int64
    private var keys: [Key: Failures] = [:]

    /// - Parameters:
    ///   - maximumKeys: names and addresses remembered, 2 or more; past it strangers wait
    ///   - forgetSeconds: after which a key without a failure starts anew; at least ``longestSeconds``
    public init(maximumKeys: Int, forgetSeconds: Int64 = 24 * 3600) {
        self.maximumKeys = max(2, maximumKeys)
        self.forgetSeconds = max(Self.longestSeconds, forgetSeconds)
    }

    /// Names and addresses that are remembered.
    public var count: Int { keys.count }

    /// Begins a try: nil when it may go on, else when the next one may.
    ///
    /// - Parameter name: nil for what cannot be a name, which only the address answers for
    public mutating func begin(name: StaffName?, address: String, at moment: Timestamp) -> Timestamp? {
        let both = Self.keys(name, address)
        let locks = both.compactMap { keys[$0]?.lockedUntil }.filter { $0 > moment }
        if let until = locks.max() { return until }
        guard makeRoom(for: both, at: moment) else { return moment.advanced(seconds: Self.firstSeconds) }
        for key in both { fail(key, at: moment) }
        return nil
    }

    /// A try that was begun was right: the name starts anew, and the address is spared this one.
    public mutating func succeed(name: StaffName?, address: String) {
        for key in Self.keys(name, address) {
            if key.isName { keys[key] = nil } else { takeBack(key) }
        }
    }

    /// A try that was begun could not be judged: it does not count.
    public mutating func abandon(name: StaffName?, address: String) {
        for key in Self.keys(name, address) { takeBack(key) }
    }

    private static func keys(_ name: StaffName?, _ address: String) -> [Key] {
        [Key(isName: false, text: address)] + (name.map { [Key(isName: true, text: $0.text)] } ?? [])
    }

    private mutating func fail(_ key: Key, at moment: Timestamp) {
        var failures = keys[key] ?? Failures(last: moment)
        if failures.last.advanced(seconds: forgetSeconds) <= moment { failures = Failures(last: moment) }
        failures.count += 1
        failures.last = moment
        failures.lockedUntil = Self.lockSeconds(after: failures.count).map { moment.advanced(seconds: $0) }
        keys[key] = failures
    }

    /// A lock of another try that failed meanwhile stays.
    private mutating func takeBack(_ key: Key) {
        guard var failures = keys[key] else { return }
        failures.count -= 1
        if failures.count <= Self.freeTries { failures.lockedUntil = nil }
        keys[key] = failures.count <= 0 ? nil : failures
    }

    /// Seconds that so many failures lock; nil for those that are free.
    static func lockSeconds(after failures: Int) -> Int64? {
        guard failures > freeTries else { return nil }
        let doublings = failures - freeTries - 1
        return doublings >= 7 ? longestSeconds : min(longestSeconds, firstSeconds << Int64(doublings))
    }

    /// Forgets keys without a lock, oldest failure first, when there is no room; a locked one is never forgotten, so
    /// that nobody unlocks a name by filling the memory.
    private mutating func makeRoom(for both: [Key], at moment: Timestamp) -> Bool {
        let missing = both.count { keys[$0] == nil }
        guard keys.count + missing > maximumKeys else { return true }
        let open = keys.filter { !both.contains($0.key) && ($0.value.lockedUntil ?? moment) <= moment }
        let oldest = open.sorted { $0.value.last < $1.value.last }.prefix(max(missing, maximumKeys / 8))
        for (key, _) in oldest { keys[key] = nil }
        return keys.count + missing <= maximumKeys
    }
}

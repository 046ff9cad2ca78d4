/// When a provider is asked whether an attempt was paid, in case its callback never comes. Bounded: after the last
/// entry nobody asks any more.
public enum QuerySchedule {
    /// Seconds after the attempt was opened: 1, 3, 10 and 30 minutes, 2, 8 and 24 hours.
    public static let seconds: [Int64] = [60, 180, 600, 1800, 7200, 28_800, 86_400]

    /// When to ask next; nil when it was asked often enough.
    ///
    /// - Parameters:
    ///   - queries: how often it was asked
    ///   - opened: when the attempt was opened
    ///   - now: the present; what lies behind it is skipped but for one, so that a shop that was down asks once
    public static func next(after queries: Int, opened: Timestamp, now: Timestamp) -> (number: Int, at: Timestamp)? {
        var number = queries
        while number < seconds.count {
            let at = opened.advanced(seconds: seconds[number])
            if at > now { return (number, at) }
            number += 1
        }
        return nil
    }
}

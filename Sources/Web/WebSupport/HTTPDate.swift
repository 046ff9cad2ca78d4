import Domain
import NIOPosix

/// Times as HTTP writes them: `Sun, 06 Nov 1994 08:49:37 GMT` (RFC 9110, section 5.6.7).
enum HTTPDate {
    private static let weekdays = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"]
    private static let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]

    private final class Cached: Sendable {
        let second: Int64
        let text: String

        init(second: Int64, text: String) {
            self.second = second
            self.text = text
        }
    }

    /// Event loops have a thread each.
    private static let ofThread = ThreadSpecificVariable<Cached>()

    /// The text, worked out once a second on each thread.
    static func cached(_ time: Timestamp) -> String {
        let second = CivilTime.floorDivide(time.milliseconds, 1000).0
        if let cached = ofThread.currentValue, cached.second == second { return cached.text }
        let cached = Cached(second: second, text: text(time))
        ofThread.currentValue = cached
        return cached.text
    }

    static func text(_ time: Timestamp) -> String {
        let date = CivilTime(time)
        func padded(_ value: Int64) -> String { value < 10 ? "0\(value)" : "\(value)" }
        let day = "\(weekdays[date.weekday]), \(padded(date.day)) \(months[Int(date.month) - 1]) \(date.year)"
        return "\(day) \(padded(date.hour)):\(padded(date.minute)):\(padded(date.second)) GMT"
    }
}

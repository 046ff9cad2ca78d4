import Foundation

/// A value behind a lock whose changes a thread of our own can wait for.
///
/// `@unchecked`: every access to `value` is between `lock()` and `unlock()` of the one condition.
final class Waited<Value: Sendable>: @unchecked Sendable {
    private let condition = NSCondition()
    private var value: Value

    init(_ value: Value) { self.value = value }

    /// Changes the value and wakes those who wait.
    @discardableResult
    func change<Result>(_ body: (inout Value) -> Result) -> Result {
        condition.withLock {
            defer { condition.broadcast() }
            return body(&value)
        }
    }

    /// Blocks until `body` returns something; nil when that takes longer than so many milliseconds.
    func wait<Result>(milliseconds: Int64? = nil, _ body: (inout Value) -> Result?) -> Result? {
        condition.withLock {
            let end = milliseconds.map { Date(timeIntervalSinceNow: Double($0) / 1000) }
            while true {
                if let result = body(&value) { return result }
                guard let end else {
                    condition.wait()
                    continue
                }
                guard condition.wait(until: end) else { return body(&value) }
            }
        }
    }
}

import Foundation

/// A value behind a lock whose changes can be waited for by a thread that may block.
///
/// `@unchecked`: every access to `value` is between `lock()` and `unlock()` of the one condition.
final class Locked<Value: Sendable>: @unchecked Sendable {
    private let condition = NSCondition()
    private var value: Value

    init(_ value: Value) { self.value = value }

    func read<Result>(_ body: (Value) -> Result) -> Result {
        condition.withLock { body(value) }
    }

    /// Changes the value and wakes those who wait.
    @discardableResult
    func change<Result>(_ body: (inout Value) -> Result) -> Result {
        condition.withLock {
            defer { condition.broadcast() }
            return body(&value)
        }
    }

    /// Blocks until `body` returns something.
    func waitAndChange<Result>(_ body: (inout Value) -> Result?) -> Result {
        condition.withLock {
            while true {
                if let result = body(&value) { return result }
                condition.wait()
            }
        }
    }

    /// Blocks until the condition holds.
    func wait(until holds: (Value) -> Bool) {
        waitAndChange { holds($0) ? () : nil }
    }
}

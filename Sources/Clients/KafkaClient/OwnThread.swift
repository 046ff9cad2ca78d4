import Dispatch
import Foundation
import NIOConcurrencyHelpers

/// A thread for calls that block. It cannot be ended from outside, so those who wait for its end do so with a bound.
final class OwnThread: Sendable {
    private struct State {
        var hasEnded = false
        var waiters: [Int: CheckedContinuation<Bool, Never>] = [:]
        var next = 0
    }

    private let state = NIOLockedValueBox(State())

    /// - Parameter name: at most 15 characters, as the system shows it
    init(name: String, _ body: @escaping @Sendable () -> Void) {
        Thread.detachNewThread { [state] in
            Thread.current.name = name
            body()
            let waiters = state.withLockedValue { state in
                state.hasEnded = true
                defer { state.waiters = [:] }
                return state.waiters.values.map { $0 }
            }
            for waiter in waiters { waiter.resume(returning: true) }
        }
    }

    /// Whether the body returned within the time.
    func ends(within milliseconds: Int) async -> Bool {
        await withCheckedContinuation { continuation in
            let number = state.withLockedValue { state -> Int? in
                guard !state.hasEnded else { return nil }
                state.next += 1
                state.waiters[state.next] = continuation
                return state.next
            }
            guard let number else { return continuation.resume(returning: true) }
            DispatchQueue.global().asyncAfter(deadline: .now() + .milliseconds(milliseconds)) { [state] in
                state.withLockedValue { $0.waiters.removeValue(forKey: number) }?.resume(returning: false)
            }
        }
    }
}

/// Milliseconds since the machine started; for deadlines.
func monotonicMilliseconds() -> Int64 { Int64(DispatchTime.now().uptimeNanoseconds / 1_000_000) }

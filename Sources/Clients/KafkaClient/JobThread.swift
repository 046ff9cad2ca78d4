import Dispatch
import NIOConcurrencyHelpers

/// Does jobs that block, one after the other, on a thread of its own. So many may wait.
final class JobThread: Sendable {
    /// A job; told to give up when the thread is to end.
    typealias Job = @Sendable (_ isStopped: Bool) -> Void

    private struct State {
        var jobs: [Job] = []
        var isStopped = false
        var last: (@Sendable () -> Void)?
    }

    private let state = NIOLockedValueBox(State())
    private let signal = DispatchSemaphore(value: 0)
    private let maximum: Int
    private let thread: NIOLockedValueBox<OwnThread?>

    init(name: String, maximum: Int) {
        self.maximum = maximum
        thread = NIOLockedValueBox(nil)
        thread.withLockedValue { $0 = OwnThread(name: name) { [self] in run() } }
    }

    private func run() {
        while true {
            signal.wait()
            let (job, isStopped) = state.withLockedValue { state in
                (state.jobs.isEmpty ? nil : state.jobs.removeFirst(), state.isStopped)
            }
            guard let job else { break }
            job(isStopped)
        }
        state.withLockedValue { $0.last }?()
    }

    /// Has a job done later.
    func add(_ job: @escaping Job) throws(KafkaError) {
        let failure = state.withLockedValue { state -> KafkaError? in
            if state.isStopped { return .closed }
            if state.jobs.count >= maximum { return .busy }
            state.jobs.append(job)
            return nil
        }
        if let failure { throw failure }
        signal.signal()
    }

    /// Takes no more jobs; those that wait give up, and when the one that is being done is done, this is the last.
    func stop(last: @escaping @Sendable () -> Void = {}) {
        state.withLockedValue { state in
            state.isStopped = true
            state.last = last
        }
        signal.signal()
    }

    /// Whether everything was done within the time.
    func ends(within milliseconds: Int) async -> Bool {
        await thread.withLockedValue { $0 }?.ends(within: milliseconds) ?? true
    }
}

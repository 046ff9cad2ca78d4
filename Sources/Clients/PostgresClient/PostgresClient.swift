import Foundation

/// Runs transactions on a fixed number of connections, each with a thread of its own, so that nothing of an event loop
/// or of Swift's pool ever waits for the database.
public final class PostgresClient: Sendable {
    private let settings: PostgresSettings
    private let state: Waited<State>

    private struct State: Sendable {
        var queue: JobQueue<PostgresJob>
        var connected = 0
        /// Threads that are making a connection.
        var connecting = 0
        var isClosing = false
        var running: Int
    }

    /// Starts the threads, which connect by themselves.
    ///
    /// - Parameter onNotice: told what the server or the library remarks
    public init(_ settings: PostgresSettings, onNotice: @escaping @Sendable (String) -> Void = { _ in }) {
        self.settings = settings
        let count = max(settings.connections, 1)
        state = Waited(
            State(queue: JobQueue(maximum: settings.waiting, connections: count), connecting: count, running: count))
        for number in 1...count {
            let thread = Thread { [settings, state] in Self.work(settings, state, onNotice) }
            thread.name = "postgres.\(number)"
            thread.start()
        }
    }

    /// Where the database is, without the password.
    public var name: String { settings.name }

    /// Runs `body` as one transaction. `completion` is called once, on a thread that must not be kept: with the value
    /// when the commit is durable. The body may run more than once, while nothing has been committed.
    public func transaction<Value: Sendable>(
        _ kind: PostgresTransactionKind, _ lane: PostgresLane,
        _ body: @escaping @Sendable (PostgresSession) throws -> Value,
        completion: @escaping @Sendable (Result<Value, PostgresFailure>) -> Void
    ) {
        let job = PostgresJob(
            kind: kind, lane: lane,
            body: { session in
                let value = try body(session)
                return { completion(.success(value)) }
            },
            fail: { completion(.failure($0)) })
        let isTaken = state.change { !$0.isClosing && $0.queue.add(job, to: lane) }
        if !isTaken { completion(.failure(.refused)) }
    }

    /// The same, for those that can wait.
    public func transaction<Value: Sendable>(
        _ kind: PostgresTransactionKind, _ lane: PostgresLane,
        _ body: @escaping @Sendable (PostgresSession) throws -> Value
    ) async throws(PostgresFailure) -> Value {
        try await withCheckedContinuation { continuation in
            transaction(kind, lane, body) { continuation.resume(returning: $0) }
        }.get()
    }

    /// Refuses what waits, ends what runs, and closes the connections. Returns when the threads have ended.
    public func close() {
        state.change { $0.isClosing = true }
        _ = state.wait { $0.running == 0 ? () : nil }
    }

    // MARK: The threads

    private enum Step {
        case run(PostgresJob, PostgresLane)
        case fail([PostgresJob], PostgresFailure)
        case end
    }

    private static func work(
        _ settings: PostgresSettings, _ state: Waited<State>, _ onNotice: @escaping @Sendable (String) -> Void
    ) {
        var worker = PostgresWorker(settings, onNotice: onNotice)
        var isFirst = true
        while true {
            if !worker.isConnected, worker.pause == 0 { connect(&worker, state, isCounted: isFirst) }
            isFirst = false
            let (isConnected, unavailable) = (worker.isConnected, worker.unavailable)
            let step = state.wait(milliseconds: isConnected ? nil : worker.pause) {
                next(&$0, isConnected, unavailable)
            }
            switch step {
            case nil: continue
            case .end?:
                // The connection closes before anybody hears that the thread has ended.
                worker.disconnect()
                return state.change { $0.running -= 1 }
            case .fail(let jobs, let failure)?:
                for job in jobs { job.fail(failure) }
            case .run(let job, let lane)?:
                worker.run(job)
                let isLost = !worker.isConnected
                state.change { state in
                    state.queue.ended(lane)
                    if isLost { state.connected -= 1 }
                }
            }
        }
    }

    private static func connect(_ worker: inout PostgresWorker, _ state: Waited<State>, isCounted: Bool) {
        if !isCounted { state.change { $0.connecting += 1 } }
        worker.connect()
        let isConnected = worker.isConnected
        state.change { state in
            state.connecting -= 1
            if isConnected { state.connected += 1 }
        }
    }

    /// What a thread does next; nil while there is nothing. One without a connection leaves what waits to the others,
    /// and says that there is none when nobody has one.
    private static func next(_ state: inout State, _ isConnected: Bool, _ unavailable: PostgresFailure) -> Step? {
        if state.isClosing {
            let jobs = state.queue.takeAll()
            return jobs.isEmpty ? .end : .fail(jobs, .refused)
        }
        if isConnected { return state.queue.next().map { .run($0.job, $0.lane) } }
        guard state.connected == 0, state.connecting == 0, !state.queue.isEmpty else { return nil }
        return .fail(state.queue.takeAll(), unavailable)
    }
}

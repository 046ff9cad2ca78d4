import Domain
import Foundation
import GRDB
import GRDBSQLite

/// The thread that copies the write-ahead log into the file, so that the writer never does and no order waits for it.
final class Checkpointer: Sendable {
    private struct State: Sendable {
        var machine: CheckpointMachine
        var pressedSince: ContinuousClock.Instant?
        var isClosing = false
        var hasEnded = false
    }

    private let connection: DatabaseQueue
    private let state: Locked<State>
    private let onHold: @Sendable (Bool) -> Void
    private let onTooLong: @Sendable () -> Void
    private let maximumSeconds: Int64

    /// How long starting the log anew may keep writers out, in seconds.
    private static let restartSeconds = 0.005
    /// How long to leave readers alone after a copy that they kept from being whole, in seconds.
    private static let pauseSeconds = 0.02

    /// - Parameters:
    ///   - onHold: told, in order, whether low-priority writes must wait; must not call back
    ///   - onTooLong: told again and again once they wait for longer than ``Limits/patientReadSeconds``
    init(
        path: String, limits: Limits, onHold: @escaping @Sendable (Bool) -> Void,
        onTooLong: @escaping @Sendable () -> Void
    ) throws {
        var configuration = Configuration()
        configuration.label = "sluice.checkpointer"
        configuration.busyMode = .timeout(Self.restartSeconds)
        configuration.prepareDatabase { database in try database.execute(sql: "PRAGMA synchronous = FULL") }
        connection = try DatabaseQueue(path: path, configuration: configuration)
        state = Locked(State(machine: CheckpointMachine(limits: limits)))
        self.onHold = onHold
        self.onTooLong = onTooLong
        maximumSeconds = limits.patientReadSeconds
    }

    /// Listens to the commits of the connection that writes. SQLite then makes no checkpoints of its own
    /// (https://www.sqlite.org/c3ref/wal_hook.html).
    func listen(to database: Database) {
        let context = Unmanaged.passUnretained(self).toOpaque()
        sqlite3_wal_hook(
            database.sqliteConnection,
            { context, _, _, frames in
                if let context {
                    Unmanaged<Checkpointer>.fromOpaque(context).takeUnretainedValue().committed(Int(frames))
                }
                return SQLITE_OK
            }, context)
    }

    func start() {
        let thread = Thread { [self] in loop() }
        thread.name = "sluice.checkpointer"
        thread.start()
    }

    /// Ends the thread; the log stays as it is.
    func close() {
        state.change { $0.isClosing = true }
        state.wait(until: \.hasEnded)
        try? connection.close()
    }

    /// Whether long readers should wait before they begin.
    var isPressed: Bool { state.read { $0.machine.holdsPatient } }

    private func committed(_ frames: Int) {
        report { $0.committed(frames: frames) }
    }

    /// Changes the machine and tells when the hold begins or ends.
    private func report(_ body: (inout CheckpointMachine) -> Void) {
        // Told under the lock: two threads report, and the last word must be the true one.
        state.change { state in
            let before = state.machine.holdsPatient
            body(&state.machine)
            let isHeld = state.machine.holdsPatient
            guard isHeld != before else { return }
            state.pressedSince = isHeld ? .now : nil
            onHold(isHeld)
        }
    }

    // MARK: The thread

    private func loop() {
        while true {
            let action = state.waitAndChange { state -> CheckpointMachine.Action? in
                if state.isClosing { return .wait }
                let action = state.machine.next()
                return action == .wait ? nil : action
            }
            switch action {
            case .wait:
                return state.change { $0.hasEnded = true }
            case .pause:
                Thread.sleep(forTimeInterval: Self.pauseSeconds)
                let since = state.read(\.pressedSince)
                if let since, since.duration(to: .now) > .seconds(maximumSeconds) { onTooLong() }
            case .copy, .restart:
                checkpoint(isRestart: action == .restart)
            }
        }
    }

    private func checkpoint(isRestart: Bool) {
        let done = try? connection.writeWithoutTransaction { try $0.checkpoint(.passive) }
        report { $0.checkpointed(log: done?.walFrameCount ?? .max, copied: done?.checkpointedFrameCount ?? 0) }
        guard isRestart, let done, done.walFrameCount - done.checkpointedFrameCount < Self.restartFrames else { return }
        // Little is left to copy, so writers are kept out for a moment only.
        let isRestarted = (try? connection.writeWithoutTransaction { try $0.checkpoint(.restart) }) != nil
        if isRestarted { report { $0.restarted() } }
    }

    /// Frames that a restart may have left to copy.
    private static let restartFrames = 256
}

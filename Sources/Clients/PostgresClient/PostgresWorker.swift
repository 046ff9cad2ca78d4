import Foundation

/// What is run on one connection: a transaction and what is to be called when it has ended.
struct PostgresJob: Sendable {
    let kind: PostgresTransactionKind
    let lane: PostgresLane
    /// Runs the body, and returns what is to be called once the commit is durable.
    let body: @Sendable (PostgresSession) throws -> @Sendable () -> Void
    /// Called instead when there is no value.
    let fail: @Sendable (PostgresFailure) -> Void
}

/// What a transaction may do.
public enum PostgresTransactionKind: Hashable, Sendable {
    /// Read and write; each statement sees what was committed before it (READ COMMITTED).
    case readWrite
    /// Read one moment (REPEATABLE READ, READ ONLY).
    case snapshot
    /// Read by one statement, with no transaction around it: a third of the round trips. Each further statement would
    /// see another moment.
    case statement
}

/// Runs transactions on a connection of its own, which it makes anew when it is lost. Stays on one thread.
struct PostgresWorker: ~Copyable {
    private let settings: PostgresSettings
    private let onNotice: @Sendable (String) -> Void
    private var connection: PostgresConnection?
    private var reconnect = ReconnectMachine()
    private var lastFault = ""
    private let start = ContinuousClock.now

    /// How often a transaction is run that was undone for no fault of its own.
    private static let tries = 5

    init(_ settings: PostgresSettings, onNotice: @escaping @Sendable (String) -> Void) {
        self.settings = settings
        self.onNotice = onNotice
    }

    var isConnected: Bool { connection != nil }
    /// Why there is no connection.
    var unavailable: PostgresFailure { .unavailable(lastFault) }
    /// Milliseconds until a connection may be tried.
    var pause: Int64 { reconnect.pause(at: now) }

    private var now: Int64 { Int64(start.duration(to: .now) / .milliseconds(1)) }

    mutating func connect() {
        do throws(ConnectionFault) {
            connection = try PostgresConnection(settings, onNotice: onNotice)
            reconnect.connected()
        } catch {
            lastFault = "\(error.failure)"
            if case .lost(let reason) = error { lastFault = reason }
            reconnect.failed(at: now, chance: .random(in: 0..<1))
        }
    }

    mutating func disconnect() { connection = nil }

    mutating func run(_ job: PostgresJob) {
        for number in 1...Self.tries {
            // Lost in the last round: tried once at once, since the server may just have been started anew.
            if connection == nil { connect() }
            guard let connection else { return job.fail(unavailable) }
            let ending = Self.transact(job, on: connection, settings)
            if ending.endsConnection { self.connection = nil }
            switch ending.verdict {
            case .done(let complete): return complete()
            case .failed(let failure): return job.fail(failure)
            case .undone(let failure):
                guard number < Self.tries else { return job.fail(failure) }
                Thread.sleep(forTimeInterval: .random(in: 0.001...0.02) * Double(number))
            }
        }
    }

    // MARK: One transaction

    private enum Verdict {
        case done(@Sendable () -> Void)
        case failed(PostgresFailure)
        /// Nothing has happened, and the next time it may go well.
        case undone(PostgresFailure)
    }

    private struct Ending {
        let verdict: Verdict
        var endsConnection = false

        init(_ verdict: Verdict, endsConnection: Bool = false) {
            self.verdict = verdict
            self.endsConnection = endsConnection
        }

        /// Nothing is committed after this fault.
        init(_ fault: ConnectionFault) {
            verdict = fault.isWorthRepeating ? .undone(fault.failure) : .failed(fault.failure)
            endsConnection = fault.endsConnection
        }
    }

    private static func transact(
        _ job: PostgresJob, on connection: PostgresConnection, _ settings: PostgresSettings
    ) -> Ending {
        let limit = job.lane == .patient ? settings.patientStatementMilliseconds : settings.statementMilliseconds
        connection.patience = limit + settings.graceMilliseconds
        let session = PostgresSession(connection, idleMilliseconds: settings.idleMilliseconds)
        let complete: @Sendable () -> Void
        do {
            try begin(job, on: connection, settings)
            defer { session.end() }
            complete = try job.body(session)
        } catch let fault as ConnectionFault {
            return Ending(fault)
        } catch {
            if let fault = session.fault, fault.endsConnection { return Ending(fault) }
            let isUndone = undo(job.kind, connection)
            if let fault = session.fault { return Ending(Ending(fault).verdict, endsConnection: !isUndone) }
            return Ending(.failed(error as? PostgresFailure ?? .body(error)), endsConnection: !isUndone)
        }
        if let fault = session.fault {
            return Ending(Ending(fault).verdict, endsConnection: fault.endsConnection || !undo(job.kind, connection))
        }
        guard !connection.hasFailed else {
            let failure = PostgresFailure.invalid("the body went on after a statement that had failed")
            return Ending(.failed(failure), endsConnection: !undo(job.kind, connection))
        }
        return commit(job.kind, complete, on: connection)
    }

    private static func begin(
        _ job: PostgresJob, on connection: PostgresConnection, _ settings: PostgresSettings
    ) throws(ConnectionFault) {
        let mode =
            switch job.kind {
            case .readWrite: "ISOLATION LEVEL READ COMMITTED, READ WRITE"
            case .snapshot: "ISOLATION LEVEL REPEATABLE READ, READ ONLY"
            case .statement: ""
            }
        guard !mode.isEmpty else { return }
        let limit =
            switch job.lane {
            case .urgent: ""
            case .patient: "; SET LOCAL statement_timeout = \(settings.patientStatementMilliseconds)"
            }
        try connection.run(script: "BEGIN \(mode)\(limit)")
    }

    /// From here on a lost connection leaves unknown what happened, unless nothing could have.
    private static func commit(
        _ kind: PostgresTransactionKind, _ complete: @escaping @Sendable () -> Void, on connection: PostgresConnection
    ) -> Ending {
        guard kind != .statement else { return Ending(.done(complete), endsConnection: !connection.isIdle) }
        do throws(ConnectionFault) {
            let command = try connection.run(script: "COMMIT")
            guard command == "COMMIT" else {
                return Ending(.failed(.invalid("a commit was answered with \(command)")), endsConnection: true)
            }
            return Ending(.done(complete))
        } catch {
            if kind == .snapshot { return Ending(.done(complete), endsConnection: true) }
            guard error.endsConnection || !connection.isIdle else { return Ending(error) }
            var reason = "the connection went silent"
            if case .lost(let said) = error { reason = said }
            return Ending(.failed(.unknown(reason)), endsConnection: true)
        }
    }

    /// False when the connection is of no use any more; then the server undoes it by itself.
    private static func undo(_ kind: PostgresTransactionKind, _ connection: PostgresConnection) -> Bool {
        guard kind != .statement else { return connection.isIdle }
        do throws(ConnectionFault) {
            try connection.run(script: "ROLLBACK")
            return connection.isIdle
        } catch {
            return false
        }
    }
}

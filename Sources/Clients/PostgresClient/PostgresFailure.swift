/// What the server said of a statement that it could not run.
public struct PostgresServerError: Error, Hashable, Sendable {
    /// Five letters and digits that name the kind of error.
    public let sqlState: String
    /// For an operator; may hold values of rows, never a password.
    public let message: String
    /// The constraint that was broken, if one was.
    public let constraint: String?

    /// Puts the parts together.
    public init(sqlState: String, message: String, constraint: String? = nil) {
        self.sqlState = sqlState
        self.message = message
        self.constraint = constraint
    }

    /// Whether a row broke a constraint: class 23.
    public var breaksConstraint: Bool { sqlState.hasPrefix("23") }
}

/// Why a transaction gave no value. After each of them but *unknown*, nothing has happened.
public enum PostgresFailure: Error, Sendable {
    /// The queue is full, or the client is closed.
    case refused
    /// There is no connection, and none could be made.
    case unavailable(String)
    /// The connection was lost after the commit was sent: it has happened, or it has not.
    case unknown(String)
    /// A statement, or the pause between two of them, took longer than allowed.
    case timedOut
    /// The server's disk is full.
    case diskFull(String)
    /// The server could not run a statement.
    case server(PostgresServerError)
    /// An answer that cannot be read, a parameter that cannot be sent, or a session that is used wrongly.
    case invalid(String)
    /// What the body threw.
    case body(any Error)
}

extension PostgresFailure: CustomStringConvertible {
    public var description: String {
        switch self {
        case .refused: "too much waits for the database"
        case .unavailable(let reason): "no connection to the database: \(reason)"
        case .unknown(let reason): "whether the database has committed is unknown: \(reason)"
        case .timedOut: "the database took too long"
        case .diskFull(let message): "the database's disk is full: \(message)"
        case .server(let error): "the database refused a statement: \(error.sqlState) \(error.message)"
        case .invalid(let reason): "the database was not understood: \(reason)"
        case .body(let error): "\(error)"
        }
    }
}

/// What went wrong on a connection, before anybody has judged what follows from it.
enum ConnectionFault: Error {
    /// The connection cannot be used any more.
    case lost(String)
    /// Nothing came for too long; the connection cannot be used any more either.
    case silent
    /// A transaction was idle for too long, and the server has ended the connection.
    case idledTooLong
    /// The server refused a statement; the connection stays.
    case server(PostgresServerError)
    /// An answer or a parameter that is none.
    case invalid(String)

    /// Whether the connection is of no use any more.
    var endsConnection: Bool {
        switch self {
        case .lost, .silent, .idledTooLong: true
        case .server, .invalid: false
        }
    }

    /// Whether the same transaction may well succeed when it is run again. Asked only before the commit is sent, when
    /// the server undoes by itself whatever was done.
    var isWorthRepeating: Bool {
        switch self {
        case .lost: true
        case .server(let error): ["40001", "40P01"].contains(error.sqlState)
        case .silent, .idledTooLong, .invalid: false
        }
    }

    /// What follows when nothing was committed.
    var failure: PostgresFailure {
        switch self {
        case .lost(let reason): .unavailable(reason)
        case .silent, .idledTooLong: .timedOut
        case .invalid(let reason): .invalid(reason)
        case .server(let error):
            switch error.sqlState {
            case "57014", "55P03": .timedOut
            case "53100": .diskFull(error.message)
            default: .server(error)
            }
        }
    }
}

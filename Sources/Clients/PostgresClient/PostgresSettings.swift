import CPQ

/// Where a database is, and how long is waited for it.
public struct PostgresSettings: Sendable {
    /// The whole address, with the password.
    let url: String
    /// Host, port and database, for messages.
    public let name: String
    private let password: String?

    /// Connections, each with a thread of its own. 1 or more.
    public var connections = 4
    /// Transactions that wait, per lane.
    public var waiting = 4096
    /// Seconds to make a connection; 2 or more, since the library takes no less.
    public var connectSeconds = 5
    /// Milliseconds of one statement.
    public var statementMilliseconds = 5000
    /// Milliseconds of one statement of a patient transaction.
    public var patientStatementMilliseconds = 600_000
    /// Milliseconds between two statements of a transaction.
    public var idleMilliseconds = 10_000
    /// Milliseconds beyond a statement's own that are waited for a server that does not answer.
    public var graceMilliseconds = 1000
    /// Prepared statements of a connection; beyond, they are prepared anew.
    public var preparedStatements = 512
    /// Shown by the server for its connections.
    public var applicationName = "sluice"

    /// Further settings of every connection, by their names in the server.
    public var session: [(name: String, value: String)] = []

    /// Why an address is none. Says nothing of what it holds.
    public struct InvalidAddress: Error, CustomStringConvertible {
        public let description = "not an address such as postgres://user:password@host:5432/database"
    }

    /// - Parameter url: `postgres://user:password@host:port/database?sslmode=…`
    public init(url: String) throws(InvalidAddress) {
        guard url.hasPrefix("postgres://") || url.hasPrefix("postgresql://"),
            let options = PQconninfoParse(url, nil)
        else { throw InvalidAddress() }
        defer { PQconninfoFree(options) }
        var given: [String: String] = [:]
        var option = options
        while let keyword = option.pointee.keyword {
            given[String(cString: keyword)] = option.pointee.val.map { String(cString: $0) }
            option += 1
        }
        self.url = url
        password = given["password"]
        name = "\(given["host"] ?? ""):\(given["port"] ?? "5432")/\(given["dbname"] ?? "")"
    }

    /// In the library's order: what comes later holds.
    var parameters: [(keyword: String, value: String)] {
        [
            ("connect_timeout", "\(max(connectSeconds, 2))"), ("application_name", applicationName),
            ("tcp_user_timeout", "\(statementMilliseconds + graceMilliseconds)"),
            ("keepalives", "1"), ("keepalives_idle", "10"), ("keepalives_interval", "5"), ("keepalives_count", "3"),
            ("target_session_attrs", "read-write"), ("dbname", url), ("client_encoding", "UTF8"),
        ]
    }

    /// What is set on every connection. A committed transaction survives a power cut whatever the server's own
    /// settings are.
    var script: String {
        let own = [
            ("synchronous_commit", "on"), ("client_min_messages", "warning"), ("standard_conforming_strings", "on"),
            ("statement_timeout", "\(statementMilliseconds)"),
            ("idle_in_transaction_session_timeout", "\(idleMilliseconds)"),
        ]
        return (own + session.map { ($0.name, $0.value) }).map { "SET \($0.0) = \($0.1)" }.joined(separator: "; ")
    }

    /// The text without the password.
    func redacted(_ text: String) -> String {
        guard let password, !password.isEmpty else { return text }
        var (rest, kept) = (text[...], "")
        while let range = rest.firstRange(of: password) {
            kept += rest[..<range.lowerBound] + "***"
            rest = rest[range.upperBound...]
        }
        return kept + rest
    }
}

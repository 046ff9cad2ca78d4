/// One open transaction, inside its body and on its thread only.
public final class PostgresSession {
    private let connection: PostgresConnection
    private var isOpen = true
    private var isBusy = false
    private var depth = 0
    private let idleLimit: Duration
    private var idleSince = ContinuousClock.now
    /// The fault after which the whole transaction is judged, whatever the body makes of it.
    private(set) var fault: ConnectionFault?

    /// - Parameter idleMilliseconds: after which the server ends the connection
    init(_ connection: PostgresConnection, idleMilliseconds: Int) {
        self.connection = connection
        idleLimit = .milliseconds(idleMilliseconds)
    }

    /// Nothing can be run any more.
    func end() { isOpen = false }

    /// Runs a statement, which is prepared once a connection.
    ///
    /// - Returns: how many rows it touched, or gave
    /// - Throws: ``PostgresFailure``
    @discardableResult
    public func run(_ sql: String, _ values: [PostgresValue] = []) throws -> Int {
        try use { try connection.run(sql, values) { _ in } }
    }

    /// Runs a statement and gives each row of its answer in turn, without keeping them. Nothing else can be run
    /// meanwhile.
    ///
    /// - Returns: how many rows it gave, or touched
    /// - Throws: ``PostgresFailure``, or what `body` throws
    @discardableResult
    public func rows(
        _ sql: String, _ values: [PostgresValue] = [], _ body: (borrowing PostgresRow) throws -> Void
    ) throws -> Int {
        try use { try connection.run(sql, values, row: body) }
    }

    /// Runs several statements without parameters, such as a migration.
    ///
    /// - Throws: ``PostgresFailure``
    public func script(_ sql: String) throws {
        _ = try use { try connection.run(script: sql) }
    }

    /// Runs `body` so that it can be undone alone: when it throws, what it did is undone, and the error thrown on.
    public func savepoint<Value>(_ body: () throws -> Value) throws -> Value {
        let name = "p\(depth)"
        try script("SAVEPOINT \(name)")
        depth += 1
        defer { depth -= 1 }
        do {
            let value = try body()
            try script("RELEASE SAVEPOINT \(name)")
            return value
        } catch {
            if fault == nil { try script("ROLLBACK TO SAVEPOINT \(name); RELEASE SAVEPOINT \(name)") }
            throw error
        }
    }

    private func use<Value>(_ body: () throws -> Value) throws -> Value {
        if let fault { throw fault.failure }
        guard isOpen, !isBusy else {
            throw PostgresFailure.invalid(isOpen ? "a statement inside another one's rows" : "a session that has ended")
        }
        isBusy = true
        let idle = idleSince.duration(to: .now)
        defer {
            isBusy = false
            idleSince = .now
        }
        do {
            return try body()
        } catch var error as ConnectionFault {
            // The library often sees only that the connection is gone.
            if case .lost = error, idle >= idleLimit { error = .idledTooLong }
            // Others can be undone by a savepoint.
            if error.endsConnection || error.isWorthRepeating { fault = error }
            throw error.failure
        }
    }
}

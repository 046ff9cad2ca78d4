import CPQ

/// One answer of the library; freed when it goes out of scope, on every path.
struct PostgresResult: ~Copyable {
    private let handle: OpaquePointer

    init(_ handle: OpaquePointer) { self.handle = handle }

    deinit { PQclear(handle) }

    var status: ExecStatusType { PQresultStatus(handle) }
    var rowCount: Int { Int(PQntuples(handle)) }
    /// Rows that a command touched.
    var touched: Int { PQcmdTuples(handle).flatMap { Int(String(cString: $0)) } ?? 0 }
    /// What was done: `COMMIT`, or `ROLLBACK`.
    var command: String { PQcmdStatus(handle).map { String(cString: $0) } ?? "" }

    func row(_ number: Int) -> PostgresRow { PostgresRow(handle: handle, number: Int32(number)) }

    /// What went wrong, with what the server calls it.
    func fault() -> ConnectionFault {
        let state = field("C") ?? ""
        let message = field("M") ?? PQresultErrorMessage(handle).map { String(cString: $0) } ?? ""
        // Errors of the library itself have no state: the connection is gone.
        guard !state.isEmpty else { return .lost(message) }
        if state == "25P03" { return .idledTooLong }
        if ["FATAL", "PANIC"].contains(field("V")) || state.hasPrefix("08") { return .lost(message) }
        return .server(PostgresServerError(sqlState: state, message: message, constraint: field("n")))
    }

    private func field(_ code: Character) -> String? {
        let code = Int32(code.asciiValue ?? 0)
        return PQresultErrorField(handle, code).map { String(cString: $0) }
    }
}

/// One row of an answer; there as long as the closure that it is given to runs.
public struct PostgresRow: ~Copyable {
    private let handle: OpaquePointer
    private let number: Int32

    init(handle: OpaquePointer, number: Int32) {
        self.handle = handle
        self.number = number
    }

    /// How many columns there are.
    public var count: Int { Int(PQnfields(handle)) }

    /// The name of a column, from 0; empty when there is none.
    public func name(_ column: Int) -> String {
        PQfname(handle, Int32(column)).map { String(cString: $0) } ?? ""
    }

    /// The value of a column, from 0: a whole number or a truth, a text, bytes, or null.
    ///
    /// - Throws: ``PostgresFailure/invalid(_:)`` for any other type, and where there is no such column.
    public func value(_ column: Int) throws -> PostgresValue {
        guard (0..<count).contains(column) else { throw PostgresFailure.invalid("there is no column \(column)") }
        let column = Int32(column)
        do throws(ConnectionFault) {
            guard PQfformat(handle, column) == 1 else { throw .invalid("a column that is not binary") }
            guard PQgetisnull(handle, number, column) == 0, let start = PQgetvalue(handle, number, column) else {
                return .null
            }
            let bytes = UnsafeRawBufferPointer(start: start, count: Int(PQgetlength(handle, number, column)))
            return try PostgresDecoder.decode(PQftype(handle, column), bytes)
        } catch {
            throw error.failure
        }
    }

    /// A whole number, or a truth as 0 or 1.
    ///
    /// - Throws: ``PostgresFailure/invalid(_:)`` when it is null or something else.
    public func integer(_ column: Int) throws -> Int64 {
        guard case .integer(let number) = try value(column) else { throw mismatch(column) }
        return number
    }

    /// A text. Throws as ``integer(_:)`` does.
    public func text(_ column: Int) throws -> String {
        guard case .text(let text) = try value(column) else { throw mismatch(column) }
        return text
    }

    /// Bytes. Throws as ``integer(_:)`` does.
    public func bytes(_ column: Int) throws -> [UInt8] {
        guard case .bytes(let bytes) = try value(column) else { throw mismatch(column) }
        return bytes
    }

    private func mismatch(_ column: Int) -> PostgresFailure {
        .invalid("column \(column), \(name(column)), is of another kind")
    }
}

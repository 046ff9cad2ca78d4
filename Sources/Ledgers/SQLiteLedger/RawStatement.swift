import Domain
import Foundation
import GRDB
import GRDBSQLite

/// A statement of the hottest path, bound and run without boxing its arguments. GRDB prepares and owns it.
struct RawStatement {
    private let owner: Statement
    private let handle: OpaquePointer
    private let database: Database

    /// SQLite copies what is bound.
    private static let copies = unsafeBitCast(-1, to: sqlite3_destructor_type.self)

    init(_ database: Database, _ sql: String) throws {
        owner = try database.cachedStatement(sql: sql)
        handle = owner.sqliteStatement
        self.database = database
        sqlite3_reset(handle)
        sqlite3_clear_bindings(handle)
    }

    // MARK: Binding, from 1

    func bind(_ index: Int32, _ value: some BinaryInteger) { sqlite3_bind_int64(handle, index, Int64(value)) }

    func bind(_ index: Int32, _ value: Int64?) {
        guard let value else { return bindNull(index) }
        sqlite3_bind_int64(handle, index, value)
    }

    func bind(_ index: Int32, _ value: Timestamp?) {
        guard let value else { return bindNull(index) }
        sqlite3_bind_int64(handle, index, value.milliseconds)
    }

    func bind(_ index: Int32, _ text: String?) {
        guard var text else { return bindNull(index) }
        text.withUTF8 { bytes in
            _ = bytes.withMemoryRebound(to: CChar.self) {
                sqlite3_bind_text(handle, index, $0.baseAddress, Int32($0.count), Self.copies)
            }
        }
    }

    func bind(_ index: Int32, _ blob: [UInt8]?) {
        guard let blob else { return bindNull(index) }
        blob.withUnsafeBytes { _ = sqlite3_bind_blob(handle, index, $0.baseAddress, Int32($0.count), Self.copies) }
    }

    func bind(_ index: Int32, _ identifier: Identifier) {
        withUnsafeBytes(of: (identifier.high.bigEndian, identifier.low.bigEndian)) {
            _ = sqlite3_bind_blob(handle, index, $0.baseAddress, Int32($0.count), Self.copies)
        }
    }

    private func bindNull(_ index: Int32) { sqlite3_bind_null(handle, index) }

    // MARK: Running

    /// Goes through the rows. `body` must not keep what it is given.
    func forEachRow(_ body: () throws -> Void) throws {
        defer { sqlite3_reset(handle) }
        while true {
            switch sqlite3_step(handle) {
            case SQLITE_ROW: try body()
            case SQLITE_DONE: return
            default: throw error()
            }
        }
    }

    /// Whether there is a row at all. `body` reads the first one.
    func firstRow<Value>(_ body: () throws -> Value) throws -> Value? {
        defer { sqlite3_reset(handle) }
        switch sqlite3_step(handle) {
        case SQLITE_ROW: return try body()
        case SQLITE_DONE: return nil
        default: throw error()
        }
    }

    /// Runs to the end.
    func run() throws { try forEachRow {} }

    /// Writes, and must touch exactly one row.
    func touchOneRow() throws {
        try run()
        let touched = database.changesCount
        guard touched == 1 else {
            throw ShopError(
                .internalFault, "a guarded write found another state than expected",
                cause: "\(touched) rows: \(owner.sql)")
        }
    }

    /// A column of the row at hand, from 0.
    func integer(_ column: Int32) -> Int64 { sqlite3_column_int64(handle, column) }

    /// A column of the row at hand, from 0; empty when it is null.
    func bytes(_ column: Int32) -> [UInt8] {
        guard let start = sqlite3_column_blob(handle, column) else { return [] }
        return Array(UnsafeRawBufferPointer(start: start, count: Int(sqlite3_column_bytes(handle, column))))
    }

    private func error() -> any Error {
        DatabaseError(
            resultCode: ResultCode(rawValue: sqlite3_extended_errcode(database.sqliteConnection)),
            message: database.lastErrorMessage, sql: owner.sql)
    }
}

import Domain
import Foundation
import GRDB
import GRDBSQLite
import SQLLedger
import Shop

/// The shared verbs' way to SQLite: one connection inside an open transaction, or a snapshot.
struct SQLiteTransaction: SQLTransaction {
    private let database: Database

    init(_ database: Database) { self.database = database }

    /// Only one transaction writes at a time.
    var dialect: SQLDialect { SQLDialect(forUpdate: "") }

    func lock(_ product: ProductID) {}

    // MARK: Statements

    func run(_ sql: String, _ arguments: [SQLValue]) throws -> Int {
        try database.cachedStatement(sql: sql).execute(arguments: Self.bound(arguments))
        return database.changesCount
    }

    func each(_ sql: String, _ arguments: [SQLValue], _ body: (SQLRow) throws -> Void) throws {
        let statement = try database.cachedStatement(sql: sql)
        let rows = try Row.fetchCursor(statement, arguments: Self.bound(arguments))
        var columns: [String: Int]?
        while try rows.next() != nil {
            // Asked of the statement at each row: the cursor counts its columns too early when a migration on another
            // connection added some. Where two columns have one name, the first is meant.
            let named =
                columns ?? Dictionary(zip(statement.columnNames, 0...), uniquingKeysWith: { first, _ in first })
            columns = named
            let values = (0..<Int32(statement.columnCount)).map { Self.value(statement.sqliteStatement, $0) }
            try body(SQLRow(columns: named, values: values))
        }
    }

    func attempting<Value>(_ body: () throws -> Value?) throws -> Value? {
        var value: Value?
        try database.inSavepoint {
            do {
                value = try body()
                return .commit
            } catch is ShopError {
                return .rollback
            } catch DatabaseError.SQLITE_CONSTRAINT {
                return .rollback
            }
        }
        return value
    }

    private static func bound(_ arguments: [SQLValue]) -> StatementArguments {
        StatementArguments(
            arguments.map { argument -> DatabaseValue in
                switch argument {
                case .null: .null
                case .integer(let number): number.databaseValue
                case .text(let text): text.databaseValue
                case .bytes(let bytes): Data(bytes).databaseValue
                }
            })
    }

    /// Nothing of the ledger is a number with a fraction.
    private static func value(_ statement: OpaquePointer, _ column: Int32) -> SQLValue {
        switch sqlite3_column_type(statement, column) {
        case SQLITE_NULL: return .null
        case SQLITE_INTEGER: return .integer(sqlite3_column_int64(statement, column))
        case SQLITE_BLOB:
            let start = sqlite3_column_blob(statement, column)
            return .bytes(Array(UnsafeRawBufferPointer(start: start, count: length(statement, column))))
        default:
            let start = sqlite3_column_text(statement, column)
            return .text(
                String(decoding: UnsafeBufferPointer(start: start, count: length(statement, column)), as: UTF8.self))
        }
    }

    private static func length(_ statement: OpaquePointer, _ column: Int32) -> Int {
        Int(sqlite3_column_bytes(statement, column))
    }

    // MARK: Buyers

    /// Counted from the buyer's orders; on the writing connection only.
    func units(of buyer: Buyer, product: ProductID) throws -> BuyerUnits {
        guard let row = try first(SQLiteStatements.buyerUnits, [product, buyer.contact]) else { return .none }
        return BuyerUnits(total: try row["total"], held: try row["held"])
    }

    /// How often a buyer's orders use a coupon; on the writing connection only.
    func uses(of coupon: CouponID, by buyer: Buyer) throws -> Int {
        try integer(SQLiteStatements.couponUses, [buyer.contact, coupon])
    }

    func file(_ order: Order, counts: Bool) throws {
        let arguments: SQLArguments = [order.product, order.buyer.contact, order.id, counts ? 0 : 1]
        let touched = try run(SQLiteStatements.endRecent, arguments) + run(SQLiteStatements.endFiled, arguments)
        guard touched == 1 else {
            throw ShopError(.internalFault, "an order is not filed under its buyer once", cause: "\(touched) times")
        }
    }
}

package import Domain

/// The parameters of a statement, in their order.
package struct SQLArguments: ExpressibleByArrayLiteral, Sendable {
    /// As the engine gets them.
    package private(set) var values: [SQLValue]

    package init(arrayLiteral elements: (any SQLConvertible)?...) {
        values = elements.map { $0?.sqlValue ?? .null }
    }

    package static func + (left: SQLArguments, right: SQLArguments) -> SQLArguments {
        var both = left
        both.values += right.values
        return both
    }

    package static func += (left: inout SQLArguments, right: SQLArguments) { left.values += right.values }
}

/// Conditions that must all hold, with their parameters.
package struct SQLConditions {
    private var conditions: [String] = []
    package private(set) var arguments: SQLArguments = []

    package init() {}

    /// What stands after WHERE.
    package var sql: String { conditions.isEmpty ? "1 = 1" : conditions.joined(separator: " AND ") }

    /// Adds a condition; every placeholder in it stands for the one value.
    package mutating func add(_ condition: String, _ value: (any SQLConvertible)? = nil) {
        conditions.append(condition)
        for character in condition where character == "?" { arguments += [value] }
    }
}

// Reading stored values. What cannot be read is a damaged ledger, reported as *internal*, never guessed.
extension SQLRow {
    /// A column that must hold something.
    package subscript<Value: SQLConvertible>(_ column: String) -> Value {
        get throws {
            guard let value = Value(try value(column)) else { throw Self.damaged(column) }
            return value
        }
    }

    /// A column that may hold nothing.
    package subscript<Value: SQLConvertible>(_ column: String) -> Value? {
        get throws {
            let stored = try value(column)
            if stored == .null { return nil }
            guard let value = Value(stored) else { throw Self.damaged(column) }
            return value
        }
    }

    /// A column that may hold nothing, or something that cannot be read any more.
    package func readable<Value: SQLConvertible>(_ column: String) throws -> Value? { Value(try value(column)) }

    /// What the columns `amount` and `currency` say.
    package func money() throws -> Money {
        guard let currency = Currency(code: try self["currency"]),
            let money = Money(amount: try self["amount"], currency: currency)
        else { throw Self.damaged("amount") }
        return money
    }

    private func value(_ column: String) throws -> SQLValue {
        guard let index = columns[column], values.indices.contains(index) else { throw Self.damaged(column) }
        return values[index]
    }

    package static func damaged(_ column: String) -> ShopError {
        ShopError(.internalFault, "the ledger holds a value that cannot be read", cause: column)
    }
}

extension SQLDialect {
    /// ``forUpdate``, for the rows of one table of a join only.
    package func forUpdate(of table: String) -> String { forUpdate.isEmpty ? "" : "\(forUpdate) OF \(table)" }
}

extension SQLTransaction {
    // MARK: Writing

    /// Runs a statement and says how many rows it touched.
    @discardableResult
    package func run(_ sql: String, _ arguments: SQLArguments) throws -> Int { try run(sql, arguments.values) }

    /// Runs a statement that must touch exactly so many rows.
    package func run(_ sql: String, _ arguments: SQLArguments, rows: Int) throws {
        let touched = try run(sql, arguments.values)
        guard touched == rows else {
            throw ShopError(
                .internalFault, "a guarded write found another state than expected", cause: "\(touched) rows: \(sql)")
        }
    }

    /// Runs an INSERT of at most one row; gives the row's number, or nil when the statement let it be.
    package func insert(_ sql: String, _ arguments: SQLArguments) throws -> Int64? {
        try value("\(sql) RETURNING id", arguments)
    }

    /// Runs an INSERT of one row and gives its number.
    package func inserted(_ sql: String, _ arguments: SQLArguments) throws -> Int64 {
        guard let id = try insert(sql, arguments) else { throw SQLRow.damaged("id") }
        return id
    }

    // MARK: Reading

    /// Goes through the rows of an answer without keeping them.
    package func each(_ sql: String, _ arguments: SQLArguments, _ body: (SQLRow) throws -> Void) throws {
        try each(sql, arguments.values, body)
    }

    /// All rows of an answer that is known to be short.
    package func rows(_ sql: String, _ arguments: SQLArguments = []) throws -> [SQLRow] {
        var rows: [SQLRow] = []
        try each(sql, arguments.values) { rows.append($0) }
        return rows
    }

    /// The first row; nil when there is none.
    package func first(_ sql: String, _ arguments: SQLArguments = []) throws -> SQLRow? {
        var first: SQLRow?
        try each(sql, arguments.values) { if first == nil { first = $0 } }
        return first
    }

    /// Whether there is a row.
    package func exists(_ sql: String, _ arguments: SQLArguments) throws -> Bool { try first(sql, arguments) != nil }

    /// The only column of a short answer.
    package func column<Value: SQLConvertible>(_ sql: String, _ arguments: SQLArguments = []) throws -> [Value] {
        try rows(sql, arguments).map { row in
            guard let value = row.values.first.flatMap({ Value($0) }) else { throw SQLRow.damaged(sql) }
            return value
        }
    }

    /// The only column of the first row; nil when there is no row, or nothing in it.
    package func value<Value: SQLConvertible>(_ sql: String, _ arguments: SQLArguments = []) throws -> Value? {
        guard let stored = try first(sql, arguments)?.values.first, stored != .null else { return nil }
        guard let value = Value(stored) else { throw SQLRow.damaged(sql) }
        return value
    }

    /// A count.
    package func integer(_ sql: String, _ arguments: SQLArguments = []) throws -> Int {
        try value(sql, arguments) ?? 0
    }
}

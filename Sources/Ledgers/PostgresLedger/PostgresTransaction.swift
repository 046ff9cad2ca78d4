import Domain
import NIOConcurrencyHelpers
import PostgresClient
import SQLLedger
import Shop

/// The shared statements on a session of PostgreSQL.
struct PostgresTransaction: SQLTransaction {
    let session: PostgresSession
    let statements: TranslatedStatements
    let hints: PoolHints

    static let dialect = SQLDialect(forUpdate: "FOR UPDATE", cardOrder: "place", skipLocked: "SKIP LOCKED")
    var dialect: SQLDialect { Self.dialect }

    func run(_ sql: String, _ arguments: [SQLValue]) throws -> Int {
        try session.run(statements[sql], arguments.map(\.postgres))
    }

    func each(_ sql: String, _ arguments: [SQLValue], _ body: (SQLRow) throws -> Void) throws {
        try each(sql: statements[sql], arguments.map(\.postgres), body)
    }

    /// The same with the placeholders and parameters of PostgreSQL, arrays among them.
    func each(sql: String, _ values: [PostgresValue], _ body: (SQLRow) throws -> Void) throws {
        var columns: [String: Int]?
        try session.rows(sql, values) { row in
            var read: [SQLValue] = []
            read.reserveCapacity(row.count)
            for column in 0..<row.count { read.append(try SQLValue(try row.value(column))) }
            let names: [String: Int]
            if let columns {
                names = columns
            } else {
                var found: [String: Int] = [:]
                for column in 0..<row.count { found[row.name(column)] = column }
                columns = found
                names = found
            }
            try body(SQLRow(columns: names, values: read))
        }
    }

    func attempting<Value>(_ body: () throws -> Value?) throws -> Value? {
        do {
            return try session.savepoint(body)
        } catch is ShopError {
            return nil
        } catch PostgresFailure.server(let error) where error.breaksConstraint {
            return nil
        }
    }

    func lock(_ product: ProductID) throws {
        try session.run("SELECT pg_advisory_xact_lock($1)", [.integer(product.number)])
    }

    func units(of buyer: Buyer, product: ProductID) throws -> BuyerUnits {
        var units = BuyerUnits.none
        try session.rows(PlaceStatements.units, [.integers([product.number]), .texts([buyer.contact])]) { row in
            units = BuyerUnits(total: Int(try row.integer(2)), held: Int(try row.integer(3)))
        }
        return units
    }

    func uses(of coupon: CouponID, by buyer: Buyer) throws -> Int {
        var uses = 0
        try session.rows(PlaceStatements.uses, [.integers([coupon.number]), .texts([buyer.contact])]) { row in
            uses = Int(try row.integer(2))
        }
        return uses
    }

    /// A buyer's orders are counted through an index of the orders themselves. What ceases to count gives cards back.
    func file(_ order: Order, counts: Bool) throws {
        if !counts { hints.forget(order.product) }
    }
}

extension SQLValue {
    fileprivate var postgres: PostgresValue {
        switch self {
        case .null: .null
        case .integer(let number): .integer(number)
        case .text(let text): .text(text)
        case .bytes(let bytes): .bytes(bytes)
        }
    }

    fileprivate init(_ value: PostgresValue) throws {
        switch value {
        case .null: self = .null
        case .integer(let number): self = .integer(number)
        case .text(let text): self = .text(text)
        case .bytes(let bytes): self = .bytes(bytes)
        case .integers, .texts, .byteStrings: throw SQLRow.damaged("an array")
        }
    }
}

/// Statements with `?` or `?1` made into such with `$1`, each once.
final class TranslatedStatements: Sendable {
    private let known = NIOLockedValueBox<[String: String]>([:])
    /// Pages are put together from conditions, so there is no end to them.
    private static let most = 1000

    subscript(_ sql: String) -> String {
        known.withLockedValue { known in
            if let translated = known[sql] { return translated }
            if known.count >= Self.most { known = [:] }
            let translated = Self.translate(sql)
            known[sql] = translated
            return translated
        }
    }

    /// What stands in quotes, or in a comment, stays as it is.
    static func translate(_ sql: String) -> String {
        var translated: [UInt8] = []
        var number = 0
        var quote: UInt8?
        let bytes = Array(sql.utf8)
        for (index, byte) in bytes.enumerated() {
            if let open = quote {
                if byte == open { quote = nil }
                translated.append(byte)
            } else if byte == UInt8(ascii: "'") || byte == UInt8(ascii: "\"") {
                quote = byte
                translated.append(byte)
            } else if byte == UInt8(ascii: "-"), index + 1 < bytes.count, bytes[index + 1] == byte {
                quote = UInt8(ascii: "\n")
                translated.append(byte)
            } else if byte == UInt8(ascii: "?") {
                translated.append(UInt8(ascii: "$"))
                let isNumbered =
                    index + 1 < bytes.count && (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(bytes[index + 1])
                if !isNumbered {
                    number += 1
                    translated.append(contentsOf: "\(number)".utf8)
                }
            } else {
                translated.append(byte)
            }
        }
        return String(decoding: translated, as: UTF8.self)
    }
}

public import Domain
import Foundation
import GRDB
public import Shop

// Which providers are to be asked about which attempts, and when.
extension SQLiteLedger {
    public func dueQueries(at moment: Timestamp, limit: Int) async throws(ShopError) -> [DueQuery] {
        try await read { database in
            let statement = try database.cachedStatement(sql: Statements.dueQueries)
            return try Row.fetchAll(statement, arguments: [moment.milliseconds, limit]).map {
                DueQuery(attempt: try Attempt(row: $0), queries: $0["queries"])
            }
        }
    }

    public func schedule(
        _ query: DueQuery, number: Int, at moment: Timestamp?
    ) async throws(ShopError) {
        _ = try await write(.urgent) { database in
            try LedgerTransaction(database: database).run(
                "UPDATE attempts SET queries = ?, next_query_at = ? WHERE id = ? AND queries = ?",
                [number, moment?.milliseconds, query.attempt.id.identifier.data, query.queries])
        }
    }
}

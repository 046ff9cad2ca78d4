public import Domain
public import Shop

// Which providers are to be asked about which attempts, and when.
extension SQLLedger {
    public func dueQueries(at moment: Timestamp, limit: Int) async throws(ShopError) -> [DueQuery] {
        try await read { transaction in
            try transaction.rows(Statements.dueQueries, [moment, limit]).map {
                DueQuery(attempt: try Attempt(row: $0), queries: try $0["queries"])
            }
        }
    }

    public func schedule(
        _ query: DueQuery, number: Int, at moment: Timestamp?
    ) async throws(ShopError) -> Bool {
        try await write(.urgent) { transaction in
            try transaction.run(
                "UPDATE attempts SET queries = ?, next_query_at = ? WHERE id = ? AND queries = ?",
                [number, moment, query.attempt.id, query.queries]) == 1
        }
    }
}

public import Domain
import Foundation
import GRDB
import SQLLedger
import Shop

// Ledgers of older releases hold what buyers filled in in the clear.
extension SQLiteLedger {
    private static let unsealedMark = "plain_fields"
    private static let sliceOrders = 200

    /// Seals what older releases wrote in the clear, slice by slice; nothing is left to do the next time. A crash in
    /// between is gone on from.
    ///
    /// - Parameter seal: seals the fields of one order
    /// - Throws: whatever `seal` throws, and the ledger's errors.
    public func sealPlainFields(
        _ seal: @escaping @Sendable (OrderID, [String: String]) throws(ShopError) -> [UInt8]
    ) async throws(ShopError) {
        let isMarked = try await read { transaction in
            try transaction.exists("SELECT name FROM meta WHERE name = ?", [Self.unsealedMark])
        }
        guard isMarked else { return }
        var last: [UInt8]? = []
        while let after = last {
            last = try await onWriter(.urgent) { database in
                // What is overwritten must not stay readable in the page.
                let before = try String.fetchOne(database, sql: "PRAGMA secure_delete") ?? "0"
                try database.execute(sql: "PRAGMA secure_delete = ON")
                let last = try Self.sealSlice(after: after, SQLiteTransaction(database), seal)
                try database.execute(sql: "PRAGMA secure_delete = \(before)")
                return last
            }
        }
    }

    /// Returns the last order of the slice; nil when there is none left.
    private static func sealSlice(
        after: [UInt8], _ transaction: SQLiteTransaction,
        _ seal: (OrderID, [String: String]) throws(ShopError) -> [UInt8]
    ) throws -> [UInt8]? {
        let rows = try transaction.rows(
            "SELECT id, fields FROM orders WHERE id > ? AND fields IS NOT NULL ORDER BY id LIMIT ?",
            [after, sliceOrders])
        for row in rows {
            let fields = try JSONDecoder().decode([String: String].self, from: Data((try row["fields"] as String).utf8))
            let sealed = try seal(try row["id"], fields)
            try transaction.run(
                "UPDATE orders SET fields = NULL, sealed_fields = ? WHERE id = ?", [sealed, try row["id"] as OrderID],
                rows: 1)
        }
        guard let last = rows.last else {
            try transaction.run("DELETE FROM meta WHERE name = ?", [unsealedMark])
            return nil
        }
        return try last["id"]
    }
}

import Domain
import Foundation
import GRDB
import SQLLedger
import Shop

/// Remembers the fingerprints of a dry run in a temporary file that SQLite removes by itself, so that a text of any
/// length takes no more memory than a short one.
final class SQLiteRehearsal: ImportRehearsal {
    private let ledger: SQLiteLedger
    private let product: ProductID
    private let seen: DatabaseQueue

    init(ledger: SQLiteLedger, product: ProductID) throws(ShopError) {
        self.ledger = ledger
        self.product = product
        do {
            // The empty name is SQLite's own for a temporary database (https://www.sqlite.org/inmemorydb.html).
            seen = try DatabaseQueue(path: "")
            try seen.write { database in
                try database.execute(sql: "CREATE TABLE seen (fingerprint BLOB PRIMARY KEY) WITHOUT ROWID")
            }
        } catch {
            throw ShopError(.internalFault, "a dry run needs a temporary file", cause: "\(error)")
        }
    }

    func duplicates(in fingerprints: [[UInt8]]) async throws(ShopError) -> [Int] {
        let product = product
        let stored = try await ledger.read { transaction in
            try fingerprints.enumerated().filter { entry in
                try transaction.exists(
                    "SELECT id FROM cards WHERE product_id = ? AND fingerprint = ?", [product, entry.element])
            }.map(\.offset)
        }
        do {
            let repeated = try await seen.write { database in
                let statement = try database.cachedStatement(sql: "INSERT OR IGNORE INTO seen VALUES (?)")
                return try fingerprints.enumerated().filter { entry in
                    try statement.execute(arguments: [Data(entry.element)])
                    return database.changesCount == 0
                }.map(\.offset)
            }
            return Set(stored).union(repeated).sorted()
        } catch {
            throw ShopError(.internalFault, "the dry run's temporary file cannot be written", cause: "\(error)")
        }
    }
}

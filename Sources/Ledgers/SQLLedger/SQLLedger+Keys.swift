public import Domain
import Foundation
import GRDB
public import Shop

// The wrapped data keys, and the fingerprint of the master key that wraps them.
extension SQLiteLedger {
    public func wrappedKeys() async throws(ShopError) -> [WrappedKey] {
        try await read { database in try Self.wrappedKeys(database) }
    }

    static func wrappedKeys(_ database: Database) throws -> [WrappedKey] {
        try Row.fetchAll(database, sql: "SELECT id, purpose, wrapped FROM data_keys ORDER BY id").map {
            WrappedKey(id: $0["id"], purpose: $0["purpose"], wrapped: Array($0["wrapped"] as Data))
        }
    }

    public func masterKeyFingerprint() async throws(ShopError) -> String? {
        try await read { database in try Self.masterKeyFingerprint(database) }
    }

    static func masterKeyFingerprint(_ database: Database) throws -> String? {
        try String.fetchOne(database, sql: "SELECT value FROM meta WHERE name = 'master_key_fingerprint'")
    }

    public func store(_ keys: [WrappedKey], fingerprint: String) async throws(ShopError) {
        try await write(.urgent) { database in
            let transaction = LedgerTransaction(database: database)
            for key in keys { try Self.insert(key, transaction) }
            try Self.note(fingerprint, transaction)
        }
    }

    public func replaceKeys(_ keys: [WrappedKey], fingerprint: String) async throws(ShopError) {
        try await write(.urgent) { database in
            let transaction = LedgerTransaction(database: database)
            for key in keys {
                let replaced = try transaction.run(
                    "UPDATE data_keys SET wrapped = ? WHERE id = ? AND purpose = ?",
                    [Data(key.wrapped), key.id, key.purpose])
                if replaced == 0 { try Self.insert(key, transaction) }
            }
            // A key that was left out would be lost with the master key that wraps it.
            guard try Int.fetchOne(database, sql: "SELECT count(*) FROM data_keys") == keys.count else {
                throw ShopError(.internalFault, "the ledger has a data key that its replacement does not know")
            }
            try Self.note(fingerprint, transaction)
            Failpoint.hit(.rotateBeforeCommit)
        }
    }

    private static func insert(_ key: WrappedKey, _ transaction: LedgerTransaction) throws {
        try transaction.run(
            "INSERT INTO data_keys (id, purpose, wrapped) VALUES (?, ?, ?)", [key.id, key.purpose, Data(key.wrapped)],
            rows: 1)
    }

    private static func note(_ fingerprint: String, _ transaction: LedgerTransaction) throws {
        try transaction.run(
            """
            INSERT INTO meta (name, value) VALUES ('master_key_fingerprint', ?)
            ON CONFLICT (name) DO UPDATE SET value = excluded.value
            """, [fingerprint], rows: 1)
    }
}

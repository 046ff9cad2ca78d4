public import Domain
public import Shop

// The wrapped data keys, and the fingerprint of the master key that wraps them.
extension SQLLedger {
    public func wrappedKeys() async throws(ShopError) -> [WrappedKey] {
        try await read { try $0.wrappedKeys() }
    }

    public func masterKeyFingerprint() async throws(ShopError) -> String? {
        try await read { try $0.masterKeyFingerprint() }
    }

    public func store(_ keys: [WrappedKey], fingerprint: String) async throws(ShopError) {
        try await write(.urgent) { transaction in
            // Of two that find none at once, the second one breaks a rule of uniqueness, and sees the first one's then.
            guard try transaction.integer("SELECT count(*) FROM data_keys") == 0 else { return }
            for key in keys { try transaction.insert(key) }
            try transaction.note(fingerprint: fingerprint)
        }
    }

    public func replaceKeys(_ keys: [WrappedKey], fingerprint: String) async throws(ShopError) {
        try await write(.urgent) { transaction in
            for key in keys {
                let replaced = try transaction.run(
                    "UPDATE data_keys SET wrapped = ? WHERE id = ? AND purpose = ?",
                    [key.wrapped, key.id, key.purpose])
                if replaced == 0 { try transaction.insert(key) }
            }
            // A key that was left out would be lost with the master key that wraps it.
            guard try transaction.integer("SELECT count(*) FROM data_keys") == keys.count else {
                throw ShopError(.internalFault, "the ledger has a data key that its replacement does not know")
            }
            try transaction.note(fingerprint: fingerprint)
            Failpoint.hit(.rotateBeforeCommit)
        }
    }
}

extension SQLTransaction {
    package func wrappedKeys() throws -> [WrappedKey] {
        try rows("SELECT id, purpose, wrapped FROM data_keys ORDER BY id").map {
            WrappedKey(id: try $0["id"], purpose: try $0["purpose"], wrapped: try $0["wrapped"])
        }
    }

    package func masterKeyFingerprint() throws -> String? {
        try value("SELECT value FROM meta WHERE name = 'master_key_fingerprint'")
    }

    fileprivate func insert(_ key: WrappedKey) throws {
        try run(
            "INSERT INTO data_keys (id, purpose, wrapped) VALUES (?, ?, ?)", [key.id, key.purpose, key.wrapped],
            rows: 1)
    }

    fileprivate func note(fingerprint: String) throws {
        try run(
            """
            INSERT INTO meta (name, value) VALUES ('master_key_fingerprint', ?)
            ON CONFLICT (name) DO UPDATE SET value = excluded.value
            """, [fingerprint], rows: 1)
    }
}

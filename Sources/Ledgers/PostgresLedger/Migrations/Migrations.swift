import Domain
import PostgresClient
import Shop

/// Brings a database's schema up to date: each migration once, in its own transaction, one process at a time.
enum Migrations {
    static let all: [(name: String, sql: String)] = [
        (Migration0001.name, Migration0001.sql),
        (Migration0002.name, Migration0002.sql),
        (Migration0003.name, Migration0003.sql),
        (Migration0004.name, Migration0004.sql),
        (Migration0005.name, Migration0005.sql),
        (Migration0006.name, Migration0006.sql),
        (Migration0007.name, Migration0007.sql),
    ]

    /// - Parameter migrates: whether what is missing is made up for; otherwise it is refused
    /// - Throws: *internal* when the schema is of a newer release, or of an older one that is not to be changed.
    static func run(_ client: PostgresClient, migrates: Bool) async throws(ShopError) {
        do {
            // Several processes may start at once: each waits for the other before it looks what is to be done.
            while try await client.transaction(.readWrite, .patient, { try next($0, migrates: migrates) }) {}
        } catch {
            throw error.shopError("the ledger cannot be opened")
        }
    }

    /// Gives a new database its shard's numbers, and refuses one that is another shard.
    static func claim(_ client: PostgresClient, for shard: UInt16) async throws(ShopError) {
        do {
            try await client.transaction(.readWrite, .patient) { session in
                try session.run(
                    "INSERT INTO meta (name, value) VALUES ('shard', $1) ON CONFLICT DO NOTHING", [.text("\(shard)")])
                var known = ""
                try session.rows("SELECT value FROM meta WHERE name = 'shard'") { known = try $0.text(0) }
                guard known == "\(shard)" else {
                    throw ShopError(
                        .internalFault, "the database is shard \(known) of a shop, and was named as shard \(shard)")
                }
                // The first shard's numbers begin where every sequence does.
                guard shard > 0 else { return }
                try session.rows(
                    """
                    SELECT setval(format('%I.%I', schemaname, sequencename)::regclass, $1) FROM pg_sequences
                    WHERE schemaname = current_schema() AND coalesce(last_value, 0) < $1
                    """, [.integer(ShardNumber.start(of: shard))]
                ) { _ in }
            }
        } catch {
            throw error.shopError("the ledger cannot be opened")
        }
    }

    /// Notes how many shards the shop has, which may grow and never shrink: the orders of a shard would be lost.
    static func claim(_ session: PostgresSession, shards count: Int) throws {
        try session.run(
            """
            INSERT INTO meta (name, value) VALUES ('shards', $1)
            ON CONFLICT (name) DO UPDATE SET value = excluded.value
            WHERE CAST(meta.value AS bigint) < CAST(excluded.value AS bigint)
            """, [.text("\(count)")])
        var known = ""
        try session.rows("SELECT value FROM meta WHERE name = 'shards'") { known = try $0.text(0) }
        guard known == "\(count)" else {
            throw ShopError(
                .internalFault, "the shop has \(known) shards, and \(count) were named; a shard is never taken away")
        }
    }

    /// Runs the first migration that is missing; false when none is.
    private static func next(_ session: PostgresSession, migrates: Bool) throws -> Bool {
        try session.run("SELECT pg_advisory_xact_lock($1)", [.integer(AdvisoryLock.migrations)])
        if migrates {
            try session.script(
                """
                CREATE TABLE IF NOT EXISTS migrations (
                    name text COLLATE "C" PRIMARY KEY,
                    applied_at timestamptz NOT NULL DEFAULT now()
                )
                """)
        }
        var applied: Set<String> = []
        let exists = "SELECT 1 FROM pg_tables WHERE schemaname = current_schema() AND tablename = 'migrations'"
        if try session.rows(exists, [], { _ in }) > 0 {
            try session.rows("SELECT name FROM migrations") { applied.insert(try $0.text(0)) }
        }
        guard applied.isSubset(of: all.map(\.name)) else {
            throw ShopError(.internalFault, "the ledger was written by a newer release")
        }
        guard let missing = all.first(where: { !applied.contains($0.name) }) else { return false }
        guard migrates else {
            throw ShopError(
                .internalFault,
                "the ledger was written by an older release, or by none; start the shop once with this one, which "
                    + "brings it up to date")
        }
        try session.script(missing.sql)
        try session.run("INSERT INTO migrations (name) VALUES ($1)", [.text(missing.name)])
        return true
    }
}

/// Numbers of the locks that transactions take by name. A product's is its own number.
enum AdvisoryLock {
    static let migrations: Int64 = -1
    /// Shared by those that place, taken alone by those that make a fence.
    static let fences: Int64 = -2
}

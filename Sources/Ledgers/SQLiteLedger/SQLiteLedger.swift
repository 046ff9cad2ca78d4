import CSQLiteSettings
public import CoreMetrics
public import Domain
import Foundation
import GRDB
import SQLLedger
public import Shop

/// The ledger of one machine: one SQLite file in WAL mode, every commit synced, one writing thread, several readers.
public final class SQLiteLedger: Sendable {
    let pool: DatabasePool
    let writer: Writer
    let checkpointer: Checkpointer
    let filing: Filing
    /// The bounds of the shop.
    public let limits: Limits

    /// Name of the database file inside the data folder.
    public static let fileName = "ledger.sqlite"

    /// Opens or makes the ledger and brings its schema up to date.
    ///
    /// - Parameters:
    ///   - path: the database file
    ///   - metrics: receives `sluice_ledger_flush_seconds`
    ///   - maximumPages: bound of the file in pages of 4 KiB, to rehearse a full disk; nil means none
    ///   - migrates: whether an older ledger is brought up to date; otherwise it is refused
    ///   - onHealthChange: told, with the cause, when writes stop and when they are taken again
    /// - Throws: *internal* when the file cannot be opened or belongs to a newer release.
    public init(
        path: String, limits: Limits, metrics: any MetricsFactory, maximumPages: Int? = nil, migrates: Bool = true,
        onHealthChange: @escaping @Sendable (LedgerHealth, _ cause: String?) -> Void = { _, _ in }
    ) throws(ShopError) {
        self.limits = limits
        Self.setUpOnce
        let recent: (count: Int, newest: Identifier?)
        do {
            pool = try DatabasePool(path: path, configuration: Self.configuration(maximumPages: maximumPages))
            // GRDB sets NORMAL on the writing connection when it switches to WAL, after the preparation below. FULL
            // syncs the log at every commit: an acknowledged order survives a power cut.
            try pool.writeWithoutTransaction { try $0.execute(sql: "PRAGMA synchronous = FULL") }
            let migrator = Migrations.migrator()
            guard try pool.read(migrator.hasBeenSuperseded) == false else {
                throw ShopError(.internalFault, "the data folder was written by a newer release")
            }
            guard try migrates || pool.read(migrator.hasCompletedMigrations) else {
                throw ShopError(
                    .internalFault,
                    "the ledger was written by an older release; use that release, or start the shop once with this "
                        + "one, which brings it up to date")
            }
            if migrates { try Self.migrate(pool, with: migrator) }
            recent = try pool.writeWithoutTransaction { database in
                try RecentOrders.open(database)
                let orders = RecentOrders(database: database)
                return (count: try orders.count(), newest: try orders.newest())
            }
            writer = Writer(pool: pool, limits: limits, metrics: metrics, onHealthChange: onHealthChange)
            filing = Filing(writer: writer, limits: limits)
            checkpointer = try Checkpointer(path: path, limits: limits) { [writer] isHeld in
                writer.holdPatient(isHeld)
            } onTooLong: { [writer] in
                writer.refusePatient()
            }
            pool.writeWithoutTransaction { [checkpointer] in checkpointer.listen(to: $0) }
        } catch let error as ShopError {
            throw error
        } catch {
            throw ShopError(.internalFault, "the ledger cannot be opened: \(error)", cause: "\(error)")
        }
        checkpointer.start()
        writer.start()
        // What the last run did not get to.
        filing.placed(recent.count, newest: recent.newest)
    }

    /// A migration may sort all orders, which need not fit into the memory.
    private static func migrate(_ pool: DatabasePool, with migrator: DatabaseMigrator) throws {
        try pool.writeWithoutTransaction { try $0.execute(sql: "PRAGMA temp_store = FILE") }
        try migrator.migrate(pool)
        try pool.writeWithoutTransaction { try $0.execute(sql: "PRAGMA temp_store = MEMORY") }
    }

    /// Settings of the whole process. A refusal costs speed only: SQLite was used before.
    private static let setUpOnce: Void = { _ = sluice_sqlite_without_memory_statistics() }()

    private static func configuration(maximumPages: Int?) -> Configuration {
        var configuration = Configuration()
        configuration.maximumReaderCount = 4
        configuration.busyMode = .timeout(5)
        configuration.label = "sluice.ledger"
        configuration.prepareDatabase { database in
            // A savepoint's journal must not need a file: the system may be out of descriptors. The sorts of a long
            // reader must not need the memory.
            if !database.configuration.readonly { try database.execute(sql: "PRAGMA temp_store = MEMORY") }
            try database.execute(sql: "PRAGMA journal_size_limit = 67108864")
            // In KiB. Readers are several, and a small server has little memory.
            let cache = database.configuration.readonly ? 8192 : 32_768
            try database.execute(sql: "PRAGMA cache_size = -\(cache)")
            if let maximumPages { try database.execute(sql: "PRAGMA max_page_count = \(maximumPages)") }
        }
        return configuration
    }

    /// Low-priority writes no longer wait for long readers. To be called before the last of them are handed in.
    public func stopHolding() { writer.stopHolding() }

    /// Writes what waits, then closes the file. Nothing may be asked of the ledger afterwards.
    public func close() {
        writer.close()
        checkpointer.close()
        // Leaves everything in the one file. Where it fails, the next start reads the log instead.
        _ = try? pool.writeWithoutTransaction { try $0.checkpoint(.truncate) }
        try? pool.close()
    }

    // MARK: The two ways in

    /// Writes on the writer's thread; returns when it is on disk.
    func onWriter<Value: Sendable>(
        _ lane: SQLLane, _ body: @escaping @Sendable (Database) throws -> Value
    ) async throws(ShopError) -> Value {
        let result: Result<Value, ShopError> = await withCheckedContinuation { continuation in
            let job = WriteJob(
                run: { database in
                    let value = try body(database)
                    return { continuation.resume(returning: .success(value)) }
                },
                fail: { continuation.resume(returning: .failure($0)) })
            writer.add(job, to: lane)
        }
        return try result.get()
    }

    /// Reads one snapshot on a thread of the pool.
    func onReader<Value: Sendable>(
        _ body: @escaping @Sendable (Database) throws -> Value
    ) async throws(ShopError) -> Value {
        do {
            return try await pool.read(body)
        } catch let error as ShopError {
            throw error
        } catch {
            throw ShopError(.internalFault, "the ledger cannot be read", cause: "\(error)")
        }
    }
}

extension SQLiteLedger {
    public var health: LedgerHealth { writer.health }

    public func probe() async {
        await withCheckedContinuation { continuation in
            let job = WriteJob(
                run: { database in
                    try database.execute(sql: "INSERT OR REPLACE INTO probe VALUES (1, unixepoch())")
                    return { continuation.resume() }
                },
                fail: { _ in continuation.resume() })
            writer.probe(job)
        }
    }
}

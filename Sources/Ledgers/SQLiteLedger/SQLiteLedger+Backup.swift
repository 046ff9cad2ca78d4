public import Domain
import Foundation
import GRDB
import SQLLedger
public import Shop

/// What a ledger's file holds.
public struct LedgerSummary: Hashable, Sendable {
    /// Products on offer or not.
    public let products: Int
    /// Cards in any state.
    public let cards: Int
    /// Orders in any state.
    public let orders: Int
    /// When the last change of an order was written down; nil when there was none.
    public let newestEntry: Timestamp?
    /// Name of the last migration.
    public let schema: String
    /// The wrapped data keys.
    public let keys: SealingKeys
}

/// The wrapped data keys of a ledger, and the fingerprint of the master key that wraps them.
public struct SealingKeys: Hashable, Sendable {
    /// The keys.
    public let wrapped: [WrappedKey]
    /// The fingerprint; nil in a ledger that has not noted it yet.
    public let fingerprint: String?
}

// Ledgers as files: copied and examined without being opened for business.
extension SQLiteLedger {
    /// Copies a ledger into another file as it stands at one moment, while a shop may be writing to it.
    ///
    /// The source is opened for reading only, so that nothing is written, migrated or moved out of its log, whether a
    /// shop runs or has left a log behind: a connection that cannot write does not checkpoint when it closes.
    ///
    /// - Parameter destination: an empty file; afterwards a ledger in one file, without a log
    /// - Throws: *internal* that says why the copy is worthless.
    public static func backUp(_ path: String, to destination: String) throws(ShopError) -> LedgerSummary {
        waitForLog(path)
        return try explaining("the backup failed") {
            let source = try DatabaseQueue(path: path, configuration: readingConfiguration())
            try source.read { database in try refuseStranger(database, named: path) }
            let copy = try DatabaseQueue(path: destination, configuration: copyConfiguration())
            // All pages in one step, which is one read transaction. In smaller steps, every write between two of them
            // would start the copy anew.
            try source.backup(to: copy, pagesPerStep: -1)
            try source.close()
            let summary = try settle(copy, named: destination)
            try copy.close()
            return summary
        }
    }

    /// Checks that a file is a whole ledger that this release can read, and takes it out of the mode with a log.
    ///
    /// - Parameter name: what the file is called in errors
    /// - Throws: *internal* that says what is wrong with it.
    public static func examine(_ path: String, named name: String) throws(ShopError) -> LedgerSummary {
        try explaining("\(name) is not a ledger, or it is damaged") {
            let copy = try DatabaseQueue(path: path, configuration: copyConfiguration())
            let summary = try settle(copy, named: name)
            try copy.close()
            return summary
        }
    }

    /// The keys of a ledger, read without changing it.
    public static func sealingKeys(_ path: String) throws(ShopError) -> SealingKeys {
        try explaining("the ledger \(path) cannot be read") {
            let source = try DatabaseQueue(path: path, configuration: readingConfiguration())
            let keys = try source.read(sealingKeys)
            try source.close()
            return keys
        }
    }

    /// Moves all of a ledger's log into its file, so that the file alone is the ledger.
    ///
    /// - Throws: *internal* when the file is no database, or somebody still reads it.
    public static func writeBackLog(_ path: String) throws(ShopError) {
        try explaining("the log of \(path) cannot be written back") {
            let ledger = try DatabaseQueue(path: path, configuration: copyConfiguration())
            try ledger.writeWithoutTransaction { database in _ = try database.checkpoint(.truncate) }
            try ledger.close()
        }
    }

    // MARK: Parts

    /// A long reader keeps the log from being started anew, so it does not begin while a busy shop's is too long.
    private static func waitForLog(_ path: String) {
        let limits = Limits()
        let end = ContinuousClock.now + .seconds(limits.patientReadSeconds)
        while ContinuousClock.now < end,
            let size = (try? FileManager.default.attributesOfItem(atPath: path + "-wal"))?[.size] as? NSNumber,
            size.intValue > limits.patientLogBytes
        { Thread.sleep(forTimeInterval: 0.05) }
    }

    private static func readingConfiguration() -> Configuration {
        var configuration = copyConfiguration()
        configuration.readonly = true
        return configuration
    }

    static func copyConfiguration() -> Configuration {
        var configuration = Configuration()
        configuration.busyMode = .timeout(5)
        configuration.label = "sluice.copy"
        configuration.prepareDatabase { database in try database.execute(sql: "PRAGMA synchronous = FULL") }
        return configuration
    }

    /// Checks a copy and makes it one file.
    private static func settle(_ copy: DatabaseQueue, named name: String) throws -> LedgerSummary {
        try copy.read { database in
            let complaints = try String.fetchAll(database, sql: "PRAGMA quick_check(1)")
            guard complaints == ["ok"] else {
                let complaint = (complaints.first ?? "it cannot be checked").replacing("\n", with: " ")
                throw ShopError(.internalFault, "\(name) is damaged: \(complaint)")
            }
            try refuseStranger(database, named: name)
        }
        try copy.writeWithoutTransaction { database in
            guard try String.fetchOne(database, sql: "PRAGMA journal_mode = DELETE") == "delete" else {
                throw ShopError(.internalFault, "\(name) cannot be made one file")
            }
        }
        return try copy.read(summary)
    }

    private static func refuseStranger(_ database: Database, named name: String) throws {
        let migrator = Migrations.migrator()
        guard try !migrator.hasBeenSuperseded(database) else {
            throw ShopError(.internalFault, "\(name) was written by a newer release than this one")
        }
        guard try !migrator.completedMigrations(database).isEmpty else {
            throw ShopError(.internalFault, "\(name) is not the ledger of a shop")
        }
    }

    private static func summary(_ database: Database) throws -> LedgerSummary {
        func count(_ table: String) throws -> Int {
            try Int.fetchOne(database, sql: "SELECT count(*) FROM \(table)") ?? 0
        }
        let newest = try Int64.fetchOne(database, sql: "SELECT max(at) FROM journal")
        return LedgerSummary(
            products: try count("products"), cards: try count("cards"), orders: try count("orders"),
            newestEntry: newest.map { Timestamp(milliseconds: $0) },
            schema: try Migrations.migrator().completedMigrations(database).last ?? "",
            keys: try sealingKeys(database))
    }

    private static func sealingKeys(_ database: Database) throws -> SealingKeys {
        // The first release had no such table.
        let fingerprint = try database.tableExists("meta") ? SQLiteTransaction(database).masterKeyFingerprint() : nil
        return SealingKeys(wrapped: try SQLiteTransaction(database).wrappedKeys(), fingerprint: fingerprint)
    }

    /// Gives SQLite's errors a sentence. They name statements and codes, never values.
    static func explaining<Value>(_ what: String, _ body: () throws -> Value) throws(ShopError) -> Value {
        do {
            return try body()
        } catch let error as ShopError {
            throw error
        } catch {
            throw ShopError(.internalFault, "\(what): \(error)", cause: "\(error)")
        }
    }
}

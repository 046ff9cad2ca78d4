import Crypto
public import Domain
import Foundation
import NIOCore
import SQLiteLedger
public import Shop
import WebSupport

/// Makes a backup the ledger of a shop that is not running.
///
/// The backup is copied beside the ledger, and everything that can be wrong with it is found out there: it is checked,
/// opened with the master key, brought up to date and audited. Only then does it take the ledger's name, in one step.
public enum LedgerRestore {
    /// What a restore came to.
    public struct Outcome: Sendable {
        /// One line of JSON.
        public let json: String
        /// Whether every invariant holds in the restored ledger.
        public let isClean: Bool
        /// Where the ledger is that gave way; nil when there was none.
        let replaced: String?
    }

    /// - Parameters:
    ///   - replaces: whether a ledger that is there already gives way; it is kept under another name
    ///   - note: who does it, for the journal of the restored ledger
    /// - Throws: *internal* or *already_exists* that says why; then the ledger is as it was.
    public static func run(
        data: String, from file: String, replaces: Bool, secrets: OwnerSecrets,
        by note: OwnerNote = OwnerNote(actor: "command", reason: nil)
    ) async throws(ShopError) -> Outcome {
        let file = URL(fileURLWithPath: file).path
        try refuseUnlikely(file)
        let folder = try DataFolder(path: data)
        defer { folder.unlock() }
        guard replaces || !DataFolder.hasLedger(data) else {
            throw ShopError(
                .alreadyExists,
                "there is a ledger in \(data) already; with --replace it is kept under another name and gives way")
        }
        let copy = folder.ledgerPath + ".restoring"
        try DurableFile.removeDatabase(copy)
        do throws(ShopError) {
            try DurableFile.copy(file, to: copy)
            let summary = try SQLiteLedger.examine(copy, named: file)
            let master = try masterKey(folder, secrets, opening: summary.keys)
            let name = URL(fileURLWithPath: file).lastPathComponent
            let deed = Deed(copy: copy, name: name, note: note, hasLedger: DataFolder.hasLedger(data))
            let (report, withheld) = try await prepare(deed, folder, with: master)
            let kept = try exchange(copy, folder)
            return Outcome(
                json: json(file, folder, kept: kept, summary, report, withheld), isClean: report.ok, replaced: kept)
        } catch {
            try? DurableFile.removeDatabase(copy)
            throw error
        }
    }

    /// The first bytes of every database (https://www.sqlite.org/fileformat2.html).
    static let mark = Array("SQLite format 3\0".utf8)

    /// What can be seen from outside, before anything is copied.
    private static func refuseUnlikely(_ file: String) throws(ShopError) {
        guard let handle = try? FileHandle(forReadingFrom: URL(fileURLWithPath: file)) else {
            throw ShopError(.internalFault, "\(file) cannot be read")
        }
        guard (try? handle.read(upToCount: mark.count)) == Data(mark) else {
            throw ShopError(.internalFault, "\(file) is not the ledger of a shop")
        }
        guard (DurableFile.size(file + "-wal") ?? 0) == 0 else {
            throw ShopError(
                .internalFault,
                "\(file) has its newest entries in \(file)-wal, so it is no backup; put both into a folder as "
                    + "\(SQLiteLedger.fileName) and \(SQLiteLedger.fileName)-wal, and back that up first")
        }
    }

    private static func masterKey(
        _ folder: DataFolder, _ secrets: OwnerSecrets, opening keys: SealingKeys
    ) throws(ShopError) -> SymmetricKey {
        // A rotation that was cut off is settled by the ledger it belongs to, if that can still be read.
        try? folder.endRotation()
        let candidates = try folder.candidates(given: secrets.masterKey)
        let needed = keys.fingerprint ?? "not noted in it"
        guard let first = candidates.first else {
            throw ShopError(
                .internalFault,
                "the master key is missing: neither SLUICE_MASTER_KEY nor \(folder.masterKeyPath) is there; the backup "
                    + "was sealed with the key whose fingerprint is \(needed)")
        }
        guard let fitting = candidates.first(where: { keys.open(with: $0) }) else {
            throw KeyRing.misfit(stored: needed, given: KeyRing.masterFingerprint(first))
        }
        return fitting
    }

    /// What is restored, and by whom.
    private struct Deed {
        let copy: String
        let name: String
        let note: OwnerNote
        /// Whether a ledger is there that gives way.
        let hasLedger: Bool
    }

    /// Brings the copy up to date, keeps from being sold what was sold since, notes its master key and audits it.
    private static func prepare(
        _ deed: Deed, _ folder: DataFolder, with master: SymmetricKey
    ) async throws(ShopError) -> (AuditReport, SQLiteLedger.Withheld?) {
        try await update(deed.copy, with: master)
        var withheld: SQLiteLedger.Withheld?
        if deed.hasLedger {
            try writeBackLog(folder.ledgerPath)
            withheld = try SQLiteLedger.withhold(in: deed.copy, soldIn: folder.ledgerPath)
        }
        let report = try await settle(deed, withheld)
        guard (DurableFile.size(deed.copy + "-wal") ?? 0) == 0 else {
            throw ShopError(.internalFault, "the log of \(deed.copy) could not be written back")
        }
        for name in DurableFile.companions { try DurableFile.remove(deed.copy + name) }
        try DurableFile.flush(deed.copy)
        return (report, withheld)
    }

    private static func open(_ copy: String) throws(ShopError) -> SQLiteLedger {
        try SQLiteLedger(path: copy, limits: Limits(), metrics: PrometheusRegistry())
    }

    private static func update(_ copy: String, with master: SymmetricKey) async throws(ShopError) {
        let ledger = try open(copy)
        defer { ledger.close() }
        _ = try await OpenKeyRing(catalog: ledger)(master: master)
    }

    private static func settle(
        _ deed: Deed, _ withheld: SQLiteLedger.Withheld?
    ) async throws(ShopError) -> AuditReport {
        let ledger = try open(deed.copy)
        defer { ledger.close() }
        let now = SystemClock().now()
        // Who was logged in then may have been shown the door since.
        let (staff, cards, orders): (any StaffStore, any CardStore, any Ledger) = (ledger, ledger, ledger)
        for visit in try await staff.sessions(of: nil, at: now) {
            _ = try await staff.endSession(visit.session.id, of: nil)
        }
        let since = OwnerNote(actor: deed.note.actor, reason: "delivered after the backup")
        for order in withheld?.delivered ?? [] { _ = try await orders.confirm(order, by: since, at: now) }
        let kept = withheld.map { "; \($0.cards) cards were sold or voided since, and stay out of the pool" } ?? ""
        try await cards.log("restored", subject: deed.name + kept, by: deed.note, at: now)
        return try await ledger.audit()
    }

    // MARK: Taking the place

    /// Gives the ledger that gave way its name again.
    ///
    /// - Throws: *internal*.
    static func takeBack(_ replaced: String, in data: String) throws(ShopError) {
        let folder = try DataFolder.ofShop(data)
        defer { folder.unlock() }
        for name in DurableFile.companions { try DurableFile.remove(folder.ledgerPath + name) }
        try DurableFile.move(replaced, to: folder.ledgerPath)
    }

    /// Gives the copy the ledger's name. Returns the name that the old ledger has now.
    private static func exchange(_ copy: String, _ folder: DataFolder) throws(ShopError) -> String? {
        let ledger = folder.ledgerPath
        let kept = ".before-restore-\(FileStamp.text(SystemClock().now()))"
        let hasLedger = DataFolder.hasLedger(folder.url.path)
        try clearLog(of: ledger, hasLedger: hasLedger, kept: kept)
        // A second name first: at no moment is there no ledger, which the next start would take for a new shop.
        if hasLedger { try DurableFile.link(ledger, as: ledger + kept) }
        try DurableFile.flush(folder.url.path)
        try DurableFile.move(copy, to: ledger)
        return hasLedger ? ledger + kept : nil
    }

    private static func writeBackLog(_ ledger: String) throws(ShopError) {
        do throws(ShopError) {
            try SQLiteLedger.writeBackLog(ledger)
        } catch {
            throw ShopError(
                .internalFault,
                "\(error.detail); if it is damaged, move it and its -wal away and restore without --replace",
                cause: error.cause)
        }
    }

    /// What is left of another ledger's log must not be read as the new one's.
    private static func clearLog(of ledger: String, hasLedger: Bool, kept: String) throws(ShopError) {
        if let bytes = DurableFile.size(ledger + "-wal"), bytes > 0 {
            guard !hasLedger else {
                throw ShopError(.internalFault, "the log of \(ledger) is in use; is a backup running?")
            }
            try DurableFile.move(ledger + "-wal", to: ledger + "-wal" + kept)
        }
        for name in DurableFile.companions { try DurableFile.remove(ledger + name) }
    }

    private static func json(
        _ file: String, _ folder: DataFolder, kept: String?, _ summary: LedgerSummary, _ report: AuditReport,
        _ withheld: SQLiteLedger.Withheld?
    ) -> String {
        let since = summary.newestEntry.map { "after \(RFC3339.text($0))" } ?? "since the backup"
        let json = JSONWriter.object { json in
            json.string("file", file)
            json.string("ledger", folder.ledgerPath)
            json.string("replaced_ledger", kept)
            summary.write(to: &json)
            json.bool("audit_ok", report.ok)
            json.integer("withheld_cards", withheld?.cards)
            json.integer("delivered_orders", withheld?.delivered.count)
            json.string(
                "warning",
                withheld == nil
                    ? "Cards that were sold \(since) are in the pool again, and would be sold a second time; orders "
                        + "and payments of that time are not in this ledger. Before you let buyers in, compare your "
                        + "provider's list of payments with the orders, and take those cards out of the pool."
                    : "Orders and payments \(since) are not in this ledger; cards that were sold since stay out of the "
                        + "pool. Compare your provider's list of payments with the orders.")
        }
        return String(buffer: json)
    }
}

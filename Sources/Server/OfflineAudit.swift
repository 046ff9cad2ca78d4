public import Domain
import SQLiteLedger
public import Shop

/// The audit of a shop that is not running.
public enum OfflineAudit {
    /// Checks the ledger in a data folder. An older ledger is not brought up to date for it.
    ///
    /// - Throws: *internal* when the folder holds no ledger, is in use or was written by another release.
    public static func run(data: String) async throws(ShopError) -> AuditReport {
        let folder = try DataFolder.ofShop(data)
        defer { folder.unlock() }
        let ledger = try SQLiteLedger(
            path: folder.ledgerPath, limits: Limits(), metrics: PrometheusRegistry(), migrates: false)
        defer { ledger.close() }
        return try await ledger.audit()
    }
}

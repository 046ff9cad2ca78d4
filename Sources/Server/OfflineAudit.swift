public import Domain
import SQLiteLedger
public import Shop

/// The audit of a shop that is not running.
public enum OfflineAudit {
    /// Checks the ledger in a data folder.
    ///
    /// - Throws: *internal* when the folder holds no ledger or is in use.
    public static func run(data: String) async throws(ShopError) -> AuditReport {
        guard DataFolder.hasLedger(data) else { throw ShopError(.internalFault, "there is no ledger in \(data)") }
        let folder = try DataFolder(path: data)
        let ledger = try SQLiteLedger(path: folder.ledgerPath, limits: Limits(), metrics: PrometheusRegistry())
        defer { ledger.close() }
        return try await ledger.audit()
    }
}

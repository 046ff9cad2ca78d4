public import Domain
import PostgresLedger
import SQLiteLedger
import Shards
public import Shop

/// The audit of a shop that is not running, or of a cluster whose engines are there.
public enum OfflineAudit {
    /// Checks the ledger in a data folder, or, when the cluster's variables are set, the databases of all shards. A
    /// ledger of an older release is not brought up to date for it.
    ///
    /// - Parameter data: the folder; not needed in a cluster
    /// - Throws: *invalid_request* that names what is missing or malformed; *internal* when there is no ledger, it is
    ///   in use or was written by another release; *busy* when a database cannot be reached.
    public static func run(data: String?) async throws(ShopError) -> AuditReport {
        if let cluster = try ClusterSettings.fromEnvironment() { return try await run(cluster) }
        guard let data else { throw .invalid("--data", "is missing") }
        let folder = try DataFolder.ofShop(data)
        defer { folder.unlock() }
        let ledger = try SQLiteLedger(
            path: folder.ledgerPath, limits: Limits(), metrics: PrometheusRegistry(), migrates: false)
        defer { ledger.close() }
        return try await ledger.audit()
    }

    private static func run(_ cluster: ClusterSettings) async throws(ShopError) -> AuditReport {
        var shards: [PostgresLedger] = []
        defer { for shard in shards { shard.close() } }
        for (number, database) in cluster.shards.enumerated() {
            shards.append(
                try await PostgresLedger.open(
                    database, shard: UInt16(number), readers: 1, limits: Limits(), metrics: PrometheusRegistry(),
                    migrates: false))
        }
        if let known = try await shards[0].knownShards(), known != shards.count {
            throw .invalid(
                "SLUICE_POSTGRES_SHARDS",
                "names \(shards.count) shards, and the shop has \(known): all are audited together")
        }
        return try await ShardedLedger(shards).audit()
    }
}

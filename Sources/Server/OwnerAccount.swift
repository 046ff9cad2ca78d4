public import Domain
import NIOCore
import PostgresLedger
import SQLiteLedger
import Shards
import Shop
import WebSupport

/// Makes an owner's account in a shop that is not running, or in a cluster.
public enum OwnerAccount {
    /// Returns one line of JSON with a one-time password for that login name. There is an owner of that name
    /// afterwards, whoever it was before.
    ///
    /// - Parameter data: the folder; not needed when the variables of a cluster are set
    /// - Throws: *invalid_request* that names what is missing or malformed; *internal* when there is no ledger or it is
    ///   in use; *busy* when a database cannot be reached.
    public static func run(data: String?, name: String) async throws(ShopError) -> String {
        if let cluster = try ClusterSettings.fromEnvironment() {
            let ledger = try await PostgresLedger.open(
                cluster.shards[0], shard: 0, readers: 1, limits: Limits(), metrics: PrometheusRegistry(),
                migrates: false)
            defer { ledger.close() }
            return try await letIn(name, ledger)
        }
        guard let data else { throw .invalid("--data", "is missing") }
        let folder = try DataFolder.ofShop(data, whenInUse: "stop it first; it starts again in under a second")
        defer { folder.unlock() }
        let ledger = try SQLiteLedger(
            path: folder.ledgerPath, limits: Limits(), metrics: PrometheusRegistry(), migrates: false)
        defer { ledger.close() }
        return try await letIn(name, ledger)
    }

    private static func letIn(_ name: String, _ store: any StaffStore) async throws(ShopError) -> String {
        let letOwnerIn = LetOwnerIn(
            store: store, passwords: PasswordHasher(limits: Limits()), clock: SystemClock())
        let (member, password) = try await letOwnerIn(name)
        let json = JSONWriter.object { json in
            json.string("name", member.name.text)
            json.string("one_time_password", password)
        }
        return String(buffer: json)
    }
}

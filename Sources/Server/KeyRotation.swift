import Crypto
public import Domain
import NIOCore
import SQLiteLedger
import Shop
import WebSupport

/// Replaces the master key of a shop that is not running.
///
/// Where the key is kept in the folder, file and ledger change in three steps: the new key is written beside the old
/// one, the ledger commits the keys that it wraps, the file takes the old one's place. Between any two of them, one of
/// the two files opens the ledger, and the next command that needs the key finds out which.
public enum KeyRotation {
    /// Returns one line of JSON with fingerprints and numbers of keys.
    ///
    /// - Throws: *internal* that says why nothing was changed.
    public static func run(data: String, secrets: OwnerSecrets) async throws(ShopError) -> String {
        let folder = try DataFolder.ofShop(data)
        defer { folder.unlock() }
        let plan = try Plan(folder, secrets)
        let ledger = try SQLiteLedger(
            path: folder.ledgerPath, limits: Limits(), metrics: PrometheusRegistry(), migrates: false)
        defer { ledger.close() }
        let catalog: any Catalog = ledger
        let stored = try await catalog.wrappedKeys()
        try plan.check(try await catalog.masterKeyFingerprint())
        let rewrapped = try KeyRing.rewrapped(stored, from: plan.old, to: plan.new)
        if plan.isKeptInFolder { try DurableFile.write(DataFolder.text(of: plan.new), to: folder.newMasterKeyPath) }
        // When this fails, both files stay: only the next start, which reads the log anew, knows what is on disk.
        try await catalog.replaceKeys(rewrapped, fingerprint: KeyRing.masterFingerprint(plan.new))
        Failpoint.hit(.rotateAfterCommit)
        if plan.isKeptInFolder { try DurableFile.move(folder.newMasterKeyPath, to: folder.masterKeyPath) }
        let known = Set(stored.map(\.id))
        return plan.json(folder, stored: stored, made: rewrapped.filter { !known.contains($0.id) })
    }

    private struct Plan {
        let old: SymmetricKey
        let new: SymmetricKey
        /// Whether the key is kept in the folder rather than given by the environment.
        let isKeptInFolder: Bool

        init(_ folder: DataFolder, _ secrets: OwnerSecrets) throws(ShopError) {
            isKeptInFolder = secrets.masterKey == nil
            guard let old = try folder.keptMasterKey(given: secrets.masterKey) else {
                throw ShopError(
                    .internalFault,
                    "the master key is missing: neither SLUICE_MASTER_KEY nor \(folder.masterKeyPath) is there")
            }
            self.old = old
            if let given = secrets.newMasterKey {
                new = try DataFolder.key(given, from: "SLUICE_NEW_MASTER_KEY")
            } else if isKeptInFolder {
                new = SymmetricKey(size: .bits256)
            } else {
                throw ShopError(
                    .internalFault,
                    "SLUICE_NEW_MASTER_KEY is not set: the master key comes from the environment, so the new one must "
                        + "come from there as well (32 bytes in base64)")
            }
            guard new != old else { throw ShopError(.internalFault, "the new master key is the old one") }
        }

        func check(_ stored: String?) throws(ShopError) {
            guard let stored, stored != KeyRing.masterFingerprint(old) else { return }
            guard stored != KeyRing.masterFingerprint(new) else {
                throw ShopError(
                    .internalFault, "the ledger is sealed with the new master key already; start the shop with it")
            }
            throw KeyRing.misfit(stored: stored, given: KeyRing.masterFingerprint(old))
        }

        func json(_ folder: DataFolder, stored: [WrappedKey], made: [WrappedKey]) -> String {
            let json = JSONWriter.object { json in
                json.string("old_master_key_fingerprint", KeyRing.masterFingerprint(old))
                json.string("new_master_key_fingerprint", KeyRing.masterFingerprint(new))
                json.string("master_key_file", isKeptInFolder ? folder.masterKeyPath : nil)
                for (name, keys) in [("rewrapped_keys", stored), ("new_keys", made)] {
                    json.array(name, keys) { json, key in
                        json.object { json in
                            json.integer("id", key.id)
                            json.string("purpose", key.purpose)
                        }
                    }
                }
            }
            return String(buffer: json)
        }
    }
}

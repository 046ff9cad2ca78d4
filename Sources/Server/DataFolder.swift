import Crypto
import Domain
import Foundation
import SQLiteLedger
import Shop

/// The folder of one shop: its ledger, its keys and the lock that keeps a second instance out.
struct DataFolder {
    let url: URL
    private let lock: FileHandle

    /// Makes the folder if it is missing, and locks it until the process ends.
    ///
    /// - Parameter advice: what to do when a shop is running
    /// - Throws: *internal* when it cannot be made, or another shop uses it.
    init(path: String, whenInUse advice: String = "stop it first") throws(ShopError) {
        url = URL(fileURLWithPath: path, isDirectory: true)
        do {
            try FileManager.default.createDirectory(
                at: url, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        } catch {
            throw ShopError(.internalFault, "the data folder \(path) cannot be made: \(error.localizedDescription)")
        }
        let lockPath = url.appendingPathComponent("lock").path
        let descriptor = open(lockPath, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else {
            throw ShopError(
                .internalFault, "the data folder \(path) cannot be written: \(String(cString: strerror(errno)))")
        }
        lock = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            throw ShopError(.internalFault, "another sluice is using the data folder \(path); \(advice)")
        }
    }

    /// Locks the folder of a shop that has a ledger.
    static func ofShop(_ path: String, whenInUse advice: String = "stop it first") throws(ShopError) -> DataFolder {
        try refuseWithoutLedger(path)
        return try DataFolder(path: path, whenInUse: advice)
    }

    /// Lets others in. Called at the end of a command, which also keeps the folder locked until then.
    func unlock() { try? lock.close() }

    static func refuseWithoutLedger(_ path: String) throws(ShopError) {
        guard hasLedger(path) else { throw ShopError(.internalFault, "there is no ledger in \(path)") }
    }

    static func hasLedger(_ path: String) -> Bool {
        FileManager.default.fileExists(atPath: ledgerPath(path))
    }

    static func ledgerPath(_ path: String) -> String {
        URL(fileURLWithPath: path, isDirectory: true).appendingPathComponent(SQLiteLedger.fileName).path
    }

    var ledgerPath: String { Self.ledgerPath(url.path) }
    var masterKeyPath: String { url.appendingPathComponent("master.key").path }
    var newMasterKeyPath: String { masterKeyPath + ".new" }
    var adminTokenPath: String { url.appendingPathComponent("admin-token").path }

    // MARK: Master key

    /// The master key: given, or kept in the folder, or made for a folder that has no ledger yet.
    ///
    /// - Throws: *internal* that says what is wrong with it.
    func masterKey(given: String?) throws(ShopError) -> SymmetricKey {
        if let key = try keptMasterKey(given: given) { return key }
        guard !Self.hasLedger(url.path) else {
            throw ShopError(
                .internalFault,
                "the master key is missing: the ledger was sealed with one, but neither SLUICE_MASTER_KEY nor "
                    + "\(masterKeyPath) is there; put it back")
        }
        let key = SymmetricKey(size: .bits256)
        try DurableFile.write(Self.text(of: key), to: masterKeyPath)
        return key
    }

    /// The master key that is given or kept in the folder; nil when there is none.
    func keptMasterKey(given: String?) throws(ShopError) -> SymmetricKey? {
        if let given { return try Self.key(given, from: "SLUICE_MASTER_KEY") }
        try endRotation()
        return try key(in: masterKeyPath)
    }

    /// Ends a rotation that was cut off. Of the two keys that lie in the folder then, the one that opens the ledger is
    /// the right one, and the other is removed.
    ///
    /// - Throws: *internal* when neither opens it; both are kept.
    func endRotation() throws(ShopError) {
        guard FileManager.default.fileExists(atPath: newMasterKeyPath), Self.hasLedger(url.path) else { return }
        let sealing = try SQLiteLedger.sealingKeys(ledgerPath)
        if let old = try? key(in: masterKeyPath), sealing.open(with: old) {
            try DurableFile.remove(newMasterKeyPath)
            try DurableFile.flush(url.path)
        } else if let new = try? key(in: newMasterKeyPath), sealing.open(with: new) {
            // The commit may have been read from memory. The old key must not go before it is on disk.
            if DurableFile.size(ledgerPath + "-wal") != nil { try DurableFile.flush(ledgerPath + "-wal") }
            try DurableFile.flush(ledgerPath)
            try DurableFile.move(newMasterKeyPath, to: masterKeyPath)
        } else {
            throw ShopError(
                .internalFault,
                "neither master.key nor master.key.new fits this data folder: it was sealed with the key whose "
                    + "fingerprint is \(sealing.fingerprint ?? "not noted"); put that one into \(masterKeyPath)")
        }
    }

    /// The keys that may open a ledger which is brought into the folder; empty when there is none.
    func candidates(given: String?) throws(ShopError) -> [SymmetricKey] {
        if let given { return [try Self.key(given, from: "SLUICE_MASTER_KEY")] }
        // The second one is there after a rotation that was cut off, and may be damaged.
        let new = try? key(in: newMasterKeyPath)
        return [try key(in: masterKeyPath), new].compactMap { $0 }
    }

    /// The key in a file of the folder; nil when the file is not there.
    private func key(in path: String) throws(ShopError) -> SymmetricKey? {
        guard let text = try? String(contentsOfFile: path, encoding: .utf8) else { return nil }
        return try Self.key(text, from: path)
    }

    /// Reads 32 bytes in base64.
    static func key(_ text: String, from source: String) throws(ShopError) -> SymmetricKey {
        guard let data = Data(base64Encoded: text.trimmingCharacters(in: .whitespacesAndNewlines)), data.count == 32
        else { throw ShopError(.internalFault, "the master key in \(source) is not 32 bytes in base64") }
        return SymmetricKey(data: data)
    }

    static func text(of key: SymmetricKey) -> String {
        key.withUnsafeBytes { Data($0) }.base64EncodedString() + "\n"
    }

    // MARK: Admin token

    /// The admin token: given, or kept in the folder, or made.
    func adminToken(given: String?) throws(ShopError) -> String {
        if let given {
            guard !given.isEmpty else { throw ShopError(.internalFault, "SLUICE_ADMIN_TOKEN is empty") }
            return given
        }
        if let text = try? String(contentsOfFile: adminTokenPath, encoding: .utf8) {
            return text.trimmingCharacters(in: .whitespacesAndNewlines)
        }
        let token = Self.freshAdminToken()
        try DurableFile.write(token + "\n", to: adminTokenPath)
        return token
    }

    /// Puts a fresh admin token in the place of the one that is kept.
    func replaceAdminToken() throws(ShopError) {
        try DurableFile.replace(adminTokenPath, by: Self.freshAdminToken() + "\n")
    }

    private static func freshAdminToken() -> String {
        SymmetricKey(size: .bits256).withUnsafeBytes { Hexadecimal.text($0) }
    }
}

extension SealingKeys {
    /// Whether a master key opens all of them.
    func open(with master: SymmetricKey) -> Bool {
        (try? KeyRing(unwrapping: wrapped, master: master)) != nil
    }
}

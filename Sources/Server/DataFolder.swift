import Crypto
import Domain
import Foundation
import SQLiteLedger

/// The folder of one shop: its ledger, its keys and the lock that keeps a second instance out.
struct DataFolder {
    let url: URL
    private let lock: FileHandle

    /// Makes the folder if it is missing, and locks it until the process ends.
    ///
    /// - Throws: *internal* when it cannot be made, or another shop uses it.
    init(path: String) throws(ShopError) {
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
            throw ShopError(.internalFault, "another sluice is using the data folder \(path); stop it first")
        }
    }

    var ledgerPath: String { url.appendingPathComponent(SQLiteLedger.fileName).path }

    static func hasLedger(_ path: String) -> Bool {
        FileManager.default.fileExists(
            atPath: URL(fileURLWithPath: path).appendingPathComponent(SQLiteLedger.fileName).path)
    }

    /// The master key: given, or kept in the folder, or made for a folder that has no ledger yet.
    ///
    /// - Throws: *internal* that says what is wrong with it.
    func masterKey(given: String?) throws(ShopError) -> SymmetricKey {
        if let given { return try Self.key(given, from: "SLUICE_MASTER_KEY") }
        let file = url.appendingPathComponent("master.key")
        if let text = try? String(contentsOf: file, encoding: .utf8) { return try Self.key(text, from: file.path) }
        guard !Self.hasLedger(url.path) else {
            throw ShopError(
                .internalFault,
                "the master key is missing: the ledger was sealed with one, but neither SLUICE_MASTER_KEY nor "
                    + "\(file.path) is there; put it back")
        }
        let key = SymmetricKey(size: .bits256)
        try write(key.withUnsafeBytes { Data($0) }.base64EncodedString() + "\n", to: file)
        return key
    }

    /// The admin token: given, or kept in the folder, or made.
    func adminToken(given: String?) throws(ShopError) -> String {
        if let given {
            guard !given.isEmpty else { throw ShopError(.internalFault, "SLUICE_ADMIN_TOKEN is empty") }
            return given
        }
        let file = url.appendingPathComponent("admin-token")
        if let text = try? String(contentsOf: file, encoding: .utf8) {
            return text.trimmingCharacters(in: .whitespacesAndNewlines)
        }
        let token = SymmetricKey(size: .bits256).withUnsafeBytes { bytes in
            bytes.map { String(format: "%02x", $0) }.joined()
        }
        try write(token + "\n", to: file)
        return token
    }

    private static func key(_ text: String, from source: String) throws(ShopError) -> SymmetricKey {
        guard let data = Data(base64Encoded: text.trimmingCharacters(in: .whitespacesAndNewlines)), data.count == 32
        else { throw ShopError(.internalFault, "the master key in \(source) is not 32 bytes in base64") }
        return SymmetricKey(data: data)
    }

    /// Writes a secret that is on disk before anything depends on it, readable by its owner alone.
    private func write(_ text: String, to file: URL) throws(ShopError) {
        let descriptor = open(file.path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else {
            throw ShopError(.internalFault, "\(file.path) cannot be written: \(String(cString: strerror(errno)))")
        }
        let handle = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
        do {
            try handle.write(contentsOf: Data(text.utf8))
            try handle.synchronize()
        } catch {
            throw ShopError(.internalFault, "\(file.path) cannot be written: \(error)")
        }
    }
}

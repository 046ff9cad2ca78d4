import Domain
import Foundation

/// Files that are on disk before anything depends on them.
enum DurableFile {
    /// What SQLite keeps beside a database.
    static let companions = ["-wal", "-shm", "-journal"]

    /// Makes a folder in the data folder if it is missing, which its owner alone may read.
    static func makeFolder(_ path: String) throws(ShopError) {
        do {
            try FileManager.default.createDirectory(
                atPath: path, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        } catch {
            throw ShopError(.internalFault, "\(path) cannot be made: \(error.localizedDescription)")
        }
        giveToFolder(path)
    }

    /// Makes an empty file that its owner alone may read.
    ///
    /// - Throws: *already_exists* when it is there, otherwise *internal*.
    static func create(_ path: String) throws(ShopError) -> FileHandle {
        let descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else {
            if errno == EEXIST { throw ShopError(.alreadyExists, "\(path) is there already") }
            throw cannotWrite(path)
        }
        return FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
    }

    /// Writes a new file into the data folder.
    static func write(_ text: String, to path: String) throws(ShopError) {
        let handle = try create(path)
        giveToFolder(path)
        try explaining(path) {
            try handle.write(contentsOf: Data(text.utf8))
            try handle.synchronize()
        }
        try flush(folder(of: path))
    }

    /// Puts a text in the place of a file in the data folder. A crash leaves the old one or the new one.
    static func replace(_ path: String, by text: String) throws(ShopError) {
        let new = path + ".new"
        try remove(new)
        try write(text, to: new)
        try move(new, to: path)
    }

    /// Copies a file into the data folder.
    static func copy(_ source: String, to destination: String) throws(ShopError) {
        let target = try create(destination)
        giveToFolder(destination)
        try explaining(destination) {
            let origin = try FileHandle(forReadingFrom: URL(fileURLWithPath: source))
            while let chunk = try origin.read(upToCount: 1 << 20), !chunk.isEmpty {
                try target.write(contentsOf: chunk)
            }
            try origin.close()
            try target.synchronize()
        }
    }

    /// Gives a file another name, in the place of whatever has it.
    static func move(_ path: String, to name: String) throws(ShopError) {
        guard rename(path, name) == 0 else { throw cannotWrite(name) }
        try flush(folder(of: name))
    }

    /// Gives a file a second name.
    static func link(_ path: String, as name: String) throws(ShopError) {
        guard Foundation.link(path, name) == 0 else { throw cannotWrite(name) }
    }

    /// Removes a file; one that is not there is no error.
    static func remove(_ path: String) throws(ShopError) {
        guard unlink(path) == 0 || errno == ENOENT else { throw cannotWrite(path) }
    }

    /// Removes a database with all that belongs to it.
    static func removeDatabase(_ path: String) throws(ShopError) {
        for name in [path] + companions.map({ path + $0 }) { try remove(name) }
    }

    /// Waits until a file, or the names in a folder, are on disk.
    static func flush(_ path: String) throws(ShopError) {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw cannotWrite(path) }
        defer { close(descriptor) }
        guard fsync(descriptor) == 0 else { throw cannotWrite(path) }
    }

    /// Bytes of a file; nil when it is not there.
    static func size(_ path: String) -> Int64? {
        (try? FileManager.default.attributesOfItem(atPath: path))?[.size].flatMap { $0 as? NSNumber }?.int64Value
    }

    /// Bytes that the disk of a folder has left; 0 when that cannot be found out.
    static func room(_ folder: String) -> Int64 {
        var disk = statvfs()
        guard statvfs(folder, &disk) == 0 else { return 0 }
        return Int64(clamping: disk.f_bavail) * Int64(clamping: disk.f_frsize)
    }

    /// The folder that a file lies in.
    static func folder(of path: String) -> String {
        URL(fileURLWithPath: path).deletingLastPathComponent().path
    }

    // MARK: Parts

    /// Root may run a command on the folder of a shop that runs as somebody else.
    private static func giveToFolder(_ path: String) {
        guard geteuid() == 0, let folder = try? FileManager.default.attributesOfItem(atPath: folder(of: path)),
            let owner = folder[.ownerAccountID] as? NSNumber, let group = folder[.groupOwnerAccountID] as? NSNumber
        else { return }
        _ = chown(path, owner.uint32Value, group.uint32Value)
    }

    private static func cannotWrite(_ path: String) -> ShopError {
        ShopError(.internalFault, "\(path) cannot be written: \(String(cString: strerror(errno)))")
    }

    private static func explaining(_ path: String, _ body: () throws -> Void) throws(ShopError) {
        do {
            try body()
        } catch {
            throw ShopError(.internalFault, "\(path) cannot be written: \(error.localizedDescription)")
        }
    }
}

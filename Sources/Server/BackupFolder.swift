import Crypto
import Domain
import Foundation
import NIOConcurrencyHelpers
import NIOPosix
import SQLiteLedger
import Shop
import WebSupport

/// Copies of the ledger, in a folder beside it. A name is looked for among those that are there, and no path is ever
/// made of one that somebody sent.
final class BackupFolder: BackupStore {
    private static let sliceBytes = 256 << 10
    /// Bytes that a copy leaves free on the disk: orders need them more.
    private static let reservedBytes: Int64 = 64 << 20

    let lastRestore: RestoreOutcome?
    private let data: String
    private let folder: String
    private let master: SymmetricKey
    private let clock: any Shop.Clock
    private let request: RestoreRequest
    private let isBusy = NIOLockedValueBox(false)

    /// Makes the folder if it is missing, and clears away what was cut off. The data folder must be locked.
    ///
    /// - Throws: *internal*.
    init(
        of folder: DataFolder, master: SymmetricKey, clock: any Shop.Clock, request: RestoreRequest,
        lastRestore: RestoreOutcome?
    ) throws(ShopError) {
        data = folder.url.path
        self.folder = folder.url.appendingPathComponent("backups").path
        self.master = master
        self.clock = clock
        self.request = request
        self.lastRestore = lastRestore
        try DurableFile.makeFolder(self.folder)
        for name in try Self.names(self.folder) where name.contains(".partial") {
            try DurableFile.remove(self.folder + "/" + name)
        }
    }

    // MARK: Looking

    func list() async throws(ShopError) -> [BackupFile] {
        try Self.names(folder).compactMap { name in
            Self.read(name).map { known in
                BackupFile(
                    name: name, origin: known.origin, madeAt: known.madeAt,
                    bytes: DurableFile.size(folder + "/" + name) ?? 0)
            }
        }.sorted { ($0.madeAt, $0.name) > ($1.madeAt, $1.name) }
    }

    func examine(_ name: String) async throws(ShopError) -> BackupContents {
        let path = try await path(name)
        let summary = try await Blocking.run { () throws(ShopError) in try SQLiteLedger.examine(path, named: name) }
        return BackupContents(
            products: summary.products, cards: summary.cards, orders: summary.orders,
            newestEntry: summary.newestEntry, keyFits: summary.keys.open(with: master))
    }

    func read(_ name: String, write: (_ bytes: [UInt8]) async throws -> Void) async throws {
        let handle = try FileHandle(forReadingFrom: URL(fileURLWithPath: try await path(name)))
        defer { try? handle.close() }
        while let bytes = try await NIOThreadPool.singleton.runIfActive({ try handle.read(upToCount: Self.sliceBytes) }
        ),
            !bytes.isEmpty
        { try await write(Array(bytes)) }
    }

    private func path(_ name: String) async throws(ShopError) -> String {
        guard try await list().contains(where: { $0.name == name }) else {
            throw ShopError(.notFound, "no such backup")
        }
        return folder + "/" + name
    }

    // MARK: Changing

    func make(_ origin: BackupFile.Origin) async throws(ShopError) -> BackupFile {
        try begin()
        defer { end() }
        guard room >= (DurableFile.size(DataFolder.ledgerPath(data)) ?? 0) + Self.reservedBytes else {
            throw ShopError(.busy, "the disk has too little room for a copy of the ledger")
        }
        let (data, file) = (data, try fresh(origin))
        let path = folder + "/" + file
        _ = try await Blocking.run { () throws(ShopError) in try LedgerBackup.run(data: data, to: path) }
        return try await found(file)
    }

    func receive<Chunks: AsyncSequence>(
        _ chunks: Chunks
    ) async throws(ShopError) -> BackupFile where Chunks.Element == [UInt8] {
        try begin()
        defer { end() }
        let partial = folder + "/incoming.partial"
        do throws(ShopError) {
            try DurableFile.removeDatabase(partial)
            try await write(chunks, to: partial)
            let summary = try await Blocking.run { () throws(ShopError) in
                do throws(ShopError) {
                    return try SQLiteLedger.examine(partial, named: "it")
                } catch {
                    throw ShopError.invalid("file", error.detail)
                }
            }
            guard summary.keys.open(with: master) else {
                throw .invalid("file", "it was sealed with another master key than this shop's")
            }
            let name = try fresh(.uploaded)
            let path = folder + "/" + name
            try await Blocking.run { () throws(ShopError) in
                try DurableFile.flush(partial)
                try DurableFile.move(partial, to: path)
            }
            return try await found(name)
        } catch {
            try? DurableFile.removeDatabase(partial)
            throw error
        }
    }

    private func write<Chunks: AsyncSequence>(
        _ chunks: Chunks, to path: String
    ) async throws(ShopError) where Chunks.Element == [UInt8] {
        let handle = try DurableFile.create(path)
        defer { try? handle.close() }
        var head: [UInt8] = []
        do {
            for try await chunk in chunks {
                if head.count < LedgerRestore.mark.count {
                    head += chunk.prefix(LedgerRestore.mark.count - head.count)
                    try refuseStranger(head)
                }
                guard room > Int64(chunk.count) + Self.reservedBytes else {
                    throw ShopError(.tooLarge, "the disk has too little room for it")
                }
                try await NIOThreadPool.singleton.runIfActive { try handle.write(contentsOf: chunk) }
            }
        } catch let error as ShopError {
            throw error
        } catch {
            throw ShopError(.malformed, "the file ended early", cause: "\(error)")
        }
        guard head.count == LedgerRestore.mark.count else { throw .invalid("file", "it is not the ledger of a shop") }
    }

    /// What it is says its content, not its name.
    private func refuseStranger(_ head: [UInt8]) throws(ShopError) {
        guard LedgerRestore.mark.starts(with: head) else { throw .invalid("file", "it is not the ledger of a shop") }
    }

    func remove(_ name: String) async throws(ShopError) {
        let path = try await path(name)
        try await Blocking.run { () throws(ShopError) in try DurableFile.remove(path) }
    }

    /// The shop must not stop for what cannot be done.
    func restore(_ name: String, by note: OwnerNote) async throws(ShopError) {
        let path = try await path(name)
        guard room >= (DurableFile.size(path) ?? 0) + Self.reservedBytes else {
            throw ShopError(.busy, "the disk has too little room for a copy of the backup")
        }
        try request.ask(RestoreRequest.Wish(name: name, file: path, note: note))
    }

    private func begin() throws(ShopError) {
        let wasBusy = isBusy.withLockedValue { busy in
            defer { busy = true }
            return busy
        }
        guard !wasBusy else { throw ShopError(.busy, "another backup is being made or brought in") }
    }

    private func end() { isBusy.withLockedValue { $0 = false } }

    /// Bytes that the disk has left.
    private var room: Int64 {
        DurableFile.room(folder)
    }

    private func found(_ name: String) async throws(ShopError) -> BackupFile {
        guard let file = try await list().first(where: { $0.name == name }) else {
            throw ShopError(.internalFault, "the backup \(name) is gone")
        }
        return file
    }

    // MARK: Names

    private static func names(_ folder: String) throws(ShopError) -> [String] {
        do {
            return try FileManager.default.contentsOfDirectory(atPath: folder)
        } catch {
            throw ShopError(.internalFault, "\(folder) cannot be read: \(error.localizedDescription)")
        }
    }

    /// `20260101T200000Z-manual.sqlite`
    private func fresh(_ origin: BackupFile.Origin) throws(ShopError) -> String {
        let name = "\(FileStamp.text(clock.now()))-\(origin.rawValue).sqlite"
        guard DurableFile.size(folder + "/" + name) == nil else {
            throw ShopError(.busy, "a backup was made in this very second")
        }
        return name
    }

    private static func read(_ name: String) -> (madeAt: Timestamp, origin: BackupFile.Origin)? {
        guard name.hasSuffix(".sqlite"), let dash = name.firstIndex(of: "-"),
            let madeAt = FileStamp.read(String(name[..<dash])),
            let origin = BackupFile.Origin(rawValue: String(name[name.index(after: dash)...].dropLast(7)))
        else { return nil }
        return (madeAt, origin)
    }

    // MARK: Schedule

    private struct Stored: Codable {
        let hours: Int
        let keep: Int
    }

    private var schedulePath: String { folder + "/schedule.json" }

    func schedule() async throws(ShopError) -> BackupSchedule {
        guard let bytes = FileManager.default.contents(atPath: schedulePath) else { return .standard }
        guard let stored = try? JSONDecoder().decode(Stored.self, from: bytes),
            let schedule = try? BackupSchedule(checking: stored.hours, keep: stored.keep)
        else { throw ShopError(.internalFault, "\(schedulePath) is not a schedule; remove it or set another one") }
        return schedule
    }

    func setSchedule(_ schedule: BackupSchedule) async throws(ShopError) {
        let (path, text) = (schedulePath, "{\"hours\":\(schedule.hours),\"keep\":\(schedule.keep)}\n")
        try await Blocking.run { () throws(ShopError) in try DurableFile.replace(path, by: text) }
    }
}

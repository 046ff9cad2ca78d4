public import Domain

/// Makes, keeps and restores copies of the ledger. What is done is written into the owner's journal.
public struct ManageBackups: Sendable {
    private let store: (any BackupStore)?
    private let cards: any CardStore
    private let clock: any Clock

    /// Puts the parts together.
    public init(_ ports: UseCases.Ports) {
        store = ports.backups
        cards = ports.cards
        clock = ports.clock
    }

    /// Whether this shop keeps copies itself. The databases of a cluster are copied by their own tools.
    public var isOffered: Bool { store != nil }

    private func offered() throws(ShopError) -> any BackupStore {
        guard let store else { throw ShopError(.notFound, "the databases of a cluster are copied by their own tools") }
        return store
    }

    /// All copies, newest first.
    public func list() async throws(ShopError) -> [BackupFile] { try await offered().list() }

    /// What came of the last restore; nil when there was none since the process began.
    public func lastRestore() throws(ShopError) -> RestoreOutcome? { try offered().lastRestore }

    /// Copies the ledger as it stands.
    ///
    /// - Throws: *not_found* in a cluster, *busy*, *internal*.
    public func make(by note: OwnerNote) async throws(ShopError) -> BackupFile {
        let file = try await offered().make(.manual)
        try await log("backup", file.name, note)
        return file
    }

    /// Keeps a copy that was made elsewhere.
    ///
    /// - Throws: as ``BackupStore/receive(_:)``.
    public func receive<Chunks: AsyncSequence>(
        _ chunks: Chunks, by note: OwnerNote
    ) async throws(ShopError) -> BackupFile where Chunks.Element == [UInt8] {
        let file = try await offered().receive(chunks)
        try await log("backup_upload", file.name, note)
        return file
    }

    /// Looks into a copy.
    public func examine(_ name: String) async throws(ShopError) -> BackupContents {
        try await offered().examine(name)
    }

    /// Writes down that a copy is given away, before the first byte leaves. Returns the copy.
    ///
    /// - Throws: *not_found*.
    public func beginDownload(_ name: String, by note: OwnerNote) async throws(ShopError) -> BackupFile {
        guard let file = try await list().first(where: { $0.name == name }) else {
            throw ShopError(.notFound, "no such backup")
        }
        try await log("backup_download", name, note)
        return file
    }

    /// Gives a copy away. ``beginDownload(_:by:)`` comes first.
    public func read(_ name: String, write: (_ bytes: [UInt8]) async throws -> Void) async throws {
        try await offered().read(name, write: write)
    }

    /// Removes a copy for good.
    public func remove(_ name: String, by note: OwnerNote) async throws(ShopError) {
        try await offered().remove(name)
        try await log("backup_remove", name, note)
    }

    /// Has the shop begin anew on a copy.
    ///
    /// - Throws: *not_found*; *wrong_state* when the shop's master key does not open the copy; *busy*.
    public func restore(_ name: String, by note: OwnerNote) async throws(ShopError) {
        guard try await examine(name).keyFits else {
            throw ShopError(.wrongState, "the backup was sealed with another master key than this shop's")
        }
        try await log("restore", name, note)
        try await offered().restore(name, by: note)
    }

    /// How often copies are made without anybody asking.
    public func schedule() async throws(ShopError) -> BackupSchedule { try await offered().schedule() }

    /// Changes how often.
    public func setSchedule(_ schedule: BackupSchedule, by note: OwnerNote) async throws(ShopError) {
        try await offered().setSchedule(schedule)
        try await log("backup_schedule", "every \(schedule.hours) hours, keep \(schedule.keep)", note)
    }

    private func log(_ action: String, _ subject: String, _ note: OwnerNote) async throws(ShopError) {
        try await cards.log(action, subject: subject, by: note, at: clock.now())
    }
}

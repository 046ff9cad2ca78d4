public import Domain

/// Makes backups by the owner's schedule, and removes those of its own that are beyond what is kept.
public struct BackupRounds: Sendable {
    /// Seconds between two looks at the schedule.
    private static let lookSeconds: Int64 = 60
    /// Seconds after a start in which nothing is copied: who has just begun anew has better things to do.
    static let quietSeconds: Int64 = 600

    private let store: any BackupStore
    private let clock: any Clock
    private let onFailure: @Sendable (ShopError) -> Void

    /// - Parameter onFailure: told of a backup that could not be made; it is tried again at the next look
    public init(store: any BackupStore, clock: any Clock, onFailure: @escaping @Sendable (ShopError) -> Void) {
        self.store = store
        self.clock = clock
        self.onFailure = onFailure
    }

    /// Works until the pause throws.
    public func run(pause: @Sendable (_ milliseconds: Int64) async throws -> Void) async {
        let start = clock.now()
        while !Task.isCancelled {
            do { try await pause(Self.lookSeconds * 1000) } catch { return }
            do throws(ShopError) {
                try await look(since: start)
            } catch {
                onFailure(error)
            }
        }
    }

    func look(since start: Timestamp) async throws(ShopError) {
        let (schedule, files) = (try await store.schedule(), try await store.list())
        if Self.isDue(schedule, files, since: start, at: clock.now()) { _ = try await store.make(.scheduled) }
        for file in Self.surplus(schedule, try await store.list()) { try await store.remove(file.name) }
    }

    /// Whether a backup is to be made now. One that somebody asked for is as good as one of the schedule's.
    ///
    /// - Parameter start: when the process began
    static func isDue(
        _ schedule: BackupSchedule, _ files: [BackupFile], since start: Timestamp, at now: Timestamp
    ) -> Bool {
        guard schedule.hours > 0, now >= start.advanced(seconds: quietSeconds) else { return false }
        guard let newest = files.filter({ $0.origin != .uploaded }).map(\.madeAt).max() else { return true }
        return now >= newest.advanced(seconds: Int64(schedule.hours) * 3600)
    }

    /// Scheduled ones beyond those that are kept; none when the schedule is off.
    static func surplus(_ schedule: BackupSchedule, _ files: [BackupFile]) -> [BackupFile] {
        guard schedule.hours > 0 else { return [] }
        let scheduled = files.filter { $0.origin == .scheduled }.sorted { $0.madeAt > $1.madeAt }
        return Array(scheduled.dropFirst(schedule.keep))
    }
}

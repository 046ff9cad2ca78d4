public import Domain

/// Makes backups by the owner's schedule, and removes those of its own that are beyond what is kept.
public struct BackupRounds: Sendable {
    /// Seconds between two looks at the schedule.
    private static let lookSeconds: Int64 = 60
    /// Seconds after a start in which nothing is copied: who has just begun anew has better things to do.
    static let quietSeconds: Int64 = 600

    /// Seconds before and after the opening of a sale in which nothing is copied.
    static let saleSeconds: Int64 = 3600
    /// Seconds by which sales may put a backup off.
    static let longestDelay: Int64 = 6 * 3600
    /// Looks that a failure puts the next try off at most; the first one by two.
    static let mostLooksAfterFailure = 64

    private let store: any BackupStore
    private let clock: any Clock
    private let openings: @Sendable () -> [Timestamp]
    private let onFailure: @Sendable (ShopError) -> Void

    /// - Parameters:
    ///   - openings: when sales open, or have opened
    ///   - onFailure: told of a backup that could not be made; it is tried again later, and ever less often
    public init(
        store: any BackupStore, clock: any Clock, openings: @escaping @Sendable () -> [Timestamp] = { [] },
        onFailure: @escaping @Sendable (ShopError) -> Void
    ) {
        self.store = store
        self.clock = clock
        self.openings = openings
        self.onFailure = onFailure
    }

    /// Works until the pause throws.
    public func run(pause: @Sendable (_ milliseconds: Int64) async throws -> Void) async {
        let start = clock.now()
        var looks = 1
        while !Task.isCancelled {
            do { try await pause(Self.lookSeconds * Int64(looks) * 1000) } catch { return }
            do throws(ShopError) {
                try await look(since: start)
                looks = 1
            } catch {
                onFailure(error)
                looks = min(looks * 2, Self.mostLooksAfterFailure)
            }
        }
    }

    func look(since start: Timestamp) async throws(ShopError) {
        let (schedule, files) = (try await store.schedule(), try await store.list())
        // First what makes room for the next one.
        for file in Self.surplus(schedule, files) { try await store.remove(file.name) }
        guard Self.isDue(schedule, files, since: start, at: clock.now(), openings: openings()) else { return }
        _ = try await store.make(.scheduled)
        for file in Self.surplus(schedule, try await store.list()) { try await store.remove(file.name) }
    }

    /// Whether a backup is to be made now. One that somebody asked for is as good as one of the schedule's.
    ///
    /// - Parameter start: when the process began
    static func isDue(
        _ schedule: BackupSchedule, _ files: [BackupFile], since start: Timestamp, at now: Timestamp,
        openings: [Timestamp] = []
    ) -> Bool {
        guard schedule.hours > 0, now >= start.advanced(seconds: quietSeconds) else { return false }
        let newest = files.filter { $0.origin != .uploaded }.map(\.madeAt).max()
        let due = newest?.advanced(seconds: Int64(schedule.hours) * 3600) ?? start
        guard now >= due else { return false }
        // Whole copies and their flushes share the disk with the orders of a release.
        let isNearSale = openings.contains {
            now >= $0.advanced(seconds: -saleSeconds) && now < $0.advanced(seconds: saleSeconds)
        }
        return !isNearSale || now >= due.advanced(seconds: longestDelay)
    }

    /// Scheduled ones beyond those that are kept; none when the schedule is off.
    static func surplus(_ schedule: BackupSchedule, _ files: [BackupFile]) -> [BackupFile] {
        guard schedule.hours > 0 else { return [] }
        let scheduled = files.filter { $0.origin == .scheduled }.sorted { $0.madeAt > $1.madeAt }
        return Array(scheduled.dropFirst(schedule.keep))
    }
}

public import Domain

/// A copy of the ledger that the shop keeps.
public struct BackupFile: Hashable, Sendable {
    /// On whose behalf it came to be. The raw values are part of its name.
    public enum Origin: String, CaseIterable, Sendable {
        /// Somebody asked for it.
        case manual
        /// The schedule asked for it.
        case scheduled
        /// It was brought in from elsewhere.
        case uploaded
    }

    /// Its name among the others; says when it was made and why.
    public let name: String
    /// Why it is there.
    public let origin: Origin
    /// When it was made, or brought in; whole seconds.
    public let madeAt: Timestamp
    /// Its size.
    public let bytes: Int64

    /// Puts the parts together.
    public init(name: String, origin: Origin, madeAt: Timestamp, bytes: Int64) {
        self.name = name
        self.origin = origin
        self.madeAt = madeAt
        self.bytes = bytes
    }
}

/// What a backup holds.
public struct BackupContents: Hashable, Sendable {
    /// Products on offer or not.
    public let products: Int
    /// Cards in any state.
    public let cards: Int
    /// Orders in any state.
    public let orders: Int
    /// When the last change of an order was written down; nil when there was none.
    public let newestEntry: Timestamp?
    /// Whether the shop's master key opens it.
    public let keyFits: Bool

    /// Puts the parts together.
    public init(products: Int, cards: Int, orders: Int, newestEntry: Timestamp?, keyFits: Bool) {
        self.products = products
        self.cards = cards
        self.orders = orders
        self.newestEntry = newestEntry
        self.keyFits = keyFits
    }
}

/// How often a backup is made without anybody asking, and how many of those are kept.
public struct BackupSchedule: Hashable, Sendable {
    /// Hours between two backups; 0 for none.
    public static let hoursAllowed = 0...720
    /// Scheduled backups that are kept.
    public static let keepAllowed = 1...365
    /// Once a day, for a week.
    public static let standard = BackupSchedule(hours: 24, keep: 7)

    /// Hours between two; 0 for none.
    public let hours: Int
    /// How many are kept; those that somebody asked for or brought in do not count and stay.
    public let keep: Int

    private init(hours: Int, keep: Int) {
        self.hours = hours
        self.keep = keep
    }

    /// - Throws: *invalid_request* that names `hours` or `keep`.
    public init(checking hours: Int, keep: Int) throws(ShopError) {
        for (name, value, range) in [("hours", hours, Self.hoursAllowed), ("keep", keep, Self.keepAllowed)] {
            guard range.contains(value) else {
                throw .invalid(name, "must be \(range.lowerBound) to \(range.upperBound)")
            }
        }
        self.init(hours: hours, keep: keep)
    }
}

/// What came of the last restore that somebody asked for from a page.
public struct RestoreOutcome: Hashable, Sendable {
    /// The backup.
    public let name: String
    /// When.
    public let at: Timestamp
    /// Why the ledger is as it was before; nil when the backup took its place.
    public let fault: String?
    /// Whether every invariant holds in the restored ledger.
    public let isClean: Bool

    /// Puts the parts together.
    public init(name: String, at moment: Timestamp, fault: String?, isClean: Bool) {
        self.name = name
        at = moment
        self.fault = fault
        self.isClean = isClean
    }
}

/// The copies of the ledger that a shop on one machine keeps beside it. A name that is not among those it lists is
/// *not_found*, whatever it holds. Errors: *busy* while another copy is being made, *internal* that says why.
public protocol BackupStore: Sendable {
    /// All copies, newest first.
    func list() async throws(ShopError) -> [BackupFile]
    /// Copies the ledger as it stands, while the shop goes on selling.
    ///
    /// - Throws: also *busy* when the disk has too little room for it.
    func make(_ origin: BackupFile.Origin) async throws(ShopError) -> BackupFile
    /// Keeps a copy that was made elsewhere, once it has been found to be one.
    ///
    /// - Throws: also *invalid_request* that names `file` when it is no whole ledger of this shop's master key;
    ///   *too_large* when the disk has no room for it.
    func receive<Chunks: AsyncSequence>(
        _ chunks: Chunks
    ) async throws(ShopError) -> BackupFile where Chunks.Element == [UInt8]
    /// Looks into a copy.
    func examine(_ name: String) async throws(ShopError) -> BackupContents
    /// Gives a copy away, a slice at a time.
    func read(_ name: String, write: (_ bytes: [UInt8]) async throws -> Void) async throws
    /// Removes a copy for good.
    func remove(_ name: String) async throws(ShopError)
    /// Has the shop stop, put this copy in the ledger's place and begin anew. The ledger that gives way is kept.
    func restore(_ name: String, by note: OwnerNote) async throws(ShopError)
    /// How often copies are made.
    func schedule() async throws(ShopError) -> BackupSchedule
    /// Changes how often.
    func setSchedule(_ schedule: BackupSchedule) async throws(ShopError)
    /// What came of the restore for which this process began anew; nil when there was none.
    var lastRestore: RestoreOutcome? { get }
}

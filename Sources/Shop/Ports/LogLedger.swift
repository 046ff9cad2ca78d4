public import Domain

/// One partition of an order log.
public struct LogPartition: Hashable, Sendable {
    /// Names the very log: one that was made anew has another name, so that positions in it are not taken for those
    /// in the old one.
    public let log: String
    /// Which of its partitions, from 0.
    public let number: Int32

    /// Puts the parts together.
    public init(log: String, number: Int32) {
        self.log = log
        self.number = number
    }
}

/// A record of a log that is no order, or one that the ledger cannot take.
public struct PoisonRecord: Hashable, Sendable {
    /// Where it stands in its partition.
    public let position: Int64
    /// What it holds.
    public let bytes: [UInt8]
    /// What is wrong with it.
    public let reason: String

    /// Puts the parts together.
    public init(position: Int64, bytes: [UInt8], reason: String) {
        self.position = position
        self.bytes = bytes
        self.reason = reason
    }
}

/// Records that follow each other in a partition.
public struct LogBatch: Hashable, Sendable {
    /// Whose records they are.
    public let partition: LogPartition
    /// The position from which they were read; what the ledger must have stored.
    public let from: Int64
    /// The position after the last of them.
    public let next: Int64
    /// The orders among them, in their order.
    public let drafts: [OrderDraft]
    /// Those that are no orders.
    public let poison: [PoisonRecord]

    /// Puts the parts together.
    public init(
        partition: LogPartition, from: Int64, next: Int64, drafts: [OrderDraft], poison: [PoisonRecord] = []
    ) {
        self.partition = partition
        self.from = from
        self.next = next
        self.drafts = drafts
        self.poison = poison
    }
}

/// What became of a batch.
public enum LogWrite: Hashable, Sendable {
    /// The ledger has it: one placement a draft. An order that was refused is there as *rejected*.
    case written([Placement])
    /// Nothing was written: the ledger's position is another one, since somebody else reads this partition.
    case moved(to: Int64)
}

/// A record that was parked.
public struct ParkedRecord: Hashable, Sendable {
    /// Its number, in the order of parking.
    public let id: Int64
    /// The log it came from.
    public let partition: LogPartition
    /// The record and what is wrong with it.
    public let record: PoisonRecord
    /// When it was parked.
    public let at: Timestamp
    /// When it was placed after all.
    public let replayedAt: Timestamp?

    /// Puts stored parts together.
    public init(id: Int64, partition: LogPartition, record: PoisonRecord, at: Timestamp, replayedAt: Timestamp?) {
        self.id = id
        self.partition = partition
        self.record = record
        self.at = at
        self.replayedAt = replayedAt
    }
}

/// A ledger that takes orders from a log, each of them once, however often it is read.
public protocol LogLedger: Sendable {
    /// The position that is read next; 0 for a partition that was never read.
    func position(of partition: LogPartition) async throws(ShopError) -> Int64
    /// Places the drafts, parks the rest and moves the position, in one transaction. An order that the ledger has
    /// is *existing*. *internal* when one of the records cannot be taken; then nothing was written.
    func write(_ batch: LogBatch, at moment: Timestamp) async throws(ShopError) -> LogWrite
    /// One order, rejected ones among them; nil when there is none.
    func order(_ id: OrderID) async throws(ShopError) -> Order?
    /// Parked records, oldest first.
    func parked(after id: Int64?, limit: Int) async throws(ShopError) -> [ParkedRecord]
    /// Places a parked record after all, which was read as `draft`. A second time it is *existing*.
    ///
    /// - Throws: *not_found*.
    func replay(
        parked id: Int64, as draft: OrderDraft, by note: OwnerNote, at moment: Timestamp
    ) async throws(ShopError) -> Placement
}

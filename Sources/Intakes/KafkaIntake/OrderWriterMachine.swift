import Domain
import Shop

/// A record of the order log.
struct LoggedRecord: Hashable, Sendable {
    let position: Int64
    let bytes: [UInt8]
    /// The order; nil when it cannot be read as one.
    let draft: OrderDraft?
    /// What is wrong with it; nil for an order that nothing is known against.
    let reason: String?
}

/// Records that follow each other.
struct LogSlice: Hashable, Sendable {
    /// Where the first stands.
    let from: Int64
    /// At least one.
    var records: [LoggedRecord]

    var next: Int64 { (records.last?.position ?? from) + 1 }
    /// The orders that the ledger is to take.
    var drafts: [OrderDraft] { records.compactMap { $0.reason == nil ? $0.draft : nil } }
    var poison: [LoggedRecord] { records.filter { $0.reason != nil } }

    func batch(of partition: LogPartition) -> LogBatch {
        LogBatch(
            partition: partition, from: from, next: next, drafts: drafts,
            poison: poison.map { record in
                PoisonRecord(
                    position: record.position, bytes: Array(record.bytes.prefix(OrderRecord.maximumBytes)),
                    reason: record.reason ?? "")
            })
    }
}

/// Brings one partition of the order log into the ledger. Event in, actions out.
///
/// One thing is under way at a time: looking for the position, writing, or a rest. Each of them ends with an event,
/// also when the partition was given away meanwhile, so nothing is written twice at once. What the ledger says about
/// its position always wins.
struct OrderWriterMachine: Hashable, Sendable {
    enum Event: Hashable, Sendable {
        /// The partition is this writer's.
        case assigned
        /// It is somebody else's.
        case revoked
        /// The ledger's position in this log, and what the log still has.
        case found(LogPartition, position: Int64, low: Int64, high: Int64)
        /// Ledger or log could not be asked.
        case notFound
        /// What stands in the log from the position on that is read.
        case read([LoggedRecord])
        /// The log has nothing at the position.
        case nothingThere(String)
        /// What the ledger made of what was written.
        case wrote(LogWrite)
        /// It failed.
        case failed(ShopError.Code, String)
        /// The rest is over.
        case woke
    }

    enum Action: Hashable, Sendable {
        /// Look for the position.
        case find
        /// Read from here on.
        case start(Int64)
        /// Read on.
        case readOn
        /// Write this.
        case write(LogBatch)
        /// The ledger has judged these.
        case settle([OrderDraft], [Placement])
        /// The ledger has these, and what it made of them was not heard.
        case settleUnheard([OrderDraft])
        /// These are parked.
        case parked([LoggedRecord])
        /// The ledger's position is this one now.
        case stored(Int64)
        /// Say that the rest is over after so many milliseconds.
        case rest(Int)
        /// Do not read any more.
        case stopReading
        /// Nothing goes on here until somebody has looked.
        case halt(String)
    }

    enum State: Hashable, Sendable {
        case idle
        /// Looking for the position; what is in hand may have been written.
        case finding([LogSlice])
        case restingBeforeFind([LogSlice])
        case restingBeforeWrite([LogSlice])
        case reading(Int64)
        case writing([LogSlice])
        case halted(String)
        /// Given away, with something under way. `again` when it came back meanwhile.
        case leaving(written: LogSlice?, again: Bool)
    }

    private(set) var state: State
    private var partition: LogPartition?
    /// Failures in a row.
    private var failures = 0
    private var hasSeenGap = false
    /// Orders in a row that the ledger could not take.
    private var refusals = 0

    /// A ledger that cannot take so many orders in a row is at fault itself, and they must not all be parked.
    static let mostRefusals = 16

    private static let shortestRest = 50
    private static let longestRest = 5000

    init(state: State = .idle, partition: LogPartition? = nil) {
        self.state = state
        self.partition = partition
    }

    mutating func handle(_ event: Event) -> [Action] {
        switch event {
        case .assigned: assigned()
        case .revoked: revoked()
        case .found(let partition, let position, let low, let high):
            found(partition, position: position, low: low, high: high)
        case .notFound: notFound()
        case .read(let records): read(records)
        case .nothingThere(let reason): nothingThere(reason)
        case .wrote(let write): wrote(write)
        case .failed(let code, let reason): failed(code, reason)
        case .woke: woke()
        }
    }

    // MARK: Coming and going

    private mutating func assigned() -> [Action] {
        switch state {
        case .idle, .halted, .reading:
            hasSeenGap = false
            refusals = 0
            return find([])
        case .leaving(let written, _):
            state = .leaving(written: written, again: true)
        case .finding, .restingBeforeFind, .restingBeforeWrite, .writing:
            break
        }
        return []
    }

    private mutating func revoked() -> [Action] {
        switch state {
        case .idle, .halted, .reading: state = .idle
        case .finding, .restingBeforeFind, .restingBeforeWrite: state = .leaving(written: nil, again: false)
        case .writing(let slices): state = .leaving(written: slices.first, again: false)
        case .leaving(let written, _): state = .leaving(written: written, again: false)
        }
        return []
    }

    /// What was under way when the partition was given away has ended.
    private mutating func left(_ again: Bool) -> [Action] {
        guard again else {
            state = .idle
            return []
        }
        return find([])
    }

    private mutating func find(_ slices: [LogSlice]) -> [Action] {
        state = .finding(slices)
        return [.find]
    }

    private mutating func halt(_ reason: String) -> [Action] {
        state = .halted(reason)
        return [.stopReading, .halt(reason)]
    }

    private mutating func rest(_ state: State) -> [Action] {
        self.state = state
        failures += 1
        return [.rest(min(Self.longestRest, Self.shortestRest << min(failures - 1, 10)))]
    }

    // MARK: Where to read

    private mutating func found(_ partition: LogPartition, position: Int64, low: Int64, high: Int64) -> [Action] {
        if case .leaving(_, let again) = state { return left(again) }
        guard case .finding(var slices) = state else { return [] }
        if partition != self.partition { slices = [] }
        self.partition = partition
        if let first = slices.first {
            if position == first.from { return write(slices) }
            if position == first.next {
                return [.settleUnheard(first.drafts), .stored(position)] + goOn(Array(slices.dropFirst()), at: position)
            }
        }
        if position > high {
            return halt("the ledger has read up to \(position), and the log ends at \(high)")
        }
        if position < low {
            return halt("the ledger has read up to \(position), and the log begins at \(low): records were dropped")
        }
        failures = 0
        state = .reading(position)
        return [.stored(position), .start(position)]
    }

    private mutating func notFound() -> [Action] {
        switch state {
        case .finding(let slices): rest(.restingBeforeFind(slices))
        case .leaving(_, let again): left(again)
        default: []
        }
    }

    private mutating func nothingThere(_ reason: String) -> [Action] {
        guard case .reading(let position) = state else { return [] }
        return halt("the log has nothing at \(position): \(reason)")
    }

    private mutating func read(_ records: [LoggedRecord]) -> [Action] {
        guard case .reading(let position) = state else { return [] }
        let fresh = records.drop { $0.position < position }
        guard let first = fresh.first else { return [.readOn] }
        guard first.position == position else {
            // It may be from before the ledger moved; if not, it comes again.
            if hasSeenGap {
                return halt("the log goes on at \(first.position) after \(position): records were dropped")
            }
            hasSeenGap = true
            return find([])
        }
        hasSeenGap = false
        // A gap further on is met when that is read.
        let whole = zip(fresh, position...).prefix { $0.position == $1 }.map(\.0)
        return write([LogSlice(from: position, records: whole)])
    }

    // MARK: Writing

    private mutating func write(_ slices: [LogSlice]) -> [Action] {
        guard let first = slices.first, let partition else { return find([]) }
        state = .writing(slices)
        return [.write(first.batch(of: partition))]
    }

    private mutating func goOn(_ slices: [LogSlice], at position: Int64) -> [Action] {
        failures = 0
        guard slices.isEmpty else { return write(slices) }
        state = .reading(position)
        return [.readOn]
    }

    private mutating func wrote(_ write: LogWrite) -> [Action] {
        switch (state, write) {
        case (.writing(let slices), .written(let placements)):
            guard let first = slices.first else { return find([]) }
            if !placements.isEmpty { refusals = 0 }
            return Self.written(first, placements) + goOn(Array(slices.dropFirst()), at: first.next)
        case (.writing, .moved(let position)):
            failures = 0
            state = .reading(position)
            return [.stored(position), .start(position)]
        case (.leaving(let slice?, let again), .written(let placements)):
            return Self.written(slice, placements) + left(again)
        case (.leaving(_, let again), _):
            return left(again)
        default:
            return []
        }
    }

    private static func written(_ slice: LogSlice, _ placements: [Placement]) -> [Action] {
        var actions: [Action] = []
        if !placements.isEmpty { actions.append(.settle(slice.drafts, placements)) }
        if !slice.poison.isEmpty { actions.append(.parked(slice.poison)) }
        return actions + [.stored(slice.next)]
    }

    private mutating func failed(_ code: ShopError.Code, _ reason: String) -> [Action] {
        if case .leaving(_, let again) = state { return left(again) }
        guard case .writing(let slices) = state, let first = slices.first else { return [] }
        switch code {
        case .outcomeUnknown:
            return find(slices)
        case .internalFault:
            guard let parts = Self.parts(first, reason) else { return rest(.restingBeforeWrite(slices)) }
            if parts.count == 1 { refusals += 1 }
            guard refusals <= Self.mostRefusals else {
                return halt("the ledger could not take \(refusals) orders in a row: \(reason)")
            }
            return write(parts + slices.dropFirst())
        default:
            return rest(.restingBeforeWrite(slices))
        }
    }

    /// Halves until the record that cannot be taken is alone, which is parked; nil when that fails too.
    private static func parts(_ slice: LogSlice, _ reason: String) -> [LogSlice]? {
        let middle = slice.records.count / 2
        if middle > 0 {
            let (left, right) = (slice.records[..<middle], slice.records[middle...])
            return [
                LogSlice(from: slice.from, records: Array(left)),
                LogSlice(from: slice.from + Int64(middle), records: Array(right)),
            ]
        }
        guard let record = slice.records.first, record.reason == nil else { return nil }
        let parked = LoggedRecord(
            position: record.position, bytes: record.bytes, draft: record.draft, reason: "the ledger: \(reason)")
        return [LogSlice(from: slice.from, records: [parked])]
    }

    private mutating func woke() -> [Action] {
        switch state {
        case .restingBeforeFind(let slices): find(slices)
        case .restingBeforeWrite(let slices): write(slices)
        case .leaving(_, let again): left(again)
        default: []
        }
    }
}

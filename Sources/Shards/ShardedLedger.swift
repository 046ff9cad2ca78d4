public import Domain
import NIOConcurrencyHelpers
public import Shop

/// Several ledgers as one: each is the home of whole products, and of all that was bought of them. Every call that is
/// about one thing goes to the one ledger that its number names; lists are put together from all of them. What the
/// whole shop shares (categories, channels, keys, announcements, settings, pictures, the blacklist, the
/// staff) lives in shard 0.
public struct ShardedLedger: Sendable {
    /// What a shard is made of.
    public typealias Shard = any Ledger & Catalog & CardStore & StaffStore

    /// The shards; their order is their number.
    let shards: [Shard]

    /// - Parameter shards: 1 to ``ShardNumber/maximumShard`` ledgers; their order is their number and never changes
    public init(_ shards: [Shard]) { self.shards = shards }

    /// Where the shop's own rows live.
    var home: Shard { shards[0] }

    /// - Throws: *not_found* for a shard that there is not: nothing of this shop has such a number.
    func shard(_ number: UInt16) throws(ShopError) -> Shard {
        guard Int(number) < shards.count else { throw ShopError(.notFound, "no such shard") }
        return shards[Int(number)]
    }

    func shard(of row: Int64) throws(ShopError) -> Shard { try shard(ShardNumber.shard(of: row)) }
    func shard(of order: OrderID) throws(ShopError) -> Shard { try shard(order.identifier.shard) }
    func shard(of product: ProductID) throws(ShopError) -> Shard { try shard(product.shard) }

    /// Asks all shards at once.
    ///
    /// - Throws: the first failure: a list with a hole would be taken for a whole one.
    func all<Value: Sendable>(
        _ ask: @escaping @Sendable (Shard) async throws(ShopError) -> Value
    ) async throws(ShopError) -> [Value] {
        guard shards.count > 1 else { return [try await ask(home)] }
        let results = await withTaskGroup(of: (Int, Result<Value, ShopError>).self) { group in
            for (number, shard) in shards.enumerated() {
                group.addTask {
                    do throws(ShopError) {
                        return (number, .success(try await ask(shard)))
                    } catch {
                        return (number, .failure(error))
                    }
                }
            }
            var results: [Int: Result<Value, ShopError>] = [:]
            for await (number, result) in group { results[number] = result }
            return results
        }
        var values: [Value] = []
        for number in shards.indices {
            guard let result = results[number] else { continue }
            values.append(try result.get())
        }
        return values
    }

    /// What those shards say that answer: for work that each of them can do without the others, and that must not be
    /// forgotten because another one failed.
    ///
    /// - Throws: the first failure, when none answers.
    func allThatAnswer<Value: Sendable>(
        _ ask: @escaping @Sendable (Shard) async throws(ShopError) -> [Value]
    ) async throws(ShopError) -> [Value] {
        let answers = try await all { shard throws(ShopError) -> Result<[Value], ShopError> in
            do throws(ShopError) { return .success(try await ask(shard)) } catch { return .failure(error) }
        }
        let values = answers.compactMap { try? $0.get() }
        guard values.isEmpty, let first = answers.first else { return values.flatMap { $0 } }
        return try first.get()
    }

    /// A page put together from each shard's page of the same kind.
    func page<Value: Sendable>(
        _ limit: Int, _ comesBefore: (Value, Value) -> Bool,
        _ ask: @escaping @Sendable (Shard) async throws(ShopError) -> [Value]
    ) async throws(ShopError) -> [Value] {
        guard shards.count > 1 else { return try await ask(home) }
        return Array(try await all(ask).joined().sorted(by: comesBefore).prefix(limit))
    }
}

// MARK: Orders and money

extension ShardedLedger: Ledger {
    public func place(
        _ batch: [Submission], completion: @escaping @Sendable (Result<[Placement], ShopError>) -> Void
    ) {
        var parts: [UInt16: [Int]] = [:]
        for (index, submission) in batch.enumerated() { parts[submission.shard, default: []].append(index) }
        let gathering = Gathering(count: batch.count, parts: parts.count, completion: completion)
        for (number, indices) in parts {
            guard Int(number) < shards.count else {
                gathering.add(indices, .failure(ShopError(.notFound, "no such shard")))
                continue
            }
            shards[Int(number)].place(indices.map { batch[$0] }) { gathering.add(indices, $0) }
        }
        if batch.isEmpty { completion(.success([])) }
    }

    public func cancel(_ id: OrderID, at moment: Timestamp) async throws(ShopError) -> Cancellation {
        try await shard(of: id).cancel(id, at: moment)
    }

    public func expire(at moment: Timestamp, limit: Int) async throws(ShopError) -> [Order] {
        try await allThatAnswer { shard throws(ShopError) in try await shard.expire(at: moment, limit: limit) }
    }

    public func open(
        _ attempt: Attempt, queryAt: Timestamp?
    ) async throws(ShopError) -> (attempt: Attempt, isNew: Bool) {
        try await shard(of: attempt.order).open(attempt, queryAt: queryAt)
    }

    /// A notice of an attempt that no shard can have is kept in shard 0, where the owner finds it.
    public func record(_ receipt: PaymentReceipt) async throws(ShopError) -> PaymentRecord {
        let number = AttemptID(text: receipt.notice.attempt)?.identifier.shard ?? 0
        return try await (Int(number) < shards.count ? shards[Int(number)] : home).record(receipt)
    }

    public func replay(
        _ payment: Int64, by note: OwnerNote, at moment: Timestamp
    ) async throws(ShopError) -> PaymentReplay {
        try await shard(of: payment).replay(payment, by: note, at: moment)
    }

    public func recordForged(_ callbacks: [ForgedCallback], uncounted: Int, channel: Slug) async throws(ShopError) {
        try await home.recordForged(callbacks, uncounted: uncounted, channel: channel)
    }

    public func confirm(
        _ order: OrderID, by note: OwnerNote, at moment: Timestamp
    ) async throws(ShopError) -> OrderChange {
        try await shard(of: order).confirm(order, by: note, at: moment)
    }

    public func fulfil(
        _ order: OrderID, sealed: [UInt8], by note: OwnerNote, at moment: Timestamp
    ) async throws(ShopError) -> OrderChange {
        try await shard(of: order).fulfil(order, sealed: sealed, by: note, at: moment)
    }

    public func deliverWaiting(at moment: Timestamp, limit: Int) async throws(ShopError) -> [OrderChange] {
        try await allThatAnswer { shard throws(ShopError) in try await shard.deliverWaiting(at: moment, limit: limit) }
    }

    public func requestRefund(
        _ order: OrderID, by note: OwnerNote, at moment: Timestamp
    ) async throws(ShopError) -> OrderChange {
        try await shard(of: order).requestRefund(order, by: note, at: moment)
    }

    public func requestRefund(
        case id: Int64, by note: OwnerNote, at moment: Timestamp
    ) async throws(ShopError) -> RefundCase {
        try await shard(of: id).requestRefund(case: id, by: note, at: moment)
    }

    public func beginTelling(refund id: Int64, at moment: Timestamp) async throws(ShopError) -> Bool {
        try await shard(of: id).beginTelling(refund: id, at: moment)
    }

    public func endTelling(refund id: Int64) async throws(ShopError) {
        try await shard(of: id).endTelling(refund: id)
    }

    public func note(refund id: Int64, outcome: String, at moment: Timestamp) async throws(ShopError) {
        try await shard(of: id).note(refund: id, outcome: outcome, at: moment)
    }

    public func finishRefund(
        _ id: Int64, outcome: String, by note: OwnerNote, at moment: Timestamp
    ) async throws(ShopError) -> (refund: RefundCase, change: OrderChange) {
        try await shard(of: id).finishRefund(id, outcome: outcome, by: note, at: moment)
    }

    public func dueQueries(at moment: Timestamp, limit: Int) async throws(ShopError) -> [DueQuery] {
        Array(
            try await allThatAnswer { shard throws(ShopError) in try await shard.dueQueries(at: moment, limit: limit) }
                .prefix(limit))
    }

    public func schedule(_ query: DueQuery, number: Int, at moment: Timestamp?) async throws(ShopError) -> Bool {
        try await shard(of: query.attempt.order).schedule(query, number: number, at: moment)
    }
}

extension Submission {
    /// The shard that it is for.
    fileprivate var shard: UInt16 {
        switch self {
        case .place(let draft): draft.id.identifier.shard
        case .find(_, let product): product.shard
        }
    }
}

/// Puts the answers of several shards together. One that fails fails the batch: some of it may be placed, which is
/// what *outcome_unknown* says.
private final class Gathering: Sendable {
    private struct State {
        var placements: [Placement?]
        var failure: ShopError?
        var open: Int
    }

    private let state: NIOLockedValueBox<State>
    private let isDivided: Bool
    private let completion: @Sendable (Result<[Placement], ShopError>) -> Void

    init(count: Int, parts: Int, completion: @escaping @Sendable (Result<[Placement], ShopError>) -> Void) {
        state = NIOLockedValueBox(State(placements: Array(repeating: nil, count: count), open: parts))
        isDivided = parts > 1
        self.completion = completion
    }

    func add(_ indices: [Int], _ result: Result<[Placement], ShopError>) {
        let done: State? = state.withLockedValue { state in
            switch result {
            case .success(let placements):
                for (index, placement) in zip(indices, placements) { state.placements[index] = placement }
            case .failure(let error):
                state.failure = isDivided ? ShopError(.outcomeUnknown, error.detail, cause: error.cause) : error
            }
            state.open -= 1
            return state.open == 0 ? state : nil
        }
        guard let done else { return }
        completion(done.failure.map { .failure($0) } ?? .success(done.placements.compactMap { $0 }))
    }
}

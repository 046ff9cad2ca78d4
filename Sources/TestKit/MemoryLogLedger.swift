public import Domain
import NIOConcurrencyHelpers
public import Shop

/// A ledger that takes orders from a log, made of one that takes them directly: it keeps positions, parked records
/// and rejected orders in memory, so they are gone with it. For tests.
public final class MemoryLogLedger: LogLedger {
    /// What goes wrong with the next write.
    public enum Fault: Hashable, Sendable {
        /// It is refused as *busy*.
        case busy
        /// It fails as *outcome_unknown*; whether it took effect.
        case unknown(landed: Bool)
    }

    private struct State {
        var positions: [LogPartition: Int64] = [:]
        var writing: Set<LogPartition> = []
        var parked: [ParkedRecord] = []
        var rejected: [OrderID: Order] = [:]
        var faults: [Fault] = []
        var untakeable: Set<OrderID> = []
    }

    private let ledger: any Ledger
    private let state = NIOLockedValueBox(State())

    /// - Parameter ledger: places the orders
    public init(_ ledger: any Ledger) { self.ledger = ledger }

    /// Makes the next writes go wrong, one after the other.
    public func fail(_ faults: [Fault]) { state.withLockedValue { $0.faults += faults } }

    /// Makes every batch with this order fail as *internal*.
    public func refuse(_ order: OrderID) { state.withLockedValue { _ = $0.untakeable.insert(order) } }

    public func position(of partition: LogPartition) async throws(ShopError) -> Int64 {
        state.withLockedValue { $0.positions[partition] ?? 0 }
    }

    /// Moves the position of a partition, as another writer would.
    public func move(_ partition: LogPartition, to position: Int64) {
        state.withLockedValue { $0.positions[partition] = position }
    }

    /// The partitions that were written.
    public var partitions: [LogPartition] { state.withLockedValue { Array($0.positions.keys) } }

    public func write(_ batch: LogBatch, at moment: Timestamp) async throws(ShopError) -> LogWrite {
        let fault = state.withLockedValue { $0.faults.isEmpty ? nil : $0.faults.removeFirst() }
        switch fault {
        case .busy: throw ShopError(.busy, "a test")
        case .unknown(landed: false): throw ShopError(.outcomeUnknown, "a test")
        case .unknown(landed: true):
            _ = try await take(batch, at: moment)
            throw ShopError(.outcomeUnknown, "a test")
        case nil: return try await take(batch, at: moment)
        }
    }

    private func take(_ batch: LogBatch, at moment: Timestamp) async throws(ShopError) -> LogWrite {
        let begun = state.withLockedValue { state -> Result<LogWrite?, ShopError> in
            guard !state.writing.contains(batch.partition) else {
                return .failure(ShopError(.busy, "another write is under way"))
            }
            let position = state.positions[batch.partition] ?? 0
            guard position == batch.from else { return .success(.moved(to: position)) }
            guard state.untakeable.isDisjoint(with: batch.drafts.map(\.id)) else {
                return .failure(ShopError(.internalFault, "an order cannot be taken"))
            }
            state.writing.insert(batch.partition)
            return .success(nil)
        }
        if let moved = try begun.get() { return moved }
        defer { state.withLockedValue { _ = $0.writing.remove(batch.partition) } }
        var placements: [Placement] = []
        for draft in batch.drafts { placements.append(try await place(draft)) }
        state.withLockedValue { state in
            state.positions[batch.partition] = batch.next
            for record in batch.poison {
                let id = Int64(state.parked.count + 1)
                state.parked.append(
                    ParkedRecord(id: id, partition: batch.partition, record: record, at: moment, replayedAt: nil))
            }
        }
        return .written(placements)
    }

    private func place(_ draft: OrderDraft) async throws(ShopError) -> Placement {
        if let order = state.withLockedValue({ $0.rejected[draft.id] }) { return .existing(order) }
        if let order = try await ledger.order(draft.id) { return .existing(order) }
        let placements = await withCheckedContinuation { continuation in
            ledger.place([.place(draft)]) { continuation.resume(returning: $0) }
        }
        let placement = try placements.get()[0]
        if case .refused = placement {
            let order = Order(draft, state: .rejected, version: 1, expiresAt: nil)
            state.withLockedValue { $0.rejected[draft.id] = order }
        }
        return placement
    }

    public func order(_ id: OrderID) async throws(ShopError) -> Order? {
        if let order = state.withLockedValue({ $0.rejected[id] }) { return order }
        return try await ledger.order(id)
    }

    public func parked(after id: Int64?, limit: Int) async throws(ShopError) -> [ParkedRecord] {
        state.withLockedValue { Array($0.parked.drop { $0.id <= id ?? 0 }.prefix(limit)) }
    }

    public func replay(
        parked id: Int64, as draft: OrderDraft, by note: OwnerNote, at moment: Timestamp
    ) async throws(ShopError) -> Placement {
        guard state.withLockedValue({ $0.parked.contains { $0.id == id } }) else {
            throw ShopError(.notFound, "no such record is parked")
        }
        return try await place(draft)
    }
}

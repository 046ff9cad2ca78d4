public import Domain
public import Shop

/// Several ledgers that take orders from one log, each from the partitions of its shard. One that is down fails what is
/// about its own partitions, and nothing else.
public struct ShardedLog: LogLedger {
    private let shards: [any LogLedger]
    private let partitionsPerShard: Int32

    /// - Parameters:
    ///   - shards: one a shard, in the order of the shards
    ///   - partitionsPerShard: how many partitions of the log each has, from 1
    public init(_ shards: [any LogLedger], partitionsPerShard: Int) {
        self.shards = shards
        self.partitionsPerShard = Int32(partitionsPerShard)
    }

    /// - Throws: *not_found* for a shard that there is not.
    private func shard(_ number: Int) throws(ShopError) -> any LogLedger {
        guard shards.indices.contains(number) else { throw ShopError(.notFound, "no such shard") }
        return shards[number]
    }

    private func shard(of partition: LogPartition) throws(ShopError) -> any LogLedger {
        try shard(Int(partition.number / partitionsPerShard))
    }

    public func position(of partition: LogPartition) async throws(ShopError) -> Int64 {
        try await shard(of: partition).position(of: partition)
    }

    public func write(_ batch: LogBatch, at moment: Timestamp) async throws(ShopError) -> LogWrite {
        try await shard(of: batch.partition).write(batch, at: moment)
    }

    public func order(_ id: OrderID) async throws(ShopError) -> Order? {
        try await shard(Int(id.identifier.shard)).order(id)
    }

    /// Oldest first within a shard; the shards follow each other, as their numbers do.
    public func parked(after id: Int64?, limit: Int) async throws(ShopError) -> [ParkedRecord] {
        let first = Int(ShardNumber.shard(of: id ?? 0))
        var found: [ParkedRecord] = []
        for number in shards.indices.dropFirst(first) where found.count < limit {
            found += try await shards[number].parked(after: number == first ? id : nil, limit: limit - found.count)
        }
        return found
    }

    public func replay(
        parked id: Int64, as draft: OrderDraft, by note: OwnerNote, at moment: Timestamp
    ) async throws(ShopError) -> Placement {
        try await shard(Int(ShardNumber.shard(of: id))).replay(parked: id, as: draft, by: note, at: moment)
    }
}

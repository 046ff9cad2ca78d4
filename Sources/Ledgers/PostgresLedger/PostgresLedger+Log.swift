public import Domain
import PostgresClient
import SQLLedger
public import Shop

extension PostgresLedger: LogLedger {
    public func position(of partition: LogPartition) async throws(ShopError) -> Int64 {
        try await read { try $0.position(of: partition) }
    }

    public func write(_ batch: LogBatch, at moment: Timestamp) async throws(ShopError) -> LogWrite {
        try await timed { try Self.write(batch, at: moment, $0) }
    }

    static func write(
        _ batch: LogBatch, at moment: Timestamp, _ transaction: PostgresTransaction
    ) throws -> LogWrite {
        // First, so that of two that read the same partition one waits for the other.
        guard try transaction.move(batch) else { return .moved(to: try transaction.position(of: batch.partition)) }
        try transaction.park(batch, at: moment)
        let submissions = batch.drafts.map { Submission.place($0) }
        return .written(try PlaceBatch(transaction, isFromLog: true).place(submissions))
    }

    public func parked(after id: Int64?, limit: Int) async throws(ShopError) -> [ParkedRecord] {
        try await read { transaction in
            try transaction.rows("SELECT * FROM parked_records WHERE id > ? ORDER BY id LIMIT ?", [id ?? 0, limit]).map
            {
                try ParkedRecord(row: $0)
            }
        }
    }

    public func replay(
        parked id: Int64, as draft: OrderDraft, by note: OwnerNote, at moment: Timestamp
    ) async throws(ShopError) -> Placement {
        try await timed { transaction in
            guard let row = try transaction.first("SELECT * FROM parked_records WHERE id = ? FOR UPDATE", [id]) else {
                throw ShopError(.notFound, "no such parked record")
            }
            let parked = try ParkedRecord(row: row)
            let placements = try PlaceBatch(transaction, isFromLog: true).place([.place(draft)])
            if parked.replayedAt == nil {
                try transaction.run("UPDATE parked_records SET replayed_at = ? WHERE id = ?", [moment, id], rows: 1)
                try transaction.log(
                    "replay", subject: "parked record \(id) as order \(draft.id.text)", by: note, at: moment)
            }
            return placements[0]
        }
    }
}

extension PostgresTransaction {
    /// Moves the position of a batch's partition past it; false when it is not where the batch begins.
    fileprivate func move(_ batch: LogBatch) throws -> Bool {
        let key: [PostgresValue] = [.text(batch.partition.log), .integer(Int64(batch.partition.number))]
        if try session.run(PlaceStatements.move, key + [.integer(batch.from), .integer(batch.next)]) == 1 {
            return true
        }
        guard batch.from == 0 else { return false }
        return try session.run(PlaceStatements.begin, key + [.integer(batch.next)]) == 1
    }

    fileprivate func park(_ batch: LogBatch, at moment: Timestamp) throws {
        guard !batch.poison.isEmpty else { return }
        try session.run(
            PlaceStatements.park,
            [
                .text(batch.partition.log), .integer(Int64(batch.partition.number)), .integer(moment.milliseconds),
                .integers(batch.poison.map(\.position)), .byteStrings(batch.poison.map(\.bytes)),
                .texts(batch.poison.map(\.reason)),
            ])
    }
}

extension SQLTransaction {
    fileprivate func position(of partition: LogPartition) throws -> Int64 {
        try value(
            "SELECT next FROM log_positions WHERE log = ? AND partition = ?",
            [partition.log, Int64(partition.number)]) ?? 0
    }
}

extension ParkedRecord {
    fileprivate init(row: SQLRow) throws {
        guard let number = Int32(exactly: try row["partition"] as Int64) else { throw SQLRow.damaged("partition") }
        self.init(
            id: try row["id"], partition: LogPartition(log: try row["log"], number: number),
            record: PoisonRecord(position: try row["position"], bytes: try row["bytes"], reason: try row["reason"]),
            at: try row["parked_at"], replayedAt: try row["replayed_at"])
    }
}

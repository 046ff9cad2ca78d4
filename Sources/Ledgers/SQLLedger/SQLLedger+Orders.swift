public import Domain
import Foundation
import GRDB
public import Shop

extension SQLiteLedger: Ledger {
    // MARK: Writing

    public func place(
        _ batch: [Submission], completion: @escaping @Sendable (Result<[Placement], ShopError>) -> Void
    ) {
        let job = WriteJob(
            run: { [filing] database in
                var batchInHand = try PlaceBatch(database, filing: filing)
                let placements = try batchInHand.place(batch)
                let filed = batchInHand.filedInMemory
                Failpoint.hit(.placeBeforeCommit)
                return {
                    completion(.success(placements))
                    filing.placed(filed.count, newest: filed.newest)
                }
            },
            fail: { completion(.failure($0)) })
        writer.add(job, to: .urgent)
    }

    public func cancel(_ id: OrderID, at moment: Timestamp) async throws(ShopError) -> Cancellation {
        let cancellation = try await write(.urgent) { database -> Cancellation in
            let transaction = LedgerTransaction(database: database)
            guard let order = try transaction.order(id) else {
                try transaction.run(Statements.insertFence, [id.identifier.data, moment.milliseconds])
                return .fenced
            }
            guard order.state.after(.cancel) != nil else {
                return .order(OrderChange(order: order, changed: false))
            }
            try transaction.release(order)
            let cancelled = try transaction.move(order, .cancel, at: moment)
            Failpoint.hit(.cancelBeforeCommit)
            return .order(OrderChange(order: cancelled, changed: true, gate: GateEffect(end: .released)))
        }
        Failpoint.hit(.cancelAfterCommit)
        return cancellation
    }

    public func expire(at moment: Timestamp, limit: Int) async throws(ShopError) -> [Order] {
        // Looked up on a reader first: most sweeps find nothing, and those must not cost a write.
        let due = try await read { database in try Self.due(at: moment, limit: 1, in: database) }
        guard !due.isEmpty else { return [] }
        return try await write(.urgent) { database in
            let expired = try Self.due(at: moment, limit: limit, in: database).compactMap { order in
                try Self.end(order, at: moment, in: database)
            }
            Failpoint.hit(.expireBeforeCommit)
            return expired
        }
    }

    /// Ends one hold in a savepoint of its own; nil when its rows contradict each other. Such a hold stays, where the
    /// audit finds it, and does not keep the others from ending.
    private static func end(_ order: Order, at moment: Timestamp, in database: Database) throws -> Order? {
        let transaction = LedgerTransaction(database: database)
        return try attempting(database) {
            try transaction.release(order)
            return try transaction.move(order, .expire, at: moment)
        }
    }

    /// Changes one of several orders in a savepoint of its own; nil when its rows contradict each other.
    static func attempting<Value>(_ database: Database, _ body: () throws -> Value?) throws -> Value? {
        var value: Value?
        try database.inSavepoint {
            do {
                value = try body()
                return .commit
            } catch is ShopError {
                return .rollback
            } catch DatabaseError.SQLITE_CONSTRAINT {
                return .rollback
            }
        }
        return value
    }

    private static func due(at moment: Timestamp, limit: Int, in database: Database) throws -> [Order] {
        try Row.fetchAll(
            database.cachedStatement(sql: Statements.dueOrders), arguments: [moment.milliseconds, limit]
        ).map { try Order(row: $0) }
    }

    public func open(
        _ attempt: Attempt, queryAt: Timestamp?
    ) async throws(ShopError) -> (attempt: Attempt, isNew: Bool) {
        let opened = try await write(.urgent) { database -> (Attempt, Bool) in
            let statement = try database.cachedStatement(sql: Statements.attemptOfOrder)
            let arguments: StatementArguments = [attempt.order.identifier.data, attempt.channel.text]
            if let row = try Row.fetchOne(statement, arguments: arguments) { return (try Attempt(row: row), false) }
            try LedgerTransaction(database: database).run(
                """
                INSERT INTO attempts (id, order_id, channel, amount, currency, created_at, next_query_at)
                VALUES (?, ?, ?, ?, ?, ?, ?)
                """,
                [
                    attempt.id.identifier.data, attempt.order.identifier.data, attempt.channel.text,
                    attempt.amount.amount, attempt.amount.currency.code, attempt.createdAt.milliseconds,
                    queryAt?.milliseconds,
                ], rows: 1)
            return (attempt, true)
        }
        return (attempt: opened.0, isNew: opened.1)
    }

    public func record(_ receipt: PaymentReceipt) async throws(ShopError) -> PaymentRecord {
        let limits = limits
        return try await write(.urgent) { database in
            let record = try RecordPayment(database, limits: limits).record(receipt)
            Failpoint.hit(.payBeforeCommit)
            return record
        }
    }

    public func recordForged(
        _ callbacks: [ForgedCallback], uncounted: Int, channel: Slug
    ) async throws(ShopError) {
        let limits = limits
        try await write(.patient) { database in
            try RecordPayment(database, limits: limits).recordForged(
                callbacks, uncounted: uncounted, channel: channel)
        }
    }

    // MARK: Reading

    public func order(_ id: OrderID) async throws(ShopError) -> Order? {
        try await read { database in try LedgerTransaction(database: database).order(id) }
    }

    public func attempt(_ id: AttemptID) async throws(ShopError) -> Attempt? {
        try await read { database in
            try Row.fetchOne(
                database.cachedStatement(sql: Statements.attempt), arguments: [id.identifier.data]
            ).map { try Attempt(row: $0) }
        }
    }

    public func goods(of id: OrderID) async throws(ShopError) -> [SealedGoods] {
        try await read { database in
            guard let order = try LedgerTransaction(database: database).order(id), order.state == .delivered else {
                return []
            }
            switch order.kind {
            case .card:
                return try Row.fetchAll(
                    database.cachedStatement(sql: Statements.soldSecrets), arguments: [id.identifier.data]
                ).map { row in
                    let note = row["note"] as Data?
                    return SealedGoods(secret: Array(row["secret"] as Data), note: note.map { Array($0) })
                }
            case .sharedCounted, .sharedEndless:
                let secret = try Data.fetchOne(
                    database, sql: "SELECT shared_secret FROM products WHERE id = ?", arguments: [order.product.number])
                guard let secret else { throw Row.damaged("shared_secret") }
                return Array(repeating: SealedGoods(secret: Array(secret)), count: order.quantity)
            case .manual:
                return try Data.fetchAll(
                    database, sql: "SELECT secret FROM fulfilments WHERE order_id = ?", arguments: [id.identifier.data]
                ).map { SealedGoods(secret: Array($0)) }
            }
        }
    }

    public func journal(of id: OrderID) async throws(ShopError) -> [JournalEntry] {
        try await read { database in
            try Row.fetchAll(
                database, sql: "SELECT * FROM journal WHERE order_id = ? ORDER BY version",
                arguments: [id.identifier.data]
            ).map { row in
                JournalEntry(
                    version: row["version"], event: row["event"], from: row["from_state"], to: row["to_state"],
                    at: Timestamp(milliseconds: row["at"]), note: OwnerNote(row: row))
            }
        }
    }
}

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
            run: { database in
                var batchInHand = PlaceBatch(database)
                let placements = try batchInHand.place(batch)
                Failpoint.hit(.placeBeforeCommit)
                return { completion(.success(placements)) }
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
            return .order(OrderChange(order: cancelled, changed: true))
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
        var expired: Order?
        try database.inSavepoint {
            do {
                try transaction.release(order)
                expired = try transaction.move(order, .expire, at: moment)
                return .commit
            } catch is ShopError {
                return .rollback
            } catch DatabaseError.SQLITE_CONSTRAINT {
                return .rollback
            }
        }
        return expired
    }

    private static func due(at moment: Timestamp, limit: Int, in database: Database) throws -> [Order] {
        try Row.fetchAll(
            database.cachedStatement(sql: Statements.dueOrders), arguments: [moment.milliseconds, limit]
        ).map { try Order(row: $0) }
    }

    public func open(_ attempt: Attempt) async throws(ShopError) -> (attempt: Attempt, isNew: Bool) {
        let opened = try await write(.urgent) { database -> (Attempt, Bool) in
            let statement = try database.cachedStatement(sql: Statements.attemptOfOrder)
            let arguments: StatementArguments = [attempt.order.identifier.data, attempt.channel.text]
            if let row = try Row.fetchOne(statement, arguments: arguments) { return (try Attempt(row: row), false) }
            try LedgerTransaction(database: database).run(
                "INSERT INTO attempts (id, order_id, channel, amount, currency, created_at) VALUES (?, ?, ?, ?, ?, ?)",
                [
                    attempt.id.identifier.data, attempt.order.identifier.data, attempt.channel.text,
                    attempt.amount.amount, attempt.amount.currency.code, attempt.createdAt.milliseconds,
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

    public func recordForged(channel: Slug, raw: String, at moment: Timestamp) async throws(ShopError) {
        let limits = limits
        try await write(.patient) { database in
            try RecordPayment(database, limits: limits).recordForged(channel: channel, raw: raw, at: moment)
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

    public func cards(of id: OrderID) async throws(ShopError) -> [[UInt8]] {
        try await read { database in
            guard try LedgerTransaction(database: database).order(id)?.state == .delivered else { return [] }
            return try Data.fetchAll(
                database.cachedStatement(sql: Statements.soldSecrets), arguments: [id.identifier.data]
            ).map { Array($0) }
        }
    }
}

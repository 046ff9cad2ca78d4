public import Domain
public import Shop

extension SQLLedger {
    // MARK: Writing

    public func cancel(_ id: OrderID, at moment: Timestamp) async throws(ShopError) -> Cancellation {
        try await cancel(id, at: moment) { _ in }
    }

    /// - Parameter lockFences: keeps orders that are placed at this moment from passing the fence that is about to be
    ///   set; nothing where only one transaction writes at a time
    package func cancel(
        _ id: OrderID, at moment: Timestamp, lockFences: @escaping @Sendable (any SQLTransaction) throws -> Void
    ) async throws(ShopError) -> Cancellation {
        let cancellation = try await write(.urgent) { transaction -> Cancellation in
            var found = try transaction.lockedOrder(id)
            if found == nil {
                try lockFences(transaction)
                found = try transaction.lockedOrder(id)
            }
            guard let order = found else {
                try transaction.run(Statements.insertFence, [id, moment])
                return .fenced
            }
            guard order.state.after(.cancel) != nil else {
                return .order(OrderChange(order: order, changed: false))
            }
            let cancelled = try transaction.move(order, .cancel, at: moment)
            try transaction.release(order)
            Failpoint.hit(.cancelBeforeCommit)
            return .order(OrderChange(order: cancelled, changed: true, gate: GateEffect(end: .released)))
        }
        Failpoint.hit(.cancelAfterCommit)
        return cancellation
    }

    public func expire(at moment: Timestamp, limit: Int) async throws(ShopError) -> [Order] {
        // Looked up on a reader first: most sweeps find nothing, and those must not cost a write.
        let isDue = try await read { try !$0.dueOrders(at: moment, limit: 1, locked: false).isEmpty }
        guard isDue else { return [] }
        return try await write(.urgent) { transaction in
            let expired = try transaction.dueOrders(at: moment, limit: limit, locked: true).compactMap { order in
                // Nil when its rows contradict each other. Such a hold stays, where the audit finds it, and does not
                // keep the others from ending.
                try transaction.attempting {
                    let moved = try transaction.move(order, .expire, at: moment)
                    try transaction.release(order)
                    return moved
                }
            }
            Failpoint.hit(.expireBeforeCommit)
            return expired
        }
    }

    public func open(
        _ attempt: Attempt, queryAt: Timestamp?
    ) async throws(ShopError) -> (attempt: Attempt, isNew: Bool) {
        let opened = try await write(.urgent) { transaction -> (Attempt, Bool) in
            let inserted = try transaction.run(
                """
                INSERT INTO attempts (id, order_id, channel, amount, currency, created_at, next_query_at)
                VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (order_id, channel) DO NOTHING
                """,
                [
                    attempt.id, attempt.order, attempt.channel, attempt.amount.amount, attempt.amount.currency.code,
                    attempt.createdAt, queryAt,
                ])
            if inserted == 1 { return (attempt, true) }
            guard let row = try transaction.first(Statements.attemptOfOrder, [attempt.order, attempt.channel]) else {
                throw SQLRow.damaged("order_id")
            }
            return (try Attempt(row: row), false)
        }
        return (attempt: opened.0, isNew: opened.1)
    }

    public func record(_ receipt: PaymentReceipt) async throws(ShopError) -> PaymentRecord {
        let limits = limits
        return try await write(.urgent) { transaction in
            let record = try RecordPayment(transaction, limits: limits).record(receipt)
            Failpoint.hit(.payBeforeCommit)
            return record
        }
    }

    public func recordForged(
        _ callbacks: [ForgedCallback], uncounted: Int, channel: Slug
    ) async throws(ShopError) {
        let limits = limits
        try await write(.patient) { transaction in
            try RecordPayment(transaction, limits: limits).recordForged(
                callbacks, uncounted: uncounted, channel: channel)
        }
    }

    // MARK: Reading

    public func standing(of id: OrderID) async throws(ShopError) -> OrderStanding {
        try await readOnce { transaction in
            guard let row = try transaction.first(Statements.standing, [id]) else { return .unwritten }
            if try row["fences"] as Int > 0 { return .fenced }
            return try row["id"] as OrderID? == nil ? .unwritten : .written(try Order(row: row))
        }
    }

    public func order(_ id: OrderID) async throws(ShopError) -> Order? {
        try await readOnce { transaction in try transaction.order(id) }
    }

    public func attempt(_ id: AttemptID) async throws(ShopError) -> Attempt? {
        try await readOnce { transaction in
            try transaction.first(Statements.attempt, [id]).map { try Attempt(row: $0) }
        }
    }

    public func goods(of id: OrderID) async throws(ShopError) -> [SealedGoods] {
        try await read { transaction in
            guard let order = try transaction.order(id), order.state == .delivered else {
                return []
            }
            switch order.kind {
            case .card:
                return try transaction.rows(Statements.soldSecrets, [id]).map { row in
                    SealedGoods(secret: try row["secret"], note: try row["note"])
                }
            case .sharedCounted, .sharedEndless:
                let sql = "SELECT shared_secret FROM products WHERE id = ?"
                guard let secret: [UInt8] = try transaction.value(sql, [order.product]) else {
                    throw SQLRow.damaged("shared_secret")
                }
                return Array(repeating: SealedGoods(secret: secret), count: order.quantity)
            case .manual:
                return try transaction.column("SELECT secret FROM fulfilments WHERE order_id = ?", [id]).map {
                    SealedGoods(secret: $0)
                }
            }
        }
    }

    public func journal(of id: OrderID) async throws(ShopError) -> [JournalEntry] {
        try await read { transaction in
            try transaction.rows("SELECT * FROM journal WHERE order_id = ? ORDER BY version", [id]).map { row in
                JournalEntry(
                    version: try row["version"], event: try row["event"], from: try row["from_state"],
                    to: try row["to_state"],
                    at: try row["at"], note: try OwnerNote(row: row))
            }
        }
    }
}

extension SQLTransaction {
    fileprivate func dueOrders(at moment: Timestamp, limit: Int, locked: Bool) throws -> [Order] {
        // One that somebody pays or cancels at this moment is not worth waiting for.
        let lock = locked ? "\(dialect.forUpdate(of: "o")) \(dialect.skipLocked)" : ""
        let sql = "\(Statements.dueOrders) \(lock)"
        return try rows(sql, [moment, limit]).map { try Order(row: $0) }
    }
}

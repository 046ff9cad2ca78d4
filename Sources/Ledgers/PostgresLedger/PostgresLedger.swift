public import CoreMetrics
public import Domain
import NIOConcurrencyHelpers
public import PostgresClient
public import SQLLedger
public import Shop

/// The ledger of a cluster, or of one of its shards: one PostgreSQL database, written by several processes at once.
public final class PostgresLedger: SQLLedger {
    public let limits: Limits
    /// Which shard of the shop it is.
    let shard: UInt16
    /// Readers never wait behind writers.
    private let writers: PostgresClient
    let readers: PostgresClient
    private let statements = TranslatedStatements()
    private let hints = PoolHints()
    private let placingTime: CoreMetrics.Timer
    private let state = NIOLockedValueBox(LedgerHealth.writable)
    private let onHealthChange: @Sendable (LedgerHealth, _ cause: String?) -> Void

    /// Connects, and brings the schema up to date.
    ///
    /// - Parameters:
    ///   - settings: where the database is; there are so many connections that write
    ///   - shard: the number of the shard that the database is, for ever; its rows are numbered by it
    ///   - readers: how many connections read
    ///   - metrics: receives `sluice_ledger_flush_seconds`
    ///   - migrates: whether an older ledger is brought up to date; otherwise it is refused
    ///   - onNotice: told what the server remarks
    ///   - onHealthChange: told, with the cause, when writes stop and when they are taken again
    /// - Throws: *busy* when the database cannot be reached; *internal* when it belongs to a newer release, or is
    ///   another shard.
    public static func open(
        _ settings: PostgresSettings, shard: UInt16 = 0, readers: Int = 4, limits: Limits, metrics: any MetricsFactory,
        migrates: Bool = true, onNotice: @escaping @Sendable (String) -> Void = { _ in },
        onHealthChange: @escaping @Sendable (LedgerHealth, _ cause: String?) -> Void = { _, _ in }
    ) async throws(ShopError) -> PostgresLedger {
        var settings = settings
        settings.waiting = limits.writerJobs
        settings.session = planning
        let writers = PostgresClient(settings, onNotice: onNotice)
        do throws(ShopError) {
            try await Migrations.run(writers, migrates: migrates)
            try await Migrations.claim(writers, for: shard)
        } catch {
            writers.close()
            throw error
        }
        settings.connections = readers
        settings.session = [("default_transaction_read_only", "on")]
        return PostgresLedger(
            shard: shard, writers: writers, readers: PostgresClient(settings, onNotice: onNotice), limits: limits,
            metrics: metrics, onHealthChange: onHealthChange)
    }

    private init(
        shard: UInt16, writers: PostgresClient, readers: PostgresClient, limits: Limits,
        metrics: any MetricsFactory,
        onHealthChange: @escaping @Sendable (LedgerHealth, _ cause: String?) -> Void
    ) {
        self.shard = shard
        self.writers = writers
        self.readers = readers
        self.limits = limits
        self.onHealthChange = onHealthChange
        placingTime = CoreMetrics.Timer(
            label: "sluice_ledger_flush_seconds", dimensions: [], preferredDisplayUnit: .seconds, factory: metrics)
    }

    /// Ends what runs, refuses what waits, and closes the connections. Blocks until that is done.
    public func close() {
        writers.close()
        readers.close()
    }

    /// Every statement that writes finds its rows by an index. A plan that was made while a table was small would read
    /// the whole of it for each batch, until statistics are gathered anew.
    static let planning = ["enable_seqscan", "enable_hashjoin", "enable_mergejoin", "enable_material"].map {
        ($0, "off")
    }

    public var keepsCategories: Bool { shard == 0 }

    // MARK: The ways in

    public func place(
        _ batch: [Submission], completion: @escaping @Sendable (Result<[Placement], ShopError>) -> Void
    ) {
        timed({ try PlaceBatch($0).place(batch) }, completion: completion)
    }

    /// Places something, and measures how long it takes until it is durable.
    private func timed<Value: Sendable>(
        _ body: @escaping @Sendable (PostgresTransaction) throws -> Value,
        completion: @escaping @Sendable (Result<Value, ShopError>) -> Void
    ) {
        let start = ContinuousClock.now
        write(.urgent) { transaction in
            let value = try body(transaction)
            Failpoint.hit(.placeBeforeCommit)
            return value
        } completion: { [placingTime] result in
            placingTime.recordNanoseconds(Int64(start.duration(to: .now) / .nanoseconds(1)))
            completion(result)
        }
    }

    func timed<Value: Sendable>(
        _ body: @escaping @Sendable (PostgresTransaction) throws -> Value
    ) async throws(ShopError) -> Value {
        try await withCheckedContinuation { continuation in
            timed(body) { continuation.resume(returning: $0) }
        }.get()
    }

    public func write<Value: Sendable>(
        _ lane: SQLLane, _ body: @escaping @Sendable (any SQLTransaction) throws -> Value
    ) async throws(ShopError) -> Value {
        try await withCheckedContinuation { continuation in
            write(lane) {
                try body($0)
            } completion: {
                continuation.resume(returning: $0)
            }
        }.get()
    }

    public func read<Value: Sendable>(
        _ body: @escaping @Sendable (any SQLTransaction) throws -> Value
    ) async throws(ShopError) -> Value {
        try await read(.urgent, .snapshot, body)
    }

    public func readOnce<Value: Sendable>(
        _ body: @escaping @Sendable (any SQLTransaction) throws -> Value
    ) async throws(ShopError) -> Value {
        try await read(.urgent, .statement, body)
    }

    public func readAtLeisure<Value: Sendable>(
        _ body: @escaping @Sendable (any SQLTransaction) throws -> Value
    ) async throws(ShopError) -> Value {
        try await read(.patient, .snapshot, body)
    }

    private func read<Value: Sendable>(
        _ lane: PostgresLane, _ kind: PostgresTransactionKind,
        _ body: @escaping @Sendable (any SQLTransaction) throws -> Value
    ) async throws(ShopError) -> Value {
        do {
            return try await readers.transaction(kind, lane) { [statements, hints] session in
                try body(PostgresTransaction(session: session, statements: statements, hints: hints))
            }
        } catch {
            throw error.shopError("the ledger cannot be read")
        }
    }

    /// Runs a transaction that writes. One that broke a rule of uniqueness is run once more: somebody else may have
    /// been faster, and then it sees what that one did.
    func write<Value: Sendable>(
        _ lane: SQLLane, isSecond: Bool = false, _ body: @escaping @Sendable (PostgresTransaction) throws -> Value,
        completion: @escaping @Sendable (Result<Value, ShopError>) -> Void
    ) {
        writers.transaction(.readWrite, lane == .urgent ? .urgent : .patient) { [statements, hints] session in
            try body(PostgresTransaction(session: session, statements: statements, hints: hints))
        } completion: { [self] result in
            switch result {
            case .success(let value):
                note(.writable, nil)
                completion(.success(value))
            case .failure(.server(let error)) where error.sqlState == "23505" && !isSecond:
                write(lane, isSecond: true, body, completion: completion)
            case .failure(let failure):
                if let health = failure.health { note(health, "\(failure)") }
                completion(.failure(failure.shopError("a write failed")))
            }
        }
    }

    public func cancel(_ id: OrderID, at moment: Timestamp) async throws(ShopError) -> Cancellation {
        // Alone with the ledger, or an order that is being placed could pass the fence. Rare: the order is not there.
        try await cancel(id, at: moment) { transaction in
            _ = try transaction.run("SELECT pg_advisory_xact_lock(\(AdvisoryLock.fences))", [])
        }
    }

    public func audit() async throws(ShopError) -> AuditReport {
        // References that the database would check for each order and each card, at the cost of a look-up each.
        try await audit(also: [
            "I2": """
            SELECT (SELECT count(*) FROM cards c WHERE c.order_id IS NOT NULL
                    AND NOT EXISTS (SELECT 1 FROM orders o WHERE o.id = c.order_id))
                + (SELECT count(*) FROM orders o
                    WHERE NOT EXISTS (SELECT 1 FROM products p WHERE p.id = o.product_id)
                        OR o.coupon_id IS NOT NULL AND NOT EXISTS (SELECT 1 FROM coupons u WHERE u.id = o.coupon_id))
            """
        ])
    }

    // MARK: Health

    public var health: LedgerHealth { state.withLockedValue { $0 } }

    public func probe() async {
        // What came of it is noted.
        _ = try? await write(.urgent) { transaction in
            try transaction.run(
                """
                INSERT INTO probe (id, at) VALUES (1, CAST(extract(epoch FROM now()) AS bigint))
                ON CONFLICT (id) DO UPDATE SET at = excluded.at
                """, [])
        }
    }

    private func note(_ health: LedgerHealth, _ cause: String?) {
        let isNew = state.withLockedValue { state in
            defer { state = health }
            return state != health
        }
        if isNew { onHealthChange(health, cause) }
    }
}

extension PostgresFailure {
    /// What it is for the shop.
    func shopError(_ detail: String) -> ShopError {
        switch self {
        case .body(let error as ShopError): error
        case .refused: ShopError(.busy, "the ledger has too much to do", cause: description)
        case .unavailable: ShopError(.busy, "the ledger's database cannot be reached", cause: description)
        case .timedOut: ShopError(.busy, "the ledger's database takes too long", cause: description)
        case .diskFull: ShopError(.busy, "no writes: the disk of the ledger's database is full", cause: description)
        case .unknown: ShopError(.outcomeUnknown, "the ledger's database did not answer", cause: description)
        // Deadlocks that came again and again, and a server that is short of something.
        case .server(let error) where ["40", "53"].contains(error.sqlState.prefix(2)):
            ShopError(.busy, "the ledger's database has too much to do", cause: description)
        case .server, .invalid, .body: ShopError(.internalFault, detail, cause: description)
        }
    }

    /// What it says about the ledger; nil when it says nothing.
    fileprivate var health: LedgerHealth? {
        switch self {
        case .unavailable: .stopped(reason: "the database cannot be reached", recovers: true)
        case .diskFull: .stopped(reason: "the disk of the database is full", recovers: true)
        case .refused, .unknown, .timedOut, .server, .invalid, .body: nil
        }
    }
}

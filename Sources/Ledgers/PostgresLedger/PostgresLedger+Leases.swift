public import Domain
import PostgresClient
import SQLLedger
public import Shop

extension PostgresLedger: Leases {
    public func hold(_ name: String, by holder: String, milliseconds: Int64) async throws(ShopError) -> Int64? {
        do {
            // By a connection that no batch of orders is waited for on.
            return try await readers.transaction(.readWrite, .urgent) { session in
                var term: Int64?
                try session.rows(Self.hold, [.text(name), .text(holder), .integer(milliseconds)]) {
                    term = try $0.integer(0)
                }
                return term
            }
        } catch {
            throw error.shopError("a lease cannot be asked for")
        }
    }

    /// One statement, which locks the row before it looks at the clock: of several that ask at once each sees what the
    /// one before it has done. A lease that ran out begins a new term for its last holder, too: another one may have
    /// acted on that it had run out.
    private static let hold = """
        INSERT INTO leases AS lease (name, holder, term, until)
        VALUES ($1, $2, 1, clock_timestamp() + $3 * interval '1 millisecond')
        ON CONFLICT (name) DO UPDATE SET
            holder = excluded.holder,
            term = lease.term
                + CASE WHEN lease.holder = excluded.holder AND lease.until > clock_timestamp() THEN 0 ELSE 1 END,
            until = clock_timestamp() + $3 * interval '1 millisecond'
        WHERE lease.holder = excluded.holder OR lease.until <= clock_timestamp()
        RETURNING term
        """

    /// Notes how many shards the shop has. One that grows is so told; all nodes must name the same number from then on.
    ///
    /// - Parameter count: 1 to ``ShardNumber/maximumShard``
    /// - Throws: *internal* when the shop has more already, or this is not shard 0, which keeps the number.
    public func claimShards(count: Int) async throws(ShopError) {
        guard shard == 0, (1...Int(ShardNumber.maximumShard)).contains(count) else {
            throw ShopError(.internalFault, "\(count) shards cannot be noted in shard \(shard)")
        }
        try await write(.urgent) { try Migrations.claim($0.session, shards: count) }
    }

    /// How many shards the shop has, as shard 0 has noted; nil when nobody has noted it yet.
    public func knownShards() async throws(ShopError) -> Int? {
        let text: String? = try await read { try $0.value("SELECT value FROM meta WHERE name = 'shards'") }
        return text.flatMap { Int($0) }
    }

    /// Runs a transaction that writes, on this engine.
    private func write(
        _ lane: SQLLane, _ body: @escaping @Sendable (PostgresTransaction) throws -> Void
    ) async throws(ShopError) {
        try await withCheckedContinuation { continuation in
            write(lane, body) { continuation.resume(returning: $0) }
        }.get()
    }
}

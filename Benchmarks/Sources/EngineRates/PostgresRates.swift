import CoreMetrics
import Domain
import PostgresClient
import PostgresLedger
import Shop
import TestKit

/// Orders a second that the PostgreSQL ledger places, flushed to the disk, of a product of which 99 of 100 cards are
/// sold. The goal is 20,000.
func postgresRates() async throws {
    let server = try await PostgresServer(
        settings: ["shared_buffers=1GB", "max_wal_size=8GB", "checkpoint_timeout=30min"])
    defer { server.remove() }
    try server.makeDatabase("rates")
    let ledger = try await PostgresLedger.open(
        PostgresSettings(url: server.url("rates")), limits: Limits(), metrics: NOOPMetricsHandler.instance)
    defer { ledger.close() }
    let bench = LedgerBench(ledger, clock: MockClock())
    let product = try await bench.product()
    try sell(3_960_000, of: 4_000_000, product, on: server)
    for (round, inFlight) in [1, 2].enumerated() {
        let rate = try await place(20_000, of: product, from: round * 20_000, inFlight: inFlight, on: bench)
        print("PostgreSQL, batches of 256, \(inFlight) in flight: \(Int(rate)) orders/s (goal 20000)")
    }
}

/// By the statements of a database's owner: an import of so many would take as long as it takes.
private func sell(_ sold: Int, of count: Int, _ product: Product, on server: PostgresServer) throws {
    try server.run(
        """
        INSERT INTO batches (product_id, created_at, imported) VALUES (\(product.id.number), 0, \(count))
        """,
        """
        INSERT INTO cards (product_id, batch_id, state, fingerprint, secret)
        SELECT \(product.id.number), 1, 'available', decode(md5(n::text), 'hex'), decode(repeat('ab', 80), 'hex')
        FROM generate_series(1, \(count)) AS n
        """,
        """
        INSERT INTO orders (id, product_id, quantity, contact, channel, amount, currency, state, version, created_at)
        SELECT decode('00000000000000000000000000000001', 'hex'), id, \(sold), 'everybody', 'sandbox', 0, currency,
            'refunded', 1, 0 FROM products
        """,
        "UPDATE cards SET state = 'sold', order_id = (SELECT id FROM orders) WHERE id <= \(sold)", "VACUUM ANALYZE",
        "CHECKPOINT", in: "rates")
}

private func place(
    _ count: Int, of product: Product, from first: Int, inFlight: Int, on bench: LedgerBench
) async throws -> Double {
    let drafts = (first..<first + count).map { number in
        Submission.place(
            bench.draft(
                product, buyer: number, key: "key \(number)",
                queryTag: (0..<32).map { UInt8(truncatingIfNeeded: number &* 2_654_435_761 >> $0) }))
    }
    let batches = stride(from: 0, to: count, by: 256).map { Array(drafts[$0..<min($0 + 256, count)]) }
    let start = ContinuousClock.now
    try await withThrowingTaskGroup(of: Void.self) { group in
        for lane in 0..<inFlight {
            group.addTask {
                for index in stride(from: lane, to: batches.count, by: inFlight) {
                    for placement in try await bench.place(batches[index]) {
                        guard case .placed = placement else { throw ContractViolation.timeOut("\(placement)") }
                    }
                }
            }
        }
        try await group.waitForAll()
    }
    return Double(count) / (start.duration(to: .now) / .seconds(1))
}

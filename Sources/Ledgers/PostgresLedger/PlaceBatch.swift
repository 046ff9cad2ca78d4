import Domain
import PostgresClient
import SQLLedger
import Shop

/// Places a batch in one open transaction: locks, looks everything up, decides in memory, and writes, with the same few
/// statements however large the batch is.
struct PlaceBatch {
    private let transaction: PostgresTransaction
    private var session: PostgresSession { transaction.session }
    private let isFromLog: Bool

    /// - Parameter isFromLog: whether orders that are refused are written as *rejected*
    init(_ transaction: PostgresTransaction, isFromLog: Bool = false) {
        self.transaction = transaction
        self.isFromLog = isFromLog
    }

    func place(_ submissions: [Submission]) throws -> [Placement] {
        var machine = BatchMachine(try BatchLookup(transaction).facts(of: submissions), isFromLog: isFromLog)
        let placements = submissions.map { machine.decide($0) }
        try insert(machine.rows)
        try claim(machine.claims)
        try use(machine.usesAdded)
        try settle(machine.rows.map(\.order).filter { $0.version == 2 })
        return placements
    }

    // MARK: Writing

    private func insert(_ rows: [BatchMachine.Row]) throws {
        guard !rows.isEmpty else { return }
        let orders = rows.map(\.order)
        let lines = orders.map { $0.lines.count == 1 ? nil : PriceLine.text($0.lines) }
        let steps = orders.reduce(0) { $0 + $1.version }
        try run(
            PlaceStatements.insert,
            [
                .byteStrings(orders.map { $0.id.identifier.bytes }), .integers(orders.map(\.product.number)),
                .integers(orders.map { Int64($0.quantity) }), .texts(orders.map(\.buyer.contact)),
                .texts(orders.map(\.channel.text)), .integers(orders.map(\.total.amount)),
                .texts(orders.map(\.total.currency.code)), .texts(lines), .integers(orders.map { $0.coupon?.number }),
                .byteStrings(orders.map(\.sealedFields)), .byteStrings(rows.map(\.draft.queryTag)),
                .texts(rows.map { $0.key?.key }), .byteStrings(rows.map { $0.key?.bodyDigest }),
                .texts(orders.map(\.state.rawValue)), .integers(orders.map { Int64($0.version) }),
                .integers(orders.map(\.createdAt.milliseconds)), .integers(orders.map { $0.expiresAt?.milliseconds }),
            ], rows: steps)
    }

    private func claim(_ claims: [(card: Int64, order: OrderID, state: CardState)]) throws {
        guard !claims.isEmpty else { return }
        try run(
            PlaceStatements.claim,
            [
                .integers(claims.map(\.card)), .byteStrings(claims.map { $0.order.identifier.bytes }),
                .texts(claims.map(\.state.rawValue)),
            ], rows: claims.count)
    }

    private func use(_ coupons: [CouponID: Int]) throws {
        guard !coupons.isEmpty else { return }
        let sorted = coupons.sorted { $0.key.number < $1.key.number }
        try run(
            PlaceStatements.use, [.integers(sorted.map(\.key.number)), .integers(sorted.map { Int64($0.value) })],
            rows: sorted.count)
    }

    private func settle(_ orders: [Order]) throws {
        guard !orders.isEmpty else { return }
        let resolutions = orders.map { order -> PaymentResolution in order.state == .paid ? .pending : .delivered }
        try run(
            PlaceStatements.settle,
            [
                .byteStrings(orders.map { $0.id.identifier.bytes }), .texts(orders.map(\.channel.text)),
                .texts(orders.map { "free-\($0.id.text)" }), .texts(orders.map(\.total.currency.code)),
                .texts(resolutions.map(\.rawValue)), .integers(orders.map(\.createdAt.milliseconds)),
            ], rows: orders.count)
    }

    /// A wrong number of rows undoes the whole batch.
    private func run(_ sql: String, _ values: [PostgresValue], rows: Int) throws {
        let touched = try session.run(sql, values)
        guard touched == rows else {
            throw ShopError(
                .internalFault, "a guarded write found another state than expected",
                cause: "\(touched) rows instead of \(rows): \(sql)")
        }
    }
}

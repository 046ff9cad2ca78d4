import Domain
public import Shop

/// A random history of calls to a gate. Two gates that are told the same one must give the same answers.
public struct GateHistory: Sendable {
    /// A call.
    enum Step: Sendable {
        case admit(AdmissionRequest)
        case mayKnow(String, ProductID)
        case end(OrderID, TicketEnd)
        case restock(ProductID, Pool, Int, change: Int64)
        case count(Buyer, ProductID, Int, change: Int64)
        case close
        case load(GateSnapshot)
    }

    /// What a gate answered, and what it believed in the end.
    public struct Answers: Hashable, Sendable {
        /// Answers in the order of the calls.
        public var admissions: [Admission] = []
        /// Whether keys may have been seen, in the order of the calls.
        public var known: [Bool] = []
        /// Cards of each pool.
        public var available: [Int] = []
    }

    let steps: [Step]

    /// - Parameter count: calls
    public init(seed: UInt64, steps count: Int) {
        var maker = HistoryMaker(seed: seed)
        steps = [.load(maker.snapshot())] + (0..<count).map { _ in maker.step() }
    }

    /// Tells the history to a gate.
    ///
    /// - Parameter settled: returns when everything that the gate was told has taken effect
    public func tell(_ gate: any Gate, settled: @Sendable () async throws -> Void = {}) async throws -> Answers {
        var answers = Answers()
        for step in steps {
            switch step {
            case .admit(let request):
                answers.admissions.append(
                    await withCheckedContinuation { continuation in
                        gate.admit(request) { continuation.resume(returning: $0) }
                    })
            case .mayKnow(let key, let product):
                answers.known.append(
                    await withCheckedContinuation { continuation in
                        gate.mayKnow(key, of: product) { continuation.resume(returning: $0) }
                    })
            case .end(let order, let end): gate.end(order, end)
            case .restock(let product, let pool, let count, let change):
                gate.restock(product, pool, by: count, change: change)
            case .count(let buyer, let product, let units, let change):
                gate.count(buyer, of: product, units: units, change: change)
            case .close: try await gate.close(term: 1)
            case .load(let snapshot): try await gate.load(snapshot)
            }
        }
        try await settled()
        for product in HistoryMaker.products {
            answers.available += Pool.allCases.map { gate.available(product.id, $0) }
        }
        return answers
    }
}

/// Makes up calls about few things, so that they meet often.
private struct HistoryMaker {
    static let products: [Product] = [
        Fixtures.product(id: 1, limits: Fixtures.limits(perOrder: 3, perBuyer: 4, held: 3)),
        Fixtures.product(id: 2, limits: Fixtures.limits(perOrder: 2, perBuyer: 5), kind: .sharedCounted),
        Fixtures.product(id: 3, limits: Fixtures.limits(perOrder: 2, perBuyer: 3), kind: .sharedEndless),
        Fixtures.product(id: 4, window: SaleWindow(opensAt: moment.advanced(seconds: 1), closesAt: nil) ?? .always),
    ]
    private static let moment = MockClock().now()

    private var generator: SeededGenerator

    init(seed: UInt64) { generator = SeededGenerator(seed: seed) }

    private mutating func number(_ range: ClosedRange<Int>) -> Int { Int.random(in: range, using: &generator) }
    private mutating func order() -> OrderID { OrderID(Identifier(high: 0, low: UInt64(number(1...14)))) }
    private mutating func buyer() -> Buyer { Fixtures.buyer(number(1...3)) }
    private mutating func key() -> String { "key \(number(1...4))" }
    /// Some are in most snapshots, and some in none.
    private mutating func change() -> Int64 { Int64(number(1...8)) }
    private mutating func pool() -> Pool { number(1...4) == 1 ? .picked : .drawn }

    private mutating func product() -> Product {
        // Most calls are about the first, and few about the one that is not on sale.
        Self.products[[0, 0, 0, 1, 1, 2, 2, 3][number(0...7)]]
    }

    mutating func step() -> GateHistory.Step {
        switch number(1...40) {
        case 1, 2: .close
        case 3, 4: .load(snapshot())
        case 5: .mayKnow(key(), product().id)
        case 6...8: .restock(product().id, pool(), number(-2...4), change: change())
        case 9, 10: .count(buyer(), product().id, number(-2...2), change: change())
        case 11...19: .end(order(), [.notPlaced, .released, .sold][number(0...2)])
        default: .admit(request())
        }
    }

    private mutating func request() -> AdmissionRequest {
        let (product, pool) = (product(), pool())
        let picks = pool == .picked ? [PickedCard(card: 7, surcharge: 500)] : []
        let draft = Fixtures.draft(
            order(), product, buyer: buyer(), quantity: picks.isEmpty ? number(1...4) : 1,
            key: number(1...2) == 1 ? key() : nil, picks: picks, at: Self.moment)
        return AdmissionRequest(draft, isKeyNew: number(1...3) == 1)
    }

    mutating func snapshot() -> GateSnapshot {
        var snapshot = GateSnapshot()
        for product in Self.products where number(1...3) > 1 {
            snapshot.available[product.id] = number(0...6)
            if number(1...2) == 1 { snapshot.changes[product.id] = Int64(number(1...5)) }
            if number(1...2) == 1 { snapshot.pickable[product.id] = number(0...3) }
            for buyer in 1...3 where number(1...4) == 1 {
                let held = number(0...2)
                snapshot.units.append(
                    .init(
                        product: product.id, buyer: Fixtures.buyer(buyer),
                        units: BuyerUnits(total: held + number(0...1), held: held)))
            }
            if number(1...3) == 1 { snapshot.keys.append(.init(product: product.id, key: key())) }
        }
        for order in 1...14 where number(1...5) == 1 {
            let product = product()
            snapshot.tickets.append(
                .init(
                    order: OrderID(Identifier(high: 0, low: UInt64(order))), product: product.id, buyer: buyer(),
                    quantity: number(1...2), pool: product.kind.isPooled ? pool() : nil))
        }
        snapshot.hasAllKeys = number(1...3) > 1
        return snapshot
    }
}

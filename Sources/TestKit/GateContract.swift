public import Domain
public import Shop

/// A gate under test with what is needed to use it.
public struct GateBench: Sendable {
    /// The gate, not opened yet.
    public let gate: any Gate
    /// Decides what time it is.
    public let clock: MockClock
    private let settled: @Sendable () async throws -> Void

    /// - Parameter settled: returns when everything that the gate was told has taken effect and
    ///   ``Gate/available(_:_:)`` says so
    public init(_ gate: any Gate, clock: MockClock, settled: @escaping @Sendable () async throws -> Void = {}) {
        self.gate = gate
        self.clock = clock
        self.settled = settled
    }

    /// The product that is sold in the contract.
    public var product: Product { Fixtures.product(limits: Fixtures.limits(perOrder: 3, perBuyer: 3)) }

    /// Opens the gate with so many cards.
    public func open(_ count: Int, picked: Int = 0) async throws {
        var snapshot = GateSnapshot()
        if count > 0 { snapshot.available[product.id] = count }
        if picked > 0 { snapshot.pickable[product.id] = picked }
        try await gate.load(snapshot)
    }

    /// Asks to be let through.
    public func admit(
        _ order: Int, product: Product? = nil, key: String? = nil, buyer: Int = 1, quantity: Int = 1,
        isKeyNew: Bool = false, picks: [PickedCard] = []
    ) async -> Admission {
        let draft = Fixtures.draft(
            id(order), product ?? self.product, buyer: Fixtures.buyer(buyer), quantity: quantity, key: key,
            picks: picks, at: clock.now())
        return await withCheckedContinuation { continuation in
            gate.admit(AdmissionRequest(draft, isKeyNew: isKeyNew)) { continuation.resume(returning: $0) }
        }
    }

    /// Whether a key may have been seen.
    public func mayKnow(_ key: String) async -> Bool {
        await withCheckedContinuation { continuation in
            gate.mayKnow(key, of: product.id) { continuation.resume(returning: $0) }
        }
    }

    /// An order by number.
    public func id(_ order: Int) -> OrderID { OrderID(Identifier(high: 0, low: UInt64(order))) }

    /// Ends a ticket.
    public func end(_ order: Int, _ end: TicketEnd) { gate.end(id(order), end) }

    /// Tells of cards that came or left past the gate.
    public func restock(_ count: Int, _ pool: Pool = .drawn, change: Int64) {
        gate.restock(product.id, pool, by: count, change: change)
    }

    /// Tells of units that a buyer got or gave back past the gate.
    public func count(_ units: Int, buyer: Int = 1, change: Int64) {
        gate.count(Fixtures.buyer(buyer), of: product.id, units: units, change: change)
    }

    /// Returns when everything that the gate was told has taken effect.
    public func settle() async throws { try await settled() }

    /// Cards that the gate believes to be available, once it has heard everything.
    public func available(_ pool: Pool = .drawn) async throws -> Int {
        try await settled()
        return gate.available(product.id, pool)
    }
}

/// What every gate does.
public enum GateContract {
    /// All of it.
    public static let cases: [ContractCase<GateBench>] = opening + stock + keys + tickets + newsCases

    private static let opening: [ContractCase<GateBench>] = [
        ContractCase("is closed until it is loaded") { bench in
            try expect(await bench.admit(1), is: .closed)
            try await bench.open(1)
            try expect(await bench.admit(1), is: .admitted)
        },
        ContractCase("is closed once more, and forgets what it knew") { bench in
            try await bench.open(2)
            _ = await bench.admit(1, key: "key")
            try await bench.gate.close(term: 1)
            try expect(await bench.admit(2), is: .closed)
            try await bench.open(1)
            bench.end(1, .released)
            try expect(try await bench.available(), is: 1, "a ticket from before gives nothing back")
            try expect(await bench.admit(3, key: "key"), is: .admitted)
        },
        ContractCase("while it is closed nothing takes effect, and any key may have been seen") { bench in
            try expect(await bench.mayKnow("key"), is: true)
            try await bench.open(1)
            try await bench.gate.close(term: 1)
            bench.restock(5, change: 1)
            try expect(await bench.mayKnow("key"), is: true)
            try expect(try await bench.available(), is: 0)
        },
        ContractCase("a load replaces all that was known") { bench in
            try await bench.open(3, picked: 3)
            try expect(await bench.admit(1, key: "key"), is: .admitted)
            try await bench.open(1)
            try expect(try await bench.available(.picked), is: 0)
            bench.end(1, .released)
            try expect(try await bench.available(), is: 1)
            try expect(await bench.admit(1, key: "key"), is: .admitted, "neither ticket nor key is known")
            try expect(try await bench.available(), is: 0)
        },
        ContractCase("a product that is not in the snapshot has no cards") { bench in
            try await bench.open(0)
            try expect(await bench.admit(1), is: .refused(.soldOut))
        },
        ContractCase("a snapshot brings back stock, holds, units and keys") { bench in
            let (product, buyer) = (bench.product, Fixtures.buyer(1))
            var snapshot = GateSnapshot()
            snapshot.available = [product.id: 1]
            snapshot.tickets = [.init(order: bench.id(1), product: product.id, buyer: buyer, quantity: 2)]
            snapshot.units = [.init(product: product.id, buyer: buyer, units: BuyerUnits(total: 2, held: 2))]
            snapshot.keys = [.init(product: product.id, key: "key")]
            try await bench.gate.load(snapshot)
            try expect(await bench.admit(2, key: "key"), is: .seenBefore)
            try expect(await bench.admit(3, buyer: 2), is: .admitted)
            try expect(await bench.admit(4, buyer: 2), is: .refused(.soldOut))
            bench.end(1, .released)
            try expect(await bench.admit(5, buyer: 1, quantity: 2), is: .admitted, "the units came back")
        },
    ]

    private static let stock: [ContractCase<GateBench>] = [
        ContractCase("the last card has one winner among 200") { bench in
            try await bench.open(1)
            let winners = await withTaskGroup(of: Int.self) { group in
                for number in 1...200 {
                    group.addTask { await bench.admit(number, buyer: number) == .admitted ? 1 : 0 }
                }
                return await group.reduce(0, +)
            }
            try expect(winners, is: 1)
            try expect(try await bench.available(), is: 0)
        },
        ContractCase("stock that comes or is taken past the gate counts") { bench in
            try await bench.open(1)
            bench.restock(-1, change: 1)
            try expect(try await bench.available(), is: 0)
            try expect(await bench.admit(1), is: .refused(.soldOut))
            bench.restock(2, change: 2)
            try expect(try await bench.available(), is: 2)
            try expect(await bench.admit(2, quantity: 2), is: .admitted)
        },
        ContractCase("pools are apart: what is drawn does not take what is picked, and each comes back to its own") {
            bench in
            try await bench.open(1, picked: 1)
            let picks = [PickedCard(card: 7, surcharge: 500)]
            try expect(await bench.admit(1, picks: picks), is: .admitted)
            try expect(await bench.admit(2, picks: picks), is: .refused(.soldOut))
            try expect(await bench.admit(3), is: .admitted)
            bench.end(1, .released)
            try expect(try await bench.available(.picked), is: 1)
            try expect(try await bench.available(.drawn), is: 0)
        },
        ContractCase("a buyer's limit holds over held and sold units, and past the gate") { bench in
            try await bench.open(20)
            try expect(await bench.admit(1, quantity: 2), is: .admitted)
            try expect(await bench.admit(2, quantity: 2), is: .refused(.limitReached))
            bench.end(1, .sold)
            try expect(await bench.admit(3, quantity: 2), is: .refused(.limitReached))
            bench.count(-2, change: 1)
            try expect(await bench.admit(4, quantity: 3), is: .admitted)
            try expect(await bench.admit(5, buyer: 2, quantity: 3), is: .admitted)
        },
        ContractCase("a product without a pool is never sold out, and its limits hold") { bench in
            try await bench.open(0)
            let endless = Fixtures.product(id: 9, limits: Fixtures.limits(perBuyer: 2), kind: .sharedEndless)
            try expect(await bench.admit(1, product: endless, quantity: 2), is: .admitted)
            try expect(await bench.admit(2, product: endless), is: .refused(.limitReached))
            bench.end(1, .released)
            try expect(await bench.admit(3, product: endless, quantity: 2), is: .admitted)
            try await bench.settle()
            try expect(bench.gate.available(endless.id, .drawn), is: 0)
        },
        ContractCase("what was taken past the gate may leave it with less than nothing") { bench in
            try await bench.open(1)
            bench.restock(-3, change: 1)
            try expect(try await bench.available(), is: -2)
            bench.restock(3, change: 2)
            try expect(await bench.admit(1), is: .admitted)
        },
        ContractCase("what is not on sale is refused, and takes nothing") { bench in
            try await bench.open(1)
            let later = SaleWindow(opensAt: bench.clock.now().advanced(seconds: 1), closesAt: nil) ?? .always
            let product = Fixtures.product(window: later)
            try expect(await bench.admit(1, product: product), is: .refused(.notOnSale))
            try expect(try await bench.available(), is: 1)
        },
    ]

    private static let keys: [ContractCase<GateBench>] = [
        ContractCase("a known key is for the ledger to answer, even when sold out, and takes nothing") { bench in
            try await bench.open(1)
            try expect(await bench.admit(1, key: "key"), is: .admitted)
            try expect(await bench.admit(2, key: "key"), is: .seenBefore)
            try expect(await bench.admit(3, key: "other"), is: .refused(.soldOut))
            bench.end(1, .released)
            try expect(await bench.admit(4, key: "key"), is: .seenBefore)
            try expect(try await bench.available(), is: 1)
        },
        ContractCase("the key of an order that was not placed is forgotten") { bench in
            try await bench.open(1)
            try expect(await bench.admit(1, key: "key"), is: .admitted)
            bench.end(1, .notPlaced)
            try expect(await bench.admit(2, key: "key"), is: .admitted)
        },
        ContractCase("says of a key whether it may have been seen") { bench in
            try await bench.open(1)
            try expect(await bench.mayKnow("new"), is: false)
            _ = await bench.admit(1, key: "new")
            try expect(await bench.mayKnow("new"), is: true)
            var snapshot = GateSnapshot()
            snapshot.hasAllKeys = false
            try await bench.gate.load(snapshot)
            try expect(await bench.mayKnow("another"), is: true, "there are older ones")
        },
        ContractCase("with older keys about, a refused request with a key goes to the ledger first") { bench in
            var snapshot = GateSnapshot()
            snapshot.hasAllKeys = false
            try await bench.gate.load(snapshot)
            try expect(await bench.admit(1, key: "key"), is: .seenBefore)
            try expect(await bench.admit(2, key: "key", isKeyNew: true), is: .refused(.soldOut))
            try expect(await bench.admit(3), is: .refused(.soldOut))
        },
    ]

    private static let tickets: [ContractCase<GateBench>] = [
        ContractCase("an order that has a ticket is admitted again, and takes nothing") { bench in
            try await bench.open(2)
            try expect(await bench.admit(1, key: "key"), is: .admitted)
            try expect(await bench.admit(1, key: "key"), is: .admitted)
            try expect(try await bench.available(), is: 1)
        },
        ContractCase("an order that is told of as judged keeps its ticket, however often it is told") { bench in
            try await bench.open(2)
            _ = await bench.admit(1)
            for _ in 1...2 { bench.gate.judged([bench.id(1), bench.id(2)]) }
            try expect(await bench.admit(1), is: .admitted)
            try expect(try await bench.available(), is: 1)
            bench.end(1, .released)
            try expect(try await bench.available(), is: 2)
        },
        ContractCase("a ticket ends once, however it ends") { bench in
            try await bench.open(3)
            for (order, end) in [TicketEnd.notPlaced, .released, .sold].enumerated() {
                _ = await bench.admit(order, buyer: order)
                for _ in 1...3 { bench.end(order, end) }
            }
            try expect(try await bench.available(), is: 2)
            bench.end(2, .released)
            try expect(try await bench.available(), is: 2)
        },
    ]
}

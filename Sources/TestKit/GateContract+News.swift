import Domain
import Shop

// News of what the ledger has committed, also while the gate is loaded anew.
extension GateContract {
    static let newsCases: [ContractCase<GateBench>] = [
        ContractCase("a change that the snapshot holds does not count again, and newer ones come in any order") {
            bench in
            try await bench.load(4, changes: 2)
            for change in [1, 2] as [Int64] { bench.restock(1, change: change) }
            try expect(try await bench.available(), is: 4)
            bench.restock(-3, change: 4)
            bench.restock(1, change: 3)
            try expect(try await bench.available(), is: 2)
            bench.count(3, change: 2)
            try expect(await bench.admit(1), is: .admitted)
            bench.count(2, change: 5)
            try expect(await bench.admit(2), is: .refused(.limitReached))
        },
        ContractCase("the numbers of one product say nothing of another") { bench in
            try await bench.load(4, changes: 9)
            bench.gate.restock(ProductID(7), .drawn, by: 2, change: 1)
            try await bench.settle()
            try expect(bench.gate.available(ProductID(7), .drawn), is: 2)
        },
        ContractCase("a change that is told before and after a load counts once") { bench in
            try await bench.load(3, changes: 0)
            bench.restock(2, change: 1)
            try expect(try await bench.available(), is: 5)
            try await bench.gate.close(term: 1)
            try await bench.load(5, changes: 1)
            bench.restock(2, change: 1)
            try expect(try await bench.available(), is: 5)
        },
        ContractCase("what is told while it is closed takes effect when it opens, unless the snapshot holds it", late),
        ContractCase("tickets that end while it is closed end once", lateEnds),
        ContractCase("an order that ends and is paid late while it is closed counts as its buyer's") { bench in
            try await bench.load(1, changes: 0)
            try await bench.gate.close(term: 1)
            bench.end(1, .released)
            bench.restock(-1, change: 1)
            bench.count(1, change: 1)
            try await bench.load(0, changes: 0, held: [1: 1])
            try expect(try await bench.available(), is: 0)
            bench.restock(9, change: 2)
            try expect(await bench.admit(2, quantity: 3), is: .refused(.limitReached))
            try expect(await bench.admit(3, quantity: 2), is: .admitted)
        },
        ContractCase("much news while it is closed takes effect, all of it") { bench in
            try await bench.open(0)
            try await bench.gate.close(term: 1)
            for change in 1...1100 { bench.restock(1, change: Int64(change)) }
            try await bench.load(100, changes: 100)
            try expect(try await bench.available(), is: 1100)
        },
        ContractCase("news from before a closing is left to the snapshot") { bench in
            try await bench.open(1)
            try await bench.gate.close(term: 1)
            bench.restock(5, change: 1)
            try await bench.settle()
            try await bench.gate.close(term: 1)
            try await bench.load(6, changes: 0)
            try expect(try await bench.available(), is: 6)
        },
        ContractCase("who leads in an earlier term does not close it, and changes nothing", fenced),
    ]

    /// Changes 1 to 3 are in the snapshot, 4 to 6 are not; all are told after the gate was closed.
    @Sendable private static func late(_ bench: GateBench) async throws {
        try await bench.open(9)
        try await bench.gate.close(term: 1)
        bench.restock(10, change: 1)
        bench.restock(-1, change: 2)
        bench.restock(-1, change: 3)
        bench.count(1, buyer: 1, change: 3)
        bench.restock(20, change: 4)
        bench.restock(-1, .picked, change: 5)
        bench.restock(-2, change: 6)
        bench.count(2, buyer: 2, change: 6)
        try expect(await bench.admit(1), is: .closed)
        var snapshot = GateSnapshot()
        snapshot.available = [bench.product.id: 8]
        snapshot.pickable = [bench.product.id: 3]
        snapshot.changes = [bench.product.id: 3]
        snapshot.units = [
            .init(product: bench.product.id, buyer: Fixtures.buyer(1), units: BuyerUnits(total: 1, held: 0))
        ]
        try await bench.gate.load(snapshot)
        try expect(try await bench.available(), is: 26)
        try expect(try await bench.available(.picked), is: 2)
        try expect(await bench.admit(2, buyer: 1, quantity: 3), is: .refused(.limitReached))
        try expect(await bench.admit(3, buyer: 1, quantity: 2), is: .admitted)
        try expect(await bench.admit(4, buyer: 2, quantity: 2), is: .refused(.limitReached))
        try expect(await bench.admit(5, buyer: 2, quantity: 1), is: .admitted)
    }

    /// Orders 1 and 2 were paid, 3 and 4 ran out; of each, the snapshot has heard of the second only.
    @Sendable private static func lateEnds(_ bench: GateBench) async throws {
        try await bench.open(9)
        try await bench.gate.close(term: 1)
        for order in [1, 2] { bench.end(order, .sold) }
        for order in [3, 4] { bench.end(order, .released) }
        var snapshot = GateSnapshot()
        let product = bench.product.id
        snapshot.available = [product: 2]
        for order in [1, 3] {
            snapshot.tickets.append(
                .init(order: bench.id(order), product: product, buyer: Fixtures.buyer(order), quantity: 2))
        }
        for (buyer, held) in [(1, 2), (2, 0), (3, 2)] {
            snapshot.units.append(
                .init(product: product, buyer: Fixtures.buyer(buyer), units: BuyerUnits(total: 2, held: held)))
        }
        try await bench.gate.load(snapshot)
        try expect(try await bench.available(), is: 4, "one that ran out gave back what it held")
        for order in 1...4 { bench.end(order, .released) }
        try expect(try await bench.available(), is: 4, "all have ended")
        let narrow = Fixtures.product(limits: Fixtures.limits(perOrder: 3, perBuyer: 3, held: 1))
        for buyer in [1, 2] {
            try expect(await bench.admit(10 + buyer, product: narrow, buyer: buyer), is: .admitted, "nothing is held")
            try expect(await bench.admit(20 + buyer, buyer: buyer), is: .refused(.limitReached), "two were bought")
        }
        try expect(await bench.admit(13, buyer: 3, quantity: 2), is: .admitted)
    }

    @Sendable private static func fenced(_ bench: GateBench) async throws {
        try await bench.gate.close(term: 7)
        try await bench.open(2)
        try expect(await bench.admit(1), is: .admitted)
        try await refuses(.wrongState) { try await bench.gate.close(term: 6) }
        try expect(await bench.admit(2), is: .admitted, "it is open as before")
        try await bench.gate.close(term: 7)
        try await refuses(.wrongState) { try await bench.gate.close(term: 6) }
        bench.restock(1, change: 1)
        try await bench.open(3)
        try expect(try await bench.available(), is: 4, "what was told meanwhile is there")
        try await bench.gate.close(term: 8)
        try await refuses(.wrongState) { try await bench.gate.close(term: 7) }
    }
}

extension GateBench {
    /// Loads so many cards, with the number of the last change that they hold, and orders that hold units, by order and
    /// buyer.
    fileprivate func load(_ count: Int, changes: Int64, held: [Int: Int] = [:]) async throws {
        var snapshot = GateSnapshot()
        snapshot.available = [product.id: count]
        if changes > 0 { snapshot.changes = [product.id: changes] }
        for (order, buyer) in held {
            snapshot.tickets.append(
                .init(order: id(order), product: product.id, buyer: Fixtures.buyer(buyer), quantity: 1))
            snapshot.units.append(
                .init(product: product.id, buyer: Fixtures.buyer(buyer), units: BuyerUnits(total: 1, held: 1)))
        }
        try await gate.load(snapshot)
    }
}

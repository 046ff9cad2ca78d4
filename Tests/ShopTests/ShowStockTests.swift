import Domain
import Shop
import TestKit
import Testing

@Suite("What is told of stock")
struct ShowStockTests {
    /// A gate that believes in so many cards.
    private struct Believing: Gate {
        let drawn: Int
        let picked: Int

        func available(_ product: ProductID, _ pool: Pool) -> Int { pool == .picked ? picked : drawn }
        func admit(_ request: AdmissionRequest, reply: @escaping @Sendable (Admission) -> Void) { reply(.closed) }
        func mayKnow(_ key: String, of product: ProductID, reply: @escaping @Sendable (Bool) -> Void) { reply(false) }
        func end(_ order: OrderID, _ end: TicketEnd) {}
        func judged(_ orders: [OrderID]) {}
        func restock(_ product: ProductID, _ pool: Pool, by count: Int, change: Int64) {}
        func count(_ buyer: Buyer, of product: ProductID, units: Int, change: Int64) {}
        func close(term: Int64) {}
        func look() -> GateLook { GateLook(isOpen: true) }
        func load(_ snapshot: GateSnapshot) {}
    }

    private static func shown(
        _ drawn: Int, _ picked: Int = 0, kind: ProductKind = .card, as display: StockDisplay = .exact
    ) -> ShownStock {
        let listing = Listing(product: Fixtures.product(kind: kind), page: ProductPage(stockDisplay: display))
        return ShowStock(gate: Believing(drawn: drawn, picked: picked))(listing)
    }

    @Test("numbers, words or nothing, as the owner wants it; never less than nothing")
    func displays() {
        #expect(Self.shown(5) == .counted(drawn: 5, picked: nil) && Self.shown(5, 7) == .counted(drawn: 5, picked: nil))
        #expect(Self.shown(-3) == .counted(drawn: 0, picked: nil) && Self.shown(-3).isNothing)
        for (count, band) in [(-1, .none), (0, .none), (1, .few), (9, .few), (10, .some), (99, .some), (100, .many)]
            as [(Int, StockBand)]
        {
            #expect(Self.shown(count, as: .band) == .band(band), "\(count)")
            #expect(Self.shown(count, as: .band).isNothing == (count < 1), "\(count)")
        }
        #expect(Self.shown(0, as: .hidden) == .hidden && !Self.shown(0, as: .hidden).isNothing)
        #expect(Self.shown(0, kind: .manual, as: .hidden) == .hidden)
    }

    @Test("what is not taken from a pool has no end", arguments: ProductKind.allCases.filter { !$0.isPooled })
    func endless(kind: ProductKind) {
        for display in [StockDisplay.exact, .band] {
            #expect(Self.shown(0, kind: kind, as: display) == .endless, "\(display)")
        }
    }
}

import Domain
import MemoryGate
import Shop
import TestKit
import Testing

@Suite("The gate's contract")
struct GateContractTests {
    @Test("in memory", arguments: GateContract.cases)
    func memory(contract: ContractCase<GateBench>) async throws {
        try await contract.run(GateBench(MemoryGate(limits: Limits()), clock: MockClock()))
    }

    @Test("buyers beyond the bound are left to the ledger")
    func bound() async throws {
        var limits = Limits()
        limits.gateBuyers = 1
        let bench = GateBench(MemoryGate(limits: limits), clock: MockClock())
        try await bench.open(10)
        for number in 1...5 { #expect(await bench.admit(number, buyer: number) == .admitted) }
    }

    @Test("with more news than it keeps while it is closed it does not open, until it is closed anew")
    func lateNews() async throws {
        var limits = Limits()
        limits.gateLateNews = 3
        try await tooMuchNews(GateBench(MemoryGate(limits: limits), clock: MockClock()))
    }
}

/// - Parameter bench: with a gate that keeps three pieces of news
func tooMuchNews(_ bench: GateBench) async throws {
    try await bench.open(1)
    try await bench.gate.close(term: 1)
    for change in 1...4 { bench.restock(1, change: Int64(change)) }
    try await bench.settle()
    await #expect(throws: ShopError.self) { try await bench.open(1) }
    #expect(await bench.admit(1) == .closed)
    try await bench.gate.close(term: 1)
    for change in 1...3 { bench.restock(1, change: Int64(change)) }
    try await bench.settle()
    try await bench.open(1)
    #expect(try await bench.available() == 4)
}

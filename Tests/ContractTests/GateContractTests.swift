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
}

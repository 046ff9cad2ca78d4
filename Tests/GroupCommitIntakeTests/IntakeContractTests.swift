import CoreMetrics
import Domain
import Foundation
import GroupCommitIntake
import SQLiteLedger
import Shop
import TestKit
import Testing

@Suite("The intake's contract")
struct GroupCommitContractTests {
    @Test("by group commit", arguments: IntakeContract.cases)
    func contract(contract: ContractCase<IntakeBench>) async throws {
        let folder = try ShopProcess.makeFolder()
        defer { try? FileManager.default.removeItem(at: folder) }
        let ledger = try SQLiteLedger(
            path: folder.appendingPathComponent(SQLiteLedger.fileName).path, limits: Limits(),
            metrics: NOOPMetricsHandler.instance)
        defer { ledger.close() }
        let intake = GroupCommitIntake(ledger: ledger, limits: Limits(), metrics: NOOPMetricsHandler.instance)
        try await contract.run(
            IntakeBench(intake, ledger: LedgerBench(ledger, clock: MockClock())) {
            } stuck: { limits in
                // The timer never fires, so what waits for company waits for ever.
                GroupCommitIntake(ledger: ledger, limits: limits, metrics: NOOPMetricsHandler.instance) { _, _ in }
            })
    }
}

import CoreMetrics
import Domain
import Foundation
import GRDB
import NIOConcurrencyHelpers
import Shop
import TestKit
import Testing

@testable import GroupCommitIntake
@testable import SQLiteLedger

/// Makes a commit fail, as a disk would.
private final class FailingCommit: TransactionObserver, Sendable {
    let isFailing = NIOLockedValueBox(false)

    private let failures = NIOLockedValueBox(0)

    func failNext() { failures.withLockedValue { $0 = 1 } }

    func observes(eventsOfKind eventKind: DatabaseEventKind) -> Bool { false }
    func databaseDidChange(with event: DatabaseEvent) {}
    func databaseWillCommit() throws {
        let isDue = failures.withLockedValue { left in
            defer { left = 0 }
            return left > 0
        }
        if isDue || isFailing.withLockedValue({ $0 }) {
            throw DatabaseError(resultCode: .SQLITE_IOERR, message: "no sync")
        }
    }
    func databaseDidCommit(_ database: Database) {}
    func databaseDidRollback(_ database: Database) {}
}

@Suite("Group commit")
struct GroupCommitIntakeTests {
    /// A ledger with its intake, and a way to make commits fail.
    private func withIntake(
        _ body: (LedgerBench, GroupCommitIntake, FailingCommit, SQLiteLedger) async throws -> Void
    ) async throws {
        let folder = try ShopProcess.makeFolder()
        defer { try? FileManager.default.removeItem(at: folder) }
        let ledger = try SQLiteLedger(
            path: folder.appendingPathComponent("ledger.sqlite").path, limits: Limits(),
            metrics: NOOPMetricsHandler.instance)
        defer { ledger.close() }
        let failing = FailingCommit()
        ledger.pool.add(transactionObserver: failing, extent: .databaseLifetime)
        let intake = GroupCommitIntake(ledger: ledger, limits: Limits(), metrics: NOOPMetricsHandler.instance)
        try await body(LedgerBench(ledger, clock: MockClock()), intake, failing, ledger)
    }

    private func submit(_ draft: OrderDraft, to intake: GroupCommitIntake) async -> Result<Placement, ShopError> {
        await withCheckedContinuation { continuation in
            intake.submit(Submission.place(draft)) { continuation.resume(returning: $0) }
        }
    }

    @Test("every submission is answered once, with its own placement")
    func answers() async throws {
        try await withIntake { bench, intake, _, _ in
            let product = try await bench.product(cards: 1000)
            let ids = await withTaskGroup(of: Bool.self) { group in
                for number in 1...1000 {
                    group.addTask {
                        let draft = bench.draft(product, buyer: number)
                        guard case .success(.placed(let order)) = await submit(draft, to: intake) else { return false }
                        return order.id == draft.id && order.buyer == draft.buyer
                    }
                }
                return await group.reduce(into: [Bool]()) { $0.append($1) }
            }
            #expect(ids.count == 1000 && ids.allSatisfy { $0 })
            try await bench.audit()
        }
    }

    @Test("a full queue answers busy, and nothing was taken")
    func fullQueue() async throws {
        try await withIntake { bench, _, _, ledger in
            let product = try await bench.product(cards: 10)
            var limits = Limits()
            limits.intakeOrders = 1
            // The timer never fires, so the first order waits for company that cannot come.
            let intake = GroupCommitIntake(
                ledger: ledger, limits: limits, metrics: NOOPMetricsHandler.instance
            ) { _, _ in }
            intake.submit(Submission.place(bench.draft(product, buyer: 1))) { _ in }
            let draft = bench.draft(product, buyer: 2)
            guard case .failure(let error) = await submit(draft, to: intake) else {
                Issue.record("taken beyond the bound")
                return
            }
            #expect(error.code == .busy)
            #expect(try await bench.ledger.orders(OrderFilter(limit: 1)).isEmpty)
        }
    }

    @Test("what waited behind a failed flush is not written after it")
    func behindFailedFlush() async throws {
        try await withIntake { bench, _, failing, ledger in
            let product = try await bench.product(cards: 500)
            failing.failNext()
            let written = await withTaskGroup(of: Int.self) { group in
                for number in 1...500 {
                    group.addTask {
                        let placement = try? await bench.place(bench.draft(product, buyer: number))
                        return placement == nil ? 0 : 1
                    }
                }
                return await group.reduce(0, +)
            }
            #expect(written == 0)
            #expect(ledger.health == .stopped(reason: "writing to the disk failed; restart the shop", recovers: false))
            #expect(try await bench.ledger.orders(OrderFilter(limit: 1)).isEmpty)
        }
    }

    @Test("when the flush fails nobody hears accepted, and nothing is there")
    func failedFlush() async throws {
        try await withIntake { bench, intake, failing, ledger in
            let product = try await bench.product(cards: 10)
            failing.isFailing.withLockedValue { $0 = true }
            let draft = bench.draft(product, buyer: 1)
            guard case .failure(let error) = await submit(draft, to: intake) else {
                Issue.record("accepted before the flush")
                return
            }
            #expect(error.code == .outcomeUnknown)
            #expect(try await bench.ledger.order(draft.id) == nil)
            #expect(ledger.health != .writable)
            failing.isFailing.withLockedValue { $0 = false }
            guard case .failure(let refusal) = await submit(bench.draft(product, buyer: 2), to: intake) else {
                Issue.record("accepted by a ledger that had stopped")
                return
            }
            #expect(refusal.code == .busy)
        }
    }
}

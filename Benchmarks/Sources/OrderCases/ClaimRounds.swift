import CoreMetrics
import Dispatch
import Domain
import Foundation
import SQLiteLedger
import Shop
import Synchronization
import TestKit

/// Batches of orders that the ledger is given to place.
final class ClaimRounds: Rounds {
    private let ledger: SQLiteLedger
    private let batches: [[Submission]]
    private let next = Mutex(0)
    private let isPlaced = DispatchSemaphore(value: 0)
    private let failures = Atomic<Int>(0)

    init(folder: String, size: Int, rounds: Int) async throws {
        var limits = Limits()
        limits.checkpointLogBytes = 1 << 30
        limits.patientLogBytes = 2 << 30
        ledger = try SQLiteLedger(
            path: folder + "/" + SQLiteLedger.fileName, limits: limits, metrics: NOOPMetricsHandler.instance)
        let clock = MockClock()
        let bench = LedgerBench(ledger, clock: clock)
        let product = try await bench.product()
        for start in stride(from: 0, to: size * rounds, by: 1000) {
            try await bench.restock(product, Fixtures.cards(start..<min(start + 1000, size * rounds)))
        }
        let identifiers = IdentifierMaker(clock: clock) { UInt64.random(in: .min ... .max) }
        batches = (0..<rounds).map { round in
            (0..<size).map { index in
                let number = BuyerNumbers.scattered(round * size + index)
                let buyer = Buyer(stored: "\(String(number, radix: 16))@example.com")
                return .place(Fixtures.draft(OrderID(identifiers.make()), product, buyer: buyer, at: clock.now()))
            }
        }
    }

    func run() throws {
        let round = next.withLock { next in
            defer { next += 1 }
            return next
        }
        ledger.place(batches[round]) { [self] result in
            let placed = (try? result.get()) ?? []
            for placement in placed {
                if case .placed = placement { continue }
                failures.add(1, ordering: .relaxed)
            }
            if placed.isEmpty { failures.add(1, ordering: .relaxed) }
            isPlaced.signal()
        }
        isPlaced.wait()
        guard failures.load(ordering: .relaxed) == 0 else { throw CaseError(description: "orders were not placed") }
    }

    func close() { ledger.close() }
}

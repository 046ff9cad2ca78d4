public import Domain
import NIOConcurrencyHelpers
public import Shop

/// A gate as a stock subject.
public final class GateSubject: StockSubject {
    private let gate: any Gate
    private let product: Product
    private let changes = NIOLockedValueBox<Int64>(0)

    /// - Parameter gate: freshly loaded with an empty snapshot
    public init(gate: any Gate, product: Product) {
        self.gate = gate
        self.product = product
    }

    public func restock(_ count: Int) {
        let change = changes.withLockedValue { number in
            number += 1
            return number
        }
        gate.restock(product.id, .drawn, by: count, change: change)
    }

    public func place(_ order: Int, buyer: Int, quantity: Int, at moment: Timestamp) async throws -> Refusal? {
        let request = AdmissionRequest(
            Fixtures.draft(Self.id(order), product, buyer: Fixtures.buyer(buyer), quantity: quantity, at: moment))
        let admission = await withCheckedContinuation { continuation in
            gate.admit(request) { continuation.resume(returning: $0) }
        }
        switch admission {
        case .admitted: return nil
        case .refused(let refusal): return refusal
        case .seenBefore, .closed, .unknown:
            throw ContractViolation(description: "a request without a key was answered with \(admission)")
        }
    }

    public func release(_ order: Int) { gate.end(Self.id(order), .released) }
    public func sell(_ order: Int) { gate.end(Self.id(order), .sold) }

    static func id(_ order: Int) -> OrderID { OrderID(Identifier(high: 0, low: UInt64(order))) }
}

/// A ledger as a stock subject, reached without a gate.
public final class LedgerSubject: StockSubject {
    private let bench: LedgerBench
    private let product: Product
    private let imported = NIOLockedValueBox(0)

    /// - Parameter product: one that is in the ledger
    public init(bench: LedgerBench, product: Product) {
        self.bench = bench
        self.product = product
    }

    public func restock(_ count: Int) async throws {
        let start = imported.withLockedValue { value in
            value += count
            return value - count
        }
        try await bench.restock(product, Fixtures.cards(start..<start + count))
    }

    public func place(_ order: Int, buyer: Int, quantity: Int, at moment: Timestamp) async throws -> Refusal? {
        let draft = Fixtures.draft(
            GateSubject.id(order), product, buyer: Fixtures.buyer(buyer), quantity: quantity, at: moment)
        switch try await bench.place(draft) {
        case .placed: return nil
        case .refused(let refusal): return refusal
        case let other: throw ContractViolation(description: "unexpected placement \(other)")
        }
    }

    public func release(_ order: Int) async throws {
        _ = try await bench.ledger.cancel(GateSubject.id(order), at: bench.clock.now())
    }

    public func sell(_ order: Int) async throws { _ = try await bench.pay(GateSubject.id(order)) }
}

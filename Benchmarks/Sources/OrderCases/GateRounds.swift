import Domain
import MemoryGate
import Shop
import Synchronization
import TestKit

/// Orders that the gate admits and that end again.
final class GateRounds: Rounds {
    private let gate: MemoryGate
    private let requests: [AdmissionRequest]
    private let admitted = Atomic<Int>(0)

    init(orders: Int) throws {
        let clock = MockClock()
        let product = Fixtures.product()
        let identifiers = IdentifierMaker(clock: clock) { UInt64.random(in: .min ... .max) }
        requests = (0..<orders).map { number in
            AdmissionRequest(
                Fixtures.draft(
                    OrderID(identifiers.make()), product,
                    buyer: Fixtures.buyer(Int(BuyerNumbers.scattered(number))), at: clock.now()))
        }
        gate = MemoryGate(limits: Limits())
        var snapshot = GateSnapshot()
        snapshot.available = [product.id: orders]
        try gate.load(snapshot)
    }

    func run() throws {
        for request in requests {
            gate.admit(request) { [self] admission in
                if case .admitted = admission { admitted.add(1, ordering: .relaxed) }
            }
        }
        for request in requests { gate.end(request.draft.id, .released) }
        guard admitted.exchange(0, ordering: .relaxed) == requests.count else {
            throw CaseError(description: "the gate turned somebody away")
        }
    }
}

public import Domain
import NIOConcurrencyHelpers
public import Shop

/// An intake under test with the ledger that its orders come to.
public struct IntakeBench: Sendable {
    /// The intake.
    public let intake: any Intake
    /// The ledger.
    public let ledger: LedgerBench
    private let judged: @Sendable () async throws -> Void
    private let stuck: @Sendable (Limits) throws -> any Intake

    /// - Parameters:
    ///   - settled: returns when the ledger has judged everything that was accepted
    ///   - stuck: an intake to the same ledger with these limits, which never gets further than taking an order
    public init(
        _ intake: any Intake, ledger: LedgerBench, settled: @escaping @Sendable () async throws -> Void,
        stuck: @escaping @Sendable (Limits) throws -> any Intake
    ) {
        self.intake = intake
        self.ledger = ledger
        judged = settled
        self.stuck = stuck
    }

    /// Returns when the ledger has judged everything that was accepted.
    public func settled() async throws { try await judged() }

    /// Hands a submission over.
    public func submit(_ submission: Submission) async -> Result<Placement, ShopError> {
        await withCheckedContinuation { continuation in
            intake.submit(submission) { continuation.resume(returning: $0) }
        }
    }

    /// Hands an order over that is accepted, or refused at once.
    public func accepts(_ draft: OrderDraft) async throws -> Bool {
        switch try await submit(.place(draft)).get() {
        case .placed, .queued, .existing: true
        case .refused, .mismatched: false
        case let other: throw ContractViolation(description: "an order was answered by \(other)")
        }
    }

    /// Hands orders over at once; returns how many were accepted.
    public func accepted(_ drafts: [OrderDraft]) async throws -> Int {
        try await withThrowingTaskGroup(of: Bool.self) { group in
            for draft in drafts { group.addTask { try await accepts(draft) } }
            return try await group.reduce(0) { $0 + ($1 ? 1 : 0) }
        }
    }

    /// An intake that is stuck.
    func stuckIntake(_ limits: Limits) throws -> any Intake { try stuck(limits) }

    /// Orders that hold cards.
    func holding() async throws -> [Order] {
        try await ledger.ledger.orders(OrderFilter(limit: 1000)).filter { $0.state == .awaitingPayment }
    }
}

/// What every intake does.
public enum IntakeContract {
    /// All of it.
    public static let cases: [ContractCase<IntakeBench>] = [
        ContractCase("answers each order exactly once, and what it accepted is in the ledger") { bench in
            let product = try await bench.ledger.product(cards: 300)
            let drafts = (1...300).map { bench.ledger.draft(product, buyer: $0) }
            let answers = NIOLockedValueBox<[OrderID: Int]>([:])
            for draft in drafts {
                bench.intake.submit(.place(draft)) { result in
                    guard case .success(let placement) = result, Self.isAccepted(placement) else { return }
                    answers.withLockedValue { $0[draft.id, default: 0] += 1 }
                }
            }
            try await eventually("answers") { answers.withLockedValue { $0.count } == 300 }
            try await bench.settled()
            try expect(answers.withLockedValue { $0.values.allSatisfy { $0 == 1 } }, "once each")
            let holding = try await bench.holding()
            try expect(Set(holding.map(\.id)), is: Set(drafts.map(\.id)))
            try await bench.ledger.audit()
        },
        ContractCase("gives 100 cards to exactly 100 of 300 who come at once") { bench in
            let product = try await bench.ledger.product(cards: 100)
            let accepted = try await bench.accepted((1...300).map { bench.ledger.draft(product, buyer: $0) })
            try expect(accepted >= 100, "\(accepted) accepted")
            try await bench.settled()
            try expect(try await bench.holding().count, is: 100)
            try await bench.ledger.audit()
        },
        ContractCase("makes one order of one key, however often it comes") { bench in
            let product = try await bench.ledger.product(cards: 10)
            let drafts = (1...5).map { _ in bench.ledger.draft(product, buyer: 1, key: "key") }
            for draft in drafts { try expect(try await bench.accepts(draft), "accepted") }
            _ = try await bench.accepts(bench.ledger.draft(product, buyer: 2, key: "key", digest: 2))
            try await bench.settled()
            try expect(try await bench.holding().map(\.id), is: [drafts[0].id])
            try await bench.ledger.audit()
        },
        ContractCase("says which order a key stands for") { bench in
            let product = try await bench.ledger.product(cards: 10)
            let draft = bench.ledger.draft(product, buyer: 1, key: "key")
            let question = Submission.find(try unwrap(draft.idempotency), of: product.id)
            try expect(try await bench.submit(question).get(), is: .unknownKey)
            _ = try await bench.accepts(draft)
            try await bench.settled()
            guard case .existing(let order) = try await bench.submit(question).get() else {
                throw ContractViolation(description: "the key stands for no order")
            }
            try expect(order.id, is: draft.id)
        },
        ContractCase("refuses as busy what is beyond its bound, and takes nothing of it") { bench in
            let product = try await bench.ledger.product(cards: 10)
            for byBytes in [false, true] {
                var limits = Limits()
                if byBytes { limits.intakeBytes = 1000 } else { limits.intakeOrders = 1 }
                let intake = try bench.stuckIntake(limits)
                let busy = NIOLockedValueBox(0)
                for number in 1...20 {
                    intake.submit(.place(bench.ledger.draft(product, buyer: number))) { result in
                        guard case .failure(let error) = result, error.code == .busy else { return }
                        busy.withLockedValue { $0 += 1 }
                    }
                }
                // Those beyond the bound are answered at once.
                try expect(busy.withLockedValue { $0 } >= (byBytes ? 10 : 19), "busy: \(busy.withLockedValue { $0 })")
            }
            try expect(try await bench.ledger.ledger.orders(OrderFilter(limit: 1)).isEmpty, "nothing was taken")
        },
    ]

    private static func isAccepted(_ placement: Placement) -> Bool {
        switch placement {
        case .placed, .queued: true
        default: false
        }
    }
}

public import Domain

/// What the ledger made of one draft.
public enum Placement: Hashable, Sendable {
    /// The order is durable and holds its cards.
    case placed(Order)
    /// The order is durable in a log, and will be judged: it claims its cards, or is rejected.
    case queued(OrderDraft)
    /// The same key and the same body were seen before: this is that order as it is now.
    case existing(Order)
    /// The same key was used for another body.
    case mismatched
    /// A key was asked for that stands for no order.
    case unknownKey
    /// The order was cancelled before it was placed.
    case fenced
    /// The order cannot be had.
    case refused(Refusal)
}

/// What is handed to the ledger by way of the intake.
public enum Submission: Hashable, Sendable {
    /// Place this order.
    case place(OrderDraft)
    /// Claim nothing: say which order of a product an idempotency key stands for.
    case find(IdempotencyKey, of: ProductID)

    /// About how many bytes it takes in memory and in the log; counts towards the intake's bound.
    public var byteCount: Int {
        switch self {
        case .place(let draft): draft.byteCount
        case .find: 256
        }
    }
}

/// Makes orders durable.
public protocol Intake: Sendable {
    /// Takes a submission. `reply` is called exactly once, and not before the order is on disk. Errors: *busy* when
    /// nothing was taken, *outcome_unknown* when the flush failed.
    func submit(_ submission: Submission, reply: @escaping @Sendable (Result<Placement, ShopError>) -> Void)
    /// How long after its placing an order that the gate admitted may still be handed over, in milliseconds; nil for
    /// ever. One that came later into a log that others read could stand behind what a rebuilt gate was loaded from.
    var admissionMilliseconds: Int64? { get }
}

extension Intake {
    /// For ever: gate and ledger are in this process.
    public var admissionMilliseconds: Int64? { nil }
}

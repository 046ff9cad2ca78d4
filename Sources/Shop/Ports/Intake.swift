public import Domain

/// What the ledger made of one draft.
public enum Placement: Hashable, Sendable {
    /// The order is durable and holds its cards.
    case placed(Order)
    /// The same key and the same body were seen before: this is that order as it is now.
    case existing(Order)
    /// The same key was used for another body.
    case mismatched
    /// A replay was asked for, and the key is unknown.
    case unknownKey
    /// The order was cancelled before it was placed.
    case fenced
    /// The order cannot be had.
    case refused(Refusal)
}

/// A draft, or the question which order an idempotency key stands for.
public struct Submission: Hashable, Sendable {
    /// The draft.
    public let draft: OrderDraft
    /// True when nothing may be claimed: only the order that is known under the key is asked for.
    public let isReplay: Bool

    /// Puts the parts together.
    public init(_ draft: OrderDraft, isReplay: Bool) {
        self.draft = draft
        self.isReplay = isReplay
    }
}

/// Makes orders durable.
public protocol Intake: Sendable {
    /// Takes a submission. `reply` is called exactly once, and not before the order is on disk. Errors: *busy* when
    /// nothing was taken, *outcome_unknown* when the flush failed.
    func submit(_ submission: Submission, reply: @escaping @Sendable (Result<Placement, ShopError>) -> Void)
}

public import Domain

/// Which orders an admin page shows.
public struct OrderFilter: Hashable, Sendable {
    /// Only orders in this state.
    public var state: OrderState?
    /// Only orders of this buyer.
    public var buyer: Buyer?
    /// Only orders older than this one.
    public var after: OrderID?
    /// At most this many.
    public var limit: Int

    /// Everything, newest first.
    public init(state: OrderState? = nil, buyer: Buyer? = nil, after: OrderID? = nil, limit: Int) {
        self.state = state
        self.buyer = buyer
        self.after = after
        self.limit = limit
    }
}

/// Which payments an admin page shows.
public struct PaymentFilter: Hashable, Sendable {
    /// Only payments with this verdict.
    public var verdict: PaymentVerdict?
    /// Only payments that came to this.
    public var resolution: PaymentResolution?
    /// Only payments of this order.
    public var order: OrderID?
    /// Only payments older than this row.
    public var after: Int64?
    /// At most this many.
    public var limit: Int

    /// Everything, newest first.
    public init(
        verdict: PaymentVerdict? = nil, resolution: PaymentResolution? = nil, order: OrderID? = nil,
        after: Int64? = nil, limit: Int
    ) {
        self.verdict = verdict
        self.resolution = resolution
        self.order = order
        self.after = after
        self.limit = limit
    }
}

/// Which refund cases an admin page shows.
public struct RefundFilter: Hashable, Sendable {
    /// Only cases in this state.
    public var state: RefundState?
    /// Only cases of this order.
    public var order: OrderID?
    /// Only cases older than this row.
    public var after: Int64?
    /// At most this many.
    public var limit: Int

    /// Everything, newest first.
    public init(state: RefundState? = nil, order: OrderID? = nil, after: Int64? = nil, limit: Int) {
        self.state = state
        self.order = order
        self.after = after
        self.limit = limit
    }
}

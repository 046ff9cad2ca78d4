/// Why an order cannot be had. These are expected answers, not errors.
public enum Refusal: String, CaseIterable, Sendable {
    /// Before or after the sale window.
    case notOnSale = "not_on_sale"
    /// Fewer cards are available than asked for.
    case soldOut = "sold_out"
    /// The buyer, or this one order, would take more than the product allows.
    case limitReached = "limit_reached"
    /// One of the cards picked is held or sold, or its surcharge was changed.
    case cardTaken = "card_taken"
    /// The coupon has no use left, or its terms were changed just now.
    case couponUsedUp = "coupon_used_up"
    /// The buyer has used the coupon as often as one buyer may.
    case couponUsed = "coupon_used"
}

/// The two kinds of cards that a product may have, told apart by whether a card has a preview.
public enum Pool: Hashable, CaseIterable, Sendable {
    /// Any card will do, and the oldest is given.
    case drawn
    /// The buyer picks the card.
    case picked
}

/// What a buyer has of one product.
public struct BuyerUnits: Hashable, Sendable {
    /// Units held and sold together.
    public var total: Int
    /// Units held by unpaid orders.
    public var held: Int

    /// A buyer who has nothing.
    public static let none = BuyerUnits(total: 0, held: 0)

    /// Puts the two counts together.
    public init(total: Int, held: Int) {
        self.total = total
        self.held = held
    }
}

/// Decides whether an order may take its cards. The one rule that gates and ledgers implement; the scenario table in
/// TestKit holds each of them to it.
public enum StockRule {
    /// The order of the checks is part of the rule: window, stock, limits.
    ///
    /// - Parameters:
    ///   - quantity: units asked for, 1 or more
    ///   - available: cards in the pool that the order takes from; of no matter for a product without one
    ///   - units: what the buyer has already
    /// - Returns: nil when the order may be had, otherwise why not.
    public static func refusal(
        quantity: Int, product: Product, available: Int, units: BuyerUnits, at moment: Timestamp
    ) -> Refusal? {
        guard product.window.contains(moment) else { return .notOnSale }
        guard available >= quantity || !product.kind.isPooled else { return .soldOut }
        return limitRefusal(quantity: quantity, limits: product.limits, units: units)
    }

    /// Only the part of the rule that looks at the buyer.
    public static func limitRefusal(quantity: Int, limits: PurchaseLimits, units: BuyerUnits) -> Refusal? {
        guard quantity <= limits.perOrder, units.total + quantity <= limits.perBuyer,
            units.held + quantity <= limits.heldPerBuyer
        else { return .limitReached }
        return nil
    }

    /// The limit that holds for money that came after the hold had ended: nothing will be held, and the sale window
    /// has passed its verdict before.
    public static func mayTakeLate(quantity: Int, limits: PurchaseLimits, units: BuyerUnits) -> Bool {
        units.total + quantity <= limits.perBuyer
    }
}

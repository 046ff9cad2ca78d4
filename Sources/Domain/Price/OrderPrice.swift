/// A card that the buyer picked, with what it costs more.
public struct PickedCard: Hashable, Sendable {
    /// Row number of the card.
    public let card: Int64
    /// Minor units on top of the price of a unit, 0 or more.
    public let surcharge: Int64

    /// The highest surcharge of a card, in minor units.
    public static let maximumSurcharge: Int64 = 1_000_000_000

    /// Puts the parts together.
    public init(card: Int64, surcharge: Int64) {
        self.card = card
        self.surcharge = surcharge
    }
}

/// What an order costs, and why. The one place where a price is worked out.
public struct OrderPrice: Hashable, Sendable {
    /// Goods, then the tier that holds, the cards picked, and the coupon, if there are any.
    public let lines: [PriceLine]
    /// The sum of the lines.
    public let total: Money

    /// Works the price out.
    ///
    /// The cheapest tier that the quantity reaches holds. A coupon takes off what it says of the goods after the tier,
    /// and never more than those; a surcharge stays. So no order of the rules gives another price.
    ///
    /// - Parameters:
    ///   - quantity: units, 1 or more
    ///   - picks: the cards picked, each one of the units
    ///   - coupon: one whose scope and window were checked
    /// - Throws: *invalid_request* that names `quantity` when it comes to too much money, `coupon` when the goods cost
    ///   less than the coupon's minimum.
    public init(
        _ product: Product, quantity: Int, picks: [PickedCard] = [], coupon: Coupon? = nil
    ) throws(ShopError) {
        guard let list = product.price.times(quantity) else { throw Self.tooMuch }
        var lines = [PriceLine(.goods(quantity: quantity), amount: list.amount)]
        var goods = list.amount
        let reached = product.tiers.filter { $0.from <= quantity && $0.amount < product.price.amount }
        if let tier = reached.min(by: { ($0.amount, $0.from) < ($1.amount, $1.from) }) {
            // Cheaper than the list price, so it cannot overflow.
            goods = tier.amount * Int64(quantity)
            lines.append(PriceLine(.tier(from: tier.from), amount: goods - list.amount))
        }
        var total = goods
        for pick in picks.sorted(by: { $0.card < $1.card }) {
            let surcharge = min(max(pick.surcharge, 0), PickedCard.maximumSurcharge)
            lines.append(PriceLine(.pick(card: pick.card), amount: surcharge))
            total += surcharge
        }
        if let coupon {
            let discount = try coupon.discount(on: goods)
            lines.append(PriceLine(.coupon(coupon.code), amount: -discount))
            total -= discount
        }
        guard let total = Money(amount: total, currency: product.price.currency) else { throw Self.tooMuch }
        self.lines = lines
        self.total = total
    }

    /// Restores a price that was worked out before; nil when there are no lines, or they do not come to the total.
    public init?(stored lines: [PriceLine], total: Money) {
        var sum: Int64 = 0
        for line in lines {
            let (next, overflow) = sum.addingReportingOverflow(line.amount)
            if overflow { return nil }
            sum = next
        }
        guard !lines.isEmpty, sum == total.amount else { return nil }
        self.lines = lines
        self.total = total
    }

    private static var tooMuch: ShopError { .invalid("quantity", "comes to too much money") }
}

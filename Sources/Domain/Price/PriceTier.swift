/// A lower price of one unit from a quantity on.
public struct PriceTier: Hashable, Sendable, Codable {
    /// Units in one order from which it holds, 2 or more.
    public let from: Int
    /// Price of each unit of such an order, in minor units of the product's currency, 0 or more.
    public let amount: Int64

    /// The most tiers of one product.
    public static let maximumCount = 20

    /// Puts the parts together.
    public init(from: Int, amount: Int64) {
        self.from = from
        self.amount = amount
    }

    /// Why a list of tiers is none; nil when it is: more units never cost more each, and each tier can be reached.
    public static func fault(in tiers: [PriceTier], price: Money, perOrder: Int) -> String? {
        guard tiers.count <= maximumCount else { return "must be at most \(maximumCount)" }
        var before = PriceTier(from: 1, amount: price.amount)
        for tier in tiers.sorted(by: { $0.from < $1.from }) {
            guard tier.from > before.from else { return "must begin at different quantities, each 2 or more" }
            guard tier.from <= perOrder else { return "must begin at a quantity that one order may have" }
            guard (0..<before.amount).contains(tier.amount) else {
                return "must get cheaper with the quantity, and be cheaper than one unit"
            }
            before = tier
        }
        return nil
    }
}

import Domain

/// A generator that gives the same numbers for the same seed (SplitMix64, https://prng.di.unimi.it/splitmix64.c).
public struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    /// The same seed gives the same numbers.
    public init(seed: UInt64) { state = seed }

    public mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}

extension StockScenario {
    /// A story made up from a seed, with the answers that the pure rule gives.
    public static func random(seed: UInt64, steps count: Int) -> StockScenario {
        var generator = SeededGenerator(seed: seed)
        let limits = Fixtures.limits(perOrder: 3, perBuyer: 5, held: 4)
        var oracle = RandomOracle(limits: limits)
        let steps = (1...count).map { oracle.step($0, &generator) }
        return StockScenario("random story \(seed)", limits: limits, steps)
    }
}

/// Keeps the books of a random story in the plainest way.
private struct RandomOracle {
    let limits: PurchaseLimits
    var available = 0
    var holds: [Int: (buyer: Int, quantity: Int)] = [:]
    var sold: [Int: Int] = [:]

    mutating func step(_ number: Int, _ generator: inout SeededGenerator) -> StockScenario.Step {
        let order = Int.random(in: 1...max(1, number - 1), using: &generator)
        switch Int.random(in: 0..<10, using: &generator) {
        case 0:
            let count = Int.random(in: 1...4, using: &generator)
            available += count
            return .restock(count)
        case 1, 2:
            if let hold = holds.removeValue(forKey: order) { available += hold.quantity }
            return .release(order)
        case 3:
            guard let hold = holds.removeValue(forKey: order) else { return .wait(0) }
            sold[hold.buyer, default: 0] += hold.quantity
            return .sell(order)
        default:
            let buyer = Int.random(in: 1...4, using: &generator)
            let quantity = Int.random(in: 1...4, using: &generator)
            return .place(number, buyer: buyer, quantity: quantity, place(number, buyer, quantity))
        }
    }

    private mutating func place(_ order: Int, _ buyer: Int, _ quantity: Int) -> Refusal? {
        if quantity > available { return .soldOut }
        let held = holds.values.filter { $0.buyer == buyer }.reduce(0) { $0 + $1.quantity }
        let total = held + sold[buyer, default: 0]
        if quantity > limits.perOrder || held + quantity > limits.heldPerBuyer || total + quantity > limits.perBuyer {
            return .limitReached
        }
        available -= quantity
        holds[order] = (buyer, quantity)
        return nil
    }
}

public import Domain

/// Something that implements the stock rule: pure code, a gate, a ledger. Orders are named by numbers.
public protocol StockSubject: Sendable {
    /// Adds cards to the pool.
    func restock(_ count: Int) async throws
    /// Asks for an order; nil when it may be had.
    func place(_ order: Int, buyer: Int, quantity: Int, at moment: Timestamp) async throws -> Refusal?
    /// The order ends unpaid.
    func release(_ order: Int) async throws
    /// The order is paid.
    func sell(_ order: Int) async throws
}

/// A story about one product, with the answers that every implementation must give.
public struct StockScenario: Sendable, CustomStringConvertible {
    /// A step of the story.
    public enum Step: Sendable {
        /// Cards are added.
        case restock(Int)
        /// An order is asked for, and answered so.
        case place(Int, buyer: Int, quantity: Int, Refusal?)
        /// An order ends unpaid.
        case release(Int)
        /// An order is paid.
        case sell(Int)
        /// So many seconds pass.
        case wait(Int64)
    }

    /// What the story shows.
    public let description: String
    /// The product's limits.
    public let limits: PurchaseLimits
    /// The product's window, in seconds from the start of the story.
    public let window: (opens: Int64?, closes: Int64?)
    /// The steps.
    public let steps: [Step]

    init(
        _ description: String, limits: PurchaseLimits = Fixtures.limits(),
        window: (opens: Int64?, closes: Int64?) = (nil, nil), _ steps: [Step]
    ) {
        self.description = description
        self.limits = limits
        self.window = window
        self.steps = steps
    }

    /// The product of the story.
    public func product(startingAt start: Timestamp, id: Int64 = 1) -> Product {
        let window = SaleWindow(
            opensAt: self.window.opens.map { start.advanced(seconds: $0) },
            closesAt: self.window.closes.map { start.advanced(seconds: $0) })
        return Fixtures.product(id: id, limits: limits, window: window ?? .always)
    }

    /// Tells the story to a subject and compares its answers.
    public func run(on subject: any StockSubject, clock: MockClock) async throws {
        for (index, step) in steps.enumerated() {
            switch step {
            case .restock(let count): try await subject.restock(count)
            case .release(let order): try await subject.release(order)
            case .sell(let order): try await subject.sell(order)
            case .wait(let seconds): clock.advance(seconds: seconds)
            case .place(let order, let buyer, let quantity, let expected):
                let answer = try await subject.place(order, buyer: buyer, quantity: quantity, at: clock.now())
                try expect(answer, is: expected, "\(description), step \(index + 1)")
            }
        }
    }

    /// The table.
    public static let all: [StockScenario] = [
        StockScenario("nothing was imported", [.place(1, buyer: 1, quantity: 1, .soldOut)]),
        StockScenario(
            "the last card is sold once",
            [.restock(1), .place(1, buyer: 1, quantity: 1, nil), .place(2, buyer: 2, quantity: 1, .soldOut)]),
        StockScenario(
            "an order is all or nothing, and leaves a smaller one its chance",
            [
                .restock(3), .place(1, buyer: 1, quantity: 4, .soldOut), .place(2, buyer: 2, quantity: 2, nil),
                .place(3, buyer: 3, quantity: 2, .soldOut), .place(4, buyer: 4, quantity: 1, nil),
                .place(5, buyer: 5, quantity: 1, .soldOut),
            ]),
        StockScenario(
            "a released hold reopens a sold-out product",
            [
                .restock(1), .place(1, buyer: 1, quantity: 1, nil), .place(2, buyer: 2, quantity: 1, .soldOut),
                .release(1), .place(3, buyer: 3, quantity: 1, nil), .place(4, buyer: 4, quantity: 1, .soldOut),
            ]),
        StockScenario(
            "a second release of the same order adds nothing",
            [
                .restock(1), .place(1, buyer: 1, quantity: 1, nil), .release(1), .release(1),
                .place(2, buyer: 2, quantity: 1, nil), .place(3, buyer: 3, quantity: 1, .soldOut),
            ]),
        StockScenario(
            "restock reopens a sold-out product",
            [
                .restock(1), .place(1, buyer: 1, quantity: 1, nil), .place(2, buyer: 2, quantity: 1, .soldOut),
                .restock(2), .place(3, buyer: 3, quantity: 2, nil), .place(4, buyer: 4, quantity: 1, .soldOut),
            ]),
        StockScenario(
            "a sold card never comes back",
            [
                .restock(1), .place(1, buyer: 1, quantity: 1, nil), .sell(1), .release(1),
                .place(2, buyer: 2, quantity: 1, .soldOut),
            ]),
        StockScenario(
            "a buyer's limit counts held and sold units",
            limits: Fixtures.limits(perOrder: 2, perBuyer: 3),
            [
                .restock(10), .place(1, buyer: 1, quantity: 2, nil), .place(2, buyer: 1, quantity: 2, .limitReached),
                .place(3, buyer: 1, quantity: 1, nil), .sell(1), .place(4, buyer: 1, quantity: 1, .limitReached),
                .place(5, buyer: 2, quantity: 2, nil),
            ]),
        StockScenario(
            "a released order gives the buyer's units back",
            limits: Fixtures.limits(perOrder: 2, perBuyer: 2),
            [
                .restock(10), .place(1, buyer: 1, quantity: 2, nil), .place(2, buyer: 1, quantity: 1, .limitReached),
                .release(1), .place(3, buyer: 1, quantity: 2, nil),
            ]),
        StockScenario(
            "unpaid units have a limit of their own",
            limits: Fixtures.limits(perOrder: 1, perBuyer: 5, held: 1),
            [
                .restock(10), .place(1, buyer: 1, quantity: 1, nil), .place(2, buyer: 1, quantity: 1, .limitReached),
                .sell(1), .place(3, buyer: 1, quantity: 1, nil), .place(4, buyer: 1, quantity: 1, .limitReached),
            ]),
        StockScenario(
            "one order may not take more than the product allows",
            limits: Fixtures.limits(perOrder: 2),
            [.restock(10), .place(1, buyer: 1, quantity: 3, .limitReached)]),
        StockScenario(
            "sold out is said before the limit",
            limits: Fixtures.limits(perOrder: 1, perBuyer: 1),
            [.restock(1), .place(1, buyer: 1, quantity: 1, nil), .place(2, buyer: 1, quantity: 1, .soldOut)]),
        StockScenario(
            "the sale opens at its second and closes at its second", window: (opens: 10, closes: 20),
            [
                .restock(10), .place(1, buyer: 1, quantity: 1, .notOnSale), .wait(9),
                .place(2, buyer: 1, quantity: 1, .notOnSale), .wait(1), .place(3, buyer: 1, quantity: 1, nil),
                .wait(9), .place(4, buyer: 2, quantity: 1, nil), .wait(1),
                .place(5, buyer: 3, quantity: 1, .notOnSale),
            ]),
    ]
}

/// The stock rule in pure Swift: what all other implementations are compared with.
public actor StockModel: StockSubject {
    private let product: Product
    private var available = 0
    private var units: [Int: BuyerUnits] = [:]
    private var holds: [Int: (buyer: Int, quantity: Int)] = [:]

    /// A product without cards.
    public init(product: Product) { self.product = product }

    public func restock(_ count: Int) { available += count }

    public func place(_ order: Int, buyer: Int, quantity: Int, at moment: Timestamp) -> Refusal? {
        let refusal = StockRule.refusal(
            quantity: quantity, product: product, available: available, units: units[buyer] ?? .none, at: moment)
        guard refusal == nil else { return refusal }
        available -= quantity
        holds[order] = (buyer, quantity)
        units[buyer, default: .none].total += quantity
        units[buyer, default: .none].held += quantity
        return nil
    }

    public func release(_ order: Int) {
        guard let hold = holds.removeValue(forKey: order) else { return }
        available += hold.quantity
        units[hold.buyer]?.total -= hold.quantity
        units[hold.buyer]?.held -= hold.quantity
    }

    public func sell(_ order: Int) {
        guard let hold = holds.removeValue(forKey: order) else { return }
        units[hold.buyer]?.held -= hold.quantity
    }
}

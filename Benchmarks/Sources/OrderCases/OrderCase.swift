/// What can be done again and again, in rounds of a fixed number of orders.
public protocol Rounds: Sendable {
    /// Does one round. Blocks the thread, so it must not be called on Swift's pool.
    func run() throws
    /// Ends what was begun.
    func close()
}

extension Rounds {
    public func close() {}
}

/// One way to spend work on orders.
public struct OrderCase: Sendable {
    /// As it is printed.
    public let name: String
    /// Orders in one round.
    public let orders: Int
    private let make: @Sendable (_ folder: String, _ rounds: Int) async throws -> any Rounds

    /// Makes all that is needed for so many rounds, in a folder that is empty.
    public func open(folder: String, rounds: Int) async throws -> any Rounds { try await make(folder, rounds) }

    /// Every case.
    public static let all: [OrderCase] = [
        served("order accepted", isHot: true, isSoldOut: false),
        served("order accepted, ordinary route", isHot: false, isSoldOut: false),
        served("order sold out", isHot: true, isSoldOut: true),
        served("order sold out, ordinary route", isHot: false, isSoldOut: true),
        OrderCase(name: "parse an order", orders: 1024) { _, _ in ParseRounds(orders: 1024) },
        OrderCase(name: "gate admits", orders: 1024) { _, _ in try GateRounds(orders: 1024) },
        claim(256), claim(64), claim(1),
    ]

    /// The case of that name.
    public static func named(_ name: String) -> OrderCase? { all.first { $0.name == name } }

    private static func served(_ name: String, isHot: Bool, isSoldOut: Bool) -> OrderCase {
        OrderCase(name: name, orders: Crowd.size) { folder, rounds in
            let stock = isSoldOut ? 0 : rounds * Crowd.size
            return try await ServedRounds(folder: folder, isHot: isHot, stock: stock)
        }
    }

    private static func claim(_ size: Int) -> OrderCase {
        OrderCase(name: size == 1 ? "claim an order alone" : "claim a batch of \(size)", orders: size) {
            folder, rounds in
            try await ClaimRounds(folder: folder, size: size, rounds: rounds)
        }
    }
}

/// A case that went wrong.
struct CaseError: Error, CustomStringConvertible {
    let description: String
}

/// Buyers in no order that an index would like.
enum BuyerNumbers {
    /// Knuth's multiplicative hash: a permutation of the 32-bit numbers.
    static func scattered(_ number: Int) -> UInt32 { UInt32(truncatingIfNeeded: number) &* 2_654_435_761 }
}

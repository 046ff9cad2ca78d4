import Domain
import RedisClient
import Shop

/// What a node knows of its shard's gate: the epoch and the stock as it last heard. A value; the lock is around it.
struct GateView {
    /// 0 until Redis was heard.
    private(set) var epoch: Int64 = 0
    private var stock: [Place: Int] = [:]

    /// A pool of a product, as scripts name it: a letter and the product's number.
    struct Place: Hashable {
        let text: String

        init(_ product: ProductID, _ pool: Pool) { text = Self.letter(pool) + String(product.number) }

        init(text: String) { self.text = text }

        /// Nil for what no product has.
        var stockPlace: StockPlace? {
            guard let number = Int64(text.dropFirst()) else { return nil }
            return StockPlace(product: ProductID(number), pool: text.hasPrefix("p") ? .picked : .drawn)
        }

        static func letter(_ pool: Pool?) -> String {
            switch pool {
            case .drawn: "d"
            case .picked: "p"
            case nil: "-"
            }
        }
    }

    func available(_ place: Place) -> Int { stock[place] ?? 0 }

    /// What was known of another epoch holds no more.
    mutating func learn(epoch: Int64) {
        guard epoch != self.epoch else { return }
        self.epoch = epoch
        stock = [:]
    }

    /// A script said so under that epoch.
    mutating func learn(_ available: Int, of place: Place, epoch: Int64) {
        guard epoch == self.epoch else { return }
        stock[place] = available
    }

    /// The whole stock under that epoch.
    mutating func learn(_ all: [Place: Int], epoch: Int64) {
        self.epoch = epoch
        stock = all
    }
}

/// What a script of the gate answered.
enum GateAnswer: Sendable {
    /// It did what it was asked: the rest of its reply, with the epoch under which it did.
    case done([RedisValue], epoch: Int64)
    case seenBefore
    case refused(Refusal, [RedisValue], epoch: Int64)
    case closed
    /// Redis was asked, and its answer was lost.
    case lost
    /// Another epoch holds.
    case otherEpoch(Int64)

    /// - Parameter epoch: the one that the script was called with
    init(_ result: Result<RedisValue, RedisError>, epoch: Int64) {
        switch result {
        case .failure(.unknown): self = .lost
        case .failure: self = .closed
        case .success(let value):
            guard let parts = value.array, let code = parts.first?.number else {
                self = .closed
                return
            }
            let rest = Array(parts.dropFirst())
            switch code {
            case 1: self = .done(rest, epoch: epoch)
            case 2: self = .seenBefore
            case 3: self = .refused(.notOnSale, rest, epoch: epoch)
            case 4: self = .refused(.soldOut, rest, epoch: epoch)
            case 5: self = .refused(.limitReached, rest, epoch: epoch)
            case 6: self = rest.first?.number.map { .otherEpoch($0) } ?? .closed
            default: self = .closed
            }
        }
    }
}

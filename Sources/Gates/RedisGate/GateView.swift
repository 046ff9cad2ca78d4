import Domain
import RedisClient
import Shop

/// What a node knows of its shard's gate: the epoch and the stock as it last heard. A value; the lock is around it.
struct GateView {
    /// An epoch that a look has found to be of the run of Redis that answers, and the client's generation in which it
    /// was. It holds no more when a connection was made or lost since: behind it Redis may have started anew, with old
    /// data.
    struct Known: Hashable, Sendable {
        let epoch: Int64
        let generation: Int64
    }

    /// The latest that was heard of; 0 until Redis was heard.
    private(set) var epoch: Int64 = 0
    /// Whether the last look found it open; false when it found nothing.
    var isOpen = false
    private var known: Known?
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

    /// What holds in that generation of connections; nil when Redis must be asked first.
    func known(in generation: Int64) -> Known? { known?.generation == generation ? known : nil }

    /// Redis must be asked which epoch holds.
    mutating func doubt(_ doubted: Known) { if known == doubted { known = nil } }

    /// What is in Redis is of no run, or of an earlier one.
    mutating func learnNothing() {
        known = nil
        stock = [:]
    }

    /// A new epoch, of which nothing is known yet; or the same one.
    mutating func learn(_ known: Known) {
        self.known = known
        guard known.epoch != epoch else { return }
        epoch = known.epoch
        stock = [:]
    }

    /// A script said so under that epoch.
    mutating func learn(_ available: Int, of place: Place, epoch: Int64) {
        guard epoch == self.epoch else { return }
        stock[place] = available
    }

    /// The whole stock under that epoch.
    mutating func learn(_ all: [Place: Int], _ known: Known) {
        self.known = known
        epoch = known.epoch
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
    /// Another epoch holds, or may hold by now.
    case outdated
    /// Somebody has closed the gate in a later term.
    case fenced

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
            case 6: self = .outdated
            case 7: self = .fenced
            default: self = .closed
            }
        }
    }
}

import Domain
import SQLLedger
import Shop

/// Decides what becomes of the submissions of a batch, in their order: each one sees what those before it have taken.
/// Knows no database; what it has decided is to be written as it stands.
struct BatchMachine {
    /// An order that is to be written.
    struct Row {
        /// As it is after the batch.
        let order: Order
        let draft: OrderDraft
        /// Nil for one that must not be found under its key.
        let key: IdempotencyKey?
    }

    private var facts: BatchFacts
    /// Whether the buyers were told that their orders are queued, so that a refused one is to be written, too.
    private let isFromLog: Bool
    private(set) var rows: [Row] = []
    private(set) var claims: [(card: Int64, order: OrderID, state: CardState)] = []
    private(set) var usesAdded: [CouponID: Int] = [:]

    init(_ facts: BatchFacts, isFromLog: Bool) {
        self.facts = facts
        self.isFromLog = isFromLog
    }

    mutating func decide(_ submission: Submission) -> Placement {
        switch submission {
        case .find(let key, let product): placement(under: key, of: product) ?? .unknownKey
        case .place(let draft): decide(draft)
        }
    }

    private mutating func decide(_ draft: OrderDraft) -> Placement {
        if let known = facts.orders[draft.id] { return .existing(known) }
        if facts.fences.contains(draft.id) { return .fenced }
        if let known = placement(under: draft.idempotency, of: draft.product.id) {
            reject(draft)
            return known
        }
        if let refusal = refusal(draft) {
            reject(draft)
            return .refused(refusal)
        }
        return .placed(place(draft))
    }

    /// Its buyer waits for it, so there must be something to be found.
    private mutating func reject(_ draft: OrderDraft) {
        guard isFromLog else { return }
        let order = Order(draft, state: .rejected, version: 1, expiresAt: nil)
        rows.append(Row(order: order, draft: draft, key: nil))
        facts.orders[order.id] = order
    }

    private func placement(under key: IdempotencyKey?, of product: ProductID) -> Placement? {
        guard let key, let known = facts.keys[KeyOfProduct(product: product, key: key.key)] else { return nil }
        return known.digest == key.bodyDigest ? .existing(known.order) : .mismatched
    }

    // MARK: Refusing

    /// The stock rule, then what was picked, then the coupon.
    private func refusal(_ draft: OrderDraft) -> Refusal? {
        let isPicked = draft.pool == .picked
        let buyer = BuyerOfProduct(product: draft.product.id, contact: draft.buyer.contact)
        let refusal = StockRule.refusal(
            quantity: draft.quantity, product: draft.product,
            available: isPicked ? draft.quantity : facts.pools[draft.product.id]?.count ?? 0,
            units: facts.units[buyer] ?? .none, at: draft.placedAt)
        if let refusal { return refusal }
        if isPicked, !areThere(draft.picks, draft) { return .cardTaken }
        return draft.coupon.flatMap { self.refusal($0, draft.buyer) }
    }

    private func areThere(_ picks: [PickedCard], _ draft: OrderDraft) -> Bool {
        guard picks.count == draft.quantity, Set(picks.map(\.card)).count == picks.count else { return false }
        return picks.allSatisfy { pick in
            facts.picks[pick.card].map { $0.product == draft.product.id && $0.surcharge == pick.surcharge } ?? false
        }
    }

    private func refusal(_ coupon: UsedCoupon, _ buyer: Buyer) -> Refusal? {
        guard let state = facts.coupons[coupon.id], state.isEnabled, state.version == coupon.version else {
            return .couponUsedUp
        }
        return state.refusal { facts.uses[BuyerOfCoupon(coupon: coupon.id, contact: buyer.contact)] ?? 0 }
    }

    // MARK: Placing

    private mutating func place(_ draft: OrderDraft) -> Order {
        let order = Self.order(draft)
        let isHeld = order.state == .awaitingPayment
        for card in takeCards(draft) { claims.append((card, order.id, isHeld ? .held : .sold)) }
        rows.append(Row(order: order, draft: draft, key: draft.idempotency))
        facts.orders[order.id] = order
        if let key = draft.idempotency {
            facts.keys[KeyOfProduct(product: order.product, key: key.key)] = (order, key.bodyDigest)
        }
        let buyer = BuyerOfProduct(product: order.product, contact: order.buyer.contact)
        facts.units[buyer, default: .none].total += order.quantity
        if isHeld { facts.units[buyer, default: .none].held += order.quantity }
        if let coupon = order.coupon { use(coupon, order.buyer) }
        return order
    }

    /// One of which nothing is to be paid is settled at once: it is claimed, and delivered or left to the owner.
    private static func order(_ draft: OrderDraft) -> Order {
        let order = Order(draft, state: .awaitingPayment, version: 1, expiresAt: draft.expiresAt)
        guard order.total.amount == 0 else { return order }
        return order.moved(to: order.kind == .manual ? .paid : .delivered)
    }

    private mutating func takeCards(_ draft: OrderDraft) -> [Int64] {
        guard draft.product.kind.isPooled else { return [] }
        guard draft.pool == .drawn else {
            for pick in draft.picks { facts.picks[pick.card] = nil }
            return draft.picks.map(\.card)
        }
        let pool = facts.pools[draft.product.id] ?? []
        facts.pools[draft.product.id] = pool.dropFirst(draft.quantity)
        return Array(pool.prefix(draft.quantity))
    }

    private mutating func use(_ coupon: CouponID, _ buyer: Buyer) {
        usesAdded[coupon, default: 0] += 1
        facts.coupons[coupon]?.used += 1
        facts.uses[BuyerOfCoupon(coupon: coupon, contact: buyer.contact), default: 0] += 1
    }
}

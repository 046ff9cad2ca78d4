public import CoreMetrics
public import Domain
import NIOConcurrencyHelpers
public import RedisClient
public import Shop

/// The gate of one shard, shared by all nodes: a few hashes and a stream in Redis, changed by scripts only.
///
/// A script that lets somebody through is told the epoch that the node knows and refuses another one; the node then
/// asks which one holds and tries once more. It asks too when a connection was made or lost since it last did: Redis
/// may have been started anew, with old data that says it is open. Whatever is missing in Redis means closed.
///
/// News is told no epoch: while the gate is closed, Redis keeps it until the gate opens. What returns nothing is sent
/// and not waited for. When it cannot be sent, or is lost on the way, it counts into `sluice_gate_lost_total`, and the
/// gate believes in other stock than there is until it is loaded anew.
public final class RedisGate: Gate {
    let client: RedisClient
    let shard: UInt16
    let limits: Limits
    let view = NIOLockedValueBox(GateView())
    let lost: Counter
    let unreadable: Counter
    let isSweepDue = NIOLockedValueBox(false)
    /// The epoch with which this node closed the gate and has not loaded it yet, and the latest term in which it did.
    let closing = NIOLockedValueBox<(epoch: Int64?, term: Int64)>((nil, 0))
    let control: String
    /// Those who wait to hear which epoch holds.
    let enquiry: NIOLockedValueBox<Enquiry<@Sendable (GateView.Known?) -> Void>>
    private let lanes: Int64
    private let maxima: [Int]
    /// Requests that wait at once to hear which epoch holds; the others find the gate closed.
    private static let mostWaiting = 16_384

    /// What the client must be told to load into Redis, so that calls keep their order on a fresh server too.
    public static let scripts = GateScripts.all

    /// A gate that knows nothing yet: it hears from Redis with its first question.
    ///
    /// - Parameters:
    ///   - lanes: partitions of the shard's log, 1 or more. Orders that wait in one of them are counted apart, by the
    ///     product's number.
    ///   - metrics: receives `sluice_gate_lost_total` and `sluice_gate_unreadable_total`
    public init(
        client: RedisClient, shard: UInt16, lanes: Int, limits: Limits, metrics: any MetricsFactory
    ) {
        self.client = client
        self.shard = shard
        self.lanes = Int64(max(1, lanes))
        self.limits = limits
        control = "{s\(shard)}:epoch"
        enquiry = NIOLockedValueBox(Enquiry(maximum: Self.mostWaiting))
        lost = Counter(label: "sluice_gate_lost_total", dimensions: [], factory: metrics)
        unreadable = Counter(label: "sluice_gate_unreadable_total", dimensions: [], factory: metrics)
        maxima = [
            limits.gateBacklogBytes, limits.gateTickets, limits.gateBuyers, limits.gateKeys,
            Int(limits.gateKeySeconds),
        ]
    }

    func learn(_ available: Int64, of place: GateView.Place, epoch: Int64) {
        view.withLockedValue { $0.learn(Int(clamping: available), of: place, epoch: epoch) }
    }

    // MARK: The gate

    public func admit(_ request: AdmissionRequest, reply: @escaping @Sendable (Admission) -> Void) {
        let draft = request.draft
        let record = OrderRecord.bytes(draft)
        let pool = draft.product.kind.isPooled ? draft.pool : nil
        let place = pool.map { GateView.Place(draft.product.id, $0) }
        ask(
            GateScripts.take, hash: draft.id.hashValue,
            reply: { [self] answer in
                switch answer {
                case .done(let rest, let epoch), .refused(_, let rest, let epoch):
                    if let place, let number = rest.first?.number { learn(number, of: place, epoch: epoch) }
                case .seenBefore, .closed, .lost, .outdated, .fenced: break
                }
                reply(Self.admission(answer))
            },
            arguments: { [self] call in
                call.append(draft.id.identifier.bytes)
                call.append(draft.product.id.number)
                call.append(GateView.Place.letter(pool))
                call.append(draft.quantity)
                call.append(draft.buyer.contact)
                call.append(draft.idempotency?.key ?? "")
                call.append(lane(of: draft.product.id))
                call.append(record)
                call.append(draft.idempotency != nil && !request.isKeyNew ? 1 : 0)
                call.append(draft.product.window.contains(draft.placedAt) ? 1 : 0)
                call.append(draft.product.limits.perOrder)
                call.append(draft.product.limits.perBuyer)
                call.append(draft.product.limits.heldPerBuyer)
                for maximum in maxima { call.append(maximum) }
            })
    }

    private static func admission(_ answer: GateAnswer) -> Admission {
        switch answer {
        case .done: .admitted
        case .seenBefore: .seenBefore
        case .refused(let refusal, _, _): .refused(refusal)
        case .closed, .outdated, .fenced: .closed
        case .lost: .unknown
        }
    }

    private func lane(of product: ProductID) -> Int64 { product.number % lanes }

    public func mayKnow(_ key: String, of product: ProductID, reply: @escaping @Sendable (Bool) -> Void) {
        ask(
            GateScripts.known, hash: product.hashValue,
            reply: { answer in
                if case .done = answer { reply(false) } else { reply(true) }
            }, arguments: { $0.append("\(product.number):\(key)") })
    }

    public func end(_ order: OrderID, _ end: TicketEnd) {
        let how =
            switch end {
            case .notPlaced: "n"
            case .released: "r"
            case .sold: "s"
            }
        tell("finish", hash: order.hashValue) { call in
            call.append(order.identifier.bytes)
            call.append(how)
        }
    }

    public func restock(_ product: ProductID, _ pool: Pool, by count: Int, change: Int64) {
        tell("restock", hash: product.hashValue) { call in
            call.append(product.number)
            call.append(GateView.Place.letter(pool))
            call.append(count)
            call.append(change)
        }
    }

    public func count(_ buyer: Buyer, of product: ProductID, units: Int, change: Int64) {
        tell("count", hash: product.hashValue) { [limits] call in
            call.append(product.number)
            call.append(buyer.contact)
            call.append(units)
            call.append(change)
            call.append(limits.gateBuyers)
        }
    }

    public func judged(_ orders: [OrderID]) { tell(orders, areJudged: true) }

    public func available(_ product: ProductID, _ pool: Pool) -> Int {
        view.withLockedValue { $0.available(GateView.Place(product, pool)) }
    }

    /// Orders told of in one call, which holds up everybody else meanwhile.
    private static let ordersInCall = 256

    func tell(_ orders: [OrderID], areJudged: Bool) {
        var rest = orders[...]
        while !rest.isEmpty {
            let part = rest.prefix(Self.ordersInCall)
            rest = rest.dropFirst(Self.ordersInCall)
            ask(
                GateScripts.judged, hash: 0,
                reply: { [lost] answer in
                    if case .done = answer { return }
                    lost.increment()
                },
                arguments: { call in
                    call.append(areJudged ? 1 : 0)
                    for order in part { call.append(order.identifier.bytes) }
                })
        }
    }
}

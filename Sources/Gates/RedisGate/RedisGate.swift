public import CoreMetrics
public import Domain
import NIOConcurrencyHelpers
public import RedisClient
public import Shop

/// The gate of one shard, shared by all nodes: a few hashes and a stream in Redis, changed by scripts only.
///
/// Every script is told the epoch that the node knows and refuses another one; the node then learns the right one and
/// tries once more. Whatever is missing in Redis means closed.
///
/// What returns nothing is sent and not waited for. When it cannot be sent, or is lost on the way, it counts into
/// `sluice_gate_lost_total`, and the gate believes in other stock than there is until it is loaded anew.
public final class RedisGate: Gate {
    let client: RedisClient
    let shard: UInt16
    let limits: Limits
    let view = NIOLockedValueBox(GateView())
    let lost: Counter
    let unreadable: Counter
    let isSweepDue = NIOLockedValueBox(false)
    /// The epoch with which this node closed the gate and has not loaded it yet.
    let closing = NIOLockedValueBox<Int64?>(nil)
    private let lanes: Int64
    private let control: String
    private let maxima: [Int]

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
        lost = Counter(label: "sluice_gate_lost_total", dimensions: [], factory: metrics)
        unreadable = Counter(label: "sluice_gate_unreadable_total", dimensions: [], factory: metrics)
        maxima = [
            limits.gateBacklogBytes, limits.gateTickets, limits.gateBuyers, limits.gateKeys,
            Int(limits.gateKeySeconds),
        ]
    }

    // MARK: Asking

    /// Calls a script with the epoch that is known, and once more with the one that is told.
    func ask(
        _ script: RedisScript, hash: Int?, reply: @escaping @Sendable (GateAnswer) -> Void,
        arguments: @escaping @Sendable (inout RedisCommand) -> Void
    ) {
        ask(script, epoch: view.withLockedValue { $0.epoch }, hash: hash, arguments: arguments) { [self] answer in
            guard case .otherEpoch(let epoch) = answer else { return reply(answer) }
            view.withLockedValue { $0.learn(epoch: epoch) }
            ask(script, epoch: epoch, hash: hash, arguments: arguments, reply: reply)
        }
    }

    /// Calls a script with a certain epoch, once.
    func ask(
        _ script: RedisScript, epoch: Int64, hash: Int?, arguments: (inout RedisCommand) -> Void,
        reply: @escaping @Sendable (GateAnswer) -> Void
    ) {
        var call = script.call(keys: 1)
        call.append(control)
        call.append(epoch)
        arguments(&call)
        client.send(call, of: script, hash: hash) { reply(GateAnswer($0, epoch: epoch)) }
    }

    /// Calls a script of which nobody waits to hear. What it says of the stock is learned.
    private func tell(
        _ script: RedisScript, hash: Int, arguments: @escaping @Sendable (inout RedisCommand) -> Void
    ) {
        ask(
            script, hash: hash,
            reply: { [self] answer in
                switch answer {
                case .done(let rest, let epoch):
                    guard rest.count == 2, let place = rest[0].bytes, let number = rest[1].number else { return }
                    learn(number, of: GateView.Place(text: String(decoding: place, as: UTF8.self)), epoch: epoch)
                case .closed, .lost, .otherEpoch, .seenBefore, .refused: lost.increment()
                }
            }, arguments: arguments)
    }

    private func learn(_ available: Int64, of place: GateView.Place, epoch: Int64) {
        view.withLockedValue { $0.learn(Int(clamping: available), of: place, epoch: epoch) }
    }

    // MARK: The gate

    public func admit(_ request: AdmissionRequest, reply: @escaping @Sendable (Admission) -> Void) {
        let draft = request.draft
        guard let record = try? OrderRecord.bytes(draft) else { return reply(.closed) }
        let pool = draft.product.kind.isPooled ? draft.pool : nil
        let place = pool.map { GateView.Place(draft.product.id, $0) }
        ask(
            GateScripts.take, hash: draft.id.hashValue,
            reply: { [self] answer in
                switch answer {
                case .done(let rest, let epoch), .refused(_, let rest, let epoch):
                    if let place, let number = rest.first?.number { learn(number, of: place, epoch: epoch) }
                case .seenBefore, .closed, .lost, .otherEpoch: break
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
        case .closed, .otherEpoch: .closed
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
        tell(GateScripts.end, hash: order.hashValue) { call in
            call.append(order.identifier.bytes)
            call.append(how)
        }
    }

    public func restock(_ product: ProductID, _ pool: Pool, by count: Int) {
        tell(GateScripts.restock, hash: product.hashValue) { call in
            call.append(GateView.Place(product, pool).text)
            call.append(count)
        }
    }

    public func count(_ buyer: Buyer, of product: ProductID, units: Int) {
        tell(GateScripts.count, hash: product.hashValue) { [limits] call in
            call.append("\(product.number):\(buyer.contact)")
            call.append(units)
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
            tell(GateScripts.judged, hash: 0) { call in
                call.append(areJudged ? 1 : 0)
                for order in part { call.append(order.identifier.bytes) }
            }
        }
    }
}

import CoreMetrics
import Domain
import NIOConcurrencyHelpers
import RedisClient
import Shop

// How scripts are called.
extension RedisGate {
    // MARK: With the epoch that holds

    /// Calls a script with the epoch that holds, and once more when it holds no longer.
    func ask(
        _ script: RedisScript, hash: Int?, reply: @escaping @Sendable (GateAnswer) -> Void,
        arguments: @escaping @Sendable (inout RedisCommand) -> Void
    ) {
        ask(script, hash: hash, arguments: arguments) { [self] answer in
            guard case .outdated = answer else { return reply(answer) }
            ask(script, hash: hash, arguments: arguments, reply: reply)
        }
    }

    private func ask(
        _ script: RedisScript, hash: Int?, arguments: @escaping @Sendable (inout RedisCommand) -> Void,
        reply: @escaping @Sendable (GateAnswer) -> Void
    ) {
        whenKnown { [self] known in
            guard let known else { return reply(.closed) }
            let call = call(script, epoch: known.epoch, arguments: arguments)
            client.send(call, of: script, hash: hash, under: known.generation) { [self] result in
                var answer = GateAnswer(result, epoch: known.epoch)
                // It was not sent, since a connection was made or lost after the epoch was found to hold.
                if case .failure(.unavailable) = result, client.generation != known.generation { answer = .outdated }
                if case .outdated = answer { view.withLockedValue { $0.doubt(known) } }
                reply(answer)
            }
        }
    }

    /// Calls a script with a certain epoch, once.
    func ask(
        _ script: RedisScript, epoch: Int64, arguments: (inout RedisCommand) -> Void,
        reply: @escaping @Sendable (GateAnswer) -> Void
    ) {
        client.send(call(script, epoch: epoch, arguments: arguments), of: script) {
            reply(GateAnswer($0, epoch: epoch))
        }
    }

    private func call(
        _ script: RedisScript, epoch: Int64, arguments: (inout RedisCommand) -> Void
    ) -> RedisCommand {
        var call = script.call(keys: 1)
        call.append(control)
        call.append(epoch)
        arguments(&call)
        return call
    }

    // MARK: Which epoch holds

    /// Looks before it is asked again, when connections come and go meanwhile.
    private static let looks = 3

    /// Calls `body` with the epoch that holds, perhaps before this returns; with nil when that cannot be known.
    private func whenKnown(_ body: @escaping @Sendable (GateView.Known?) -> Void) {
        let generation = client.generation
        if let known = view.withLockedValue({ $0.known(in: generation) }) { return body(known) }
        switch enquiry.withLockedValue({ $0.add(body) }) {
        case .ask: enquire(looks: Self.looks)
        case .wait: break
        case .refuse: body(nil)
        }
    }

    private func enquire(looks: Int) {
        let generation = client.generation
        client.send(lookCall(), of: GateScripts.look) { [self] result in
            if case .success(let value) = result { _ = heard(value, in: generation) }
            let now = client.generation
            if now != generation, looks > 1 { return enquire(looks: looks - 1) }
            let known = view.withLockedValue { $0.known(in: now) }
            for body in enquiry.withLockedValue({ $0.answered() }) { body(known) }
        }
    }

    func lookCall() -> RedisCommand {
        var call = GateScripts.look.call(keys: 1)
        call.append(control)
        return call
    }

    /// Learns what a look has answered.
    ///
    /// - Parameter generation: the client's before the look was sent. If it is another one by now, the run of Redis
    ///   that has answered may be gone.
    func heard(_ value: RedisValue, in generation: Int64) -> GateLook {
        let parts = value.array ?? []
        guard parts.count >= 3, let epoch = parts[1].number, parts[2].number == 1 else {
            view.withLockedValue { view in
                view.learnNothing()
                view.isOpen = false
            }
            return GateLook(isOpen: false)
        }
        let known = GateView.Known(epoch: epoch, generation: generation)
        let isOpen = parts.count >= 5
        let (stock, waiting) = isOpen ? Self.stock(parts[3].array ?? []) : ([:], 0)
        view.withLockedValue { view in
            view.learn(stock, known)
            view.isOpen = isOpen
        }
        guard isOpen else { return GateLook(isOpen: false) }
        var look = GateLook(isOpen: true, waitingBytes: waiting, unlogged: Int(clamping: parts[4].number ?? 0))
        for (place, count) in stock {
            if let place = place.stockPlace { look.available[place] = count }
        }
        return look
    }

    private static func stock(_ flat: [RedisValue]) -> (places: [GateView.Place: Int], waiting: Int) {
        var (places, waiting): ([GateView.Place: Int], Int) = ([:], 0)
        for index in stride(from: 0, to: flat.count - 1, by: 2) {
            let name = String(decoding: flat[index].bytes ?? [], as: UTF8.self)
            guard let number = flat[index + 1].number else { continue }
            if name.hasPrefix("waiting:") { waiting += Int(clamping: number) }
            guard name.hasPrefix("d") || name.hasPrefix("p") else { continue }
            places[GateView.Place(text: name)] = Int(clamping: number)
        }
        return (places, waiting)
    }

    // MARK: News

    /// Tells what the ledger has committed. Nobody waits for it; what is answered of the stock is learned.
    func tell(_ news: String, hash: Int, arguments: (inout RedisCommand) -> Void) {
        var call = GateScripts.news.call(keys: 1)
        call.append(control)
        call.append(limits.gateLateNews)
        call.append(news)
        arguments(&call)
        client.send(call, of: GateScripts.news, hash: hash) { [self] result in
            guard case .done(let rest, _) = GateAnswer(result, epoch: 0) else { return lost.increment() }
            guard rest.count == 3, let epoch = rest[0].number, let place = rest[1].bytes, let number = rest[2].number
            else { return }
            learn(number, of: GateView.Place(text: String(decoding: place, as: UTF8.self)), epoch: epoch)
        }
    }
}

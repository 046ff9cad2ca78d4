public import Domain
import NIOConcurrencyHelpers
import RedisClient
public import Shop

extension RedisGate {
    public func close(term: Int64) async throws(ShopError) {
        let epoch = try await newEpoch(term: term)
        closing.withLockedValue { $0 = (epoch, max(term, $0.term)) }
    }

    public func load(_ snapshot: GateSnapshot) async throws(ShopError) {
        // The snapshot was taken under the epoch with which the gate was closed. Who has closed it since, takes a newer
        // one.
        let closed = closing.withLockedValue { closing in
            defer { closing.epoch = nil }
            return closing
        }
        let epoch: Int64
        if let known = closed.epoch { epoch = known } else { epoch = try await newEpoch(term: closed.term) }
        let keys = snapshot.keys.suffix(limits.gateKeys)
        let parts = GateParts(snapshot, keys: keys, limits: limits)
        try await write(parts.all, epoch: epoch)
        let hasAllKeys = snapshot.hasAllKeys && keys.count == snapshot.keys.count
        try await open(epoch, keySeconds: hasAllKeys ? limits.gateKeySeconds : 0)
        await refresh()
        isSweepDue.withLockedValue { $0 = true }
    }

    /// Closes the gate under an epoch of its own.
    private func newEpoch(term: Int64) async throws(ShopError) -> Int64 {
        let generation = client.generation
        let rest = try await must(GateScripts.close, epoch: view.withLockedValue { $0.epoch }) { $0.append(term) }
        guard let epoch = rest.first?.number else { throw ShopError(.busy, "the gate gave no epoch") }
        view.withLockedValue { $0.learn(GateView.Known(epoch: epoch, generation: generation)) }
        return epoch
    }

    /// News that takes effect in one call, which holds up everybody else meanwhile.
    private static let newsInCall = 250

    /// Lets news that was told since the gate was closed take effect, and opens the gate together with the last of it.
    private func open(_ epoch: Int64, keySeconds: Int64) async throws(ShopError) {
        // More comes meanwhile, but not for ever.
        for _ in 0...(2 * limits.gateLateNews / Self.newsInCall) {
            let rest = try await must(GateScripts.open, epoch: epoch) { call in
                call.append(keySeconds)
                call.append(Self.newsInCall)
            }
            if rest.first?.number == 0 { return }
        }
        throw ShopError(.busy, "news comes faster than the gate takes it in")
    }

    @discardableResult
    private func must(
        _ script: RedisScript, epoch: Int64, arguments: (inout RedisCommand) -> Void
    ) async throws(ShopError) -> [RedisValue] {
        let answer = await withCheckedContinuation { continuation in
            ask(script, epoch: epoch, arguments: arguments) { continuation.resume(returning: $0) }
        }
        switch answer {
        case .done(let rest, _): return rest
        case .outdated: throw ShopError(.busy, "somebody else has closed the gate meanwhile")
        case .fenced: throw ShopError(.wrongState, "the gate was closed in a later term")
        case .closed, .lost, .seenBefore, .refused:
            throw ShopError(.busy, "the gate cannot be reached, or lost what it was loaded with")
        }
    }

    /// Parts of a snapshot on their way at once.
    private static let partsUnderWay = 8

    private func write(_ parts: [GateParts.Part], epoch: Int64) async throws(ShopError) {
        do {
            try await withThrowingTaskGroup(of: Void.self) { group in
                for (index, part) in parts.enumerated() {
                    if index >= Self.partsUnderWay { try await group.next() }
                    group.addTask { [self] in
                        try await must(GateScripts.load, epoch: epoch) { part.append(to: &$0) }
                    }
                }
                try await group.waitForAll()
            }
        } catch let error as ShopError {
            throw error
        } catch {
            throw ShopError(.busy, "the gate was not loaded", cause: "\(error)")
        }
    }

    // MARK: Keeping up

    /// Learns epoch and stock from Redis. Without an answer the stock stays as it was last heard of.
    public func refresh() async {
        do throws(ShopError) { _ = try await look() } catch { view.withLockedValue { $0.isOpen = false } }
    }

    /// Whether the gate was open when it was last looked at.
    public var isOpen: Bool { view.withLockedValue { $0.isOpen } }

    public func look() async throws(ShopError) -> GateLook {
        let generation = client.generation
        do throws(RedisError) {
            return heard(try await client.call(lookCall(), of: GateScripts.look), in: generation)
        } catch {
            throw ShopError(.busy, "the gate cannot be asked", cause: "\(error)")
        }
    }

    /// Works until cancelled: learns what other nodes did, and takes away what is left of epochs that this node ended.
    /// `pause` waits and throws when it is time to end.
    public func run(pause: @Sendable (_ milliseconds: Int64) async throws -> Void) async {
        while !Task.isCancelled {
            await refresh()
            if isSweepDue.withLockedValue({ $0 }), await sweep() { isSweepDue.withLockedValue { $0 = false } }
            do { try await pause(limits.gateRefreshMilliseconds) } catch { return }
        }
    }

    /// Takes away keys that earlier epochs remembered; they would expire otherwise. False when it was not finished.
    public func sweep() async -> Bool {
        let epoch = view.withLockedValue { $0.epoch }
        let current = "{s\(shard)}:e\(epoch):"
        var cursor = "0"
        repeat {
            let scan = RedisCommand("SCAN", cursor, "MATCH", "{s\(shard)}:e*:k:*", "COUNT", "1000")
            guard let parts = try? await client.call(scan).array, parts.count == 2, let next = parts[0].bytes else {
                return false
            }
            cursor = String(decoding: next, as: UTF8.self)
            var unlink = RedisCommand("UNLINK")
            let old = (parts[1].array ?? []).compactMap(\.bytes).filter { !$0.starts(with: current.utf8) }
            for key in old { unlink.append(key) }
            if !old.isEmpty, (try? await client.call(unlink)) == nil { return false }
        } while cursor != "0" && !Task.isCancelled
        return cursor == "0"
    }
}

/// A snapshot cut into calls of the loading script.
private struct GateParts {
    struct Part: Sendable {
        let what: String
        let arguments: [[UInt8]]

        func append(to call: inout RedisCommand) {
            call.append(what)
            for argument in arguments { call.append(argument) }
        }
    }

    /// What is written in one call, which holds up everybody else meanwhile.
    private static let entriesInPart = 500

    let all: [Part]

    init(_ snapshot: GateSnapshot, keys: ArraySlice<GateSnapshot.Key>, limits: Limits) {
        let drawn = snapshot.available.map { (GateView.Place($0, .drawn), $1) }
        let picked = snapshot.pickable.map { (GateView.Place($0, .picked), $1) }
        let stock = Self.parts("stock", drawn + picked) { [Array($0.text.utf8), Array(String($1).utf8)] }
        let changes = Self.parts("changes", Array(snapshot.changes)) {
            [Array(String($0.key.number).utf8), Array(String($0.value).utf8)]
        }
        let tickets = Self.parts("tickets", snapshot.tickets) { ticket in
            [
                ticket.order.identifier.bytes, Array(String(ticket.product.number).utf8),
                Array(ticket.buyer.contact.utf8), Array(String(ticket.quantity).utf8),
                Array(GateView.Place.letter(ticket.pool).utf8),
            ]
        }
        let some = snapshot.units.lazy.filter { $0.units != .none }.prefix(limits.gateBuyers)
        let units = Self.parts("units", Array(some)) { entry in
            [
                Array("\(entry.product.number):\(entry.buyer.contact)".utf8), Array(String(entry.units.total).utf8),
                Array(String(entry.units.held).utf8),
            ]
        }
        let seconds = Array(String(limits.gateKeySeconds).utf8)
        let keys = Self.parts("keys", Array(keys), before: [seconds]) { key in
            [Array("\(key.product.number):\(key.key)".utf8)]
        }
        all = stock + changes + tickets + units + keys
    }

    private static func parts<Entry>(
        _ what: String, _ entries: [Entry], before: [[UInt8]] = [], _ arguments: (Entry) -> [[UInt8]]
    ) -> [Part] {
        stride(from: 0, to: entries.count, by: entriesInPart).map { start in
            let some = entries[start..<min(start + entriesInPart, entries.count)]
            return Part(what: what, arguments: before + some.flatMap(arguments))
        }
    }
}

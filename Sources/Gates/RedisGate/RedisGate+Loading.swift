public import Domain
import NIOConcurrencyHelpers
import RedisClient
public import Shop

extension RedisGate {
    public func close(term: Int64) async throws(ShopError) {
        let epoch = try await newEpoch()
        closing.withLockedValue { $0 = epoch }
    }

    public func load(_ snapshot: GateSnapshot) async throws(ShopError) {
        // The snapshot was taken under the epoch with which the gate was closed. Who has closed it since, takes a newer
        // one.
        let closed = closing.withLockedValue { epoch in
            defer { epoch = nil }
            return epoch
        }
        let epoch: Int64
        if let closed { epoch = closed } else { epoch = try await newEpoch() }
        let keys = snapshot.keys.suffix(limits.gateKeys)
        let parts = GateParts(snapshot, keys: keys, limits: limits)
        try await write(parts.stock + parts.tickets + parts.units + parts.keys, epoch: epoch)
        let hasAllKeys = snapshot.hasAllKeys && keys.count == snapshot.keys.count
        try await must(GateScripts.open, epoch: epoch) { [limits] call in
            call.append(hasAllKeys ? limits.gateKeySeconds : 0)
        }
        var stock: [GateView.Place: Int] = [:]
        for (product, count) in snapshot.available { stock[GateView.Place(product, .drawn)] = count }
        for (product, count) in snapshot.pickable { stock[GateView.Place(product, .picked)] = count }
        let known = stock
        view.withLockedValue { view in
            if view.epoch == epoch { view.learn(known, epoch: epoch) }
        }
        isSweepDue.withLockedValue { $0 = true }
    }

    /// Closes the gate under an epoch of its own.
    private func newEpoch() async throws(ShopError) -> Int64 {
        let rest = try await must(GateScripts.close, epoch: view.withLockedValue { $0.epoch }) { _ in }
        guard let epoch = rest.first?.number else { throw ShopError(.busy, "the gate gave no epoch") }
        view.withLockedValue { $0.learn(epoch: epoch) }
        return epoch
    }

    @discardableResult
    private func must(
        _ script: RedisScript, epoch: Int64, arguments: (inout RedisCommand) -> Void
    ) async throws(ShopError) -> [RedisValue] {
        let answer = await withCheckedContinuation { continuation in
            ask(script, epoch: epoch, hash: nil, arguments: arguments) { continuation.resume(returning: $0) }
        }
        switch answer {
        case .done(let rest, _): return rest
        case .otherEpoch(let other):
            view.withLockedValue { $0.learn(epoch: other) }
            throw ShopError(.busy, "somebody else has closed the gate meanwhile")
        case .closed, .lost, .seenBefore, .refused: throw ShopError(.busy, "the gate cannot be reached")
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

    /// Learns epoch and stock from Redis. Without an answer nothing changes.
    public func refresh() async { _ = try? await look() }

    public func look() async throws(ShopError) -> GateLook {
        var call = GateScripts.look.call(keys: 1)
        call.append("{s\(shard)}:epoch")
        let parts: [RedisValue]
        do throws(RedisError) {
            parts = try await client.call(call, of: GateScripts.look).array ?? []
        } catch {
            throw ShopError(.busy, "the gate cannot be asked", cause: "\(error)")
        }
        guard parts.count >= 2, let epoch = parts[1].number else { return GateLook(isOpen: false) }
        let stock = parts.count > 3 ? Self.stock(parts[2].array ?? []) : nil
        view.withLockedValue { $0.learn(stock?.places ?? [:], epoch: epoch) }
        guard let stock else { return GateLook(isOpen: false) }
        var look = GateLook(isOpen: true, waitingBytes: stock.waiting, unlogged: Int(clamping: parts[3].number ?? 0))
        for (place, count) in stock.places {
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

    let stock: [Part]
    let tickets: [Part]
    let units: [Part]
    let keys: [Part]

    init(_ snapshot: GateSnapshot, keys: ArraySlice<GateSnapshot.Key>, limits: Limits) {
        let drawn = snapshot.available.map { (GateView.Place($0, .drawn), $1) }
        let picked = snapshot.pickable.map { (GateView.Place($0, .picked), $1) }
        stock = Self.parts("stock", drawn + picked) { [Array($0.text.utf8), Array(String($1).utf8)] }
        tickets = Self.parts("tickets", snapshot.tickets) { ticket in
            [
                ticket.order.identifier.bytes, Array(String(ticket.product.number).utf8),
                Array(ticket.buyer.contact.utf8), Array(String(ticket.quantity).utf8),
                Array(GateView.Place.letter(ticket.pool).utf8),
            ]
        }
        let some = snapshot.units.lazy.filter { $0.units != .none }.prefix(limits.gateBuyers)
        units = Self.parts("units", Array(some)) { entry in
            [
                Array("\(entry.product.number):\(entry.buyer.contact)".utf8), Array(String(entry.units.total).utf8),
                Array(String(entry.units.held).utf8),
            ]
        }
        let seconds = Array(String(limits.gateKeySeconds).utf8)
        self.keys = Self.parts("keys", Array(keys), before: [seconds]) { key in
            [Array("\(key.product.number):\(key.key)".utf8)]
        }
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

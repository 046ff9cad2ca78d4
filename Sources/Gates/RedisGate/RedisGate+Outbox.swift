import CoreMetrics
public import Domain
import RedisClient
public import Shop

extension RedisGate: OrderOutbox {
    /// Entries read at once.
    private static let pageEntries = 64

    public func logged(_ orders: [OrderID]) { tell(orders, areJudged: false) }

    public func unlogged(at moment: Timestamp, limit: Int) async throws(ShopError) -> [OrderDraft] {
        var found: [OrderDraft] = []
        var after = "-"
        while found.count < limit {
            let (entries, epoch) = try await page(after: after)
            guard let last = entries.last else { break }
            after = "(" + last.id
            var isAnyDue = false
            for entry in entries {
                do throws(OrderRecord.Unreadable) {
                    let draft = try OrderRecord.draft(entry.record)
                    guard draft.placedAt <= moment else { continue }
                    isAnyDue = true
                    if found.count < limit { found.append(draft) }
                } catch {
                    try await discard(entry.id, epoch: epoch)
                    isAnyDue = true
                }
            }
            // They stand in the order in which they were taken, but for how far the nodes' clocks are apart.
            guard isAnyDue, entries.count == Self.pageEntries else { break }
        }
        return found
    }

    private struct Entry {
        let id: String
        let record: [UInt8]
    }

    private func page(after id: String) async throws(ShopError) -> (entries: [Entry], epoch: Int64) {
        let answer = await withCheckedContinuation { continuation in
            ask(
                GateScripts.unlogged, hash: nil, reply: { continuation.resume(returning: $0) },
                arguments: { call in
                    call.append(id)
                    call.append(Self.pageEntries)
                })
        }
        switch answer {
        case .done(let rest, let epoch): return ((rest.first?.array ?? []).compactMap(Self.entry), epoch)
        case .closed, .lost, .outdated, .fenced, .seenBefore, .refused:
            throw ShopError(.busy, "the gate cannot be asked, or is closed")
        }
    }

    /// An entry that was written by somebody else has no record, and counts as one that cannot be read.
    private static func entry(_ value: RedisValue) -> Entry? {
        guard let parts = value.array, let id = parts.first?.bytes else { return nil }
        let fields = parts.last?.array ?? []
        let record = fields.count == 2 ? fields[1].bytes : nil
        return Entry(id: String(decoding: id, as: UTF8.self), record: record ?? [])
    }

    private func discard(_ id: String, epoch: Int64) async throws(ShopError) {
        do throws(RedisError) {
            let removed = try await client.call(RedisCommand("XDEL", "{s\(shard)}:e\(epoch):outbox", id))
            // Two nodes may have read it; it is reported once.
            if removed.number == 1 { unreadable.increment() }
        } catch {
            throw ShopError(.busy, "the gate cannot be asked", cause: "\(error)")
        }
    }
}

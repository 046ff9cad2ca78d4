/// A dictionary in parts, each of which grows by itself. A dictionary that doubles moves all that it holds, and with
/// hundreds of thousands of buyers that would hold up a sale for a tenth of a second; a part of them takes little.
struct ShardedDictionary<Key: Hashable, Value> {
    private static var parts: Int { 64 }

    private var shards: [[Key: Value]] = Array(repeating: [:], count: Self.parts)
    private(set) var count = 0

    private static func shard(_ key: Key) -> Int { Int(UInt(bitPattern: key.hashValue) % UInt(parts)) }

    subscript(key: Key) -> Value? {
        get { shards[Self.shard(key)][key] }
        set {
            let shard = Self.shard(key)
            let before = shards[shard].count
            shards[shard][key] = newValue
            count += shards[shard].count - before
        }
    }

    @discardableResult
    mutating func removeValue(forKey key: Key) -> Value? {
        let removed = shards[Self.shard(key)].removeValue(forKey: key)
        if removed != nil { count -= 1 }
        return removed
    }
}

extension ShardedDictionary: Sendable where Key: Sendable, Value: Sendable {}

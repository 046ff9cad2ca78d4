public import Domain

/// Where the engines of a cluster are.
public struct ClusterSettings: Hashable, Sendable {
    /// `redis://` or `rediss://` URL; secret.
    public let redis: String
    /// `host:port`, separated by commas.
    public let brokers: String
    /// One `postgres://` URL a shard; their order is the shards' number. Secret.
    public let shards: [String]

    /// Nil when nothing is set.
    ///
    /// - Throws: *invalid_request* that names a variable that is missing, empty or given twice.
    public init?(redis: String?, brokers: String?, shards: String?) throws(ShopError) {
        let given = [
            ("SLUICE_REDIS_URL", redis), ("SLUICE_KAFKA_BROKERS", brokers), ("SLUICE_POSTGRES_SHARDS", shards),
        ]
        if given.allSatisfy({ $0.1 == nil }) { return nil }
        for (name, value) in given where value?.isEmpty ?? true {
            throw .invalid(name, "is not set; a cluster needs all three of its variables")
        }
        guard let redis, let brokers, let shards else { return nil }
        let urls = shards.split(separator: ",").map { String($0.trimmingCharacters(in: " ")) }
        guard redis.hasPrefix("redis://") || redis.hasPrefix("rediss://") else {
            throw .invalid("SLUICE_REDIS_URL", "must begin with redis:// or rediss://")
        }
        guard !urls.isEmpty, urls.allSatisfy({ $0.hasPrefix("postgres://") || $0.hasPrefix("postgresql://") }) else {
            throw .invalid("SLUICE_POSTGRES_SHARDS", "must be postgres:// URLs separated by commas")
        }
        guard Set(urls).count == urls.count else { throw .invalid("SLUICE_POSTGRES_SHARDS", "names a database twice") }
        guard urls.count <= Int(ShardNumber.maximumShard) + 1 else {
            throw .invalid("SLUICE_POSTGRES_SHARDS", "names too many databases")
        }
        self.redis = redis
        self.brokers = brokers
        self.shards = urls
    }
}

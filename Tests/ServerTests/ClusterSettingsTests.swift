import Domain
import PostgresClient
import RedisClient
import Testing

@testable import Server

@Suite("The variables of a cluster")
struct ClusterSettingsTests {
    private static let whole = [
        "SLUICE_REDIS_URL": "redis://:secret@cache:6380/1", "SLUICE_KAFKA_BROKERS": "one:9092, two:9092",
        "SLUICE_POSTGRES_SHARDS": "postgres://u:secret@db-0/sluice, postgres://u:secret@db-1:5433/sluice",
    ]

    private static func settings(_ changes: [String: String?] = [:]) throws(ShopError) -> ClusterSettings? {
        let variables = whole.merging(changes.compactMapValues { $0 ?? "" }) { $1 }
        return try ClusterSettings { variables[$0] }
    }

    @Test("all three make a cluster, whose shards are in their order")
    func whole() throws {
        let settings = try #require(try Self.settings())
        #expect(settings.redis.host == "cache")
        #expect(settings.redis.port == 6380)
        #expect(settings.brokers == "one:9092,two:9092")
        #expect(settings.shards.map(\.name) == ["db-0:5432/sluice", "db-1:5433/sluice"])
    }

    @Test("none, or empty ones, make a shop on one machine")
    func none() throws {
        #expect(try ClusterSettings { _ in nil } == nil)
        #expect(try ClusterSettings { _ in " " } == nil)
    }

    @Test(
        "a missing or malformed one is refused by its name",
        arguments: [
            ("SLUICE_REDIS_URL", ""), ("SLUICE_KAFKA_BROKERS", ""), ("SLUICE_POSTGRES_SHARDS", ""),
            ("SLUICE_REDIS_URL", "http://:secret@cache"), ("SLUICE_KAFKA_BROKERS", "one"),
            ("SLUICE_KAFKA_BROKERS", "one:0"), ("SLUICE_KAFKA_BROKERS", ","),
            ("SLUICE_POSTGRES_SHARDS", "mysql://u:secret@db/sluice"), ("SLUICE_POSTGRES_SHARDS", ","),
            ("SLUICE_POSTGRES_SHARDS", "postgres://u:secret@db/a,postgres://v:secret@db/a"),
        ])
    func refused(name: String, value: String) {
        let error = #expect(throws: ShopError.self) { _ = try Self.settings([name: value]) }
        #expect(error?.code == .invalidRequest)
        #expect(error?.detail.contains(name) == true)
        #expect(error?.detail.contains("secret") == false)
    }
}

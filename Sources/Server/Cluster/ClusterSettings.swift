import Configuration
import Domain
import PostgresClient
import RedisClient

/// Where the engines of a cluster are.
public struct ClusterSettings: Sendable {
    /// The gate's engine.
    let redis: RedisSettings
    /// Addresses of brokers, `host:port`, with commas between them.
    let brokers: String
    /// The databases; their order is the number of their shard.
    let shards: [PostgresSettings]

    /// The variables that make a shop a cluster.
    static let variables = ["SLUICE_REDIS_URL", "SLUICE_KAFKA_BROKERS", "SLUICE_POSTGRES_SHARDS"]

    /// Nil when none of the variables is set.
    ///
    /// - Parameter read: the value of a variable; nil or empty when it is not set
    /// - Throws: *invalid_request* that names the variable at fault, and never holds a password.
    init?(_ read: (_ variable: String) -> String?) throws(ShopError) {
        let given = Self.variables.map { name in (name, read(name)?.trimmingCharacters(in: " ") ?? "") }
        guard given.contains(where: { !$0.1.isEmpty }) else { return nil }
        for (name, value) in given where value.isEmpty {
            let set = given.filter { !$0.1.isEmpty }.map(\.0).joined(separator: " and ")
            throw .invalid(
                name, "is missing: a cluster needs all of \(Self.variables.joined(separator: ", ")), and \(set) is set")
        }
        redis = try Self.redis(given[0].1)
        brokers = try Self.brokers(given[1].1)
        shards = try Self.shards(given[2].1)
    }

    /// What the environment says.
    static func fromEnvironment() throws(ShopError) -> ClusterSettings? { try read(environment()) }

    /// The environment, of which what may hold a password is secret.
    static func environment() -> ConfigReader {
        ConfigReader(
            provider: EnvironmentVariablesProvider(
                secretsSpecifier: .specific([
                    "SLUICE_ADMIN_TOKEN", "SLUICE_MASTER_KEY", "SLUICE_REDIS_URL", "SLUICE_POSTGRES_SHARDS",
                ])))
    }

    static func read(_ reader: ConfigReader) throws(ShopError) -> ClusterSettings? {
        try ClusterSettings { name in
            reader.string(forKey: ConfigKey(name.lowercased().replacing("_", with: ".")), isSecret: true)
        }
    }

    private static func redis(_ text: String) throws(ShopError) -> RedisSettings {
        do throws(RedisSettings.Invalid) {
            return try RedisSettings(url: text)
        } catch {
            throw .invalid(variables[0], error.description)
        }
    }

    private static func brokers(_ text: String) throws(ShopError) -> String {
        let brokers = text.split(separator: ",").map { $0.trimmingCharacters(in: " ") }
        for broker in brokers {
            guard let address = ListenAddress(text: broker), address.port > 0 else {
                throw .invalid(variables[1], "must be host:port, with commas between several")
            }
        }
        guard !brokers.isEmpty else { throw .invalid(variables[1], "names no broker") }
        return brokers.joined(separator: ",")
    }

    private static func shards(_ text: String) throws(ShopError) -> [PostgresSettings] {
        var shards: [PostgresSettings] = []
        for url in text.split(separator: ",") {
            do throws(PostgresSettings.InvalidAddress) {
                shards.append(try PostgresSettings(url: url.trimmingCharacters(in: " ")))
            } catch {
                throw .invalid(variables[2], "shard \(shards.count) is \(error.description)")
            }
        }
        guard (1...Int(ShardNumber.maximumShard)).contains(shards.count) else {
            throw .invalid(variables[2], "must name 1 to \(ShardNumber.maximumShard) databases")
        }
        guard Set(shards.map(\.name)).count == shards.count else {
            throw .invalid(variables[2], "names a database twice")
        }
        return shards
    }
}

import Foundation
import TestKit
import Testing

/// Nodes of one cluster in processes of their own, on engines of their own.
struct Nodes: Sendable {
    let redis: RedisServer
    let broker: BrokerProcess
    let environment: [String: String]
    /// Addresses of the databases, by shard.
    let databases: [String]

    static let masterKey = Data(repeating: 5, count: 32).base64EncodedString()

    /// Starts a node with some roles.
    func start(_ roles: String, without absent: String? = nil, with more: [String: String] = [:]) async throws
        -> ShopProcess
    {
        var environment = environment.merging(more) { _, given in given }
        if let absent { environment[absent] = nil }
        return try await ShopProcess(arguments: ["--roles", roles], environment: environment)
    }
}

/// Runs a test on a cluster of two shards that has no node yet.
func withNodes(_ body: @Sendable (Nodes) async throws -> Void) async throws {
    try await SharedPostgres.instance.withDatabases([.empty, .empty]) { server, names in
        let redis = try await RedisServer()
        defer { redis.kill() }
        let broker = try await BrokerProcess(topics: ["sluice.orders": 8])
        let databases = names.map { server.url($0) }
        try await body(
            Nodes(
                redis: redis, broker: broker,
                environment: [
                    "SLUICE_REDIS_URL": "redis://127.0.0.1:\(redis.port)", "SLUICE_KAFKA_BROKERS": broker.brokers,
                    "SLUICE_POSTGRES_SHARDS": databases.joined(separator: ","), "SLUICE_MASTER_KEY": Nodes.masterKey,
                ], databases: databases))
    }
}

/// Runs a test on a shop of several nodes, which must end in order.
///
/// - Parameter roles: of each node; the first one serves the pages and the owner
func withNodes(
    _ roles: [String], _ body: @Sendable (Nodes, [ShopProcess]) async throws -> Void
) async throws {
    try await withNodes { cluster in
        var nodes: [ShopProcess] = []
        do {
            for role in roles { nodes.append(try await cluster.start(role)) }
            let first = nodes[0]
            try await eventually("the gates are open") { try await first.get("/readyz").status == 200 }
            try await body(cluster, nodes)
        } catch {
            for node in nodes { await node.kill() }
            throw error
        }
        for node in nodes {
            #expect(await node.stop() == 0)
            node.remove()
        }
    }
}

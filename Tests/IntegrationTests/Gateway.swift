import Foundation
import TestKit
import Testing

/// A shop behind the gateway, with something between the two that lets nodes fail.
struct Gateway {
    let shop: ShopProcess
    let nginx: NginxServer
    /// What nginx takes for nodes. All lead to the one shop.
    let nodes: [FaultProxy]

    /// Sends to the public listener. `from` is what a proxy in front would say of the buyer.
    func send(
        _ method: String, _ path: String, body: String? = nil, headers: [String: String] = [:], from: String? = nil
    ) async throws -> Answer {
        let headers = from.map { headers | ["X-Forwarded-For": $0] } ?? headers
        return try await shop.send(method, nginx.url + path, body: body, headers: headers)
    }

    func get(_ path: String, token: String? = nil, from: String? = nil) async throws -> Answer {
        try await send("GET", path, headers: token.map { ["Authorization": "Bearer \($0)"] } ?? [:], from: from)
    }

    func post(
        _ path: String, _ json: String = "{}", token: String? = nil, key: String? = nil, from: String? = nil
    ) async throws -> Answer {
        var headers = ["Content-Type": "application/json"]
        headers["Authorization"] = token.map { "Bearer \($0)" }
        headers["Idempotency-Key"] = key
        return try await send("POST", path, body: json, headers: headers, from: from)
    }

    func order(_ contact: String, key: String? = nil, from: String? = nil) async throws -> Answer {
        let body = #"{"product":"game-key","contact":"\#(contact)","channel":"sandbox","query_password":"hunter-two"}"#
        return try await post("/api/v1/orders", body, key: key, from: from)
    }

    /// How many orders of a contact the shop has.
    func orders(of contact: String) async throws -> Int {
        try await shop.admin("GET", "/orders?contact=\(contact)").items().count
    }

    /// A test may have closed a node itself.
    fileprivate func end() async {
        nginx.stop()
        for node in nodes { try? await node.close() }
    }

    /// The first failure is for the next request, whichever node gets it.
    func fail(_ fault: FaultProxy.Fault) { nodes[0].set(fault, count: 1) }
}

/// Runs a test with a gateway of its own.
///
/// - Parameters:
///   - nodes: how many
///   - trusted: proxies that the gateway believes
func withGateway(
    nodes count: Int = 1, trusted: [String] = [], echoes: Bool = false, hasTLS: Bool = false,
    _ body: (Gateway) async throws -> Void
) async throws {
    try await withShop(environment: ["SLUICE_TRUSTED_PROXIES": "127.0.0.1"]) { shop async throws in
        let port = try #require(shop.url.split(separator: ":").last.flatMap { Int($0) })
        var nodes: [FaultProxy] = []
        for _ in 1...count { nodes.append(try await FaultProxy(to: port)) }
        let nginx = try await NginxServer(
            NginxServer.Values(
                web: nodes.map(\.port), callbacks: nodes.map(\.port), admin: [port], trusted: trusted,
                echoes: echoes, hasTLS: hasTLS))
        let gateway = Gateway(shop: shop, nginx: nginx, nodes: nodes)
        do {
            try await body(gateway)
        } catch {
            await gateway.end()
            throw error
        }
        await gateway.end()
    }
}

extension Answer {
    /// Where the gateway says that a public answer came from.
    var cache: String? { headers["x-cache"] }
}

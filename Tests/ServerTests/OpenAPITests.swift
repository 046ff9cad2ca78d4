import CoreMetrics
import Foundation
import HTTPTypes
import Logging
import TestKit
import Testing
import WebAPI
import WebSupport
import Yams

@testable import Server

@Suite("The API's description")
struct OpenAPITests {
    private static let methods: Set<String> = ["get", "put", "post", "delete", "patch", "head", "options"]

    private func routes() async throws -> [Route] {
        let folder = try ShopProcess.makeFolder()
        defer { try? FileManager.default.removeItem(at: folder) }
        let listen = try #require(ListenAddress(text: "127.0.0.1:0"))
        let shop = try await EmbeddedShop.open(
            ServeConfiguration(data: folder.path, listen: listen), logger: Logger(label: "test"))
        defer { shop.close() }
        return shop.web.api.routes
    }

    @Test("describes exactly the operations that are served")
    func operations() async throws {
        let served = try await routes().filter(\.isDocumented).map { "\($0.method.rawValue) \($0.path)" }
        let text = String(decoding: OpenAPIDocument.bytes, as: UTF8.self)
        let document = try #require(try Yams.load(yaml: text) as? [String: Any])
        let paths = try #require(document["paths"] as? [String: [String: Any]])
        let described = paths.flatMap { path, item in
            item.keys.filter(Self.methods.contains).map { "\($0.uppercased()) \(path)" }
        }
        #expect(Set(served).count == served.count)
        #expect(described.sorted() == served.sorted())
    }

    @Test("owner routes ask for the token, and no other does")
    func audiences() async throws {
        for route in try await routes() {
            #expect((route.audience == .owner) == route.path.hasPrefix("/api/v1/admin"))
            #expect((route.audience == .providers) == route.path.hasPrefix("/callbacks"))
        }
    }
}

@Suite("Listen addresses")
struct ListenAddressTests {
    @Test("are a host and a port")
    func parsing() {
        #expect(ListenAddress(text: "127.0.0.1:8080")?.url(port: 8080) == "http://127.0.0.1:8080")
        #expect(ListenAddress(text: "[::1]:0")?.url(port: 9) == "http://[::1]:9")
        for text in ["", "8080", ":8080", "localhost", "localhost:x", "localhost:65536", "localhost:-1"] {
            #expect(ListenAddress(text: text) == nil)
        }
    }
}

@Suite("Metrics")
struct PrometheusTests {
    @Test("are written in Prometheus' text format")
    func text() {
        let registry = PrometheusRegistry()
        registry.makeCounter(label: "a_total", dimensions: [("outcome", "placed")]).increment(by: 2)
        registry.makeCounter(label: "a_total", dimensions: [("outcome", "placed")]).increment(by: 1)
        registry.makeTimer(label: "b_seconds", dimensions: []).recordNanoseconds(3_000_000)
        registry.set("c", [], to: 7)
        let text = registry.text()
        #expect(text.contains("# TYPE a_total counter\na_total{outcome=\"placed\"} 3\n"))
        #expect(text.contains("b_seconds_bucket{le=\"0.002\"} 0\nb_seconds_bucket{le=\"0.005\"} 1\n"))
        #expect(text.contains("b_seconds_count 1"))
        #expect(text.contains("# TYPE c gauge\nc 7.0\n"))
    }
}

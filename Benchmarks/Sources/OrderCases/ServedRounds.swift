import Domain
import Foundation
import Logging
import NIOCore
import NIOPosix
import Server
import Shop
import TestKit

/// Orders from bytes to bytes: a whole shop as `sluice serve` runs it, over loopback, in this process.
///
/// Everything is the real one: listener, event loop, Hummingbird, gate, intake, ledger, disk. Only limits differ, so
/// that each round is the same work: a batch is a whole round, and the log is not copied into the ledger's file
/// meanwhile.
final class ServedRounds: Rounds {
    private let shop: EmbeddedShop
    private let server: Task<Void, any Error>
    private let crowd: Crowd

    private static let slug = "game-key"

    init(folder: String, isHot: Bool, stock: Int) async throws {
        // One loop on every machine, and one that the crowd can hold.
        NIOSingletons.groupLoopCountSuggestion = 1
        guard let address = ListenAddress(text: "127.0.0.1:0") else { throw CaseError(description: "no address") }
        var configuration = ServeConfiguration(data: folder, listen: address)
        configuration.usesHotRoute = isHot
        configuration.limits.batchOrders = Crowd.size
        configuration.limits.batchWorthwhileOrders = Crowd.size
        configuration.limits.batchWaitMicroseconds = 3_600_000_000
        configuration.limits.checkpointLogBytes = 1 << 30
        configuration.limits.patientLogBytes = 2 << 30
        var logger = Logger(label: "benchmarks")
        logger.logLevel = .critical
        let shop = try await EmbeddedShop.open(configuration, logger: logger)
        try await Self.stock(shop, stock)
        let (urls, continuation) = AsyncStream<String>.makeStream()
        let served = ShopServer(configuration, shop: shop, logger: logger) { continuation.yield($0) }
        server = Task { try await served.run() }
        var iterator = urls.makeAsyncIterator()
        guard let url = await iterator.next(), let port = url.split(separator: ":").last.flatMap({ UInt16($0) }) else {
            throw CaseError(description: "the shop is not served")
        }
        self.shop = shop
        crowd = try Crowd(
            port: port, slug: Self.slug, status: stock > 0 ? 201 : 409,
            eventLoop: MultiThreadedEventLoopGroup.singleton.any())
    }

    private static func stock(_ shop: EmbeddedShop, _ count: Int) async throws {
        _ = try await shop.useCases.createProduct(
            ProductDraft(
                slug: Fixtures.slug(slug), title: "Game key", price: Fixtures.price, limits: Fixtures.limits(),
                holdSeconds: 3600, window: .always, fields: []), by: OwnerNote(actor: "owner", reason: nil))
        let text = AsyncStream<[UInt8]> { continuation in
            for number in 0..<count { continuation.yield(Array("KEY-\(number)-0123456789ABCDEF\n".utf8)) }
            continuation.finish()
        }
        if count > 0 { _ = try await shop.useCases.importCards(slug, from: text) }
        _ = try await shop.useCases.configureChannel(
            name: Fixtures.slug("sandbox"), kind: "sandbox", settings: [:], isEnabled: true
        ) { _ throws(ShopError) in }
    }

    func run() throws { try crowd.run() }

    func close() {
        crowd.close()
        server.cancel()
    }
}

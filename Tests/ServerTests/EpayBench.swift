import Domain
import Foundation
import Logging
import Shop
import Synchronization
import TestKit
import Testing

@testable import Server

// MARK: Ways to call

/// Counts the calls that it makes.
final class CountingCaller: ProviderCaller {
    private let caller: any ProviderCaller
    private let calls = Mutex(0)

    init(_ caller: any ProviderCaller) { self.caller = caller }

    var count: Int { calls.withLock { $0 } }

    func call(_ request: ProviderRequest) async throws(ShopError) -> ProviderAnswer {
        calls.withLock { $0 += 1 }
        return try await caller.call(request)
    }
}

/// Makes the gateway one that says the merchant's key aloud in everything it answers.
struct EchoingCaller: ProviderCaller {
    let caller: any ProviderCaller

    func call(_ request: ProviderRequest) async throws(ShopError) -> ProviderAnswer {
        let answer = try await caller.call(request)
        let text = String(decoding: answer.body, as: UTF8.self)
            .replacing(#""msg":""#, with: #""msg":"\#(EpayGateway.key): "#)
        return ProviderAnswer(status: answer.status, body: Array(text.utf8))
    }
}

/// Leaves its only call without an answer until it is let go.
final class StuckCaller: ProviderCaller {
    private let asked = AsyncStream.makeStream(of: Void.self)
    private let released = AsyncStream.makeStream(of: Void.self)

    func call(_ request: ProviderRequest) async throws(ShopError) -> ProviderAnswer {
        asked.continuation.finish()
        for await _ in released.stream {}
        throw ShopError(.outcomeUnknown, "no usable answer came")
    }

    func untilAsked() async { for await _ in asked.stream {} }

    func letGo() { released.continuation.finish() }
}

/// What rounds told of failures.
final class Faults: Sendable {
    private let list = Mutex<[ShopError]>([])

    func add(_ fault: ShopError) { list.withLock { $0.append(fault) } }

    var count: Int { list.withLock { $0.count } }

    /// Everything that they say, to people and to the log.
    var text: String { list.withLock { $0.map { "\($0.detail) \($0.cause ?? "")" }.joined(separator: "\n") } }
}

// MARK: The bench

/// A shop in this process with a clock of its own, and a gateway in another process. Nothing runs by itself.
struct EpayBench: Sendable {
    let shop: EmbeddedShop
    let gateway: EpayGateway
    let clock: MockClock
    let folder: URL
    let faults = Faults()
    let owner = OwnerNote(actor: "ann", reason: "a test")

    func order(_ contact: String) async throws -> OrderID {
        let request = PlaceOrderRequest(product: "game-key", quantity: nil, contact: contact, channel: "epay")
        let answer = await withCheckedContinuation { continuation in
            shop.useCases.placeOrder(request) { continuation.resume(returning: $0) }
        }
        guard case .placed(let placed) = answer else { return try unwrap(nil) }
        return placed.order.id
    }

    /// Opens the order's attempt and sends its buyer to the gateway; returns the merchant order number.
    func begin(_ order: OrderID) async throws -> String {
        let begun = try await shop.useCases.beginPayment(order, channel: "epay")
        try expect(try await gateway.submit(begun.instruction.url).hasPrefix("ok "), "the gateway takes the order")
        return begun.attempt.id.text
    }

    func notify(_ notice: String) async throws -> CallbackAnswer {
        try await shop.useCases.receiveCallback(
            channel: "epay", CallbackRequest(query: notice, contentType: nil, body: []))
    }

    /// An order that was paid and delivered by callback, and its merchant order number.
    func delivered(_ contact: String = "12345") async throws -> (order: OrderID, attempt: String) {
        let order = try await order(contact)
        let attempt = try await begin(order)
        try expect(try await notify(try await gateway.pay(outTradeNo: attempt)).verdict, is: .accepted)
        return (order, attempt)
    }

    func queries(through caller: (any ProviderCaller)? = nil) -> PaymentQueries {
        let ports = shop.ports
        return PaymentQueries(
            ledger: ports.ledger, catalog: ports.cache, caller: caller ?? ports.caller,
            receiveCallback: shop.useCases.receiveCallback, clock: clock, limits: ports.limits,
            onFailure: faults.add)
    }

    /// Ends the holds that have run out.
    func sweep() async {
        let ports = shop.ports
        await Upkeep(
            ledger: ports.ledger, announcer: shop.useCases.announcer, clock: clock, limits: ports.limits,
            onFailure: faults.add
        ).sweep()
    }

    func state(_ order: OrderID) async throws -> OrderState? { try await shop.ports.ledger.order(order)?.state }

    func secrets(_ order: OrderID) async throws -> [String] {
        let order = try unwrap(try await shop.ports.ledger.order(order))
        return try await shop.useCases.readOrder.view(of: order).goods.map(\.secret)
    }

    /// Verdicts of the inbox, newest first.
    func verdicts() async throws -> [PaymentVerdict] {
        try await shop.ports.ledger.payments(PaymentFilter(limit: 100)).map(\.verdict)
    }

    func audit() async throws {
        let report = try await shop.ports.ledger.audit()
        let broken = report.checks.filter { !$0.ok }.map { "\($0.id) ×\($0.violations)" }
        try expect(report.ok, "audit: \(broken)")
    }

    /// Files of the shop's folder that hold these bytes.
    func files(holding text: String) throws -> [String] {
        try FileManager.default.subpathsOfDirectory(atPath: folder.path).filter { name in
            let content = try? Data(contentsOf: folder.appendingPathComponent(name))
            return content?.range(of: Data(text.utf8)) != nil
        }
    }

    /// Puts one product and the gateway's channel on offer.
    func fill(cards: Int, settings: [String: String]) async throws {
        _ = try await shop.useCases.createProduct(
            ProductDraft(
                slug: Fixtures.slug("game-key"), title: "Game key", price: Fixtures.price, limits: Fixtures.limits(),
                holdSeconds: 600, window: .always, fields: []), by: OwnerNote(actor: "owner", reason: nil))
        let text = (1...cards).map { "CARD-\($0)\n" }.joined()
        let chunks = AsyncStream<[UInt8]> { continuation in
            continuation.yield(Array(text.utf8))
            continuation.finish()
        }
        _ = try await shop.useCases.importCards("game-key", from: chunks)
        _ = try await shop.useCases.configureChannel(
            name: Fixtures.slug("epay"), kind: "epay", settings: settings, isEnabled: true,
            by: OwnerNote(actor: "owner", reason: nil), mayEnable: { _ in })
    }
}

/// Runs what cleans up, whether the body fails or not.
private func cleaning(_ clean: () async -> Void, after body: () async throws -> Void) async throws {
    do {
        try await body()
    } catch {
        await clean()
        throw error
    }
    await clean()
}

/// Runs a test with a shop and a gateway of its own.
///
/// - Parameters:
///   - setting: the channel's setting for refunds; left out when nil
///   - refunds: whether the gateway gives money back
func withBench(
    cards: Int = 1, setting: String? = "on", refunds: Bool = true, _ body: (EpayBench) async throws -> Void
) async throws {
    let gateway = try await EpayGateway(refunds: refunds)
    try await cleaning(gateway.stop) {
        let folder = try ShopProcess.makeFolder()
        defer { try? FileManager.default.removeItem(at: folder) }
        let listen = try #require(ListenAddress(text: "127.0.0.1:0"))
        var configuration = ServeConfiguration(data: folder.path, listen: listen)
        configuration.publicURL = "https://shop.example.test"
        let clock = MockClock()
        let shop = try await EmbeddedShop.open(configuration, clock: clock, logger: Logger(label: "test"))
        let bench = EpayBench(shop: shop, gateway: gateway, clock: clock, folder: folder)
        let close = {
            await shop.finishWriting()
            shop.close()
        }
        try await cleaning(close) {
            try await bench.fill(cards: cards, settings: gateway.settings(refunds: setting))
            try await body(bench)
        }
    }
}

import Foundation
import NIOConcurrencyHelpers
import NIOCore
import NIOHTTP1
import NIOPosix

@testable import Drill

/// Bytes as they come from a connection.
enum Wire {
    static func bytes(_ text: String) -> ByteBuffer { ByteBuffer(string: text) }

    static func answer(_ status: Int, _ body: String) -> ByteBuffer {
        bytes(
            """
            HTTP/1.1 \(status) Some\r\ncontent-type: application/json\r\nContent-Length: \(body.utf8.count)\r\n\
            Date: today\r\nServer: test\r\n\r\n\(body)
            """)
    }
}

/// As much of a shop as a generator sees, over real HTTP, and able to misbehave.
final class FakeShop: Sendable {
    /// What goes wrong. Orders are counted from 1.
    struct Faults: Sendable {
        /// At this order the whole shop stands still, once.
        var stallAt: Int?
        var stall = TimeAmount.milliseconds(300)
        /// Orders at which the connection is closed without an answer.
        var breaksAt: @Sendable (Int) -> Bool = { _ in false }
        /// Orders that are never answered.
        var forgetsAt: @Sendable (Int) -> Bool = { _ in false }
        /// How many looks at an order find it queued; then it is as the contract has it in a cluster.
        var queuedLooks = 0
        /// Orders that are rejected after they were queued.
        var rejectsAt: @Sendable (Int) -> Bool = { _ in false }
        /// Orders that are answered with 500.
        var failsAt: @Sendable (Int) -> Bool = { _ in false }
    }

    fileprivate enum Act: Sendable {
        case answer(Int, String, at: NIODeadline)
        case close
        case nothing
    }

    private struct State: Sendable {
        var orders = 0
        var sold: [String: Int] = [:]
        var looks: [Int: Int] = [:]
        var paid: Set<Int> = []
        var stalledUntil = NIODeadline.uptimeNanoseconds(0)
    }

    private let stock: Int
    private let faults: Faults
    private let slug: String
    private let state = NIOLockedValueBox(State())
    private let group: MultiThreadedEventLoopGroup

    private init(stock: Int, slug: String, faults: Faults, group: MultiThreadedEventLoopGroup) {
        (self.stock, self.slug, self.faults, self.group) = (stock, slug, faults, group)
    }

    /// Runs a shop while the body runs, which is given the port.
    static func run<Value>(
        stock: Int, slug: String = "drill", faults: Faults = Faults(), _ body: (Int) async throws -> Value
    ) async throws -> Value {
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let shop = FakeShop(stock: stock, slug: slug, faults: faults, group: group)
        let server = try await ServerBootstrap(group: group)
            .serverChannelOption(.backlog, value: 512)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.configureHTTPServerPipeline(withErrorHandling: true)
                    try channel.pipeline.syncOperations.addHandler(Clerk(shop))
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        do {
            let value = try await body(server.localAddress?.port ?? 0)
            try await group.shutdownGracefully()
            return value
        } catch {
            try await group.shutdownGracefully()
            throw error
        }
    }

    fileprivate func act(_ head: HTTPRequestHead) -> Act {
        state.withLockedValue { state in
            let now = max(NIODeadline.now(), state.stalledUntil)
            let parts = head.uri.split(separator: "/")
            if head.uri == "/api/v1/orders" { return order(head.headers.first(name: "Idempotency-Key") ?? "", &state) }
            if head.method == .POST {
                state.paid.insert(Int(parts.dropLast().last ?? "") ?? 0)
                return .answer(200, #"{"status":"delivered"}"#, at: now)
            }
            let order = Int(parts.last ?? "") ?? 0
            if faults.queuedLooks > 0, !state.paid.contains(order) {
                return .answer(200, #"{"status":"\#(status(order, &state))"}"#, at: now)
            }
            let card = CardNames(slug: slug).name(order)
            return .answer(200, #"{"status":"delivered","cards":["\#(card)"]}"#, at: now)
        }
    }

    private func status(_ order: Int, _ state: inout State) -> String {
        state.looks[order, default: 0] += 1
        guard state.looks[order, default: 0] > faults.queuedLooks else { return "queued" }
        return faults.rejectsAt(order) ? "rejected" : "awaiting_payment"
    }

    private func order(_ key: String, _ state: inout State) -> Act {
        state.orders += 1
        let number = state.orders
        if number == faults.stallAt { state.stalledUntil = .now() + faults.stall }
        let now = max(NIODeadline.now(), state.stalledUntil)
        if faults.breaksAt(number) { return .close }
        if faults.forgetsAt(number) { return .nothing }
        if faults.failsAt(number) { return .answer(500, "{}", at: now) }
        if let card = state.sold[key] { return .answer(200, #"{"id":"\#(card)","token":"t"}"#, at: now) }
        guard state.sold.count < stock else { return .answer(409, #"{"code":"sold_out"}"#, at: now) }
        let card = state.sold.count + 1
        state.sold[key] = card
        guard faults.queuedLooks == 0 else {
            return .answer(202, #"{"id":"\#(card)","token":"t","status":"queued"}"#, at: now)
        }
        return .answer(201, #"{"id":"\#(card)","token":"t"}"#, at: now)
    }
}

/// Answers one connection.
private final class Clerk: ChannelInboundHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundOut = HTTPServerResponsePart

    private let shop: FakeShop
    private var head: HTTPRequestHead?

    init(_ shop: FakeShop) { self.shop = shop }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let head): self.head = head
        case .body: break
        case .end:
            guard let head else { return }
            switch shop.act(head) {
            case .nothing: break
            case .close: context.close(promise: nil)
            case .answer(let status, let body, let moment):
                let bound = NIOLoopBound(context, eventLoop: context.eventLoop)
                guard moment > .now() else { return answer(status, body, context) }
                context.eventLoop.assumeIsolated().scheduleTask(deadline: moment) {
                    self.answer(status, body, bound.value)
                }
            }
        }
    }

    private func answer(_ status: Int, _ body: String, _ context: ChannelHandlerContext) {
        let headers = HTTPHeaders([("Content-Length", "\(body.utf8.count)"), ("Content-Type", "application/json")])
        let head = HTTPResponseHead(version: .http1_1, status: .init(statusCode: status), headers: headers)
        context.write(wrapOutboundOut(.head(head)), promise: nil)
        context.write(wrapOutboundOut(.body(.byteBuffer(ByteBuffer(string: body)))), promise: nil)
        context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
    }
}

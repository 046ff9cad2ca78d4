import NIOConcurrencyHelpers
import NIOCore
import NIOPosix

/// Stands between a client and a server on loopback, and lets things go wrong at a chosen moment.
public final class FaultProxy: Sendable {
    /// What goes wrong, from the next bytes on.
    public enum Fault: Hashable, Sendable {
        /// Nothing.
        case none
        /// The connection is cut when the client says something, which the server never hears.
        case cutBeforeServer
        /// The connection is cut when the server answers, which the client never hears.
        case cutAfterServer
        /// Bytes stop in both directions, and the connection stays. They flow again when that is over.
        case stall
        /// Every connection is refused, and those there are are cut.
        case refuse
    }

    /// Where the client connects.
    public let port: Int
    private let listener: any Channel
    private let state: NIOLockedValueBox<State>

    private struct State {
        var fault = Fault.none
        /// How many connections still suffer; nil for all.
        var remaining: Int?
        var pairs: [ObjectIdentifier: Pair] = [:]
        var accepted = 0
    }

    /// - Parameter server: the port it stands before
    public init(to server: Int) async throws {
        let state = NIOLockedValueBox(State())
        self.state = state
        listener = try await ServerBootstrap(group: .singletonMultiThreadedEventLoopGroup)
            .childChannelOption(.autoRead, value: false)
            .childChannelInitializer { client in
                let isRefused = state.withLockedValue { state in
                    state.accepted += 1
                    return state.fault == .refuse
                }
                guard !isRefused else { return client.close() }
                return Self.connect(client, to: server, state)
            }
            .bind(host: "127.0.0.1", port: 0).get()
        port = try unwrap(listener.localAddress?.port)
    }

    /// Connections that were made so far.
    public var accepted: Int { state.withLockedValue { $0.accepted } }

    /// - Parameter count: after so many cuts nothing goes wrong any more; nil means never
    public func set(_ fault: Fault, count: Int? = nil) {
        let pairs = state.withLockedValue { state in
            state.fault = fault
            state.remaining = count
            return Array(state.pairs.values)
        }
        for pair in pairs { fault == .refuse ? pair.cut() : pair.flow() }
    }

    /// Cuts every connection and takes no more.
    public func close() async throws {
        set(.refuse)
        try await listener.close()
    }

    private static func connect(
        _ client: any Channel, to port: Int, _ state: NIOLockedValueBox<State>
    ) -> EventLoopFuture<Void> {
        ClientBootstrap(group: client.eventLoop).channelOption(.autoRead, value: false)
            .connect(host: "127.0.0.1", port: port).flatMap { server in
                let pair = Pair(client: client, server: server) { isClient in
                    state.withLockedValue { Self.judge(&$0, isClient: isClient) }
                }
                state.withLockedValue { $0.pairs[ObjectIdentifier(pair)] = pair }
                client.closeFuture.whenComplete { _ in
                    state.withLockedValue { $0.pairs[ObjectIdentifier(pair)] = nil }
                }
                return pair.start()
            }
    }

    /// What is done with bytes that came from one side.
    private static func judge(_ state: inout State, isClient: Bool) -> Fault {
        let isDue =
            switch state.fault {
            case .none: false
            case .cutBeforeServer: isClient
            case .cutAfterServer: !isClient
            case .stall, .refuse: true
            }
        guard isDue else { return .none }
        let fault = state.fault
        if fault != .stall, let remaining = state.remaining {
            state.remaining = remaining - 1
            if remaining <= 1 { state.fault = .none }
        }
        return fault
    }

    /// Two ends of one connection, on one event loop.
    private final class Pair: Sendable {
        let client: any Channel
        let server: any Channel
        let judge: @Sendable (_ isClient: Bool) -> Fault
        private let held = NIOLockedValueBox<[(isClient: Bool, bytes: ByteBuffer)]>([])

        init(client: any Channel, server: any Channel, judge: @escaping @Sendable (Bool) -> Fault) {
            self.client = client
            self.server = server
            self.judge = judge
        }

        func start() -> EventLoopFuture<Void> {
            client.pipeline.addHandler(Relay(pair: self, isClient: true)).flatMap { [self] in
                server.pipeline.addHandler(Relay(pair: self, isClient: false))
            }.map { [self] in
                // The client's end becomes active only after this.
                server.read()
            }
        }

        func received(_ bytes: ByteBuffer, isClient: Bool) {
            switch judge(isClient) {
            case .none: forward(bytes, isClient: isClient)
            case .stall: held.withLockedValue { $0.append((isClient, bytes)) }
            case .cutBeforeServer, .cutAfterServer, .refuse: cut()
            }
        }

        /// What was held goes on.
        func flow() {
            client.eventLoop.execute { [self] in
                for part in held.withLockedValue({ held in
                    defer { held = [] }
                    return held
                }) {
                    received(part.bytes, isClient: part.isClient)
                }
            }
        }

        private func forward(_ bytes: ByteBuffer, isClient: Bool) {
            (isClient ? server : client).writeAndFlush(bytes, promise: nil)
            (isClient ? client : server).read()
        }

        func cut() {
            client.close(promise: nil)
            server.close(promise: nil)
        }
    }

    private final class Relay: ChannelInboundHandler, Sendable {
        typealias InboundIn = ByteBuffer
        private let pair: Pair
        private let isClient: Bool

        init(pair: Pair, isClient: Bool) {
            self.pair = pair
            self.isClient = isClient
        }

        func channelActive(context: ChannelHandlerContext) { context.read() }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            pair.received(unwrapInboundIn(data), isClient: isClient)
        }

        func channelInactive(context: ChannelHandlerContext) { pair.cut() }

        func errorCaught(context: ChannelHandlerContext, error: any Error) { pair.cut() }
    }
}

import NIOCore
import NIOPosix
import NIOSSL

/// Makes a connection on an event loop; `prepare` is run on its channel before any byte comes. Injected, so that tests
/// need no network.
typealias Dial =
    @Sendable (
        _ eventLoop: any EventLoop, _ prepare: @escaping @Sendable (any Channel) -> EventLoopFuture<Void>
    ) -> EventLoopFuture<any Channel>

/// Connects over TCP, encrypted or not.
enum RedisDialer {
    /// - Throws: what is wrong with the file of authorities
    static func dial(_ settings: RedisSettings) throws -> Dial {
        let context = try settings.isEncrypted ? NIOSSLContext(configuration: encryption(settings)) : nil
        return { eventLoop, prepare in
            ClientBootstrap(group: eventLoop)
                .connectTimeout(.milliseconds(settings.timeoutMilliseconds))
                .channelOption(.tcpOption(.tcp_nodelay), value: 1)
                .channelOption(.socketOption(.so_keepalive), value: 1)
                .channelInitializer { channel in
                    guard let context else { return prepare(channel) }
                    return channel.eventLoop.makeCompletedFuture {
                        let handler = try NIOSSLClientHandler(context: context, serverHostname: name(settings.host))
                        try channel.pipeline.syncOperations.addHandler(handler)
                    }.flatMap { prepare(channel) }
                }
                .connect(host: settings.host, port: settings.port)
        }
    }

    private static func encryption(_ settings: RedisSettings) -> TLSConfiguration {
        var configuration = TLSConfiguration.makeClientConfiguration()
        configuration.minimumTLSVersion = .tlsv12
        if let authorities = settings.authorities { configuration.trustRoots = .file(authorities) }
        return configuration
    }

    /// The name that the certificate must bear; nil for an address, which is then compared itself.
    private static func name(_ host: String) -> String? {
        (try? SocketAddress(ipAddress: host, port: 0)) == nil ? host : nil
    }
}

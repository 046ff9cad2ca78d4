import Admin
public import Domain
import Foundation
import Hummingbird
import HummingbirdCore
public import Logging
import NIOConcurrencyHelpers
import NIOCore
public import ServiceLifecycle
import Shop
import Storefront
import WebAPI
import WebSupport

/// Runs a shop: its listeners and what works in the background, until it is told to stop.
public struct ShopServer: Service {
    private let configuration: ServeConfiguration
    private let shop: any Composition
    private let logger: Logger
    private let onReady: @Sendable (_ url: String) -> Void
    private let onSetUp: @Sendable (_ link: String) -> Void
    /// The configuration with the ports that were bound; nil before they were.
    let boundConfiguration = NIOLockedValueBox<ServeConfiguration?>(nil)

    /// Opens the shop that the configuration means: a cluster's node, or a shop on one machine.
    ///
    /// - Parameters:
    ///   - onReady: told the address once requests are accepted
    ///   - onSetUp: told where the owner's account can be made, once, when there is none
    /// - Throws: *internal* or *busy* that says why it cannot be opened.
    public static func open(
        _ configuration: ServeConfiguration, logger: Logger, onReady: @escaping @Sendable (_ url: String) -> Void,
        onSetUp: @escaping @Sendable (_ link: String) -> Void = { _ in }
    ) async throws(ShopError) -> ShopServer {
        let shop: any Composition
        if let cluster = configuration.cluster {
            shop = try await ClusterShop.open(configuration, cluster, logger: logger)
        } else {
            shop = try await EmbeddedShop.open(configuration, logger: logger)
        }
        return ShopServer(configuration, composition: shop, logger: logger, onReady: onReady, onSetUp: onSetUp)
    }

    /// Runs a shop on one machine that is open already.
    public init(
        _ configuration: ServeConfiguration, shop: EmbeddedShop, logger: Logger,
        onReady: @escaping @Sendable (_ url: String) -> Void
    ) {
        self.init(configuration, composition: shop, logger: logger, onReady: onReady, onSetUp: { _ in })
    }

    private init(
        _ configuration: ServeConfiguration, composition shop: any Composition, logger: Logger,
        onReady: @escaping @Sendable (_ url: String) -> Void, onSetUp: @escaping @Sendable (_ link: String) -> Void
    ) {
        self.configuration = configuration
        self.shop = shop
        self.logger = logger
        self.onReady = onReady
        self.onSetUp = onSetUp
    }

    /// The backup that is to take the ledger's place, once ``run()`` has returned; nil when none is.
    var restoreAsked: RestoreRequest.Wish? { shop.restoreRequest?.asked }

    /// Services start in order and stop in reverse: the listeners stop first and answer what they owe, then upkeep,
    /// then the ledger writes what waits and closes.
    public func run() async throws {
        var services: [any Service] = [LedgerService(shop: shop)] + shop.services()
        let listeners = listeners()
        let bound = BoundListeners(count: listeners.count) { urls in
            guard let url = urls[0] else { return }
            keepPorts(listeners, urls)
            shop.accept(listenURL: url)
            let forOwner = listeners.firstIndex { $0.audiences.contains(.owner) }.flatMap { urls[$0] }
            if let forOwner, let token = shop.setUpToken { onSetUp("\(forOwner)/admin/setup?token=\(token)") }
            onReady(url)
        }
        for (index, listener) in listeners.enumerated() {
            services.append(application(listener, index: index, bound: bound, listenerCount: listeners.count))
        }
        services.append(StopNotice(shop: shop))
        var group = ServiceGroupConfiguration(services: services, logger: logger)
        if let request = shop.restoreRequest {
            group.services.append(
                ServiceGroupConfiguration.ServiceConfiguration(
                    service: RestoreWatch(request: request), successTerminationBehavior: .gracefullyShutdownGroup))
        }
        group.maximumGracefulShutdownDuration = .seconds(configuration.limits.drainSeconds)
        try await ServiceGroup(configuration: group).run()
    }

    private struct Listener {
        /// The option that names it.
        enum Option {
            case listen
            case callbacks
            case admin
        }

        let option: Option
        let address: ListenAddress
        var audiences: Set<Audience>
    }

    /// A node serves those whom its roles are for. Whoever watches the node may ask on each of its listeners.
    private func listeners() -> [Listener] {
        var main = Listener(option: .listen, address: configuration.listen, audiences: [])
        if configuration.roles.contains(.web) { main.audiences.formUnion([.visitors, .owner]) }
        if configuration.roles.contains(.payments) { main.audiences.insert(.providers) }
        var others: [Listener] = []
        for (option, address, audience) in [
            (Listener.Option.callbacks, configuration.listenCallbacks, Audience.providers),
            (.admin, configuration.listenAdmin, .owner),
        ] {
            guard let address, main.audiences.remove(audience) != nil else { continue }
            others.append(Listener(option: option, address: address, audiences: [audience]))
        }
        return [main] + others
    }

    /// Remembers the ports that the system chose.
    private func keepPorts(_ listeners: [Listener], _ urls: [String?]) {
        var known = configuration
        for (listener, url) in zip(listeners, urls) {
            guard let port = url?.split(separator: ":").last.flatMap({ Int($0) }) else { continue }
            let address = ListenAddress(host: listener.address.host, port: port)
            switch listener.option {
            case .listen: known.listen = address
            case .callbacks: known.listenCallbacks = address
            case .admin: known.listenAdmin = address
            }
        }
        boundConfiguration.withLockedValue { $0 = known }
    }

    private func application(
        _ listener: Listener, index: Int, bound: BoundListeners, listenerCount: Int
    ) -> some Service {
        let limits = configuration.limits
        // Metrics are no secret from whoever may reach the first listener, and are on no other.
        let open = index == 0 ? ["/healthz", "/readyz", "/metrics"] : ["/healthz", "/readyz"]
        let routes = (shop.web.api.routes + shop.web.storefront.routes + shop.web.admin.routes).filter {
            listener.audiences.contains($0.audience) || open.contains($0.path)
        }
        let isForVisitors = listener.audiences.contains(.visitors)
        let isHot = configuration.usesHotRoute && isForVisitors
        let missingPage: @Sendable (Request) -> Response? = { [shop] request in
            isForVisitors ? shop.web.storefront.missingPage(request) : nil
        }
        return Application(
            responder: RouteResponder(routes: routes, missingPage: missingPage),
            server: .http1(
                configuration: HTTP1Channel.Configuration(
                    additionalChannelHandlers: handlers(isHot: isHot),
                    httpDecoderConfiguration: HTTP1Channel.Configuration.DecoderConfiguration(
                        maxHeaderFieldSize: limits.headerBytes, maxHeaderListSize: limits.headerBytes,
                        maxHeaderFieldCount: limits.headerCount))),
            configuration: ApplicationConfiguration(
                address: .hostname(listener.address.host, port: listener.address.port), backlog: limits.backlog,
                availableConnectionsDelegate: MaximumAvailableConnections(
                    FileDescriptors.connections(atMost: limits.connections, listeners: listenerCount))),
            onServerRunning: { channel in
                bound.set(index, listener.address.url(port: channel.localAddress?.port ?? listener.address.port))
            },
            logger: logger)
    }

    /// The handlers of one connection in front of Hummingbird's.
    private func handlers(isHot: Bool) -> [any RemovableChannelHandler] {
        let deadlines = ConnectionDeadlineHandler(limits: configuration.limits)
        return isHot ? [deadlines, HotRouteHandler(endpoint: shop.web.api.orderEndpoint, logger: logger)] : [deadlines]
    }
}

/// What the system lets the process open.
enum FileDescriptors {
    /// Kept for the ledger, its readers, logs and pipes.
    private static let reserve = 128

    /// Connections of one listener, so that all listeners together leave the reserve. Raises the process's soft limit
    /// to its hard limit first.
    static func connections(atMost maximum: Int, listeners: Int) -> Int {
        var limit = rlimit()
        guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return maximum }
        limit.rlim_cur = limit.rlim_max
        _ = setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
        _ = getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
        let available = Int(clamping: limit.rlim_cur) - reserve
        return max(1, min(maximum, available / listeners))
    }
}

/// Collects the addresses of the listeners and tells when all are bound.
private final class BoundListeners: Sendable {
    private let urls: NIOLockedValueBox<[String?]>
    private let onAll: @Sendable ([String?]) -> Void

    init(count: Int, onAll: @escaping @Sendable ([String?]) -> Void) {
        urls = NIOLockedValueBox(Array(repeating: nil, count: count))
        self.onAll = onAll
    }

    func set(_ index: Int, _ url: String) {
        let all = urls.withLockedValue { urls in
            urls[index] = url
            return urls
        }
        if all.allSatisfy({ $0 != nil }) { onAll(all) }
    }
}

/// Closes the ledger when everything that uses it has ended.
private struct LedgerService: Service {
    let shop: any Composition

    func run() async throws {
        try? await gracefulShutdown()
        await shop.finishWriting()
        // The ledger waits for its writer, which must not hold up a thread of the pool.
        try? await Blocking.run { [shop] () throws(ShopError) in shop.close() }
    }
}

/// First to hear that the shop stops.
private struct StopNotice: Service {
    let shop: any Composition

    func run() async throws {
        try? await gracefulShutdown()
        shop.beginStopping()
    }
}

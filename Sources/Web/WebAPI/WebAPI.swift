public import CoreMetrics
public import Domain
import HTTPTypes
import Hummingbird
public import Shop
public import WebSupport

/// What the API stands on.
public struct WebAPI: Sendable {
    /// What the shop does.
    public let useCases: UseCases
    /// What it stands on.
    public let ports: UseCases.Ports
    /// What the operator has set.
    public let settings: Settings

    /// Where orders are placed.
    public let orderEndpoint: OrderEndpoint

    /// What the operator has set.
    public struct Settings: Sendable {
        /// The address that buyers and providers see, without a slash at its end.
        public let publicURL: @Sendable () -> String
        /// The bearer token of the admin API.
        public let adminToken: String
        /// Proxies whose forwarding header is believed.
        public let trustedProxies: [AddressRange]
        /// Whether a sandbox may be enabled although the public address is not loopback.
        public let allowsSandbox: Bool
        /// Why the shop cannot sell; nil when it can.
        public let unreadiness: @Sendable () -> String?
        /// The metrics in Prometheus' text format.
        public let metricsText: @Sendable () async -> String
        /// The bytes of `api/openapi.yaml`.
        public let openAPI: [UInt8]
        /// Told after the owner has changed something, before the owner hears so.
        public let ownerChanged: @Sendable () async -> Void
        /// Bounds for what could be guessed, shared with the pages.
        public let visitorLimits: VisitorLimits

        /// Puts the settings together.
        public init(
            publicURL: @escaping @Sendable () -> String, adminToken: String, trustedProxies: [AddressRange],
            allowsSandbox: Bool, unreadiness: @escaping @Sendable () -> String?,
            metricsText: @escaping @Sendable () async -> String, openAPI: [UInt8], visitorLimits: VisitorLimits,
            ownerChanged: @escaping @Sendable () async -> Void = {}
        ) {
            self.publicURL = publicURL
            self.adminToken = adminToken
            self.trustedProxies = trustedProxies
            self.allowsSandbox = allowsSandbox
            self.unreadiness = unreadiness
            self.metricsText = metricsText
            self.openAPI = openAPI
            self.ownerChanged = ownerChanged
            self.visitorLimits = visitorLimits
        }
    }

    /// - Parameter metrics: receives orders by outcome and their latency
    public init(ports: UseCases.Ports, useCases: UseCases, settings: Settings, metrics: any MetricsFactory) {
        self.useCases = useCases
        self.ports = ports
        self.settings = settings
        orderEndpoint = OrderEndpoint(
            placeOrder: useCases.placeOrder, catalog: ports.cache, clock: ports.clock, limits: ports.limits,
            settings: settings, metrics: metrics)
    }

    /// Every operation.
    public var routes: [Route] {
        systemRoutes + productRoutes + pictureRoutes + orderRoutes + sandboxRoutes + callbackRoutes + adminRoutes
    }
}

import Channels
import Domain
import Logging
import PCREPatterns
import ProviderClient
import RedisGate
import ServiceLifecycle
import Shop
import WebSupport

/// A node of a shop that runs on many: Redis, Kafka and PostgreSQL. With ``ClusterEngines``, the only place that
/// knows these adapters.
final class ClusterShop: Composition {
    let ports: UseCases.Ports
    let web: WebParts
    /// Of many nodes none may make the link of another one void at its start.
    let setUpToken: String? = nil
    let state: NodeState
    /// The databases are restored by their own tools.
    let restoreRequest: RestoreRequest? = nil
    let useCases: UseCases
    private let configuration: ServeConfiguration
    private let engines: ClusterEngines
    private let caller: HTTPProviderCaller
    private let sandbox: SandboxSwitch
    private let sync: CatalogSync
    private let registry: PrometheusRegistry
    private let logger: Logger

    /// Opens a node in order: databases, data keys, catalog. Its gates open when the leaders of their shards say so.
    ///
    /// - Throws: *internal* or *busy* that says what is wrong.
    static func open(
        _ configuration: ServeConfiguration, _ cluster: ClusterSettings, logger: Logger
    ) async throws(ShopError) -> ClusterShop {
        if let contradiction = configuration.limits.contradictions().first {
            throw ShopError(.internalFault, "limits contradict each other: \(contradiction)")
        }
        let master = try DataFolder.key(configuration.masterKey ?? "", from: "SLUICE_MASTER_KEY")
        if let token = configuration.adminToken, token.utf8.count < 16 {
            logger.warning("the admin token is short enough to be guessed")
        }
        let registry = PrometheusRegistry()
        let engines = try await ClusterEngines.connect(cluster, configuration, registry: registry, logger: logger)
        do throws(ShopError) {
            try await engines.check(logger: logger)
            let keys = try await OpenKeyRing(catalog: engines.ledger)(master: master)
            let shop = try ClusterShop(configuration, engines, keys: keys, registry: registry, logger: logger)
            try await shop.load()
            return shop
        } catch {
            await engines.leave()
            engines.close()
            throw error
        }
    }

    private init(
        _ configuration: ServeConfiguration, _ engines: ClusterEngines, keys: KeyRing, registry: PrometheusRegistry,
        logger: Logger
    ) throws(ShopError) {
        let (limits, clock, state) = (configuration.limits, SystemClock(), NodeState(configuration))
        let publicURL: @Sendable () -> String = { state.publicURL }
        let caller = HTTPProviderCaller(limits: limits)
        let forged = ForgedInbox(ledger: engines.ledger, limits: limits) {
            logger.note("forged callbacks not written", $0)
        }
        let cache = CatalogCache()
        ports = UseCases.Ports(
            ledger: engines.ledger, catalog: engines.ledger, cards: engines.ledger, staff: engines.ledger, cache: cache,
            gate: engines.gate,
            intake: engines.intake, channelKinds: [SandboxKind(publicURL: publicURL), EpayKind(publicURL: publicURL)],
            caller: caller, patterns: PCREPatterns(limits: limits), forged: forged, keys: keys,
            board: RedisOrderBoard(
                client: engines.redis, subscriber: engines.subscriber, clock: clock, limits: limits,
                read: engines.ledger.standings),
            identifiers: IdentifierMaker(clock: clock) { UInt64.random(in: .min ... .max) }, clock: clock,
            limits: limits)
        let useCases = UseCases(ports)
        let sandbox = SandboxSwitch(
            cache: cache, allowsSandbox: configuration.allowsSandbox, state: state, logger: logger)
        let sync = CatalogSync(redis: engines.redis, subscriber: engines.subscriber) {
            do throws(ShopError) {
                try await useCases.loadCatalog()
                try await useCases.configureChannel.loadAll()
                sandbox.apply()
                return true
            } catch {
                logger.note("the catalog cannot be read", level: .warning, error)
                return false
            }
        }
        let shown = ShopMetrics(
            registry: registry, ports: ports, state: state, counts: configuration.roles.contains(.upkeep))
        let isWeb = configuration.roles.contains(.web)
        web = try WebParts(
            useCases, shown, configuration, adminToken: configuration.adminToken ?? "",
            unreadiness: { state.unreadiness ?? (isWeb ? engines.unreadiness : nil) },
            ownerChanged: { await sync.changed() }, mayLookUp: Self.lookUpLimit(engines, limits))
        self.useCases = useCases
        self.configuration = configuration
        self.engines = engines
        self.caller = caller
        self.state = state
        self.sandbox = sandbox
        self.sync = sync
        self.registry = registry
        self.logger = logger
    }

    /// Each node limits look-ups by itself; this one limits them over all nodes, as long as Redis answers.
    private static func lookUpLimit(
        _ engines: ClusterEngines, _ limits: Limits
    ) -> @Sendable (_ contact: String) async -> Bool {
        let limiter = RedisRateLimiter(client: engines.redis, prefix: "{limits}:lookup:", inTrouble: .allowed)
        let rate = RedisRateLimiter.Rate(limits.lookupsPerMinute, in: 60_000, burst: limits.lookupsPerMinute)
        return { contact in await limiter.ask(contact, rate) == .allowed }
    }

    private func load() async throws(ShopError) {
        try await useCases.loadCatalog()
        try await useCases.configureChannel.loadAll()
        sandbox.apply()
        if configuration.isDemo {
            do throws(ShopError) {
                try await DemoCatalog.fill(useCases, ports)
            } catch  where error.code == .alreadyExists {
                // Another node was faster.
            }
        }
    }

    func opened() { sandbox.apply() }

    func services() -> [any Service] {
        let roles = configuration.roles
        var services: [any Service] = [Background { [sync] in await sync.run(pause: $0) }]
        services += engines.gates.map { gate in Background { await gate.run(pause: $0) } }
        if roles.contains(.web) { services += engines.probes(registry) }
        if roles.contains(.payments) {
            services.append(Background.paymentQueries(ports, useCases.receiveCallback, logger))
        }
        if roles.contains(.orders) {
            services.append(OrderWriterService(writer: engines.writer(ports, registry: registry, logger: logger)))
        }
        if roles.contains(.delivery) { services += engines.deliveries(ports, useCases.announcer, logger) }
        if roles.contains(.upkeep) {
            services += engines.upkeep(ports, useCases.announcer, registry: registry, logger: logger)
        }
        return services
    }

    func finishWriting() async {
        await ports.forged.drain()
        await caller.close()
        await engines.leave()
    }

    func close() { engines.close() }
}

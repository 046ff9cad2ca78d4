import Channels
public import Domain
import Foundation
import GroupCommitIntake
public import Logging
import MemoryGate
import NIOConcurrencyHelpers
import PCREPatterns
import ProviderClient
import SQLiteLedger
public import Shop
import WebAPI
import WebSupport

/// A shop in one process: memory gate, group commit, SQLite. The only place that knows these adapters.
public final class EmbeddedShop: Sendable {
    /// What the use cases stand on.
    public let ports: UseCases.Ports
    /// What the shop does.
    public let useCases: UseCases
    let api: WebAPI
    let registry: PrometheusRegistry
    private let ledger: SQLiteLedger
    private let caller: HTTPProviderCaller
    private let folder: DataFolder
    private let state: NIOLockedValueBox<State>
    private let logger: Logger

    private struct State {
        var publicURL: String?
        var isReady = false
        var countedAt: Timestamp?
    }

    /// Opens the shop in order: folder, master key, ledger, data keys, catalog, gate.
    ///
    /// - Throws: *internal* that says what is wrong.
    public static func open(
        _ configuration: ServeConfiguration, clock: any Shop.Clock = SystemClock(), logger: Logger
    ) async throws(ShopError) -> EmbeddedShop {
        if let contradiction = configuration.limits.contradictions().first {
            throw ShopError(.internalFault, "limits contradict each other: \(contradiction)")
        }
        let folder = try DataFolder(path: configuration.data)
        let master = try folder.masterKey(given: configuration.masterKey)
        let adminToken = try folder.adminToken(given: configuration.adminToken)
        if adminToken.utf8.count < 16 { logger.warning("the admin token is short enough to be guessed") }
        let registry = PrometheusRegistry()
        let ledger = try SQLiteLedger(
            path: folder.ledgerPath, limits: configuration.limits, metrics: registry,
            maximumPages: configuration.maximumPages
        ) { health, cause in
            switch health {
            case .writable: logger.notice("the ledger takes writes again")
            case .stopped(let reason, _):
                logger.critical("no orders are taken", metadata: ["reason": "\(reason)", "cause": "\(cause ?? "")"])
            }
        }
        do throws(ShopError) {
            let keys = try await OpenKeyRing(catalog: ledger)(master: master)
            let shop = try EmbeddedShop(
                configuration, folder: folder, adminToken: adminToken, keys: keys, ledger: ledger, registry: registry,
                clock: clock, logger: logger)
            try await shop.load(isDemo: configuration.isDemo)
            return shop
        } catch {
            ledger.close()
            throw error
        }
    }

    private init(
        _ configuration: ServeConfiguration, folder: DataFolder, adminToken: String, keys: KeyRing,
        ledger: SQLiteLedger, registry: PrometheusRegistry, clock: any Shop.Clock, logger: Logger
    ) throws(ShopError) {
        let limits = configuration.limits
        let known = configuration.listen.port == 0 ? nil : configuration.listen.url(port: configuration.listen.port)
        let state = NIOLockedValueBox(State(publicURL: configuration.publicURL ?? known))
        let publicURL: @Sendable () -> String = { state.withLockedValue { $0.publicURL ?? "" } }
        let caller = HTTPProviderCaller(limits: limits)
        let forged = ForgedInbox(ledger: ledger, limits: limits) { error in
            logger.error(
                "forged callbacks not written",
                metadata: ["code": "\(error.code.rawValue)", "cause": "\(error.cause ?? "")"])
        }
        ports = UseCases.Ports(
            ledger: ledger, catalog: ledger, cards: ledger, cache: CatalogCache(), gate: MemoryGate(limits: limits),
            intake: GroupCommitIntake(ledger: ledger, limits: limits, metrics: registry),
            channelKinds: [SandboxKind(publicURL: publicURL), EpayKind(publicURL: publicURL)], caller: caller,
            patterns: PCREPatterns(limits: limits), forged: forged, keys: keys,
            board: OrderWatch(
                maximum: limits.eventStreams, maximumPerOrder: limits.eventStreamsPerOrder, read: ledger.standings),
            identifiers: IdentifierMaker(clock: clock) { UInt64.random(in: .min ... .max) }, clock: clock,
            limits: limits)
        useCases = UseCases(ports)
        let unreadiness: @Sendable () -> String? = {
            if case .stopped(let reason, _) = ledger.health { return reason }
            return state.withLockedValue { $0.isReady } ? nil : "the shop is starting or stopping"
        }
        let ports = ports
        let settings = WebAPI.Settings(
            publicURL: publicURL, adminToken: adminToken, trustedProxies: configuration.trustedProxies,
            allowsSandbox: configuration.allowsSandbox, unreadiness: unreadiness,
            metricsText: { await Self.metricsText(registry, ports, state) }, openAPI: OpenAPIDocument.bytes)
        api = try WebAPI(ports: ports, useCases: useCases, settings: settings, metrics: registry)
        self.caller = caller
        self.folder = folder
        self.ledger = ledger
        self.registry = registry
        self.state = state
        self.logger = logger
    }

    private func load(isDemo: Bool) async throws(ShopError) {
        try await ledger.sealPlainFields { [keys = ports.keys] order, fields throws(ShopError) in
            try keys.seal(FilledFields.text(fields).utf8, context: KeyRing.fieldsContext(order))
        }
        try await useCases.loadCatalog()
        try await useCases.configureChannel.loadAll()
        switchSandboxOff()
        try await useCases.openGate()
        if isDemo { try await DemoCatalog.fill(useCases, ports) }
    }

    /// Told once the listeners are bound.
    func accept(listenURL: String) {
        state.withLockedValue { state in
            state.publicURL = state.publicURL ?? listenURL
            state.isReady = true
        }
        switchSandboxOff()
    }

    /// Play money must not be taken for real by strangers, whatever was allowed at another address.
    private func switchSandboxOff() {
        let url = api.settings.publicURL()
        guard !url.isEmpty, !api.settings.allowsSandbox, !PublicURL.isLoopback(url) else { return }
        for configured in ports.cache.channels() where configured.isEnabled && configured.channel.kind == "sandbox" {
            ports.cache.put(ConfiguredChannel(isEnabled: false, channel: configured.channel))
            logger.warning(
                "sandbox channel switched off: the public address is not loopback",
                metadata: ["channel": "\(configured.channel.name.text)"])
        }
    }

    /// No new work is announced as welcome; those who watch orders are let go.
    func beginStopping() {
        state.withLockedValue { $0.isReady = false }
        ports.board.close()
    }

    /// Writes callbacks that wait, and lets go of providers.
    func finishWriting() async {
        ledger.stopHolding()
        await ports.forged.drain()
        await caller.close()
    }

    /// Writes what waits and closes the ledger.
    public func close() { ledger.close() }

    // MARK: Metrics

    /// Counting a million cards takes a while, so the counts are at most fifteen seconds old.
    private static func metricsText(
        _ registry: PrometheusRegistry, _ ports: UseCases.Ports, _ state: NIOLockedValueBox<State>
    ) async -> String {
        let now = ports.clock.now()
        // Whoever finds them old counts anew; the others are served the old counts meanwhile.
        let isMine = state.withLockedValue { state in
            if let counted = state.countedAt, now < counted.advanced(seconds: 15) { return false }
            state.countedAt = now
            return true
        }
        if isMine, let counts = try? await ports.ledger.census() {
            for entry in counts.callbacks {
                let dimensions = [("channel", entry.channel), ("verdict", entry.verdict)]
                registry.set("sluice_callbacks", dimensions, to: Double(entry.count))
            }
            for (slug, cards) in counts.cards {
                for state in CardState.allCases {
                    registry.set(
                        "sluice_cards", [("product", slug), ("state", state.rawValue)], to: Double(cards[state] ?? 0))
                }
            }
        }
        for product in ports.cache.products() {
            let available = Pool.allCases.reduce(0) { $0 + ports.gate.available(product.id, $1) }
            registry.set("sluice_gate_available", [("product", product.slug.text)], to: Double(available))
        }
        var isWritable = 0.0
        if case .writable = ports.ledger.health { isWritable = 1 }
        registry.set("sluice_ledger_writable", [], to: isWritable)
        return registry.text()
    }
}

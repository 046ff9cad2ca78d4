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
import ServiceLifecycle
public import Shop
import WebSupport

/// A shop in one process: memory gate, group commit, SQLite. The only place that knows these adapters.
public final class EmbeddedShop: Composition {
    /// What the use cases stand on.
    public let ports: UseCases.Ports
    /// What the shop does.
    public let useCases: UseCases
    let web: WebParts
    private let token = NIOLockedValueBox<String?>(nil)
    var setUpToken: String? { token.withLockedValue { $0 } }
    let state: NodeState
    let restoreRequest: RestoreRequest?
    private let ledger: SQLiteLedger
    private let caller: HTTPProviderCaller
    private let folder: DataFolder
    private let sandbox: SandboxSwitch
    private let logger: Logger

    /// Opens the shop in order: folder, master key, ledger, data keys, catalog, gate.
    ///
    /// - Throws: *internal* that says what is wrong.
    public static func open(
        _ configuration: ServeConfiguration, clock: any Shop.Clock = SystemClock(), logger: Logger
    ) async throws(ShopError) -> EmbeddedShop {
        if let contradiction = configuration.limits.contradictions().first {
            throw ShopError(.internalFault, "limits contradict each other: \(contradiction)")
        }
        guard let data = configuration.data else { throw .invalid("--data", "is missing") }
        let folder = try DataFolder(path: data)
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
            let restoreRequest = RestoreRequest()
            let backups = try BackupFolder(
                of: folder, master: master, clock: clock, request: restoreRequest,
                lastRestore: configuration.lastRestore)
            let shop = try EmbeddedShop(
                configuration, folder: folder, adminToken: adminToken, keys: keys, ledger: ledger, registry: registry,
                backups: backups, restoreRequest: restoreRequest, clock: clock, logger: logger)
            try await shop.load(isDemo: configuration.isDemo)
            return shop
        } catch {
            ledger.close()
            throw error
        }
    }

    private init(
        _ configuration: ServeConfiguration, folder: DataFolder, adminToken: String, keys: KeyRing,
        ledger: SQLiteLedger, registry: PrometheusRegistry, backups: BackupFolder, restoreRequest: RestoreRequest,
        clock: any Shop.Clock, logger: Logger
    ) throws(ShopError) {
        let limits = configuration.limits
        let state = NodeState(configuration)
        let publicURL: @Sendable () -> String = { state.publicURL }
        let caller = HTTPProviderCaller(limits: limits)
        let forged = ForgedInbox(ledger: ledger, limits: limits) { logger.note("forged callbacks not written", $0) }
        ports = UseCases.Ports(
            ledger: ledger, catalog: ledger, cards: ledger, staff: ledger, cache: CatalogCache(),
            gate: MemoryGate(limits: limits),
            intake: GroupCommitIntake(ledger: ledger, limits: limits, metrics: registry),
            channelKinds: [SandboxKind(publicURL: publicURL), EpayKind(publicURL: publicURL)], caller: caller,
            patterns: PCREPatterns(limits: limits), forged: forged, keys: keys,
            board: OrderWatch(
                maximum: limits.eventStreams, maximumPerOrder: limits.eventStreamsPerOrder, read: ledger.standings),
            identifiers: IdentifierMaker(clock: clock) { UInt64.random(in: .min ... .max) }, clock: clock,
            limits: limits, backups: backups, drills: DrillProcesses(in: folder.url, configuration, clock: clock))
        useCases = UseCases(ports)
        let unreadiness: @Sendable () -> String? = {
            if case .stopped(let reason, _) = ledger.health { return reason }
            return state.unreadiness
        }
        let shown = ShopMetrics(registry: registry, ports: ports, state: state, counts: true)
        web = try WebParts(useCases, shown, configuration, adminToken: adminToken, unreadiness: unreadiness)
        self.caller = caller
        self.folder = folder
        self.restoreRequest = restoreRequest
        self.ledger = ledger
        self.state = state
        sandbox = SandboxSwitch(
            cache: ports.cache, allowsSandbox: configuration.allowsSandbox, state: state, logger: logger)
        self.logger = logger
    }

    private func load(isDemo: Bool) async throws(ShopError) {
        try await ledger.sealPlainFields { [keys = ports.keys] order, fields throws(ShopError) in
            try keys.seal(FilledFields.text(fields).utf8, context: KeyRing.fieldsContext(order))
        }
        try await useCases.loadCatalog()
        try await useCases.configureChannel.loadAll()
        sandbox.apply()
        try await useCases.openGate()
        if isDemo { try await DemoCatalog.fill(useCases, ports) }
        let made = try await useCases.staff.setUpOwner.makeToken()
        token.withLockedValue { $0 = made }
    }

    func opened() { sandbox.apply() }

    func services() -> [any Service] {
        [
            Background.upkeep(ports, useCases.announcer, logger),
            Background.paymentQueries(ports, useCases.receiveCallback, logger),
        ] + [Background.backups(ports, logger)].compactMap { $0 }
    }

    /// Writes callbacks that wait, and lets go of providers.
    func finishWriting() async {
        ledger.stopHolding()
        await ports.forged.drain()
        await caller.close()
        await ports.drills?.stop()
    }

    /// Writes what waits, closes the ledger and lets others into the folder.
    public func close() {
        ledger.close()
        folder.unlock()
    }
}

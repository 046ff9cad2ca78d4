import Domain
import Logging
import NIOConcurrencyHelpers
import ServiceLifecycle
import Shop
import WebSupport

/// A shop put together from its adapters, as its listeners need it.
protocol Composition: Sendable {
    /// What the use cases stand on.
    var ports: UseCases.Ports { get }
    /// What the listeners serve.
    var web: WebParts { get }
    /// What the shop does.
    var useCases: UseCases { get }
    /// What makes the owner's account, once; nil when there is one.
    var setUpToken: String? { get }
    /// What the node knows of itself.
    var state: NodeState { get }
    /// By which a restore is asked for; nil where none can be.
    var restoreRequest: RestoreRequest? { get }
    /// Works in the background from before the first request until after the last one, in this order.
    func services() -> [any Service]
    /// Told once the listeners are bound, before the node calls itself ready.
    func opened()
    /// Called when everything that works for buyers has ended: writes what waits, and lets go of others.
    func finishWriting() async
    /// Closes what is left. May block.
    func close()
}

extension Composition {
    /// Told once the listeners are bound.
    func accept(listenURL: String) {
        state.accept(listenURL: listenURL)
        opened()
    }

    /// No new work is announced as welcome; those who watch orders are let go.
    func beginStopping() {
        state.beginStopping()
        ports.board.close()
    }
}

/// What a node knows of itself.
final class NodeState: Sendable {
    private struct State {
        var publicURL: String?
        var isReady = false
        var countedAt: Timestamp?
    }

    private let state: NIOLockedValueBox<State>

    /// - Parameter configuration: names the public address, or the listen address with its port
    init(_ configuration: ServeConfiguration) {
        let known = configuration.listen.port == 0 ? nil : configuration.listen.url(port: configuration.listen.port)
        state = NIOLockedValueBox(State(publicURL: configuration.publicURL ?? known))
    }

    /// The address that buyers and providers see; empty as long as it is not known.
    var publicURL: String { state.withLockedValue { $0.publicURL ?? "" } }

    /// Why the node is not ready; nil when it is.
    var unreadiness: String? {
        state.withLockedValue { $0.isReady } ? nil : "the shop is starting or stopping"
    }

    func accept(listenURL: String) {
        state.withLockedValue { state in
            state.publicURL = state.publicURL ?? listenURL
            state.isReady = true
        }
    }

    func beginStopping() { state.withLockedValue { $0.isReady = false } }

    /// Whether the caller is to count anew: whoever finds the counts older than that does, and the others are served
    /// the old ones meanwhile.
    func mayCount(at now: Timestamp, olderThan seconds: Int64) -> Bool {
        state.withLockedValue { state in
            if let counted = state.countedAt, now < counted.advanced(seconds: seconds) { return false }
            state.countedAt = now
            return true
        }
    }
}

/// What `/metrics` shows beside what the parts of the shop measure themselves.
struct ShopMetrics: Sendable {
    let registry: PrometheusRegistry
    let ports: UseCases.Ports
    let state: NodeState
    /// Whether the node counts the ledger's rows. A million cards take a while, so not each of many nodes does.
    let counts: Bool

    /// The counts are at most fifteen seconds old.
    func text() async -> String {
        let now = ports.clock.now()
        if counts, state.mayCount(at: now, olderThan: 15), let census = try? await ports.ledger.census() {
            show(census)
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

    private func show(_ census: LedgerCensus) {
        for entry in census.callbacks {
            let dimensions = [("channel", entry.channel), ("verdict", entry.verdict)]
            registry.set("sluice_callbacks", dimensions, to: Double(entry.count))
        }
        for (slug, cards) in census.cards {
            for state in CardState.allCases {
                registry.set(
                    "sluice_cards", [("product", slug), ("state", state.rawValue)], to: Double(cards[state] ?? 0))
            }
        }
    }
}

/// Play money must not be taken for real by strangers, whatever was allowed at another address.
struct SandboxSwitch: Sendable {
    let cache: CatalogCache
    let allowsSandbox: Bool
    let state: NodeState
    let logger: Logger

    /// Switches every sandbox channel off when the public address is not loopback.
    func apply() {
        let url = state.publicURL
        guard !url.isEmpty, !allowsSandbox, !PublicURL.isLoopback(url) else { return }
        for configured in cache.channels() where configured.isEnabled && configured.channel.kind == "sandbox" {
            cache.put(configured.disabled)
            logger.warning(
                "sandbox channel switched off: the public address is not loopback",
                metadata: ["channel": "\(configured.channel.name.text)"])
        }
    }
}

extension Logger {
    /// Notes an error that nobody else hears of.
    func note(_ sentence: Message, level: Level = .error, _ error: ShopError) {
        log(level: level, sentence, metadata: ["code": "\(error.code.rawValue)", "cause": "\(error.cause ?? "")"])
    }
}

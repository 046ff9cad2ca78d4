import Domain
import Logging
import ServiceLifecycle
import Shop

/// Works until the node stops: `body` is given a pause that throws when it is time to end.
struct Background: Service {
    /// Waits for some milliseconds; throws when it is time to end.
    typealias Pause = @Sendable (_ milliseconds: Int64) async throws -> Void

    let body: @Sendable (_ pause: @escaping Pause) async -> Void

    func run() async throws {
        await cancelWhenGracefulShutdown {
            await body { try await Task.sleep(for: .milliseconds($0)) }
        }
    }
}

extension Background {
    /// Ends holds, and delivers what waited for restock.
    static func upkeep(_ ports: UseCases.Ports, _ announcer: Announcer, _ logger: Logger) -> Background {
        let upkeep = Upkeep(ledger: ports.ledger, announcer: announcer, clock: ports.clock, limits: ports.limits) {
            logger.note("upkeep failed", $0)
        }
        return Background { await upkeep.run(pause: $0) }
    }

    /// Asks providers about silent attempts.
    static func paymentQueries(
        _ ports: UseCases.Ports, _ receiveCallback: ReceiveCallback, _ logger: Logger
    ) -> Background {
        let queries = PaymentQueries(
            ledger: ports.ledger, catalog: ports.cache, caller: ports.caller, receiveCallback: receiveCallback,
            clock: ports.clock, limits: ports.limits
        ) { logger.note("a provider was asked in vain", level: .warning, $0) }
        return Background { await queries.run(pause: $0) }
    }

    /// Copies the ledger by the owner's schedule; nil where the shop keeps no copies.
    static func backups(_ ports: UseCases.Ports, _ logger: Logger) -> Background? {
        guard let store = ports.backups else { return nil }
        let openings: @Sendable () -> [Timestamp] = { [cache = ports.cache] in
            cache.products().compactMap(\.window.opensAt)
        }
        let rounds = BackupRounds(store: store, clock: ports.clock, openings: openings) {
            logger.note("a scheduled backup was not made", level: .warning, $0)
        }
        return Background { await rounds.run(pause: $0) }
    }
}

import AsyncAlgorithms
import Domain
import NIOConcurrencyHelpers
import ServiceLifecycle
import Shop

/// Has the process begin anew: a backup is to take the ledger's place, for which the shop must have stopped.
final class RestoreRequest: Sendable {
    struct Wish: Sendable {
        /// The name that the owner knows it by.
        let name: String
        /// The full path.
        let file: String
        let note: OwnerNote
    }

    private let wish = NIOLockedValueBox<Wish?>(nil)
    private let stream: AsyncStream<Void>
    private let continuation: AsyncStream<Void>.Continuation

    init() { (stream, continuation) = AsyncStream.makeStream() }

    /// What was asked for; nil when nothing was.
    var asked: Wish? { wish.withLockedValue { $0 } }

    /// - Throws: *busy* when something was asked for before.
    func ask(_ asked: Wish) throws(ShopError) {
        let isFirst = wish.withLockedValue { wish in
            guard wish == nil else { return false }
            wish = asked
            return true
        }
        guard isFirst else { throw ShopError(.busy, "another backup is being restored") }
        continuation.yield()
    }

    /// Returns when something is asked for, or the process is told to stop.
    func wait() async {
        for await _ in stream.cancelOnGracefulShutdown() { return }
    }
}

/// Ends the shop's services when a restore is asked for.
struct RestoreWatch: Service {
    let request: RestoreRequest

    func run() async throws { await request.wait() }
}

import NIOCore
import NIOPosix

/// Holds a sale over real connections. Arrivals come when the schedule says, whether or not the shop keeps up (an open
/// loop): what a slow shop delays is measured, not left out.
enum LoadGenerator {
    /// Runs the sale on one thread of its own and returns when all journeys have ended, or the drain is over.
    ///
    /// - Parameter started: called when the first arrival is due, before it comes.
    static func run(
        _ plan: LoadPlan, started: @escaping @Sendable () -> Void = {},
        progress: @escaping @Sendable (DrillProgress) -> Void = { _ in }
    ) async throws -> LoadResult {
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        do {
            let result = try await run(plan, on: group.next(), started: started, progress: progress)
            try await group.shutdownGracefully()
            return result
        } catch {
            try await group.shutdownGracefully()
            throw error
        }
    }

    /// Looks at orders by the plan's `reads`, on one thread of its own.
    ///
    /// - Returns: nil when the plan has none, or when there is no order to look at.
    static func read(_ plan: LoadPlan, of orders: [PlaceAnswer.Order]) async throws -> ReadFigures? {
        guard let reads = plan.reads, !orders.isEmpty else { return nil }
        var plan = plan
        plan.schedule = reads
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        do {
            let figures = try await read(plan, of: orders, on: group.next())
            try await group.shutdownGracefully()
            return figures
        } catch {
            try await group.shutdownGracefully()
            throw error
        }
    }

    private static func read(
        _ plan: LoadPlan, of orders: [PlaceAnswer.Order], on loop: any EventLoop
    ) async throws -> ReadFigures {
        try await result(on: loop) { promise in
            let runner = ReadRunner(plan, of: orders, on: loop, result: promise)
            runner.begin()
            return runner
        }
    }

    private static func run(
        _ plan: LoadPlan, on loop: any EventLoop, started: @escaping @Sendable () -> Void,
        progress: @escaping @Sendable (DrillProgress) -> Void
    ) async throws -> LoadResult {
        try await result(on: loop) { promise in
            let runner = SaleRunner(plan, on: loop, started: started, progress: progress, result: promise)
            runner.open()
            return runner
        }
    }

    /// Waits for what a runner comes to, and ends it when nobody waits any more.
    private static func result<Figures: Sendable>(
        on loop: any EventLoop, begin: @escaping @Sendable (EventLoopPromise<Figures>) -> any LoadRunner
    ) async throws -> Figures {
        let promise = loop.makePromise(of: Figures.self)
        let runner = try await loop.submit { NIOLoopBound(begin(promise), eventLoop: loop) }.get()
        return try await withTaskCancellationHandler {
            try await promise.futureResult.get()
        } onCancel: {
            loop.execute { runner.value.fail(CancellationError()) }
        }
    }
}

/// Sends load on its event loop, and promises what came of it.
protocol LoadRunner {
    /// Gives up.
    func fail(_ error: any Error)
}

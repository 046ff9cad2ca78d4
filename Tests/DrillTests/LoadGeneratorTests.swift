import Testing

@testable import Drill

// Times have lower bounds only: a busy machine may make anything late, and nothing early.
@Suite("The load generator", .serialized)
struct LoadGeneratorTests {
    private static func run(
        stock: Int = 20, faults: FakeShop.Faults = .init(), _ change: (inout DrillSettings) -> Void
    ) async throws -> LoadResult {
        var settings = DrillSettings(slug: "drill", seed: 1)
        settings.cards = stock
        settings.connections = 8
        settings.drain = 10
        change(&settings)
        return try await FakeShop.run(stock: stock, faults: faults) { [settings] port in
            try await LoadGenerator.run(try settings.plan(host: "127.0.0.1", port: port))
        }
    }

    @Test("all arrivals are sent at their rate, and every journey ends")
    func rate() async throws {
        let result = try await Self.run { ($0.buyers, $0.rate, $0.repeats) = (500, 1000, 0.1) }
        let counts = result.counts
        #expect(counts.buyers == 500)
        #expect(counts.arrivalsPlanned == 555 && counts.arrivalsSent == 555)
        #expect(counts.repeats.sent == 55)
        #expect((counts.accepted, counts.soldOut, counts.delivered) == (20, 480, 20))
        #expect(counts.repeats.sameOrder + counts.repeats.refused == 55)
        #expect(counts.unknown + counts.failed + counts.refused + counts.otherOrder + counts.acceptedTwice == 0)
        #expect(counts.connectionsLost == 0)
        #expect(result.latencies.placing.count == 555)
        #expect(result.latencies.orderToDelivered.count == 20)
        #expect(result.latencies.lag.count == 555)
        #expect(result.seconds >= 0.554)
        #expect(result.rows.map(\.arrivals).reduce(0, +) == 555)
        #expect(result.rows.map(\.accepted).reduce(0, +) == 20)
    }

    @Test("a burst of more buyers than connections is sent whole, and waits in line")
    func burst() async throws {
        let result = try await Self.run(stock: 300) { ($0.load, $0.repeats) = ("burst 200,1000x0.1", 0) }
        #expect(result.counts.arrivalsSent == 300)
        #expect((result.counts.accepted, result.counts.delivered) == (300, 300))
    }

    @Test("who takes their time to pay does, and who does not want to is not asked")
    func paying() async throws {
        let result = try await Self.run(stock: 100) {
            ($0.buyers, $0.rate, $0.repeats, $0.paid, $0.payAfter) = (100, 1000, 0, 0.5, "0.2..0.3")
        }
        let counts = result.counts
        #expect(counts.accepted == 100)
        #expect(counts.delivered + counts.unpaid == 100)
        #expect((20...80).contains(counts.delivered))
        #expect(result.latencies.orderToDelivered.p50 >= 200)
        #expect(result.latencies.paying.count == counts.delivered)
    }

    @Test("queued orders are followed until they are claimed, paid and delivered, or rejected")
    func queued() async throws {
        var faults = FakeShop.Faults()
        faults.queuedLooks = 2
        faults.rejectsAt = { $0 % 10 == 0 }
        let result = try await Self.run(stock: 50, faults: faults) {
            ($0.buyers, $0.rate, $0.repeats, $0.isForwarded) = (80, 1000, 0, true)
        }
        let counts = result.counts
        #expect((counts.accepted, counts.delivered, counts.rejected, counts.soldOut) == (50, 45, 5, 30))
        #expect(counts.unclaimed + counts.payFailed + counts.failed == 0)
        #expect(result.latencies.orderToClaimed.count == 45)
        #expect(result.latencies.orderToClaimed.p50 >= 150)
    }

    @Test("a queued order that is never claimed is counted when the time is up")
    func unclaimed() async throws {
        var faults = FakeShop.Faults()
        faults.queuedLooks = .max
        let result = try await Self.run(stock: 5, faults: faults) {
            ($0.buyers, $0.rate, $0.repeats, $0.drain) = (5, 1000, 0, 0.5)
        }
        #expect((result.counts.accepted, result.counts.unclaimed) == (5, 5))
    }

    @Test("accepted orders are looked at by a schedule of its own")
    func reads() async throws {
        var settings = DrillSettings(slug: "drill", seed: 1)
        (settings.buyers, settings.rate, settings.connections) = (20, 1000, 4)
        settings.reads = "1000x0.3"
        let figures = try await FakeShop.run(stock: 10) { [settings] port in
            let plan = try settings.plan(host: "127.0.0.1", port: port)
            let sale = try await LoadGenerator.run(plan)
            #expect(sale.orders.count == 10)
            return try await LoadGenerator.read(plan, of: sale.orders)
        }
        let reads = try #require(figures)
        #expect((reads.planned, reads.shown) == (300, 300))
        #expect(reads.refused + reads.unknown + reads.failed == 0)
        #expect((reads.milliseconds.count, reads.lag.count) == (300, 300))
        #expect(reads.milliseconds.max >= reads.milliseconds.p50 && reads.milliseconds.max > 0)
    }

    @Test("a shop that stands still once shows in the latency of all who came meanwhile")
    func stall() async throws {
        // Coordinated omission: only eight requests can be under way, so a generator that waits for answers before it
        // sends would see eight slow ones in a thousand.
        let result = try await Self.run(faults: .init(stallAt: 500)) {
            ($0.buyers, $0.rate, $0.repeats) = (1000, 1000, 0)
        }
        let placing = result.latencies.placing
        #expect(result.counts.arrivalsSent == 1000)
        #expect(result.counts.unknown == 0)
        #expect(placing.max >= 280)
        #expect(placing.p99 >= 200)
        #expect(placing.p90 >= 100)
    }

    @Test("an order whose connection breaks is unknown, and a new connection takes its place")
    func broken() async throws {
        let result = try await Self.run(faults: .init(breaksAt: { $0 % 10 == 0 })) {
            ($0.buyers, $0.rate, $0.repeats) = (300, 1000, 0)
        }
        let counts = result.counts
        #expect(counts.arrivalsSent == 300)
        #expect(counts.unknown == 30)
        #expect(counts.connectionsLost == 30)
        #expect(counts.accepted == 20)
        #expect(counts.accepted + counts.soldOut + counts.unknown == 300)
        #expect(counts.failed == 0)
    }

    @Test("an order that is not answered in time is unknown")
    func timeOut() async throws {
        let result = try await Self.run(faults: .init(forgetsAt: { $0 % 50 == 0 })) {
            ($0.buyers, $0.rate, $0.repeats, $0.timeout) = (200, 500, 0, 0.3)
        }
        #expect(result.counts.unknown == 4)
        #expect(result.counts.accepted + result.counts.soldOut == 196)
        #expect(result.latencies.placing.count == 200)
        #expect(result.latencies.placing.max >= 300)
    }

    @Test("what is still open when the drain ends is unknown, and what was never sent is told")
    func drained() async throws {
        let result = try await Self.run(faults: .init(forgetsAt: { _ in true })) {
            ($0.load, $0.repeats, $0.drain, $0.connections) = ("burst 10", 0, 0.2, 4)
        }
        #expect(result.counts.unknown == 4)
        #expect(result.counts.arrivalsSent == 4)
        #expect(result.counts.arrivalsPlanned == 10)
    }

    @Test("an answer that the contract does not know is a failure")
    func failed() async throws {
        let result = try await Self.run(faults: .init(failsAt: { $0 == 7 })) {
            ($0.buyers, $0.rate, $0.repeats) = (100, 1000, 0)
        }
        #expect(result.counts.failed == 1)
    }

    @Test("where nobody listens there is no drill")
    func nobody() async throws {
        let settings = DrillSettings(slug: "drill", seed: 1)
        let port = try await FakeShop.run(stock: 0) { $0 }
        let error = await #expect(throws: DrillError.self) {
            try await LoadGenerator.run(try settings.plan(host: "127.0.0.1", port: port))
        }
        #expect(error?.description.hasPrefix("could not open 256 connections to 127.0.0.1") == true)
    }

    @Test("a drill that is called off ends at once")
    func cancelled() async throws {
        var settings = DrillSettings(slug: "drill", seed: 1)
        (settings.buyers, settings.rate, settings.connections, settings.holdSeconds) = (1_000_000, 10_000, 4, 10_000)
        try await FakeShop.run(stock: 1) { [settings] port in
            let plan = try settings.plan(host: "127.0.0.1", port: port)
            await #expect(throws: CancellationError.self) {
                try await withThrowingTaskGroup(of: Void.self) { group in
                    let started = AsyncStream<Void>.makeStream()
                    group.addTask {
                        _ = try await LoadGenerator.run(plan, started: { started.continuation.finish() })
                    }
                    for await _ in started.stream {}
                    group.cancelAll()
                    try await group.waitForAll()
                }
            }
        }
    }
}

import Benchmark
import CCounters
import Dispatch
import Foundation
import OrderCases
import Synchronization

/// What is counted for one order. Only allocations have thresholds; the others are for information.
private enum Count {
    static let allocations = metric("allocations")
    static let taskHops = metric("task hops x 100")
    static let wall = metric("wall ns")
    static let cpu = metric("CPU ns")

    private static func metric(_ name: String) -> BenchmarkMetric { .custom(name, useScalingFactor: false) }
}

/// A case that is open, and the folder that is its own.
private final class OpenCase: Sendable {
    private let order: OrderCase
    private let state = Mutex<(rounds: any Rounds, folder: URL)?>(nil)

    init(_ order: OrderCase) { self.order = order }

    /// Rounds measured, and before that rounds that are not. Stays below the number of orders at which the ledger
    /// begins to file them.
    var measured: Int { max(10, min(200, 10_240 / order.orders)) }
    let warmUp = 5

    func open() async throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("sluice-bench-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        let rounds = try await order.open(folder: folder.path, rounds: warmUp + measured + 1)
        state.withLock { $0 = (rounds, folder) }
    }

    func measure(_ benchmark: Benchmark) {
        guard let rounds = state.withLock({ $0?.rounds }) else { return benchmark.error("not open") }
        let allocations = sluice_allocations()
        let hops = sluice_task_hops()
        let cpu = sluice_cpu_nanoseconds()
        let wall = DispatchTime.now().uptimeNanoseconds
        do {
            try rounds.run()
        } catch {
            return benchmark.error("\(error)")
        }
        let wallAfter = DispatchTime.now().uptimeNanoseconds
        report(Count.allocations, sluice_allocations() - allocations, benchmark)
        report(Count.taskHops, (sluice_task_hops() - hops) * 100, benchmark)
        report(Count.wall, wallAfter - wall, benchmark)
        report(Count.cpu, sluice_cpu_nanoseconds() - cpu, benchmark)
    }

    private func report(_ metric: BenchmarkMetric, _ count: UInt64, _ benchmark: Benchmark) {
        benchmark.measurement(metric, Int((Double(count) / Double(order.orders)).rounded()))
    }

    func close() {
        state.withLock { state in
            state?.rounds.close()
            if let folder = state?.folder { try? FileManager.default.removeItem(at: folder) }
            state = nil
        }
    }
}

let benchmarks: @Sendable () -> Void = {
    sluice_count_task_hops()
    for order in OrderCase.all {
        let open = OpenCase(order)
        Benchmark(
            order.name,
            configuration: .init(
                metrics: [Count.allocations, Count.taskHops, Count.wall, Count.cpu],
                warmupIterations: open.warmUp, maxDuration: .seconds(120), maxIterations: open.measured,
                thresholds: [Count.allocations: BenchmarkThresholds(relative: [.p90: 5.0])])
        ) { benchmark in
            open.measure(benchmark)
        } setup: {
            try await open.open()
        } teardown: {
            open.close()
        }
    }
}

import Domain
import Foundation
import GRDB
import Shop

/// Moves recent orders to the file in low-priority slices. See ``RecentOrders``.
final class Filing: Sendable {
    private let writer: Writer
    private let limits: Limits
    private let machine: Locked<FilingMachine>

    init(writer: Writer, limits: Limits) {
        self.writer = writer
        self.limits = limits
        machine = Locked(FilingMachine(limits: limits))
    }

    /// Whether new orders must be filed in the file at once.
    var isFull: Bool { machine.read(\.isFull) }

    /// Told once so many orders are on disk and filed in memory.
    func placed(_ count: Int) { perform(machine.change { $0.placed(count) }) }

    private func perform(_ action: FilingMachine.Action) {
        switch action {
        case .none: break
        case .begin: move(.buyers(after: RecentOrders.Place()), through: nil)
        case .move(let step, let last): move(step, through: last)
        }
    }

    private func move(_ step: RecentOrders.Step, through given: Data?) {
        let job = WriteJob(
            run: { [self] database in
                let orders = RecentOrders(database: database)
                let last = try given ?? orders.newest() ?? Data()
                let next = try orders.file(step, through: last, limit: limits.filingSliceOrders)
                let left = next == .done ? try orders.count() : nil
                return { [self] in perform(machine.change { $0.moved(next, through: last, left: left) }) }
            },
            fail: { [self] _ in machine.change { $0.failed() } })
        writer.add(job, to: .patient)
    }
}

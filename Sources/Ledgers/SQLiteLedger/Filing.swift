import Domain
import SQLLedger
import Shop

/// Moves recent orders to the file in low-priority slices. See ``RecentOrders``.
final class Filing: Sendable {
    private let writer: Writer
    private let machine: Locked<FilingMachine>

    init(writer: Writer, limits: Limits) {
        self.writer = writer
        machine = Locked(FilingMachine(limits: limits))
    }

    /// Whether an order must be filed in the file at once: memory is full, or its time there is over.
    func mustFileAtOnce(through filed: Identifier?) -> @Sendable (Identifier) -> Bool {
        let (isFull, target) = machine.read { ($0.isFull, $0.target) }
        let last = [filed, target].compactMap { $0 }.max()
        return { id in isFull || last.map { id <= $0 } ?? false }
    }

    /// Told once so many orders are on disk and filed in memory.
    func placed(_ count: Int, newest: Identifier?) {
        perform(machine.change { $0.placed(count, newest: newest) })
    }

    private func perform(_ action: FilingMachine.Action) {
        guard case .move(let step, let last) = action else { return }
        let job = WriteJob(
            run: { [self] database in
                let part = try RecentOrders(database: database)
                    .file(step, through: last, limit: machine.read(\.sliceOrders))
                return { [self] in perform(machine.change { $0.moved(part.next, count: part.moved) }) }
            },
            fail: { [self] _ in machine.change { $0.failed() } })
        writer.add(job, to: .patient)
    }
}

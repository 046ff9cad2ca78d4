public import CoreMetrics
import Dispatch
public import Domain
import NIOConcurrencyHelpers
public import Shop

/// Makes orders durable by committing those of the same moment as one transaction. Every reply waits for the flush.
public final class GroupCommitIntake: Intake {
    private struct Entry: Sendable {
        let submission: Submission
        let reply: @Sendable (Result<Placement, ShopError>) -> Void
    }

    /// Runs work after some microseconds. Injected, so that tests need no time.
    public typealias Timer = @Sendable (_ microseconds: Int, _ work: @escaping @Sendable () -> Void) -> Void

    private let ledger: any Ledger
    private let limits: Limits
    private let timer: Timer
    private let machine: NIOLockedValueBox<BatchMachine<Entry>>
    private let batchSize: Recorder
    private let depth: Recorder

    /// - Parameters:
    ///   - ledger: places the batches
    ///   - metrics: receives `sluice_intake_batch_orders` and `sluice_intake_queue_depth`
    ///   - timer: runs work later; on a queue of its own unless given
    public init(
        ledger: any Ledger, limits: Limits, metrics: any MetricsFactory, timer: @escaping Timer = dispatchTimer()
    ) {
        self.ledger = ledger
        self.limits = limits
        self.timer = timer
        machine = NIOLockedValueBox(BatchMachine(limits: limits))
        batchSize = Recorder(
            label: "sluice_intake_batch_orders", dimensions: [], aggregate: true, factory: metrics)
        depth = Recorder(label: "sluice_intake_queue_depth", dimensions: [], aggregate: false, factory: metrics)
    }

    /// A timer on a serial queue.
    public static func dispatchTimer() -> Timer {
        let queue = DispatchQueue(label: "sluice.intake.timer", qos: .userInteractive)
        return { microseconds, work in
            queue.asyncAfter(deadline: .now() + .microseconds(microseconds), execute: work)
        }
    }

    public func submit(_ submission: Submission, reply: @escaping @Sendable (Result<Placement, ShopError>) -> Void) {
        let entry = Entry(submission: submission, reply: reply)
        let action = machine.withLockedValue { $0.submit(entry, bytes: submission.byteCount) }
        if case .refuse = action {
            return reply(.failure(ShopError(.busy, "too many orders are being placed; try again")))
        }
        perform(action)
    }

    private func perform(_ action: BatchMachine<Entry>.Action) {
        switch action {
        case .none, .refuse:
            break
        case .startTimer:
            timer(limits.batchWaitMicroseconds) { [self] in
                perform(machine.withLockedValue { $0.timerFired() })
            }
        case .flush(let batch):
            flush(batch)
        }
    }

    private func flush(_ batch: [Entry]) {
        batchSize.record(batch.count)
        ledger.place(batch.map(\.submission)) { [self] result in
            if case .success = result { Failpoint.hit(.placeAfterCommit) }
            // The next batch goes to the ledger before this one's replies are written, so that the disk is not idle.
            let (next, waiting) = machine.withLockedValue { ($0.flushed(), $0.depth) }
            depth.record(waiting)
            perform(next)
            reply(to: batch, result)
        }
    }

    private func reply(to batch: [Entry], _ result: Result<[Placement], ShopError>) {
        switch result {
        case .success(let placements):
            precondition(placements.count == batch.count, "one placement a submission")
            for (entry, placement) in zip(batch, placements) { entry.reply(.success(placement)) }
        case .failure(let error):
            for entry in batch { entry.reply(.failure(error)) }
        }
    }
}

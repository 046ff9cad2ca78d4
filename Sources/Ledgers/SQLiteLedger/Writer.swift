import CoreMetrics
import Dispatch
import Domain
import Foundation
import GRDB
import SQLLedger
import Shop

/// One write: runs inside a transaction that it may share, and is answered after the flush.
struct WriteJob: Sendable {
    /// Writes, and returns what is to be called once the transaction is on disk.
    let run: @Sendable (Database) throws -> @Sendable () -> Void
    /// Called instead when nothing of this write is on disk, or when nobody knows.
    let fail: @Sendable (ShopError) -> Void
}

/// The one thread that writes. Whatever waits shares a transaction, each write in a savepoint of its own, so that a
/// write that cannot be done spoils no other; nobody is answered before the commit is on disk.
final class Writer: Sendable {
    private let pool: DatabasePool
    private let state: Locked<State>
    private let flushTime: CoreMetrics.Timer
    private let onHealthChange: @Sendable (LedgerHealth, _ cause: String?) -> Void

    private struct State: Sendable {
        var queue: WriterQueue<WriteJob>
        var health = LedgerHealth.writable
        var isClosing = false
        var isStopping = false
        var hasEnded = false
    }

    init(
        pool: DatabasePool, limits: Limits, metrics: any MetricsFactory,
        onHealthChange: @escaping @Sendable (LedgerHealth, _ cause: String?) -> Void
    ) {
        self.pool = pool
        self.onHealthChange = onHealthChange
        state = Locked(
            State(queue: WriterQueue(maximum: limits.writerJobs, perFlush: limits.writerJobsPerFlush)))
        flushTime = CoreMetrics.Timer(
            label: "sluice_ledger_flush_seconds", dimensions: [], preferredDisplayUnit: .seconds, factory: metrics)
    }

    var health: LedgerHealth { state.read { $0.health } }

    func start() {
        let thread = Thread { [self] in loop() }
        thread.name = "sluice.writer"
        thread.qualityOfService = .userInteractive
        thread.start()
    }

    /// Runs what waits, then ends. Returns when the thread has ended.
    func close() {
        stopHolding()
        state.change { $0.isClosing = true }
        state.wait(until: \.hasEnded)
    }

    /// Keeps low-priority writes waiting, or lets them go on.
    func holdPatient(_ isHeld: Bool) { state.change { $0.queue.holdsPatient = isHeld && !$0.isStopping } }

    /// Lets low-priority writes go on for good, so that a stopping shop waits for no reader.
    func stopHolding() {
        state.change { state in
            state.isStopping = true
            state.queue.holdsPatient = false
        }
    }

    /// Refuses the low-priority writes that wait.
    func refusePatient() {
        let refused = state.change { $0.queue.takePatient() }
        let error = ShopError(.busy, "somebody reads the ledger for too long, so its log cannot be emptied; try later")
        for job in refused { job.fail(error) }
    }

    func add(_ job: WriteJob, to lane: SQLLane) {
        let refusal = state.change { state -> ShopError? in
            if state.isClosing { return ShopError(.busy, "the shop is stopping") }
            if case .stopped(let reason, _) = state.health { return ShopError(.busy, "no writes: \(reason)") }
            return state.queue.add(job, to: lane) ? nil : ShopError(.busy, "the ledger has too much to write")
        }
        if let refusal { job.fail(refusal) }
    }

    /// Tries a write although the ledger has stopped.
    func probe(_ job: WriteJob) {
        let isAdded = state.change { state in
            guard case .stopped(_, recovers: true) = state.health, !state.isClosing else { return false }
            return state.queue.add(job, to: .urgent)
        }
        if !isAdded { job.fail(ShopError(.busy, "nothing to probe")) }
    }

    // MARK: The thread

    private func loop() {
        while true {
            let jobs = state.waitAndChange { state -> [WriteJob]? in
                if !state.queue.isEmpty { return state.queue.next() }
                return state.isClosing ? [] : nil
            }
            guard !jobs.isEmpty else { break }
            flush(jobs)
        }
        state.change { $0.hasEnded = true }
    }

    private func flush(_ jobs: [WriteJob]) {
        // What waited when a sync failed must not be written after it: the log before it may have a hole.
        if case .stopped(let reason, recovers: false) = health {
            for job in jobs { job.fail(ShopError(.busy, "no writes: \(reason)")) }
            return
        }
        let start = DispatchTime.now()
        let outcome = pool.writeWithoutTransaction { database in write(jobs, to: database) }
        flushTime.recordNanoseconds(Int64(DispatchTime.now().uptimeNanoseconds - start.uptimeNanoseconds))
        switch outcome {
        case .committed(let answers):
            change(to: .writable, because: nil)
            for answer in answers { answer() }
        case .failed(let error, let health):
            if let health { change(to: health, because: error.cause) }
            for job in jobs { job.fail(error) }
        }
    }

    private func change(to health: LedgerHealth, because cause: String?) {
        let isNew = state.change { state in
            defer { state.health = health }
            return state.health != health
        }
        if isNew { onHealthChange(health, cause) }
    }

    private enum Outcome {
        case committed([@Sendable () -> Void])
        case failed(ShopError, LedgerHealth?)
    }

    private func write(_ jobs: [WriteJob], to database: Database) -> Outcome {
        var answers: [@Sendable () -> Void] = []
        do {
            try database.beginTransaction(.immediate)
            if let only = jobs.first, jobs.count == 1 {
                switch try runAlone(only, in: database) {
                case .success(let answer): answers.append(answer)
                case .failure(let fault): return .committed([{ only.fail(fault) }])
                }
            } else {
                for job in jobs { answers.append(try run(job, in: database)) }
            }
        } catch {
            try? database.rollback()
            return .failed(
                ShopError(.busy, "the ledger cannot write; nothing was taken", cause: "\(error)"), health(after: error))
        }
        return commit(database, answers)
    }

    private func commit(_ database: Database, _ answers: [@Sendable () -> Void]) -> Outcome {
        do {
            if Failpoint.shouldFail(.flush) { throw DatabaseError(resultCode: .SQLITE_IOERR, message: "failpoint") }
            try database.commit()
            return .committed(answers)
        } catch {
            try? database.rollback()
            // A full disk fails before the commit record is written; any other failure leaves it open.
            let isFull = (error as? DatabaseError)?.resultCode == .SQLITE_FULL
            let code = isFull ? ShopError.Code.busy : .outcomeUnknown
            return .failed(ShopError(code, "the ledger could not flush", cause: "\(error)"), health(after: error))
        }
    }

    /// Runs a write that has the transaction for itself: what undoes the one undoes the other, without a savepoint.
    ///
    /// - Returns: its answer, or why it was undone; then the transaction is over
    private func runAlone(_ job: WriteJob, in database: Database) throws -> Result<@Sendable () -> Void, ShopError> {
        do {
            return .success(try job.run(database))
        } catch {
            if health(after: error) != nil { throw error }
            try database.rollback()
            return .failure(Self.fault(error))
        }
    }

    /// Runs one write in its savepoint. Throws only what makes the whole transaction worthless.
    private func run(_ job: WriteJob, in database: Database) throws -> @Sendable () -> Void {
        try RawStatement(database, "SAVEPOINT job").run()
        do {
            let answer = try job.run(database)
            try RawStatement(database, "RELEASE job").run()
            return answer
        } catch {
            if health(after: error) != nil { throw error }
            try database.execute(sql: "ROLLBACK TO job; RELEASE job")
            let fault = Self.fault(error)
            return { job.fail(fault) }
        }
    }

    private static func fault(_ error: any Error) -> ShopError {
        error as? ShopError ?? ShopError(.internalFault, "a write failed", cause: "\(error)")
    }

    /// What an error says about the disk; nil when it says nothing. After a failed sync the kernel may have dropped
    /// the pages, so only a restart, which reads the log anew, can go on.
    private func health(after error: any Error) -> LedgerHealth? {
        guard let error = error as? DatabaseError else { return nil }
        switch error.resultCode {
        case .SQLITE_FULL:
            return .stopped(reason: "the disk is full", recovers: true)
        case .SQLITE_CANTOPEN:
            return .stopped(reason: "a file cannot be opened", recovers: true)
        case .SQLITE_IOERR, .SQLITE_CORRUPT, .SQLITE_NOTADB, .SQLITE_READONLY:
            return .stopped(reason: "writing to the disk failed; restart the shop", recovers: false)
        default:
            return nil
        }
    }
}

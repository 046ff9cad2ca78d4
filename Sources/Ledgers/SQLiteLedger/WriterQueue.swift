import SQLLedger

/// Which writes run next. Urgent ones (orders, payments) share a transaction; patient ones (imports, clean-up) run one
/// at a time, when nothing urgent waits or after a few urgent flushes, so that neither starves.
struct WriterQueue<Job: Sendable>: Sendable {
    private let maximum: Int
    private let perFlush: Int
    private var urgent: [Job] = []
    private var patient: [Job] = []
    private var urgentFlushes = 0

    /// Urgent flushes between two patient writes under load.
    private static var urgentFlushesInARow: Int { 4 }

    init(maximum: Int, perFlush: Int) {
        self.maximum = maximum
        self.perFlush = perFlush
    }

    /// Whether patient writes must wait, as while the write-ahead log is too long.
    var holdsPatient = false

    /// Whether nothing that may run waits.
    var isEmpty: Bool { urgent.isEmpty && (patient.isEmpty || holdsPatient) }

    /// False when the lane is full.
    mutating func add(_ job: Job, to lane: SQLLane) -> Bool {
        switch lane {
        case .urgent:
            guard urgent.count < maximum else { return false }
            urgent.append(job)
        case .patient:
            guard patient.count < maximum else { return false }
            patient.append(job)
        }
        return true
    }

    /// Takes all patient writes out.
    mutating func takePatient() -> [Job] {
        defer { patient = [] }
        return patient
    }

    /// The writes of the next transaction; empty when nothing waits.
    mutating func next() -> [Job] {
        let isPatientDue = !holdsPatient && (urgent.isEmpty || urgentFlushes >= Self.urgentFlushesInARow)
        if isPatientDue, !patient.isEmpty {
            urgentFlushes = 0
            return [patient.removeFirst()]
        }
        urgentFlushes += 1
        let jobs = Array(urgent.prefix(perFlush))
        urgent.removeFirst(jobs.count)
        return jobs
    }
}

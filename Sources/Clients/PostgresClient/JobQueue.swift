/// How soon a transaction runs.
public enum PostgresLane: Hashable, Sendable {
    /// Before all patient ones.
    case urgent
    /// When nothing urgent waits, or after a few urgent ones; never on all connections at once.
    case patient
}

/// Which transaction runs next.
struct JobQueue<Job: Sendable>: Sendable {
    private let maximum: Int
    /// How many patient ones may run at once.
    private let patientAtOnce: Int
    private var urgent: [Job] = []
    private var patient: [Job] = []
    private var patientRunning = 0
    private var urgentInARow = 0
    /// Urgent transactions between two patient ones under load.
    private static var mostUrgentInARow: Int { 16 }

    /// - Parameters:
    ///   - maximum: how many may wait in each lane
    ///   - connections: one of them is kept for urgent transactions, if there are several
    init(maximum: Int, connections: Int) {
        self.maximum = maximum
        patientAtOnce = max(connections - 1, 1)
    }

    var isEmpty: Bool { urgent.isEmpty && patient.isEmpty }

    /// False when the lane is full.
    mutating func add(_ job: Job, to lane: PostgresLane) -> Bool {
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

    /// The next to run; nil when there is none that may.
    mutating func next() -> (job: Job, lane: PostgresLane)? {
        let mayBePatient = !patient.isEmpty && patientRunning < patientAtOnce
        if mayBePatient, urgent.isEmpty || urgentInARow >= Self.mostUrgentInARow {
            urgentInARow = 0
            patientRunning += 1
            return (patient.removeFirst(), .patient)
        }
        guard !urgent.isEmpty else { return nil }
        urgentInARow += 1
        return (urgent.removeFirst(), .urgent)
    }

    /// To be told when one has run.
    mutating func ended(_ lane: PostgresLane) {
        if lane == .patient { patientRunning -= 1 }
    }

    /// Takes out whatever waits.
    mutating func takeAll() -> [Job] {
        defer { (urgent, patient) = ([], []) }
        return urgent + patient
    }
}

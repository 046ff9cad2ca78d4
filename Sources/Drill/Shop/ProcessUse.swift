import Dispatch
import Foundation
import NIOConcurrencyHelpers

/// What a process took of the machine in one interval.
public struct ProcessSample: Codable, Equatable, Sendable {
    /// Resident memory in MiB.
    public let resident: Double
    /// The share of one core; more than 1 on several cores.
    public let cpu: Double
}

/// What a process took of the machine while the sale lasted.
public struct ProcessUse: Codable, Equatable, Sendable {
    public let cpuSeconds: Double
    /// The mean share of one core.
    public let cpuShare: Double
    /// Resident memory in MiB.
    public let residentStart: Double
    public let residentEnd: Double
    public let residentMaximum: Double
}

/// One look at a process: what it used up to a moment.
struct ProcessReading: Equatable, Sendable {
    /// Seconds since the start of the sale.
    var second: Double
    let cpuSeconds: Double
    let residentMebibytes: Double

    /// Linux tells every program in hundredths of a second, whatever it counts in itself.
    private static let ticksPerSecond = 100.0

    /// Reads `/proc/PID/stat`. The name of the process may hold blanks and brackets, so fields count from its end.
    init?(stat: String, second: Double, pageBytes: Int) {
        guard let end = stat.lastIndex(of: ")") else { return nil }
        let fields = stat[stat.index(after: end)...].split(separator: " ")
        guard fields.count > 21, let user = Double(fields[11]), let system = Double(fields[12]),
            let pages = Double(fields[21])
        else { return nil }
        self.second = second
        cpuSeconds = (user + system) / Self.ticksPerSecond
        residentMebibytes = pages * Double(pageBytes) / 1_048_576
    }

    /// Looks at a process; nil where there is no `/proc`, or no such process.
    static func take(of process: Int32, second: Double) -> ProcessReading? {
        guard let stat = try? String(contentsOfFile: "/proc/\(process)/stat", encoding: .utf8) else { return nil }
        return ProcessReading(stat: stat, second: second, pageBytes: Int(sysconf(Int32(_SC_PAGESIZE))))
    }
}

/// Looks at processes at equal intervals, on a queue of its own: reading `/proc` may block.
final class ProcessSampler: Sendable {
    private struct State: Sendable {
        var readings: [[ProcessReading]]
        var start: UInt64?
    }

    private let processes: [Int32]
    private let interval: Double
    private let queue = DispatchQueue(label: "sluice.drill.sampler")
    private let state: NIOLockedValueBox<State>

    init(processes: [Int32], interval: Double) {
        self.processes = processes
        self.interval = interval
        state = NIOLockedValueBox(State(readings: processes.map { _ in [] }))
    }

    func start() {
        let now = DispatchTime.now()
        state.withLockedValue { $0.start = now.uptimeNanoseconds }
        queue.async { self.take(0, since: now) }
    }

    /// Ends, and returns what was seen of each process.
    func stop() -> [[ProcessReading]] {
        guard let start = state.withLockedValue({ $0.start }) else { return processes.map { _ in [] } }
        let second = Double(DispatchTime.now().uptimeNanoseconds - start) / 1e9
        let last = processes.map { ProcessReading.take(of: $0, second: second) }
        return state.withLockedValue { state in
            state.start = nil
            for (index, reading) in last.enumerated() {
                if let reading { state.readings[index].append(reading) }
            }
            return state.readings
        }
    }

    private func take(_ number: Int, since start: DispatchTime) {
        let second = Double(DispatchTime.now().uptimeNanoseconds - start.uptimeNanoseconds) / 1e9
        let readings = processes.map { ProcessReading.take(of: $0, second: second) }
        let goesOn = state.withLockedValue { state in
            guard state.start != nil else { return false }
            for (index, reading) in readings.enumerated() {
                if let reading { state.readings[index].append(reading) }
            }
            return true
        }
        guard goesOn else { return }
        // Counted from the start, so that the looks stay in step with the rows.
        queue.asyncAfter(deadline: start + Double(number + 1) * interval) { [weak self] in
            self?.take(number + 1, since: start)
        }
    }
}

extension [ProcessReading] {
    /// All of it summed up; nil when there was nothing to see.
    var use: ProcessUse? {
        guard let first, let last, let most = map(\.residentMebibytes).max() else { return nil }
        let cpu = last.cpuSeconds - first.cpuSeconds
        return ProcessUse(
            cpuSeconds: cpu, cpuShare: cpu / Swift.max(last.second - first.second, 0.001),
            residentStart: first.residentMebibytes, residentEnd: last.residentMebibytes, residentMaximum: most)
    }

    /// What happened between two looks, each put into the row in which the second look was taken.
    func samples(rows: Int, interval: Double) -> [ProcessSample?] {
        var samples = [ProcessSample?](repeating: nil, count: rows)
        for (before, after) in zip(self, dropFirst()) {
            // A look that is taken at the end of an interval may come a little after it.
            let row = Int((after.second / interval).rounded()) - 1
            guard samples.indices.contains(row), after.second > before.second else { continue }
            samples[row] = ProcessSample(
                resident: after.residentMebibytes,
                cpu: (after.cpuSeconds - before.cpuSeconds) / (after.second - before.second))
        }
        return samples
    }
}

import ChildProcess
import Domain
import Drill
import Foundation
import NIOConcurrencyHelpers
import Shop

/// Drills, each in processes of its own: this program's `drill` command, which starts a shop of its own on a scratch
/// ledger. They run with the lowest priority, so that the live shop goes first, and on the live shop's disk, so that
/// what they measure holds for it.
final class DrillProcesses: DrillStage {
    /// Reports that are kept.
    private static let kept = 20
    /// Lines of a drill's complaints that are kept.
    private static let complaintLines = 5

    private struct Run {
        let entry: DrillEntry
        let process: ChildProcess
        var standing = DrillStanding()
        var complaints: ArraySlice<String> = []
    }

    private let folder: String
    private let binary: String?
    private let clock: any Shop.Clock
    /// Bytes that the disk must have left: the scratch ledger lies beside the live one.
    private static let roomBytes: Int64 = 512 << 20
    /// Seconds that a drill has to end in order; then it is killed, and its shop ends with it.
    private static let stopSeconds = 10

    private let run = NIOLockedValueBox<Run?>(nil)
    private let isBeginning = NIOLockedValueBox(false)

    /// - Parameter data: the folder of the live shop
    init(in data: URL, _ configuration: ServeConfiguration, clock: any Shop.Clock) {
        folder = data.appendingPathComponent("drills").path
        // Inside a test, this program has no such command.
        let own = Bundle.main.executableURL?.path
        binary = configuration.program ?? (own.map { ($0 as NSString).lastPathComponent } == "sluice" ? own : nil)
        self.clock = clock
    }

    // MARK: Holding one

    var standing: DrillStanding? { run.withLockedValue { $0?.standing } }

    func begin(_ plan: DrillPlan) async throws(ShopError) -> DrillEntry {
        guard let binary else { throw ShopError(.internalFault, "the program that holds drills is not known") }
        let name = try freshName(plan.product.slug)
        let place = "\(folder)/\(name)"
        let entry = DrillEntry(
            name: name, startedAt: FileStamp.read(FileStamp.text(clock.now())) ?? clock.now(),
            title: plan.product.title, state: .running(DrillStanding()))
        let pipe = Pipe()
        try reserve()
        defer { isBeginning.withLockedValue { $0 = false } }
        let process = try await Blocking.run { [self] () throws(ShopError) in
            try prepare(place, plan)
            return try Self.started(Self.command(binary, plan, report: place, scratch: "\(folder)/scratch", pipe))
        }
        run.withLockedValue { $0 = Run(entry: entry, process: process) }
        Thread.detachNewThread { [self] in follow(process, pipe.fileHandleForReading, place) }
        return entry
    }

    /// One at a time, and not on a disk that orders will need.
    private func reserve() throws(ShopError) {
        let isFree = isBeginning.withLockedValue { isBeginning in
            guard !isBeginning, run.withLockedValue({ $0 == nil }) else { return false }
            isBeginning = true
            return true
        }
        guard isFree else { throw ShopError(.busy, "another drill is being held") }
        guard DurableFile.room((folder as NSString).deletingLastPathComponent) >= Self.roomBytes else {
            isBeginning.withLockedValue { $0 = false }
            throw ShopError(.busy, "the disk has too little room for a drill")
        }
    }

    /// `20260101T200000Z-game-key`, with a number behind it when one was begun in the same second.
    private func freshName(_ slug: Slug) throws(ShopError) -> String {
        let name = "\(FileStamp.text(clock.now()))-\(slug.text)"
        let taken = Set(try names())
        return ([name] + (2...99).map { "\(name)-\($0)" }).first { !taken.contains($0) } ?? name
    }

    private func prepare(_ place: String, _ plan: DrillPlan) throws(ShopError) {
        try DurableFile.makeFolder(folder)
        // What an earlier drill left behind when it was killed.
        try? FileManager.default.removeItem(atPath: "\(folder)/scratch")
        try DurableFile.makeFolder("\(folder)/scratch")
        try DurableFile.makeFolder(place)
        try DurableFile.write(plan.product.title, to: "\(place)/title")
    }

    private static func started(_ command: ChildProcess.Command) throws(ShopError) -> ChildProcess {
        do {
            return try ChildProcess(command)
        } catch {
            throw ShopError(.internalFault, "the drill did not start: \(error)")
        }
    }

    private static func command(
        _ binary: String, _ plan: DrillPlan, report: String, scratch: String, _ pipe: Pipe
    ) -> ChildProcess.Command {
        let product = plan.product
        let arguments = [
            "drill", "--cards", "\(plan.cards)", "--buyers", "\(plan.buyers)", "--rate", "\(plan.rate)",
            "--paid", "\(Double(plan.paid) / 100)", "--title=\(product.title)", "--amount", "\(product.price.amount)",
            "--currency", product.price.currency.code, "--max-per-order", "\(product.limits.perOrder)",
            "--max-per-buyer", "\(product.limits.perBuyer)", "--hold-seconds", "\(DrillPlan.longestSeconds * 2)",
            "--report", report, "--progress-json",
        ]
        // The secrets of the live shop are none of the drill's business.
        var environment = ProcessInfo.processInfo.environment.filter { !$0.key.hasPrefix("SLUICE_") }
        environment["TMPDIR"] = scratch
        return ChildProcess.Command(
            "/usr/bin/env", ["nice", "-n", "19", binary] + arguments, environment: environment, errors: .pipe(pipe))
    }

    func stop() async {
        guard let process = run.withLockedValue({ $0?.process }) else { return }
        process.signal(SIGTERM)
        // Until what it left behind is cleared away, too.
        if await isOver(withinSeconds: Self.stopSeconds) { return }
        process.signal(SIGKILL)
        _ = await isOver(withinSeconds: 2)
    }

    private func isOver(withinSeconds seconds: Int) async -> Bool {
        let end = ContinuousClock.now + .seconds(seconds)
        while run.withLockedValue({ $0 != nil }), ContinuousClock.now < end {
            try? await Task.sleep(for: .milliseconds(20))
        }
        return run.withLockedValue { $0 == nil }
    }

    // MARK: Following it

    private func follow(_ process: ChildProcess, _ lines: FileHandle, _ place: String) {
        var rest: [UInt8] = []
        while true {
            // What is there: reading up to a count would wait until so much has come.
            let bytes = lines.availableData
            guard !bytes.isEmpty else { break }
            rest += bytes
            while let end = rest.firstIndex(of: UInt8(ascii: "\n")) {
                hear(Data(rest[..<end]))
                rest.removeSubrange(...end)
            }
            // A line without an end is nobody's.
            if rest.count > 1 << 16 { rest = [] }
        }
        let ending = process.waitUntilExit()
        let complaints = run.withLockedValue { Array($0?.complaints ?? []) }
        if DurableFile.size("\(place)/drill.json") == nil {
            let reason = complaints.isEmpty ? "it ended with \(ending.status)" : complaints.joined(separator: "\n")
            try? DurableFile.write(reason, to: "\(place)/failed")
        }
        try? FileManager.default.removeItem(atPath: "\(folder)/scratch")
        run.withLockedValue { $0 = nil }
        for name in ((try? names()) ?? []).dropFirst(Self.kept) {
            try? FileManager.default.removeItem(atPath: "\(folder)/\(name)")
        }
    }

    /// A line of JSON tells how far the drill is; any other is something that it complains of.
    private func hear(_ line: Data) {
        guard let told = try? JSONDecoder().decode(DrillProgressLine.self, from: line) else {
            let text = String(decoding: line.prefix(1000), as: UTF8.self)
            run.withLockedValue { run in
                let complaints = (run?.complaints ?? []) + [text]
                run?.complaints = complaints.suffix(Self.complaintLines)
            }
            return
        }
        var standing = DrillStanding()
        standing.seconds = told.seconds
        standing.sent = told.sent
        standing.accepted = told.accepted
        standing.soldOut = told.soldOut
        standing.other = told.other
        standing.delivered = told.delivered
        standing.p99 = told.p99
        run.withLockedValue { [standing] in $0?.standing = standing }
    }

    // MARK: Looking

    /// Newest first.
    private func names() throws(ShopError) -> [String] {
        guard FileManager.default.fileExists(atPath: folder) else { return [] }
        do {
            return try FileManager.default.contentsOfDirectory(atPath: folder)
                .filter { FileStamp.read(String($0.prefix(16))) != nil }.sorted(by: >)
        } catch {
            throw ShopError(.internalFault, "\(folder) cannot be read: \(error.localizedDescription)")
        }
    }

    func list() async throws(ShopError) -> [DrillEntry] {
        let names = try names()
        let running = run.withLockedValue { $0 }
        return names.map { name in
            if let running, running.entry.name == name {
                return DrillEntry(
                    name: name, startedAt: running.entry.startedAt, title: running.entry.title,
                    state: .running(running.standing))
            }
            let startedAt = FileStamp.read(String(name.prefix(16))) ?? Timestamp(milliseconds: 0)
            return DrillEntry(
                name: name, startedAt: startedAt, title: text(name, "title") ?? name, state: state(name))
        }
    }

    private func state(_ name: String) -> DrillEntry.State {
        if let report = try? report(of: name) {
            return report.passed ? .passed : report.verdict.violations.isEmpty ? .void : .missed
        }
        return .failed(reason: text(name, "failed") ?? "it was cut off")
    }

    private func text(_ name: String, _ file: String) -> String? {
        FileManager.default.contents(atPath: "\(folder)/\(name)/\(file)").map { String(decoding: $0, as: UTF8.self) }
    }

    private func report(of name: String) throws -> DrillReport? {
        try FileManager.default.contents(atPath: "\(folder)/\(name)/drill.json").map { try DrillReport(json: $0) }
    }

    private func place(_ name: String) throws(ShopError) -> String {
        guard try names().contains(name) else { throw ShopError(.notFound, "no such drill") }
        return "\(folder)/\(name)"
    }

    func report(_ name: String) async throws(ShopError) -> [UInt8] {
        guard let bytes = FileManager.default.contents(atPath: "\(try place(name))/drill.html") else {
            throw ShopError(.notFound, "the drill has no report")
        }
        return Array(bytes)
    }

    func outcome(_ name: String) async throws(ShopError) -> DrillOutcome? {
        _ = try place(name)
        do {
            return try report(of: name).map(DrillOutcome.init)
        } catch {
            throw ShopError(.internalFault, "the report of the drill \(name) cannot be read", cause: "\(error)")
        }
    }

    func remove(_ name: String) async throws(ShopError) {
        let place = try place(name)
        guard run.withLockedValue({ $0?.entry.name }) != name else {
            throw ShopError(.wrongState, "the drill is being held; stop it first")
        }
        do {
            try FileManager.default.removeItem(atPath: place)
        } catch {
            throw ShopError(.internalFault, "\(place) cannot be removed: \(error.localizedDescription)")
        }
    }
}

extension DrillOutcome {
    init(_ report: DrillReport) {
        let (counts, times) = (report.counts, report.milliseconds)
        let step = Double(report.intervalMilliseconds) / 1000
        self.init(
            isPassed: report.passed, complaints: report.verdict.violations + report.verdict.voids,
            cards: report.sale.cards, buyers: counts.buyers, accepted: counts.accepted,
            acceptedPerSecond: report.ordersPerSecond, soldOut: counts.soldOut,
            refused: counts.refused + counts.limited, failed: counts.failed + counts.unknown + counts.payFailed,
            delivered: counts.delivered, placing: Durations(times.placing), delivery: Durations(times.orderToDelivered),
            moments: report.series.map { row in
                Moment(
                    second: row.second, arrivals: Double(row.arrivals) / step, accepted: Double(row.accepted) / step,
                    soldOut: Double(row.soldOut) / step, p99: row.p99)
            })
    }
}

extension DrillOutcome.Durations {
    init(_ summary: LatencySummary) {
        self.init(count: summary.count, mean: summary.mean, p50: summary.p50, p99: summary.p99, longest: summary.max)
    }
}

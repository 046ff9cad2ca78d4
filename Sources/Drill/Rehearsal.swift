public import Foundation

/// Holds a drill from its first card to its verdict.
public struct Rehearsal: Sendable {
    /// Where the shop comes from.
    public enum Stage: Sendable {
        /// A shop of its own, started from this binary. The folder is removed unless `keeps` is true.
        case own(binary: URL, keeps: Bool)
        /// A shop that runs already; what is put into it stays there.
        ///
        /// Its owner's address is another one behind a gateway, and the same when nil.
        case running(url: String, adminURL: String?, adminToken: String)
    }

    private let settings: DrillSettings
    private let startedAt: String
    private let say: @Sendable (String) -> Void
    private let tell: @Sendable (DrillProgress) -> Void

    /// - Parameters:
    ///   - startedAt: the time of day, for the report.
    ///   - say: told, a line at a time, how far the drill is.
    ///   - progress: told each second of the sale what happened so far; told to `say` in words when nil.
    public init(
        _ settings: DrillSettings, startedAt: String, say: @escaping @Sendable (String) -> Void,
        progress: (@Sendable (DrillProgress) -> Void)? = nil
    ) {
        self.settings = settings
        self.startedAt = startedAt
        self.say = say
        tell = progress ?? { say(Self.line($0)) }
    }

    /// Holds the drill.
    ///
    /// - Throws: when it could not be held. What went wrong in a drill that was held is in the report's verdict.
    public func run(on stage: Stage) async throws -> DrillReport {
        try settings.validate()
        switch stage {
        case .own(let binary, let keeps): return try await runOwn(binary: binary, keeps: keeps)
        case .running(let url, let adminURL, let token):
            let act = try await act(url: url, adminURL: adminURL, token: token, process: nil)
            return try report(act, url: url, offline: nil, problem: nil)
        }
    }

    /// What one sale left behind.
    private struct Act {
        let plan: LoadPlan
        let result: LoadResult
        let processes: DrillReport.Processes
        let audit: AuditFigures
        let reads: ReadFigures?
    }

    private func runOwn(binary: URL, keeps: Bool) async throws -> DrillReport {
        var generator = SystemRandomNumberGenerator()
        let token = (0..<4).map { _ in String(generator.next(), radix: 36) }.joined()
        let shop = try await DrilledShop.start(binary: binary, adminToken: token)
        defer { if !keeps { shop.remove() } }
        if keeps { say("the folder is \(shop.folder.path)") }
        let act: Act
        do {
            act = try await self.act(url: shop.url, adminURL: nil, token: token, process: shop.identifier)
        } catch {
            await shop.stop()
            if !(error is CancellationError), !shop.log.isEmpty {
                say("the last lines of the shop's log:\n\(shop.log)")
            }
            throw error
        }
        let status = await shop.stop()
        let problem = status == 0 ? nil : "The shop ended with \(status): \(shop.log)"
        return try report(act, url: nil, offline: try await shop.audit(), problem: problem)
    }

    private func act(url: String, adminURL: String?, token: String, process: Int32?) async throws -> Act {
        let (host, port) = try Self.address(url)
        let plan = try settings.plan(host: host, port: port)
        return try await OwnerAPI.with(url: adminURL ?? url, token: token) { owner in
            say("importing \(Figure.count(settings.cards)) cards")
            try await owner.createProduct(settings)
            try await owner.enableSandbox()
            try await owner.importCards(settings.slug, count: settings.cards)
            if process != nil { try await warmUp(owner, host: host, port: port) }
            say("\(Figure.count(plan.schedule.count)) arrivals, \(settings.loadText)")
            let (result, processes) = try await sell(plan, shop: process)
            if let reads = plan.reads { say("\(Figure.count(reads.count)) looks at orders") }
            let reads = try await LoadGenerator.read(plan, of: result.orders)
            return Act(
                plan: plan, result: result, processes: processes, audit: try await owner.audit(), reads: reads)
        }
    }

    /// A shop that was started for the drill has never answered anybody. One that opens a sale has: so 600 buyers get
    /// and pay something else first, which no figure counts.
    private func warmUp(_ owner: OwnerAPI, host: String, port: Int) async throws {
        var other = DrillSettings(slug: "\(settings.slug.prefix(50))-warm-up", seed: settings.seed)
        (other.cards, other.buyers, other.rate, other.repeats) = (600, 600, 600, 0)
        other.connections = settings.connections
        try await owner.createProduct(other)
        try await owner.importCards(other.slug, count: other.cards)
        _ = try await LoadGenerator.run(try other.plan(host: host, port: port), started: {}, progress: { _ in })
    }

    private func sell(_ plan: LoadPlan, shop: Int32?) async throws -> (LoadResult, DrillReport.Processes) {
        let interval = Double(SaleSeries(saleNanoseconds: plan.schedule.nanoseconds).interval) / 1e9
        let sampler = ProcessSampler(
            processes: [ProcessInfo.processInfo.processIdentifier] + (shop.map { [$0] } ?? []), interval: interval)
        let tell = tell
        let teller = DispatchQueue(label: "sluice.drill.progress")
        var result = try await LoadGenerator.run(plan, started: { sampler.start() }) { progress in
            // Whoever reads the lines must not hold up the sale.
            teller.async { tell(progress) }
        }
        let readings = sampler.stop()
        let samples = readings.map { $0.samples(rows: result.rows.count, interval: interval) }
        for index in result.rows.indices {
            result.rows[index].generator = samples[0][index]
            if samples.count > 1 { result.rows[index].shop = samples[1][index] }
        }
        let shopUse = readings.count > 1 ? readings[1].use : nil
        return (result, DrillReport.Processes(shop: shopUse, generator: readings[0].use))
    }

    private static func line(_ progress: DrillProgress) -> String {
        let counts = progress.counts
        let failed = counts.failed + counts.payFailed
        return """
            \(Int(progress.seconds.rounded())) s: sent \(counts.arrivalsSent), accepted \(counts.accepted), \
            sold out \(counts.soldOut), refused \(counts.refused + counts.limited), unknown \(counts.unknown), \
            failed \(failed), delivered \(counts.delivered), waiting \(progress.waiting), \
            p99 \(Figure.short(progress.p99)) ms
            """
    }

    private func report(
        _ act: Act, url: String?, offline: AuditFigures?, problem: String?
    ) throws -> DrillReport {
        var audits = [DrillJudge.NamedAudit(name: "live", figures: act.audit)]
        if let offline { audits.append(DrillJudge.NamedAudit(name: "offline", figures: offline)) }
        let verdict = DrillJudge(
            slug: settings.slug, stock: settings.cards, quantity: settings.quantity, counts: act.result.counts,
            lagP99: act.result.latencies.lag.p99, maximumLag: settings.maximumLag, audits: audits, reads: act.reads
        ).verdict()
        let violations = verdict.violations + (problem.map { [$0] } ?? [])
        return DrillReport(
            startedAt: startedAt, machine: .current(), sale: settings.sale(act.plan, url: url), result: act.result,
            processes: act.processes,
            audits: DrillReport.Audits(live: act.audit.only(settings.slug), offline: offline?.only(settings.slug)),
            verdict: DrillVerdict(violations: violations, voids: verdict.voids), reads: act.reads)
    }

    /// The host and port of an address. The generator speaks plain HTTP only.
    static func address(_ url: String) throws(DrillError) -> (host: String, port: Int) {
        guard let parts = URLComponents(string: url), parts.scheme == "http", let host = parts.host, !host.isEmpty,
            ["", "/"].contains(parts.path), parts.query == nil, parts.user == nil
        else { throw DrillError("--url: \"\(url)\" is not http://HOST:PORT") }
        return (host, parts.port ?? 80)
    }
}

extension DrillReport {
    /// Writes `drill.json` and `drill.html` into a folder, which is made if it is missing.
    public func write(to folder: URL) throws {
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        try json().write(to: folder.appendingPathComponent("drill.json"), options: .atomic)
        try Data(HTMLReport.write(self).utf8).write(
            to: folder.appendingPathComponent("drill.html"), options: .atomic)
    }

    /// The report for a terminal.
    public var text: String { TextReport.write(self) }
}

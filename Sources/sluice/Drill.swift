import ArgumentParser
import Drill
import Foundation
import UnixSignals

/// Rehearses a flash sale.
struct DrillCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "drill", abstract: "Rehearse a flash sale, and judge whether it was honest.",
        discussion: """
            Starts a shop of its own in a temporary folder, puts cards on sale, lets buyers come at the given rate \
            whether or not the shop keeps up, pays and reads their orders, audits the books while the shop runs and \
            after it stopped, and compares them with what the buyers saw. Nothing of yours is touched.

            Exits 0 when no card was sold twice, none was refused while stock was left, and all books agree; 1 when \
            not, or when the drill proves nothing because the generator did not keep up.

            Latency counts from the moment at which an order was to be placed, so waiting is never left out.

            With --url it drives a shop that runs already, with the admin token from SLUICE_ADMIN_TOKEN. The drill's \
            product and orders stay there, and so does the sandbox channel, through which anybody can take cards \
            without paying: never do this to a shop that sells real cards. From another machine the shop's limit of \
            orders by address counts.
            """)

    @Option(help: "Cards on sale.")
    var cards = 500

    @Option(help: "Buyers who come, evenly; repeats come on top.")
    var buyers = 10_000

    @Option(help: "Arrivals a second.")
    var rate = 5000

    @Option(
        help: ArgumentHelp(
            "The load by phases, in place of --buyers and --rate: RATExSECONDS or burst COUNT, separated by commas.",
            discussion: "For example --load 1000x5,'burst 2000',5000x2."))
    var load: String?

    @Option(help: "Looks at accepted orders after the sale, such as 5000x60.")
    var reads: String?

    @Option(help: "Cards in one order.")
    var quantity = 1

    @Option(help: "Share of the arrivals that send an earlier buyer's request once more, as a double click does.")
    var repeats = 0.01

    @Option(help: "Share of the accepted orders that are paid.")
    var paid = 1.0

    @Option(help: "Seconds a buyer takes to pay, as LOW..HIGH.")
    var payAfter = "0..0"

    @Option(help: "Connections, opened before the sale starts.")
    var connections = 256

    @Option(help: "Seconds until a request is given up and its outcome is unknown.")
    var timeout = 10.0

    @Option(help: "Seconds to wait for payments and deliveries after the last arrival.")
    var drain = 60.0

    @Option(help: "Milliseconds by which 1 % of the arrivals may be late before the drill is void.")
    var maxLag = 5.0

    @Option(help: "What the drill's product is called.")
    var title = "Drill"

    @Option(help: "Price, in minor units.")
    var amount = 1990

    @Option(help: "Currency.")
    var currency = "CNY"

    @Option(help: "Cards that one order may take.")
    var maxPerOrder = 10

    @Option(help: "Cards that one buyer may have.")
    var maxPerBuyer = 1

    @Option(help: "Seconds that an unpaid order holds its cards; longer than the drill.")
    var holdSeconds = 600

    @Option(help: "A running shop, as http://HOST:PORT, in place of one of its own.")
    var url: String?

    @Option(help: "Where the owner of that shop works, if that is another address.")
    var adminURL: String?

    @Flag(
        help: ArgumentHelp(
            "Give each buyer an address, in X-Forwarded-For.",
            discussion: "A shop or a gateway that trusts this machine counts its limits by these."))
    var forwarded = false

    @Option(help: "Name of the drill's product; a random one if none is given.")
    var slug: String?

    @Option(help: "Makes the same buyers come again; the report names the seed of each drill.")
    var seed: UInt64?

    @Option(help: "Write drill.json and drill.html into this folder.")
    var report: String?

    @Flag(help: "Tell how far the drill is as lines of JSON, for programs.")
    var progressJson = false

    @Flag(help: "Keep the folder of the shop, and say where it is.")
    var keep = false

    func validate() throws {
        do {
            try settings().validate()
        } catch {
            throw ValidationError(error.description)
        }
        guard url != nil || adminURL == nil else { throw ValidationError("--admin-url: goes with --url") }
        guard url == nil || !keep else { throw ValidationError("--keep: there is no folder to keep with --url") }
    }

    func run() async throws {
        var hasPassed = false
        await exitOnError {
            let result = try await interruptible { try await held() }
            if let report { try result.write(to: URL(fileURLWithPath: report, isDirectory: true)) }
            try say(result.text)
            hasPassed = result.passed
        }
        if !hasPassed { throw ExitCode(1) }
    }

    private func held() async throws -> DrillReport {
        let now = Date.now.formatted(.iso8601)
        let complain: @Sendable (String) -> Void = { line in
            try? FileHandle.standardError.write(contentsOf: Data("\(line)\n".utf8))
        }
        let silence: @Sendable (String) -> Void = { _ in }
        let tell: @Sendable (DrillProgress) -> Void = { complain(DrillProgressLine($0).json) }
        let rehearsal = Rehearsal(
            settings(), startedAt: now, say: progressJson ? silence : complain, progress: progressJson ? tell : nil)
        if let url {
            guard let token = ProcessInfo.processInfo.environment["SLUICE_ADMIN_TOKEN"], !token.isEmpty else {
                throw Refused("--url: SLUICE_ADMIN_TOKEN is not set")
            }
            return try await rehearsal.run(on: .running(url: url, adminURL: adminURL, adminToken: token))
        }
        guard let binary = Bundle.main.executableURL else { throw Refused("cannot find the program's own binary") }
        return try await rehearsal.run(on: .own(binary: binary, keeps: keep))
    }

    private func settings() -> DrillSettings {
        let seed = seed ?? UInt64.random(in: 0..<1 << 53)
        var settings = DrillSettings(
            slug: slug ?? "drill-\(String(UInt32.random(in: .min ... .max), radix: 36))", seed: seed)
        settings.cards = cards
        settings.buyers = buyers
        settings.rate = rate
        settings.load = load
        settings.reads = reads
        settings.isForwarded = forwarded
        settings.quantity = quantity
        settings.repeats = repeats
        settings.paid = paid
        settings.payAfter = payAfter
        settings.connections = connections
        settings.timeout = timeout
        settings.drain = drain
        settings.maximumLag = maxLag
        settings.title = title
        settings.amount = amount
        settings.currency = currency
        settings.maxPerOrder = maxPerOrder
        settings.maxPerBuyer = maxPerBuyer
        settings.holdSeconds = holdSeconds
        return settings
    }
}

/// Why the command did nothing.
private struct Refused: Error, CustomStringConvertible {
    let description: String

    init(_ sentence: String) { description = sentence }
}

/// Cancels the work on SIGINT and SIGTERM, so that it can end what it started.
private func interruptible<Value: Sendable>(
    _ work: @escaping @Sendable () async throws -> Value
) async throws -> Value {
    try await withThrowingTaskGroup(of: Value?.self) { group in
        let signals = await UnixSignalsSequence(trapping: .sigint, .sigterm)
        group.addTask { try await work() }
        group.addTask {
            for await signal in signals { throw Refused("stopped by \(signal)") }
            return nil
        }
        defer { group.cancelAll() }
        while let value = try await group.next() {
            if let value { return value }
        }
        throw CancellationError()
    }
}

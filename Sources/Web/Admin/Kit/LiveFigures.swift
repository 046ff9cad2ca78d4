import NIOCore
import Shop
import WebSupport

/// What the metrics say at one moment, as far as the live screen shows it.
struct LiveSample {
    /// Requests for orders by outcome.
    var orders: [String: Double] = [:]
    /// Answers within so many seconds, by that bound, and all.
    var answers: [(bound: Double, count: Double)] = []
    /// Seconds that flushes took together, and how many there were.
    var flushSeconds = 0.0
    var flushes = 0.0
    var queue = 0.0
    var isWritable = true

    /// Reads Prometheus' text format, of our own registry.
    init(_ text: String) {
        for line in text.split(separator: "\n") where line.hasPrefix("sluice_") {
            guard let space = line.lastIndex(of: " "), let value = Double(line[line.index(after: space)...]) else {
                continue
            }
            let name = line[..<space]
            if name.hasPrefix("sluice_orders_total{") {
                orders[Self.label(name, "outcome")] = value
            } else if name.hasPrefix("sluice_order_seconds_bucket{") {
                answers.append((Double(Self.label(name, "le")) ?? .infinity, value))
            } else if name.hasPrefix("sluice_ledger_flush_seconds_sum") {
                flushSeconds += value
            } else if name.hasPrefix("sluice_ledger_flush_seconds_count") {
                flushes += value
            } else if name.hasPrefix("sluice_intake_queue_depth") {
                queue = value
            }
        }
    }

    private static func label(_ text: Substring, _ name: String) -> String {
        guard let start = text.firstRange(of: "\(name)=\"") else { return "" }
        return String(text[start.upperBound...].prefix { $0 != "\"" })
    }
}

/// What happened between two samples.
struct LiveFigures {
    let perSecond: Double
    let accepted: Double
    let soldOut: Double
    let refused: Double
    let failed: Double
    /// Milliseconds within which 99 of 100 were answered, by the bounds of the histogram; nil without answers.
    let p99: Double?
    /// Milliseconds of one flush in the mean; nil without flushes.
    let flush: Double?
    let queue: Double

    private static let good: Set<String> = ["placed", "existing"]
    private static let faults: Set<String> = ["failed", "outcome_unknown"]

    init(from before: LiveSample, to now: LiveSample, seconds: Double) {
        func count(_ isMeant: (String) -> Bool) -> Double {
            now.orders.filter { isMeant($0.key) }.reduce(0) { $0 + $1.value - (before.orders[$1.key] ?? 0) }
        }
        accepted = count { Self.good.contains($0) }
        soldOut = count { $0 == "sold_out" }
        failed = count { Self.faults.contains($0) }
        refused = count { !Self.good.contains($0) && $0 != "sold_out" && !Self.faults.contains($0) }
        perSecond = (accepted + soldOut + failed + refused) / max(seconds, 0.001)
        let earlier = Dictionary(before.answers.map { ($0.bound, $0.count) }) { first, _ in first }
        let answers = now.answers.sorted { $0.bound < $1.bound }.map { ($0.bound, $0.count - (earlier[$0.bound] ?? 0)) }
        let all = answers.last?.1 ?? 0
        p99 = all > 0 ? answers.first { $0.1 >= 0.99 * all }.map { $0.0 * 1000 } : nil
        let flushes = now.flushes - before.flushes
        flush = flushes > 0 ? (now.flushSeconds - before.flushSeconds) / flushes * 1000 : nil
        queue = now.queue
    }

    private static func whole(_ value: Double) -> String { "\(Int(value.rounded()))" }

    private static func milliseconds(_ value: Double?) -> String {
        guard let value else { return "–" }
        return value.isFinite ? "\((value * 10).rounded() / 10) ms" : "> 10 s"
    }

    /// What stands beside the figures at one moment.
    struct Beside {
        /// Cards left of all products.
        let stock: Int
        let isWritable: Bool
        /// Whether the gate counts no stock below zero.
        let isStockRight: Bool
        /// The last audit; nil before the first one.
        let books: BooksLook?
        /// When it ended, where the shop is.
        let booksTime: String
        /// Of the drill that is being held.
        let drill: DrillStanding?
    }

    /// As the script of the page takes it: texts by their keys.
    func json(_ beside: Beside, since start: LiveSample, now: LiveSample) -> String {
        let total = LiveFigures(from: start, to: now, seconds: 1)
        let drill: [String: String] = beside.drill.map(Self.texts) ?? [:]
        let buffer = JSONWriter.object { json in
            json.string("rate", Self.whole(perSecond))
            json.string("accepted", Self.whole(total.accepted))
            json.string("soldOut", Self.whole(total.soldOut))
            json.string("refused", Self.whole(total.refused))
            json.string("failed", Self.whole(total.failed))
            json.string("p99", Self.milliseconds(p99))
            json.string("flush", Self.milliseconds(flush))
            json.string("queue", Self.whole(queue))
            json.string("stock", "\(beside.stock)")
            json.bool("writable", beside.isWritable)
            json.object("now") { json in
                json.bool("ledger", beside.isWritable)
                json.bool("stock", beside.isStockRight)
                json.bool("answers", total.failed == 0)
            }
            if let books = beside.books {
                json.string("booksTime", beside.booksTime)
                json.object("books") { json in
                    for check in books.checks { json.bool(check.id, check.isRight) }
                }
            }
            json.bool("drill", beside.drill != nil)
            for key in Self.drillKeys { if let text = drill[key] { json.string(key, text) } }
        }
        return String(buffer: buffer)
    }

    // MARK: A drill

    /// What is told of a drill, in the order in which it is shown.
    static let drillKeys = [
        "drill_seconds", "drill_sent", "drill_accepted", "drill_soldOut", "drill_other", "drill_delivered",
        "drill_p99now",
    ]

    /// How a drill stands, by the same keys.
    static func texts(_ drill: DrillStanding) -> [String: String] {
        [
            "drill_seconds": whole(drill.seconds), "drill_sent": "\(drill.sent)",
            "drill_accepted": "\(drill.accepted)", "drill_soldOut": "\(drill.soldOut)",
            "drill_other": "\(drill.other)", "drill_delivered": "\(drill.delivered)",
            "drill_p99now": milliseconds(drill.p99),
        ]
    }
}

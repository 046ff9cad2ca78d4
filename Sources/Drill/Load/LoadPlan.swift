import Foundation

/// What a load generator is to do.
struct LoadPlan: Sendable {
    var schedule: ArrivalSchedule
    /// When accepted orders are looked at after the sale, by whoever has their tokens.
    var reads: ArrivalSchedule?
    let buyers: Buyers
    let host: String
    let port: Int
    /// Whether each buyer comes from an address of their own, as a proxy on this machine would tell.
    let isForwarded: Bool
    let slug: String
    let quantity: Int
    /// Cards that were imported.
    let stock: Int
    let connections: Int
    let timeoutNanoseconds: Int64
    let drainNanoseconds: Int64
}

/// What a load generator saw.
struct LoadResult: Sendable {
    let counts: DrillCounts
    let latencies: LatencySummaries
    let intervalMilliseconds: Int
    var rows: [SeriesRow]
    /// From the first arrival to the last answer that accepted an order.
    let secondsToLastAccepted: Double
    /// From the first arrival to the end of the last journey.
    let seconds: Double
    /// What was accepted, if it is to be looked at later.
    let orders: [PlaceAnswer.Order]
}

/// How far a drill is.
public struct DrillProgress: Sendable {
    public let seconds: Double
    public let counts: DrillCounts
    /// Of placing orders, in milliseconds.
    public let p99: Double
    /// Arrivals that wait for a free connection.
    public let waiting: Int
}

/// ``DrillProgress`` as a line of JSON, for programs that hold a drill.
public struct DrillProgressLine: Codable, Equatable, Sendable {
    /// Seconds since the first buyer came.
    public let seconds: Double
    /// Buyers who have come, repeats included.
    public let sent: Int
    public let accepted: Int
    public let soldOut: Int
    /// Turned away for other reasons, unknown or failed.
    public let other: Int
    public let delivered: Int
    /// Milliseconds within which 99 of 100 orders were answered; nil before the first.
    public let p99: Double?

    /// Says what a moment of a drill comes to.
    public init(_ progress: DrillProgress) {
        let counts = progress.counts
        seconds = progress.seconds
        sent = counts.arrivalsSent
        accepted = counts.accepted
        soldOut = counts.soldOut
        other = counts.refused + counts.limited + counts.unknown + counts.failed + counts.payFailed
        delivered = counts.delivered
        p99 = progress.p99.isFinite ? progress.p99 : nil
    }

    /// One line, without its end.
    public var json: String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = .sortedKeys
        return (try? encoder.encode(self)).map { String(decoding: $0, as: UTF8.self) } ?? ""
    }
}

package import Domain
import Foundation
import WebSupport

/// Moments as people read them, in the time zone of the shop.
package struct LocalTime {
    private let zone: TimeZone

    /// - Parameter zone: name by IANA; UTC when there is none of that name
    package init(zone: String) { self.zone = TimeZone(identifier: zone) ?? .gmt }

    /// `2026-01-31 20:00`
    package func text(_ moment: Timestamp) -> String {
        let shifted = moment.advanced(seconds: Int64(offset(at: moment)))
        return String(RFC3339.text(shifted).prefix(16)).replacing("T", with: " ")
    }

    /// `2026-01-31 20:00:07`
    package func exactText(_ moment: Timestamp) -> String {
        let shifted = moment.advanced(seconds: Int64(offset(at: moment)))
        return String(RFC3339.text(shifted).prefix(19)).replacing("T", with: " ")
    }

    /// `UTC+8`
    package func name(at moment: Timestamp) -> String {
        let minutes = offset(at: moment) / 60
        guard minutes != 0 else { return "UTC" }
        let (hours, rest) = (abs(minutes) / 60, abs(minutes) % 60)
        let sign = minutes < 0 ? "−" : "+"
        return "UTC\(sign)\(hours)" + (rest == 0 ? "" : ":\(rest < 10 ? "0" : "")\(rest)")
    }

    /// Seconds that the zone is ahead of UTC.
    package func secondsFromUTC(at moment: Timestamp) -> Int { offset(at: moment) }

    /// `2026-01-31T20:00`, as a form's field for a moment has it.
    package func input(_ moment: Timestamp) -> String { text(moment).replacing(" ", with: "T") }

    /// The moment of such a text; nil when it is none. Of an hour that a change of clocks has twice it is either one.
    package func moment(_ text: String) -> Timestamp? {
        guard text.utf8.count == 16, let clock = RFC3339.read(text + ":00Z") else { return nil }
        let near = clock.advanced(seconds: -Int64(offset(at: clock)))
        return clock.advanced(seconds: -Int64(offset(at: near)))
    }

    private func offset(at moment: Timestamp) -> Int {
        zone.secondsFromGMT(for: Date(timeIntervalSince1970: Double(moment.milliseconds) / 1000))
    }
}

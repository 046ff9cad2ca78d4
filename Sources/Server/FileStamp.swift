import Domain
import WebSupport

/// Moments as parts of file names: `20260101T200000Z`.
enum FileStamp {
    /// Whole seconds, UTC.
    static func text(_ moment: Timestamp) -> String {
        RFC3339.text(moment).prefix(19).filter { $0 != "-" && $0 != ":" } + "Z"
    }

    static func read(_ text: String) -> Timestamp? {
        let characters = Array(text)
        guard characters.count == 16 else { return nil }
        func part(_ from: Int, _ count: Int) -> String { String(characters[from..<from + count]) }
        return RFC3339.read(
            "\(part(0, 4))-\(part(4, 2))-\(part(6, 2))T\(part(9, 2)):\(part(11, 2)):\(part(13, 2))Z")
    }
}

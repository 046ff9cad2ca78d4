import Domain
import PageSupport

// What is wrong, in the member's words. Use cases say it in English, as the API does; where there are no other words,
// the English ones stay.
extension AdminVisit {
    private static let prefixes = ["cat", "coupon", "term", "set", "epay", "more", "seek", "block", "news"]

    /// What pages call a field.
    func label(_ field: String) -> String {
        let parts = field.split(separator: ".", maxSplits: 1).map(String.init)
        guard let base = parts.first else { return field }
        if base == "settings", parts.count == 2 { return words["epay_\(parts[1])"] ?? parts[1] }
        let known = Self.prefixes.lazy.compactMap { words["\($0)_\(base)"] }.first ?? words[base] ?? base
        return parts.count == 2 ? "\(known) \(parts[1])" : known
    }

    /// What is wrong with a field.
    func reason(_ detail: String) -> String {
        language == .chinese ? Reasons.chinese(detail) ?? detail : detail
    }

    /// What is wrong, with the field where that is one's fault.
    func reason(_ error: ShopError) -> String {
        error.field.map { "\(label($0)): \(bareReason(error))" } ?? reason(error.detail)
    }

    /// What is wrong, to be read beside the field whose fault it is.
    func bareReason(_ error: ShopError) -> String {
        let prefix = "\(error.field ?? ""): "
        return reason(error.detail.hasPrefix(prefix) ? String(error.detail.dropFirst(prefix.count)) : error.detail)
    }
}

/// The most common reasons in Chinese: sentences in which `{1}`, `{2}` stand for whatever is there.
enum Reasons {
    private struct Sentence {
        let parts: [String]
        let chinese: String
    }

    private static let sentences = AdminWords.chineseReasons.map { english, chinese in
        let parts = english.split(separator: /\{[0-9]\}/, omittingEmptySubsequences: false)
        return Sentence(parts: parts.map(String.init), chinese: chinese)
    }

    /// Nil when there are no words for it.
    static func chinese(_ english: String, depth: Int = 0) -> String? {
        for sentence in sentences {
            guard let found = places(in: english, between: sentence.parts) else { continue }
            var text = sentence.chinese
            for (index, place) in found.enumerated() {
                let known = depth < 2 ? chinese(place, depth: depth + 1) : nil
                text = text.replacing("{\(index + 1)}", with: known ?? place, maxReplacements: 1)
            }
            return text
        }
        return nil
    }

    /// What stands between the parts of a sentence; nil when the text is another one.
    private static func places(in text: String, between parts: [String]) -> [String]? {
        guard parts.count > 1 else { return text == parts[0] ? [] : nil }
        guard text.hasPrefix(parts[0]) else { return nil }
        var rest = text.dropFirst(parts[0].count)
        var places: [String] = []
        for (index, part) in parts.enumerated().dropFirst() {
            let isLast = index == parts.count - 1
            if isLast, part.isEmpty {
                places.append(String(rest))
                return rest.isEmpty ? nil : places
            }
            guard let next = isLast ? rest.ranges(of: part).last : rest.firstRange(of: part),
                !isLast || next.upperBound == rest.endIndex, next.lowerBound > rest.startIndex
            else { return nil }
            places.append(String(rest[..<next.lowerBound]))
            rest = rest[next.upperBound...]
        }
        return places
    }
}

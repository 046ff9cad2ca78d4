/// A language that the pages speak.
package enum Language: String, CaseIterable, Sendable {
    case english = "en"
    case chinese = "zh"

    /// As HTML names it.
    package var tag: String {
        switch self {
        case .english: "en"
        case .chinese: "zh-CN"
        }
    }

    /// In itself.
    package var name: String {
        switch self {
        case .english: "English"
        case .chinese: "简体中文"
        }
    }

    /// What a visitor prefers: Chinese when it is asked for first, otherwise English. nginx keeps pages by the same
    /// rule.
    package init(accepted: String?) {
        self = accepted?.lowercased().hasPrefix("zh") == true ? .chinese : .english
    }
}

/// Words of pages.
package enum PageWords {
    /// A word with what belongs in its places.
    package static func text(
        _ words: [String: String], _ key: String, _ first: String = "", _ second: String = ""
    ) -> String {
        var text = ""
        var rest = (words[key] ?? key)[...]
        // In one go, because what is put in may look like a place.
        while let start = rest.firstIndex(of: "{") {
            text += rest[..<start]
            rest = rest[start...]
            if rest.hasPrefix("{n}") {
                text += first
            } else if rest.hasPrefix("{m}") {
                text += second
            } else {
                text += rest.prefix(1)
                rest = rest.dropFirst()
                continue
            }
            rest = rest.dropFirst(3)
        }
        return text + rest
    }
}

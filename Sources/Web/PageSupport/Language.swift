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
        (words[key] ?? key).replacing("{n}", with: first).replacing("{m}", with: second)
    }
}

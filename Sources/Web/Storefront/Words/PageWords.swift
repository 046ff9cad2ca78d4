import PageSupport

extension Language {
    /// The words of the storefront.
    var words: [String: String] {
        switch self {
        case .english: PageWords.english
        case .chinese: PageWords.chinese
        }
    }
}

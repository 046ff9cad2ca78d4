public import Domain

/// What came of holding a text against a pattern.
public enum PatternVerdict: Hashable, Sendable {
    /// The whole text fits.
    case fits
    /// It does not.
    case differs
    /// It could not be told within the steps that one match may take.
    case tooHard
}

/// Holds what buyers fill in against the regular expressions of owners, within a bound of time.
public protocol Patterns: Sendable {
    /// - Throws: *invalid_request* that says what is wrong when it is no regular expression.
    func check(_ pattern: String) throws(ShopError)
    /// Holds a whole text against a pattern that was checked. A pattern that is none fits nothing.
    func match(_ text: String, _ pattern: String) -> PatternVerdict
}

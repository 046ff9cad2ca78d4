/// Why a drill could not be held. It says so in one sentence.
public struct DrillError: Error, Equatable, CustomStringConvertible {
    /// The sentence.
    public let description: String

    init(_ sentence: String) { description = sentence }
}

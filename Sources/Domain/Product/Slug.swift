/// The name of a product or channel in addresses: 1 to 64 of `a-z`, `0-9` and `-`.
public struct Slug: Hashable, Sendable {
    /// The characters.
    public let text: String

    /// Nil when the text is empty, too long or holds another character.
    public init?(_ text: String) {
        guard (1...64).contains(text.utf8.count), text.utf8.allSatisfy(Self.allows) else { return nil }
        self.text = text
    }

    private static func allows(_ character: UInt8) -> Bool {
        (0x61...0x7A).contains(character) || (0x30...0x39).contains(character) || character == UInt8(ascii: "-")
    }
}

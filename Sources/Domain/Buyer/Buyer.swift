/// A normalised contact. Two spellings of one contact are one buyer.
///
/// A contact is an e-mail address or 5 to 15 digits (a QQ or phone number). White space around it is dropped and
/// letters are folded to lower case. Only ASCII is accepted, so that look-alike letters cannot make one person two
/// buyers.
public struct Buyer: Hashable, Sendable {
    /// The normalised contact.
    public let contact: String

    /// The longest e-mail address, in characters (RFC 5321, section 4.5.3.1.3, less the angle brackets).
    public static let maximumLength = 254

    /// Normalises a contact; nil when it is neither an e-mail address nor 5 to 15 digits.
    public init?(contact raw: some StringProtocol) {
        guard let folded = Self.folded(String(raw)) ?? Self.folded(Self.trimmed(raw)) else { return nil }
        guard Self.isNumber(folded) || Self.isEmailAddress(folded) else { return nil }
        contact = folded
    }

    /// Normalises a contact that somebody sent.
    ///
    /// - Throws: *invalid_request* that names the field `contact`.
    public static func parse(_ contact: some StringProtocol) throws(ShopError) -> Buyer {
        guard let buyer = Buyer(contact: contact) else {
            throw .invalid("contact", "must be an e-mail address or 5 to 15 digits")
        }
        return buyer
    }

    /// Takes a contact that was normalised when it was stored.
    public init(stored contact: String) { self.contact = contact }

    /// Whether it is digits, and not an e-mail address.
    public var isNumber: Bool { Self.isNumber(contact) }

    /// Without the white space of any script around it.
    private static func trimmed(_ raw: some StringProtocol) -> String {
        let trimmed = raw.unicodeScalars.drop(while: \.properties.isWhitespace)
            .reversed().drop(while: \.properties.isWhitespace).reversed()
        var text = String.UnicodeScalarView()
        text.append(contentsOf: trimmed)
        return String(text)
    }

    /// In lower case; nil unless it is short enough and all of printable ASCII, as nearly every contact is.
    private static func folded(_ text: String) -> String? {
        guard text.utf8.count <= maximumLength, text.utf8.allSatisfy({ (0x21...0x7E).contains($0) }) else {
            return nil
        }
        let isFolded = !text.utf8.contains { (0x41...0x5A).contains($0) }
        return isFolded ? text : text.lowercased()
    }

    private static func isNumber(_ text: String) -> Bool {
        (5...15).contains(text.utf8.count) && text.utf8.allSatisfy { (0x30...0x39).contains($0) }
    }

    private static func isEmailAddress(_ text: String) -> Bool {
        let parts = text.utf8.split(separator: UInt8(ascii: "@"), omittingEmptySubsequences: false)
        guard parts.count == 2, (1...64).contains(parts[0].count) else { return false }
        let labels = parts[1].split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        guard labels.count >= 2, labels.allSatisfy({ (1...63).contains($0.count) }) else { return false }
        let domainIsValid = labels.allSatisfy { label in
            label.allSatisfy { isLetterOrDigit($0) || $0 == UInt8(ascii: "-") }
        }
        let localIsValid = parts[0].allSatisfy { isLetterOrDigit($0) || "!#$%&'*+-/=?^_`{|}~.".utf8.contains($0) }
        return domainIsValid && localIsValid
    }

    private static func isLetterOrDigit(_ character: UInt8) -> Bool {
        (0x30...0x39).contains(character) || (0x61...0x7A).contains(character)
    }
}

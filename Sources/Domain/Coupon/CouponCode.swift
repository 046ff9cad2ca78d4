/// What a buyer types to have a coupon's discount: 4 to 32 of `A-Z`, `0-9` and `-`.
public struct CouponCode: Hashable, Sendable {
    /// The characters, in upper case.
    public let text: String

    /// Drops white space around it and folds to upper case; nil when it is no code.
    public init?(_ raw: String) {
        let text = raw.utf8.allSatisfy(Self.allows) ? raw : Self.folded(raw)
        guard (4...32).contains(text.utf8.count), text.utf8.allSatisfy(Self.allows) else { return nil }
        self.text = text
    }

    private static func folded(_ raw: String) -> String {
        let trimmed = raw.unicodeScalars.drop(while: \.properties.isWhitespace)
            .reversed().drop(while: \.properties.isWhitespace).reversed()
        // Letters outside ASCII could fold into others.
        return String(String.UnicodeScalarView(trimmed.map { $0.isASCII ? folded($0) : $0 }))
    }

    private static func folded(_ scalar: Unicode.Scalar) -> Unicode.Scalar {
        ("a"..."z").contains(scalar) ? Unicode.Scalar(UInt8(scalar.value - 0x20)) : scalar
    }

    private static func allows(_ character: UInt8) -> Bool {
        (0x41...0x5A).contains(character) || (0x30...0x39).contains(character) || character == UInt8(ascii: "-")
    }
}

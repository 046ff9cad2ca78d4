/// Texts of the protocol that have rules of their own.
enum EpayText {
    private static let maximumNumberLength = 128
    private static let maximumGoodsNameBytes = 127

    /// Whether a text can be an order's number, ours or the gateway's: 1 to 128 printable ASCII characters.
    ///
    /// `&` and `=` are refused. With them, one signed string could be split into fields in two ways, and the same
    /// payment would arrive under two numbers.
    static func isNumber(_ text: String) -> Bool {
        (1...maximumNumberLength).contains(text.utf8.count)
            && text.utf8.allSatisfy {
                (0x20...0x7E).contains($0) && $0 != UInt8(ascii: "&") && $0 != UInt8(ascii: "=")
            }
    }

    /// Whether a text holds something, but nothing that is seen.
    static func isBlank(_ text: String) -> Bool { !text.isEmpty && text.unicodeScalars.allSatisfy(isBlank) }

    /// NUL counts as well, since gateways trim it like white space.
    private static func isBlank(_ scalar: Unicode.Scalar) -> Bool {
        scalar.properties.isWhitespace || scalar.value == 0
    }

    /// A title without white space around it, cut to what a gateway takes; empty when nothing is left.
    static func goodsName(_ title: String) -> String {
        var name = ""
        for character in trimmed(title) {
            guard name.utf8.count + character.utf8.count <= maximumGoodsNameBytes else { break }
            name.append(character)
        }
        return trimmed(name)
    }

    private static func trimmed(_ text: String) -> String {
        var rest = text.unicodeScalars[...]
        while let first = rest.first, isBlank(first) { rest.removeFirst() }
        while let last = rest.last, isBlank(last) { rest.removeLast() }
        return String(rest)
    }

    /// At most so many bytes of UTF-8, without a broken character at the end.
    static func cut(_ text: String, bytes: Int) -> String {
        var end = text.utf8.index(text.startIndex, offsetBy: bytes, limitedBy: text.endIndex) ?? text.endIndex
        while end.samePosition(in: text.unicodeScalars) == nil { end = text.utf8.index(before: end) }
        return String(text.unicodeScalars[..<end])
    }
}

import WebSupport

/// Texts in addresses.
package enum FormText {
    package static func decoded(_ text: some StringProtocol) -> String? { FormDecoder.decode(text) }

    /// Percent-encoded, but for letters, digits and `-._~` (RFC 3986, section 2.3).
    package static func encoded(_ text: String) -> String { encoded(text.utf8) }

    /// The same of bytes.
    package static func encoded(_ bytes: some Sequence<UInt8>) -> String {
        var encoded = ""
        for byte in bytes {
            switch byte {
            case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x2D, 0x2E, 0x5F, 0x7E:
                encoded.unicodeScalars.append(Unicode.Scalar(byte))
            default:
                encoded += byte < 16 ? "%0" : "%"
                encoded += String(byte, radix: 16, uppercase: true)
            }
        }
        return encoded
    }
}

/// Base32 as RFC 4648 section 6 has it, without padding: how authenticator apps take a secret.
public enum Base32 {
    private static let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".utf8)

    /// Eight characters for five bytes; the last bits are filled up with zeros.
    public static func text(_ bytes: some Sequence<UInt8>) -> String {
        var characters: [UInt8] = []
        var (buffer, bits) = (0, 0)
        for byte in bytes {
            buffer = (buffer << 8 | Int(byte)) & 0xFFFF
            bits += 8
            while bits >= 5 {
                bits -= 5
                characters.append(alphabet[buffer >> bits & 31])
            }
        }
        if bits > 0 { characters.append(alphabet[buffer << (5 - bits) & 31]) }
        return String(decoding: characters, as: UTF8.self)
    }

    /// Nil for another character, a length that no bytes have, or bits left over that are not zero. Lower case is
    /// taken as upper case, and padding at the end is let be.
    public static func bytes(_ text: String) -> [UInt8]? {
        var characters = Array(text.utf8)
        while characters.last == UInt8(ascii: "=") { characters.removeLast() }
        guard [0, 2, 4, 5, 7].contains(characters.count % 8) else { return nil }
        var bytes: [UInt8] = []
        var (buffer, bits) = (0, 0)
        for character in characters {
            guard let value = value(character) else { return nil }
            buffer = (buffer << 5 | value) & 0xFFF
            bits += 5
            if bits >= 8 {
                bits -= 8
                bytes.append(UInt8(truncatingIfNeeded: buffer >> bits))
            }
        }
        return buffer & ((1 << bits) - 1) == 0 ? bytes : nil
    }

    private static func value(_ character: UInt8) -> Int? {
        switch character {
        case UInt8(ascii: "A")...UInt8(ascii: "Z"): Int(character - UInt8(ascii: "A"))
        case UInt8(ascii: "a")...UInt8(ascii: "z"): Int(character - UInt8(ascii: "a"))
        case UInt8(ascii: "2")...UInt8(ascii: "7"): Int(character - UInt8(ascii: "2")) + 26
        default: nil
        }
    }
}

import Crypto

/// Secrets of the staff: comparing, digesting and making them.
public enum Secrets {
    /// Whether both are the same, in a time that does not tell where they differ.
    public static func areEqual(_ left: [UInt8], _ right: [UInt8]) -> Bool {
        let key = SymmetricKey(size: .bits256)
        let code = HMAC<SHA256>.authenticationCode(for: left, using: key)
        return HMAC<SHA256>.isValidAuthenticationCode(code, authenticating: right, using: key)
    }

    /// What is kept of a token. A row that is found by it needs no further comparison: whoever could use the time of
    /// finding it would have to find texts for chosen digests first.
    public static func digest(token: String) -> [UInt8] { Array(SHA256.hash(data: Array(token.utf8))) }

    /// Whether it looks like a token at all: 64 hexadecimal digits.
    static func isToken(_ text: String) -> Bool { text.utf8.count == 64 && Hexadecimal.bytes(text) != nil }

    /// Unpredictable bytes.
    public static func random(_ count: Int) -> [UInt8] {
        SymmetricKey(size: SymmetricKeySize(bitCount: count * 8)).withUnsafeBytes { Array($0) }
    }
}

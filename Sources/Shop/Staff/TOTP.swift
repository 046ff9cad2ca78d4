import Crypto
public import Domain

/// Codes that change every 30 seconds (RFC 6238, with HMAC-SHA-1 and six digits, which is what authenticator apps
/// support).
public enum TOTP {
    /// Bytes of a secret: as many as HMAC-SHA-1 gives, as RFC 4226 asks for.
    public static let secretBytes = 20
    /// Seconds of one step.
    public static let stepSeconds: Int64 = 30
    /// Digits of a code.
    public static let digits = 6
    /// Steps before and after the present one whose codes are taken, for clocks that differ and people who type.
    public static let window: Int64 = 1

    /// The step that a moment is in.
    public static func step(at moment: Timestamp) -> Int64 { moment.milliseconds / (stepSeconds * 1000) }

    /// The code of a step.
    public static func code(_ secret: [UInt8], step: Int64, digits: Int = digits) -> String {
        let counter = withUnsafeBytes(of: step.bigEndian) { Array($0) }
        let code = HMAC<Insecure.SHA1>.authenticationCode(for: counter, using: SymmetricKey(data: secret))
        let bytes = Array(code)
        let offset = Int(bytes[bytes.count - 1] & 15)
        let number = bytes[offset..<offset + 4].reduce(0 as UInt64) { $0 << 8 | UInt64($1) } & 0x7FFF_FFFF
        let text = String(number)
        let padded = String(repeating: "0", count: max(0, digits - text.utf8.count)) + text
        return String(padded.suffix(digits))
    }

    /// The step whose code this is: within ``window`` of the moment, and after the last one that was taken. Every
    /// candidate is compared, in constant time, whichever it is.
    public static func step(of code: String, _ secret: [UInt8], at moment: Timestamp, after last: Int64?) -> Int64? {
        let now = step(at: moment)
        var found: Int64?
        for candidate in now - window...now + window {
            let isEqual = Secrets.areEqual(Array(code.utf8), Array(self.code(secret, step: candidate).utf8))
            if isEqual, last.map({ candidate > $0 }) ?? true { found = found ?? candidate }
        }
        return found
    }

    /// What an authenticator app reads from a QR code
    /// (https://github.com/google/google-authenticator/wiki/Key-Uri-Format).
    public static func uri(secret: [UInt8], issuer: String, account: StaffName) -> String {
        let name = escaped(issuer)
        return "otpauth://totp/\(name):\(account.text)?secret=\(Base32.text(secret))&issuer=\(name)"
            + "&algorithm=SHA1&digits=\(digits)&period=\(stepSeconds)"
    }

    /// Letters and digits stay as they are; all else is escaped byte by byte.
    private static func escaped(_ text: String) -> String {
        var escaped = ""
        for byte in text.utf8 {
            let scalar = Unicode.Scalar(byte)
            let isPlain = scalar.isASCII && (scalar.properties.isAlphabetic || (48...57).contains(byte))
            escaped += isPlain ? String(scalar) : "%" + Hexadecimal.text([byte]).uppercased()
        }
        return escaped
    }
}

import Crypto

/// Comparison of secrets that takes the same time wherever they differ.
public enum ConstantTime {
    /// Whether two texts are equal. Both are hashed first, so that not even the length shows.
    public static func areEqual(_ left: String, _ right: String) -> Bool {
        let key = SymmetricKey(size: .bits256)
        let code = HMAC<SHA256>.authenticationCode(for: Array(left.utf8), using: key)
        return HMAC<SHA256>.isValidAuthenticationCode(code, authenticating: Array(right.utf8), using: key)
    }
}

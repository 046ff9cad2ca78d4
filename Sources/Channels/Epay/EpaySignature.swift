import Crypto
import Shop

/// The MD5 signature of the first version of the protocol.
enum EpaySignature {
    /// The only algorithm that a channel of this kind takes; a notice cannot choose another.
    static let algorithm = "MD5"

    /// The non-empty fields but `sign` and `sign_type` as `name=value`, sorted by the bytes of their names.
    static func text(_ fields: [String: String]) -> String {
        fields.filter { $0.key != "sign" && $0.key != "sign_type" && !$0.value.isEmpty }
            .sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }
            .map { "\($0.key)=\($0.value)" }.joined(separator: "&")
    }

    /// 32 lower-case hexadecimal digits.
    static func sign(_ fields: [String: String], key: String) -> String {
        Hexadecimal.text(Insecure.MD5.hash(data: Array((text(fields) + key).utf8)))
    }

    /// Whether the signature is right. The time it takes does not depend on where a wrong one differs.
    static func isValid(_ sign: String?, of fields: [String: String], key: String) -> Bool {
        let expected = Array(Self.sign(fields, key: key).utf8)
        guard let given = sign.map({ Array($0.utf8) }), given.count == expected.count else { return false }
        return zip(given, expected).reduce(0 as UInt8) { $0 | ($1.0 ^ $1.1) } == 0
    }
}

import Crypto
public import Domain
public import Shop

/// The built-in provider's way to pay: no money moves, everything else is as with a real provider.
///
/// A callback is a form (`application/x-www-form-urlencoded`) with the fields `amount`, `attempt`, `currency`, `event`,
/// `status` and `sign`. `sign` is the HMAC-SHA256, in lower-case hexadecimal digits, of the other five as
/// `name=value` joined by `&` in the order of their names.
public struct SandboxChannel: SelfPayingChannel {
    /// The name of the kind and of its only setting.
    static let kindName = "sandbox"
    static let keySetting = "signing_key"

    public let name: Slug
    private let key: SymmetricKey
    private let publicURL: @Sendable () -> String

    init(name: Slug, key: SymmetricKey, publicURL: @escaping @Sendable () -> String) {
        self.name = name
        self.key = key
        self.publicURL = publicURL
    }

    public var kind: String { Self.kindName }
    public var currencies: Set<Currency>? { nil }
    public var successWord: String { "success" }
    public var failureWord: String { "failure" }

    public func instruction(for attempt: Attempt, title: String) throws(ShopError) -> PaymentInstruction {
        PaymentInstruction(kind: .redirect, url: "\(publicURL())/sandbox/\(attempt.id.text)")
    }

    public func callback(paying attempt: Attempt) -> CallbackRequest {
        let fields = [
            "amount": "\(attempt.amount.amount)", "attempt": attempt.id.text,
            "currency": attempt.amount.currency.code, "event": "sandbox-\(attempt.id.text)", "status": "paid",
        ]
        let text = Self.signedText(fields)
        return CallbackRequest(
            query: "", contentType: "application/x-www-form-urlencoded", body: Array("\(text)&sign=\(sign(text))".utf8))
    }

    public func read(_ callback: CallbackRequest) -> CallbackReading {
        guard let fields = Self.fields(of: callback), let sign = fields["sign"].flatMap(Hexadecimal.bytes) else {
            return .forged
        }
        let text = Self.signedText(fields.filter { $0.key != "sign" })
        guard HMAC<SHA256>.isValidAuthenticationCode(sign, authenticating: Array(text.utf8), using: key),
            Set(fields.keys) == ["amount", "attempt", "currency", "event", "status", "sign"],
            let attempt = fields["attempt"], let event = fields["event"], fields["status"] == "paid"
        else { return .forged }
        return .authentic(
            PaymentNotice(channel: name, providerEvent: event, attempt: attempt, amount: Self.amount(of: fields)))
    }

    private static func amount(of fields: [String: String]) -> Money? {
        guard let digits = fields["amount"], let amount = Int64(digits), "\(amount)" == digits,
            let currency = fields["currency"].flatMap({ Currency(code: $0) })
        else { return nil }
        return Money(amount: amount, currency: currency)
    }

    /// Nil when a field is repeated, too long, or holds anything but letters, digits, `_` and `-`, which is all that
    /// this provider sends; so nothing needs to be unescaped.
    private static func fields(of callback: CallbackRequest) -> [String: String]? {
        guard let body = String(validating: callback.body, as: UTF8.self) else { return nil }
        var fields: [String: String] = [:]
        for pair in body.split(separator: "&", omittingEmptySubsequences: false) {
            let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard parts.count == 2,
                parts.allSatisfy({ isPlain($0) && $0.utf8.count <= PaymentNotice.maximumNameLength }),
                fields.updateValue(String(parts[1]), forKey: String(parts[0])) == nil
            else { return nil }
        }
        return fields
    }

    private static func isPlain(_ text: Substring) -> Bool {
        text.utf8.allSatisfy {
            (0x30...0x39).contains($0) || (0x41...0x5A).contains($0) || (0x61...0x7A).contains($0)
                || $0 == UInt8(ascii: "_") || $0 == UInt8(ascii: "-")
        }
    }

    private static func signedText(_ fields: [String: String]) -> String {
        fields.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }.joined(separator: "&")
    }

    private func sign(_ text: String) -> String {
        Hexadecimal.text(HMAC<SHA256>.authenticationCode(for: Array(text.utf8), using: key))
    }
}

/// Makes sandbox channels. They have no settings of the owner; the signing key is made with the channel.
public struct SandboxKind: PaymentChannelKind {
    private let publicURL: @Sendable () -> String

    /// - Parameter publicURL: the address that buyers see, without a slash at its end
    public init(publicURL: @escaping @Sendable () -> String) { self.publicURL = publicURL }

    public var kind: String { SandboxChannel.kindName }

    public func complete(_ settings: [String: String]) throws(ShopError) -> [String: String] {
        if let name = settings.keys.min() { throw .invalid("settings.\(name.prefix(64))", "a sandbox has no settings") }
        return [SandboxChannel.keySetting: Hexadecimal.text(SymmetricKey(size: .bits256).withUnsafeBytes { Array($0) })]
    }

    public func make(name: Slug, settings: [String: String]) throws(ShopError) -> any PaymentChannel {
        guard let key = settings[SandboxChannel.keySetting].flatMap(Hexadecimal.bytes) else {
            throw ShopError(.internalFault, "the sandbox channel has no signing key")
        }
        return SandboxChannel(name: name, key: SymmetricKey(data: key), publicURL: publicURL)
    }
}

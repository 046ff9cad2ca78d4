import FoundationEssentials

/// A JSON answer of a gateway: the plain values of one object.
struct EpayAnswer {
    /// What was asked for.
    enum Call {
        /// A payment.
        case create
        /// How an order stands.
        case order
        /// Money back.
        case refund
    }

    /// One value. Gateways write numbers as numbers or as text.
    enum Value: Hashable {
        case plain(String)
        case null
        /// An object, a list, a truth value, or a number that is too large to be exact.
        case other
    }

    private let values: [String: Value]

    /// Nil when the body is not a JSON object.
    init?(_ body: [UInt8]) {
        guard let values = try? JSONDecoder().decode([String: Value].self, from: Data(body)) else { return nil }
        self.values = values
    }

    /// Nil when it is absent.
    subscript(name: String) -> Value? { values[name] }

    /// A text, or a number in decimal digits without an exponent.
    func text(_ name: String) -> String? {
        guard case .plain(let text) = values[name] else { return nil }
        return text
    }

    /// A whole number, in one spelling only.
    func integer(_ name: String) -> Int? {
        text(name).flatMap { text in Int(text).flatMap { String($0) == text ? $0 : nil } }
    }

    /// Whether the gateway did what it was asked for. For refunds its documents and its programs name different codes.
    func isSuccess(_ call: Call) -> Bool {
        switch call {
        case .create, .order: integer("code") == 1
        case .refund: integer("code") == 0 || integer("code") == 1
        }
    }

    /// Whether a body says that the gateway did what it was asked for.
    static func isSuccess(_ body: [UInt8], call: Call) -> Bool { EpayAnswer(body)?.isSuccess(call) ?? false }
}

extension EpayAnswer.Value: Decodable {
    init(from decoder: any Decoder) throws {
        let value = try decoder.singleValueContainer()
        if value.decodeNil() {
            self = .null
        } else if let text = try? value.decode(String.self) {
            self = .plain(text)
        } else if let number = try? value.decode(Decimal.self) {
            // A decimal keeps 19.9 exact, a float would not.
            self = .plain(number.description)
        } else {
            self = .other
        }
    }
}

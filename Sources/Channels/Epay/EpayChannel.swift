public import Domain
public import Shop

/// One merchant's account at one epay gateway.
public struct EpayChannel: RefundingChannel {
    static let kindName = "epay"

    public let name: Slug
    let settings: EpaySettings
    private let publicURL: @Sendable () -> String

    init(name: Slug, settings: EpaySettings, publicURL: @escaping @Sendable () -> String) {
        self.name = name
        self.settings = settings
        self.publicURL = publicURL
    }

    public var kind: String { Self.kindName }
    public var currencies: Set<Currency>? { Set([Currency(code: EpayMoney.currencyCode)].compactMap(\.self)) }
    public var successWord: String { "success" }
    public var failureWord: String { "fail" }

    public func instruction(for attempt: Attempt, title: String) throws(ShopError) -> PaymentInstruction {
        guard Self.isPayable(attempt.amount) else {
            throw ShopError(.wrongChannel, "an epay channel takes amounts above 0 in \(EpayMoney.currencyCode) only")
        }
        let goods = EpayText.goodsName(title)
        // No address has a query: the gateway would add its own fields to it and sign only those.
        var fields = [
            (name: "pid", value: settings.merchant), (name: "out_trade_no", value: attempt.id.text),
            (name: "notify_url", value: "\(publicURL())/callbacks/\(name.text)"),
            (name: "return_url", value: "\(publicURL())/orders/\(attempt.order.text)"),
            (name: "name", value: goods.isEmpty ? attempt.order.text : goods),
            (name: "money", value: EpayMoney.text(attempt.amount)),
        ]
        if let type = settings.type { fields.insert((name: "type", value: type), at: 1) }
        let signed = Dictionary(fields.map { ($0.name, $0.value) }, uniquingKeysWith: { first, _ in first })
        fields.append((name: "sign", value: EpaySignature.sign(signed, key: settings.key)))
        fields.append((name: "sign_type", value: EpaySignature.algorithm))
        return PaymentInstruction(
            kind: .redirect, url: "\(settings.gateway.text)/submit.php?\(EpayForm.encode(fields))")
    }

    private static func isPayable(_ money: Money) -> Bool {
        money.currency.code == EpayMoney.currencyCode && money.amount > 0
    }
}

// MARK: Callbacks

extension EpayChannel {
    public func read(_ callback: CallbackRequest) -> CallbackReading {
        guard let fields = Self.fields(of: callback),
            fields["sign_type"] == nil || fields["sign_type"] == EpaySignature.algorithm,
            EpaySignature.isValid(fields["sign"], of: fields, key: settings.key),
            let event = fields["trade_no"], EpayText.isNumber(event),
            let attempt = fields["out_trade_no"], EpayText.isNumber(attempt)
        else { return .forged }
        return .authentic(
            PaymentNotice(
                channel: name, providerEvent: event, attempt: attempt, amount: fields["money"].flatMap(EpayMoney.read),
                claim: claim(fields)))
    }

    private func claim(_ fields: [String: String]) -> PaymentNotice.Claim {
        guard fields["trade_status"] == "TRADE_SUCCESS" else { return .notPaid }
        return fields["pid"] == settings.merchant ? .paid : .paidToAnother
    }

    /// Gateways send a query; some send the same fields as a form. Both at once could mean two things, and are nil.
    ///
    /// A value of only white space is nil as well: gateways leave it out of the string to sign, others do not, so that
    /// one signature could stand for two sets of fields.
    private static func fields(of callback: CallbackRequest) -> [String: String]? {
        let bytes: [UInt8]
        switch (callback.query.isEmpty, callback.body.isEmpty) {
        case (false, true): bytes = Array(callback.query.utf8)
        case (true, false) where isForm(callback.contentType): bytes = callback.body
        default: return nil
        }
        guard let fields = EpayForm.decode(bytes), !fields.values.contains(where: { EpayText.isBlank($0) }) else {
            return nil
        }
        return fields
    }

    private static func isForm(_ contentType: String?) -> Bool {
        let type = contentType?.prefix { $0 != ";" && $0 != " " }
        return type?.lowercased() == "application/x-www-form-urlencoded"
    }
}

// MARK: Queries and refunds

extension EpayChannel {
    /// The key itself travels in these calls.
    public func query(_ attempt: Attempt) -> ProviderRequest? {
        guard settings.gateway.keepsSecrets else { return nil }
        let fields = [
            (name: "act", value: "order"), (name: "pid", value: settings.merchant), (name: "key", value: settings.key),
            (name: "out_trade_no", value: attempt.id.text),
        ]
        return ProviderRequest(url: "\(settings.gateway.text)/api.php?\(EpayForm.encode(fields))")
    }

    public func read(_ answer: ProviderAnswer, to attempt: Attempt) -> QueryReading {
        guard let fields = Self.fields(of: answer) else { return .unclear(Self.notReadable(answer)) }
        guard fields.isSuccess(.order) else { return .unclear(refusal(fields)) }
        guard fields.text("out_trade_no") == attempt.id.text else {
            return .unclear("the gateway's answer is about another order")
        }
        switch fields["pid"] {
        case nil, .null, .plain(settings.merchant): break
        default: return .unclear("the gateway's answer is about another merchant")
        }
        switch fields.integer("status") {
        case 0, 3, 4: return .unpaid
        case 1: return paid(fields, answer, attempt)
        case 2: return .refunded
        default: return .unclear("the gateway's answer has an unknown status")
        }
    }

    public func refund(_ attempt: Attempt, amount: Money) -> ProviderRequest? {
        guard settings.refundsAreOn, settings.gateway.keepsSecrets, Self.isPayable(amount) else { return nil }
        let fields = [
            (name: "pid", value: settings.merchant), (name: "key", value: settings.key),
            (name: "out_trade_no", value: attempt.id.text), (name: "money", value: EpayMoney.text(amount)),
        ]
        return ProviderRequest(url: "\(settings.gateway.text)/api.php?act=refund", form: EpayForm.encode(fields))
    }

    public func readRefund(_ answer: ProviderAnswer) -> RefundReading {
        guard let fields = Self.fields(of: answer), fields.integer("code") != nil else {
            return .unclear(Self.notReadable(answer))
        }
        return fields.isSuccess(.refund) ? .claimedDone : .refused(refusal(fields))
    }

    /// Some programs leave the status at paid and say by an amount that money was given back.
    private func paid(_ fields: EpayAnswer, _ answer: ProviderAnswer, _ attempt: Attempt) -> QueryReading {
        switch fields["refundmoney"] {
        case nil, .null, .plain(""): break
        case .plain(let text):
            guard let refunded = EpayMoney.read(text) else {
                return .unclear("the gateway's answer has an amount given back that cannot be read")
            }
            if refunded.amount > 0 {
                return refunded.amount >= attempt.amount.amount
                    ? .refunded : .unclear("a part of the money was given back already")
            }
        case .other: return .unclear("the gateway's answer has an amount given back that cannot be read")
        }
        guard let event = fields.text("trade_no"), EpayText.isNumber(event), !EpayText.isBlank(event) else {
            return .unclear("the gateway's answer names no payment")
        }
        // Unsigned as it is, an answer that does not say how much must not get in the way of a callback that does.
        guard let amount = fields.text("money").flatMap(EpayMoney.read) else {
            return .unclear("the gateway's answer does not say how much was paid")
        }
        return .paid(
            PaymentNotice(channel: name, providerEvent: event, attempt: attempt.id.text, amount: amount),
            raw: EpayText.cut(settings.masked(answer.body), bytes: 16 << 10))
    }

    private static func fields(of answer: ProviderAnswer) -> EpayAnswer? {
        answer.status == 200 ? EpayAnswer(answer.body) : nil
    }

    private static func notReadable(_ answer: ProviderAnswer) -> String {
        answer.status == 200
            ? "the gateway's answer cannot be read" : "the gateway answered with status \(answer.status)"
    }

    /// What the gateway says, for people; without the key, which it was sent.
    private func refusal(_ fields: EpayAnswer) -> String {
        guard let message = fields.text("msg"), !message.isEmpty else {
            return "the gateway answered code \(fields.integer("code").map(String.init) ?? "that cannot be read")"
        }
        return String(settings.masked(Array(message.utf8)).prefix(200))
    }
}

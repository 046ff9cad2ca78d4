public import Domain

/// What a buyer must do to pay.
public struct PaymentInstruction: Hashable, Sendable {
    /// How the address is meant.
    public enum Kind: String, Sendable {
        /// The browser goes there.
        case redirect
        /// It is shown as a QR code.
        case qr
    }

    /// How the address is meant.
    public let kind: Kind
    /// The address.
    public let url: String

    /// Puts the parts together.
    public init(kind: Kind, url: String) {
        self.kind = kind
        self.url = url
    }
}

/// A callback as it arrived.
public struct CallbackRequest: Hashable, Sendable {
    /// The query string, without the question mark.
    public let query: String
    /// The content type, if one was sent.
    public let contentType: String?
    /// The body.
    public let body: [UInt8]

    /// Puts the parts together.
    public init(query: String, contentType: String?, body: [UInt8]) {
        self.query = query
        self.contentType = contentType
        self.body = body
    }
}

/// What a channel makes of a callback.
public enum CallbackReading: Hashable, Sendable {
    /// The signature is right; the notice says what happened.
    case authentic(PaymentNotice)
    /// The signature is wrong or absent, or the callback cannot be read.
    case forged
}

/// One configured way to pay. Pure: it signs and reads, and opens no connection.
public protocol PaymentChannel: Sendable {
    /// Its name.
    var name: Slug { get }
    /// Which provider's protocol it speaks.
    var kind: String { get }
    /// What the buyer must do to pay this attempt.
    ///
    /// - Parameter title: what is bought, for people; 1 to 200 characters
    func instruction(for attempt: Attempt, title: String) throws(ShopError) -> PaymentInstruction
    /// Currencies it can be paid in; nil means any.
    var currencies: Set<Currency>? { get }
    /// Checks the signature first, then reads.
    func read(_ callback: CallbackRequest) -> CallbackReading
    /// The provider's word for "recorded".
    var successWord: String { get }
    /// The provider's word for "send it again".
    var failureWord: String { get }
}

/// A call that the shop makes to a provider. The address may hold a secret and must never be logged.
public struct ProviderRequest: Hashable, Sendable {
    /// `GET` without a body, `POST` with one.
    public let url: String
    /// A form (`application/x-www-form-urlencoded`); nil for a `GET`.
    public let form: String?

    /// Puts the parts together.
    public init(url: String, form: String? = nil) {
        self.url = url
        self.form = form
    }
}

/// What a provider answered.
public struct ProviderAnswer: Hashable, Sendable {
    /// The HTTP status.
    public let status: Int
    /// The body, cut to ``Limits/providerAnswerBytes``.
    public let body: [UInt8]

    /// Puts the parts together.
    public init(status: Int, body: [UInt8]) {
        self.status = status
        self.body = body
    }
}

/// What a provider says about an attempt when it is asked.
public enum QueryReading: Hashable, Sendable {
    /// Money came in: as good as an authentic callback. `raw` is what may be kept of the answer, without secrets.
    case paid(PaymentNotice, raw: String)
    /// Nothing was paid so far.
    case unpaid
    /// The money was given back, all of it or more than nothing.
    case refunded
    /// The answer says nothing that can be trusted; the reason is for the operator.
    case unclear(String)
}

/// A channel whose provider can be asked whether an attempt was paid. Still pure: the caller opens the connection.
public protocol QueryableChannel: PaymentChannel {
    /// Nil when asking would show a secret to others, as over plain HTTP to another machine.
    func query(_ attempt: Attempt) -> ProviderRequest?
    /// Reads the answer to ``query(_:)``.
    func read(_ answer: ProviderAnswer, to attempt: Attempt) -> QueryReading
}

/// What a provider says to a request for a refund.
public enum RefundReading: Hashable, Sendable {
    /// It says that it was done. A query must show it before it is believed.
    case claimedDone
    /// It refused, for the reason given.
    case refused(String)
    /// The answer says nothing that can be trusted; it may have been done.
    case unclear(String)
}

/// A channel whose provider can be told to give money back.
public protocol RefundingChannel: QueryableChannel {
    /// Nil when the owner has not switched refunds on, or the call would show a secret to others.
    func refund(_ attempt: Attempt, amount: Money) -> ProviderRequest?
    /// Reads the answer to ``refund(_:amount:)``.
    func readRefund(_ answer: ProviderAnswer) -> RefundReading
}

/// Makes calls to providers, within bounds of time and size.
public protocol ProviderCaller: Sendable {
    /// - Throws: *busy* when the request surely did not reach the provider, *outcome_unknown* when it may have. Neither
    ///   names the address, which may hold a secret.
    func call(_ request: ProviderRequest) async throws(ShopError) -> ProviderAnswer
}

/// A channel whose provider is built in: it can make the callback that its provider would send.
public protocol SelfPayingChannel: PaymentChannel {
    /// The signed callback that says this attempt is paid. The same attempt gives the same provider event.
    func callback(paying attempt: Attempt) -> CallbackRequest
}

/// Makes channels of one kind.
public protocol PaymentChannelKind: Sendable {
    /// The name of the kind.
    var kind: String { get }
    /// Checks settings as the owner wrote them and adds what the kind makes itself, such as a signing key.
    /// Errors: *invalid_request* that names the setting.
    func complete(_ settings: [String: String]) throws(ShopError) -> [String: String]
    /// Makes the channel from completed settings.
    func make(name: Slug, settings: [String: String]) throws(ShopError) -> any PaymentChannel
}

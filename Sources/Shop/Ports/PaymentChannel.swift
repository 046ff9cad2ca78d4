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
    /// The signature is right, and money came in.
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
    func instruction(for attempt: Attempt) throws(ShopError) -> PaymentInstruction
    /// Checks the signature first, then reads.
    func read(_ callback: CallbackRequest) -> CallbackReading
    /// The provider's word for "recorded".
    var successWord: String { get }
    /// The provider's word for "send it again".
    var failureWord: String { get }
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

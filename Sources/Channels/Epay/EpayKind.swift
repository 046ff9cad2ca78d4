public import Domain
public import Shop

/// Makes epay channels: small gateways that speak the protocol known as epay, in its first version with MD5.
///
/// Settings: `gateway` (its base address), `pid` (the merchant number), `key` (the secret), and optionally `type` (such
/// as `alipay`; without it the gateway asks the buyer) and `refunds` (`on` or `off`, which is the default).
public struct EpayKind: PaymentChannelKind {
    private let publicURL: @Sendable () -> String

    /// - Parameter publicURL: the address that buyers and the gateway see, without a slash at its end
    public init(publicURL: @escaping @Sendable () -> String) { self.publicURL = publicURL }

    public var kind: String { EpayChannel.kindName }

    public func complete(_ settings: [String: String]) throws(ShopError) -> [String: String] {
        try EpaySettings(settings).stored
    }

    public func make(name: Slug, settings: [String: String]) throws(ShopError) -> any PaymentChannel {
        EpayChannel(name: name, settings: try EpaySettings(settings), publicURL: publicURL)
    }
}

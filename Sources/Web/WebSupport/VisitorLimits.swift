public import Domain
public import HTTPTypes

/// Bounds for what visitors could use to guess, whichever entrance they come by: the API and the pages count together.
public struct VisitorLimits: Sendable {
    private let questions: RateLimiter
    private let lookups: RateLimiter
    private let trustedProxies: [AddressRange]
    private let mayLookUp: @Sendable (_ contact: String) async -> Bool
    private let now: @Sendable () -> Timestamp

    /// - Parameters:
    ///   - trustedProxies: proxies whose forwarding header is believed
    ///   - mayLookUp: whether one more look-up of a contact's orders is allowed, all nodes counted together
    public init(
        _ limits: Limits, trustedProxies: [AddressRange], now: @escaping @Sendable () -> Timestamp,
        mayLookUp: @escaping @Sendable (_ contact: String) async -> Bool = { _ in true }
    ) {
        questions = RateLimiter(
            perSecond: Double(limits.ordersPerAddressPerSecond), burst: Double(limits.ordersPerAddressPerSecond * 2),
            maximumKeys: limits.rateLimitKeys)
        lookups = RateLimiter(
            perSecond: Double(limits.lookupsPerMinute) / 60, burst: Double(limits.lookupsPerMinute),
            maximumKeys: limits.rateLimitKeys)
        self.trustedProxies = trustedProxies
        self.mayLookUp = mayLookUp
        self.now = now
    }

    /// Refuses an address that asks too often for what costs the ledger a look, or could be guessed. Loopback peers
    /// that forward for nobody are never refused.
    ///
    /// - Throws: *rate_limited*.
    public func checkQuestion(_ headers: HTTPFields, from peer: PeerAddress) throws(ShopError) {
        let address = ClientAddress(peer: peer, headers: headers, trusted: trustedProxies)
        if !address.isLocal { try questions.check(address.key, at: now()) }
    }

    /// Refuses look-ups of one contact that come too often.
    ///
    /// - Throws: *rate_limited*.
    public func checkLookUp(of contact: String) async throws(ShopError) {
        try lookups.check(contact, at: now())
        guard await mayLookUp(contact) else {
            throw ShopError(.rateLimited, "too many requests; try again later")
        }
    }
}

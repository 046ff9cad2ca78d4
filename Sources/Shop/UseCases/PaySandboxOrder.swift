public import Domain

/// Lets the built-in provider pay: it signs a callback, which then takes the way of every other callback.
public struct PaySandboxOrder: Sendable {
    private let ledger: any Ledger
    private let catalog: CatalogCache
    private let beginPayment: BeginPayment
    private let receiveCallback: ReceiveCallback

    /// Puts the parts together.
    public init(
        ledger: any Ledger, catalog: CatalogCache, beginPayment: BeginPayment, receiveCallback: ReceiveCallback
    ) {
        self.ledger = ledger
        self.catalog = catalog
        self.beginPayment = beginPayment
        self.receiveCallback = receiveCallback
    }

    /// Pays the order's attempt on its own channel, opening one if there is none. The order's state does not matter:
    /// money may come late or twice.
    ///
    /// - Throws: *not_ready* while the order is queued, *wrong_channel* when its channel is not a sandbox.
    public func callAsFunction(order id: OrderID) async throws(ShopError) -> CallbackAnswer {
        guard let order = try await ledger.order(id) else {
            throw ShopError(.notReady, "the order is not claimed yet")
        }
        guard let configured = catalog.channel(order.channel), configured.isEnabled,
            configured.channel is any SelfPayingChannel
        else {
            throw ShopError(.wrongChannel, "the order's channel is not an enabled sandbox")
        }
        let (attempt, _) = try await beginPayment.open(order, through: configured)
        return try await pay(attempt)
    }

    /// The attempt that the sandbox's own page shows.
    ///
    /// - Throws: *not_found* when there is none, or it belongs to another provider.
    public func attempt(_ text: String) async throws(ShopError) -> Attempt {
        guard let id = AttemptID(text: text), let attempt = try await ledger.attempt(id),
            catalog.channel(attempt.channel)?.channel is any SelfPayingChannel
        else { throw ShopError(.notFound, "no such payment") }
        return attempt
    }

    /// Pays one attempt.
    public func pay(_ attempt: Attempt) async throws(ShopError) -> CallbackAnswer {
        guard let configured = catalog.channel(attempt.channel), configured.isEnabled,
            let channel = configured.channel as? any SelfPayingChannel
        else {
            throw ShopError(.wrongChannel, "the channel is not an enabled sandbox")
        }
        let answer = try await receiveCallback(channel: channel.name.text, channel.callback(paying: attempt))
        guard answer.verdict != nil else {
            throw ShopError(.outcomeUnknown, "the payment may not have been recorded; pay again, nothing is paid twice")
        }
        return answer
    }
}

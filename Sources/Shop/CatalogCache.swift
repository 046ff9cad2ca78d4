public import Domain
import NIOConcurrencyHelpers

/// A channel as the shop uses it.
public struct ConfiguredChannel: Sendable {
    /// Whether buyers may use it. Callbacks are read either way: money may still come in.
    public let isEnabled: Bool
    /// The way to pay.
    public let channel: any PaymentChannel

    /// Puts the parts together.
    public init(isEnabled: Bool, channel: any PaymentChannel) {
        self.isEnabled = isEnabled
        self.channel = channel
    }
}

/// What is sold and how it may be paid, in memory. Read by every order, written by the owner.
public final class CatalogCache: Sendable {
    private struct State {
        var products: [Slug: Product] = [:]
        var channels: [Slug: ConfiguredChannel] = [:]
    }

    private let state = NIOLockedValueBox(State())

    /// An empty catalog.
    public init() {}

    /// The product of that slug.
    public func product(_ slug: Slug) -> Product? { state.withLockedValue { $0.products[slug] } }

    /// All products, by slug.
    public func products() -> [Product] {
        state.withLockedValue { Array($0.products.values) }.sorted { $0.slug.text < $1.slug.text }
    }

    /// The channel of that name.
    public func channel(_ name: Slug) -> ConfiguredChannel? { state.withLockedValue { $0.channels[name] } }

    /// All channels, by name.
    public func channels() -> [ConfiguredChannel] {
        state.withLockedValue { Array($0.channels.values) }.sorted { $0.channel.name.text < $1.channel.name.text }
    }

    /// Adds or replaces a product.
    public func put(_ product: Product) { state.withLockedValue { $0.products[product.slug] = product } }

    /// Adds or replaces a channel.
    public func put(_ channel: ConfiguredChannel) {
        state.withLockedValue { $0.channels[channel.channel.name] = channel }
    }
}

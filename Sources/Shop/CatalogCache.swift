public import Domain
import NIOConcurrencyHelpers

/// A channel as the shop uses it.
public struct ConfiguredChannel: Sendable {
    /// Whether buyers may use it. Callbacks are read either way: money may still come in.
    public let isEnabled: Bool
    /// The way to pay.
    public let channel: any PaymentChannel
    /// How it is offered.
    public let terms: ChannelTerms

    /// Puts the parts together.
    public init(isEnabled: Bool, channel: any PaymentChannel, terms: ChannelTerms = .plain) {
        self.isEnabled = isEnabled
        self.channel = channel
        self.terms = terms
    }

    /// The same channel, which buyers may not use.
    public var disabled: ConfiguredChannel { ConfiguredChannel(isEnabled: false, channel: channel, terms: terms) }

    /// Whether it can be paid through in that currency.
    public func takes(_ currency: Currency) -> Bool { channel.currencies?.contains(currency) ?? true }
}

/// A part of the catalog that is replaced as a whole when something of it changes.
enum CatalogPart: CaseIterable {
    case categories
    case announcements
    case settings
    case blacklist
}

/// What is sold, on which terms, and how it may be paid, in memory. Read by every order, written by the owner.
public final class CatalogCache: Sendable {
    private struct State {
        var products: [Slug: Product] = [:]
        var pages: [Slug: ProductPage] = [:]
        var categories: [CategoryID: Category] = [:]
        var coupons: [CouponCode: Coupon] = [:]
        var latches: [CouponID: Timestamp] = [:]
        var announcements: [Announcement] = []
        var settings = ShopSettings.plain
        var channels: [Slug: ConfiguredChannel] = [:]
        var blacklist = Blacklist()
        /// Number of changes.
        var generation = 0
        /// Taken before a list is read, so that of two that are read at once the later one stays.
        var lastTicket = 0
        var tickets: [CatalogPart: Int] = [:]
    }

    /// When a list began to be read.
    struct Ticket {
        fileprivate let number: Int
    }

    private let state = NIOLockedValueBox(State())

    /// To be taken before a list is read that will be put here.
    func ticket() -> Ticket {
        state.withLockedValue { state in
            state.lastTicket += 1
            return Ticket(number: state.lastTicket)
        }
    }

    /// Does nothing when a list that was read later is there.
    private func replace(_ part: CatalogPart, _ ticket: Ticket, _ change: (inout State) -> Void) {
        state.withLockedValue { state in
            guard ticket.number > state.tickets[part] ?? 0 else { return }
            state.tickets[part] = ticket.number
            state.generation += 1
            change(&state)
        }
    }

    /// An empty catalog.
    public init() {}

    /// A number that grows with each change of what visitors see.
    public var generation: Int { state.withLockedValue { $0.generation } }

    // MARK: Products

    /// The product of that slug.
    public func product(_ slug: Slug) -> Product? { state.withLockedValue { $0.products[slug] } }

    /// All products, by slug.
    public func products() -> [Product] {
        state.withLockedValue { Array($0.products.values) }.sorted { $0.slug.text < $1.slug.text }
    }

    /// The product of that slug with how it is shown.
    public func listing(_ slug: Slug) -> Listing? {
        state.withLockedValue { state in
            state.products[slug].map { Listing(product: $0, page: state.pages[slug] ?? .plain) }
        }
    }

    /// All products with how they are shown: by their categories' positions, then their own, then by slug. Those
    /// without a category come last.
    public func listings() -> [Listing] {
        let (listings, categories) = state.withLockedValue { state in
            let listings = state.products.map { Listing(product: $1, page: state.pages[$0] ?? .plain) }
            return (listings, state.categories)
        }
        return listings.map { (Self.place($0, categories), $0) }.sorted { $0.0 < $1.0 }.map(\.1)
    }

    private static func place(_ listing: Listing, _ categories: [CategoryID: Category]) -> (Int, Int64, Int, String) {
        let category = listing.product.category.flatMap { categories[$0] }
        return (
            category?.position ?? .max, category?.id.number ?? .max, listing.page.position, listing.product.slug.text
        )
    }

    /// Adds or replaces a product.
    public func put(_ listing: Listing) {
        state.withLockedValue { state in
            // Two changes of one product may be told in the wrong order.
            let known = state.products[listing.product.slug]?.version ?? 0
            guard listing.product.version >= known else { return }
            state.generation += 1
            state.products[listing.product.slug] = listing.product
            state.pages[listing.product.slug] = listing.page
        }
    }

    // MARK: Categories

    /// The category of that number.
    public func category(_ id: CategoryID) -> Category? { state.withLockedValue { $0.categories[id] } }

    /// The category of that slug.
    public func category(_ slug: Slug) -> Category? { categories().first { $0.slug == slug } }

    /// All categories, in the order in which they are shown.
    public func categories() -> [Category] {
        state.withLockedValue { Array($0.categories.values) }
            .sorted { ($0.position, $0.id.number) < ($1.position, $1.id.number) }
    }

    /// Replaces all categories.
    func put(_ categories: [Category], _ ticket: Ticket) {
        let known = Dictionary(categories.map { ($0.id, $0) }) { _, last in last }
        replace(.categories, ticket) { $0.categories = known }
    }

    // MARK: Coupons

    /// The coupon of that code.
    public func coupon(_ code: CouponCode) -> Coupon? { state.withLockedValue { $0.coupons[code] } }

    /// Adds or replaces a coupon.
    public func put(_ coupon: Coupon) {
        state.withLockedValue { state in
            guard coupon.version >= state.coupons[coupon.code]?.version ?? 0 else { return }
            state.coupons[coupon.code] = coupon
            state.latches[coupon.id] = nil
        }
    }

    /// Remembers that a coupon had no use left, so that a crowd which tries it does not take stock for nothing. Only
    /// for a moment: uses come back.
    public func latch(_ coupon: CouponID, until moment: Timestamp) {
        state.withLockedValue { $0.latches[coupon] = moment }
    }

    /// Whether a coupon had no use left a moment ago.
    public func isLatched(_ coupon: CouponID, at moment: Timestamp) -> Bool {
        state.withLockedValue { state in
            guard let end = state.latches[coupon] else { return false }
            if moment >= end { state.latches[coupon] = nil }
            return moment < end
        }
    }

    // MARK: Settings

    /// What the shop is called, how it looks and what it tells about itself.
    public func settings() -> ShopSettings { state.withLockedValue { $0.settings } }

    /// Replaces the settings.
    func put(_ settings: ShopSettings, _ ticket: Ticket) { replace(.settings, ticket) { $0.settings = settings } }

    // MARK: Announcements and blacklist

    /// What is told at that moment: what is pinned first, then the newest.
    public func announcements(at moment: Timestamp) -> [Announcement] {
        state.withLockedValue { $0.announcements }.filter { $0.window.contains(moment) }
            .sorted { ($0.isPinned ? 1 : 0, $0.id) > ($1.isPinned ? 1 : 0, $1.id) }
    }

    /// Replaces all announcements.
    func put(_ announcements: [Announcement], _ ticket: Ticket) {
        replace(.announcements, ticket) { $0.announcements = announcements }
    }

    /// Whether the owner does not sell to a buyer.
    public func isBlocked(_ buyer: Buyer) -> Bool { state.withLockedValue { $0.blacklist.contains(buyer) } }

    /// Whether the owner does not sell to an address, of 4 or 16 bytes.
    public func isBlocked(address: [UInt8]) -> Bool {
        state.withLockedValue { $0.blacklist.contains(address: address) }
    }

    /// Replaces the blacklist.
    func put(_ blacklist: Blacklist, _ ticket: Ticket) { replace(.blacklist, ticket) { $0.blacklist = blacklist } }

    // MARK: Channels

    /// The channel of that name.
    public func channel(_ name: Slug) -> ConfiguredChannel? { state.withLockedValue { $0.channels[name] } }

    /// All channels, by position, then by name.
    public func channels() -> [ConfiguredChannel] {
        state.withLockedValue { Array($0.channels.values) }
            .sorted { ($0.terms.position, $0.channel.name.text) < ($1.terms.position, $1.channel.name.text) }
    }

    /// The channels that buyers may pay a total through, in the order in which they are offered.
    public func channels(for total: Money) -> [ConfiguredChannel] {
        channels().filter { $0.isEnabled && $0.takes(total.currency) && $0.terms.takes(total) }
    }

    /// Adds or replaces a channel.
    public func put(_ channel: ConfiguredChannel) {
        state.withLockedValue { state in
            state.generation += 1
            state.channels[channel.channel.name] = channel
        }
    }
}

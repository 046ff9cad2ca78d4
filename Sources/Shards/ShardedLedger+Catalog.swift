public import Domain
public import Shop

// Products live in their shard; what the whole shop shares lives in shard 0.
extension ShardedLedger: Catalog {
    public func listings() async throws(ShopError) -> [Listing] {
        try await all { shard throws(ShopError) in try await shard.listings() }.flatMap { $0 }
    }

    /// A new product goes to the shard that has the fewest, and stays there.
    public func create(_ draft: ProductDraft, _ deed: OwnerDeed) async throws(ShopError) -> Listing {
        let lists = try await all { shard throws(ShopError) in try await shard.listings() }
        guard !lists.joined().contains(where: { $0.product.slug == draft.slug }) else {
            throw ShopError(.alreadyExists, "a product with this slug exists")
        }
        try await check(draft.category)
        let emptiest = lists.indices.min { (lists[$0].count, $0) < (lists[$1].count, $1) } ?? 0
        return try await shards[emptiest].create(draft, deed)
    }

    public func change(
        _ product: ProductID, version: Int, to draft: ProductDraft, _ deed: OwnerDeed
    ) async throws(ShopError) -> Listing {
        try await check(draft.category)
        return try await shard(of: product).change(product, version: version, to: draft, deed)
    }

    /// - Throws: *invalid_request* when the category is not there.
    private func check(_ category: CategoryID?) async throws(ShopError) {
        guard shards.count > 1, let category else { return }
        guard try await categories().contains(where: { $0.id == category }) else {
            throw .invalid("category", "is not a category")
        }
    }

    public func store(
        sharedSecret: [UInt8], of product: ProductID, by note: OwnerNote, at moment: Timestamp
    ) async throws(ShopError) -> Bool {
        try await shard(of: product).store(sharedSecret: sharedSecret, of: product, by: note, at: moment)
    }

    // MARK: Coupons

    public func coupons(code: CouponCode?, after: CouponID?, limit: Int) async throws(ShopError) -> [CouponEntry] {
        try await page(limit) {
            $0.coupon.id.number < $1.coupon.id.number
        } _: { shard throws(ShopError) in
            try await shard.coupons(code: code, after: after, limit: limit)
        }
    }

    /// A coupon lives in the shard of its products, since its uses are counted in the transaction that places an
    /// order.
    ///
    /// - Throws: *invalid_request* that names `products` when they are in several shards, or all are meant.
    public func create(
        _ code: CouponCode, _ terms: CouponTerms, _ deed: OwnerDeed
    ) async throws(ShopError) -> Coupon {
        let home = try shard(try Self.home(of: terms.scope, shardCount: shards.count))
        guard try await coupons(code: code, after: nil, limit: 1).isEmpty else {
            throw ShopError(.alreadyExists, "a coupon with this code exists")
        }
        return try await home.create(code, terms, deed)
    }

    public func change(
        _ coupon: CouponID, version: Int, to terms: CouponTerms, _ deed: OwnerDeed
    ) async throws(ShopError) -> Coupon {
        // One that is older than the second shard may be for all products, which are those of its shard.
        let homes = Set(terms.scope.products.map(\.shard))
        guard homes.isSubset(of: [ShardNumber.shard(of: coupon.number)]) else {
            throw .invalid("products", "are in another shard than the coupon")
        }
        return try await shard(of: coupon.number).change(coupon, version: version, to: terms, deed)
    }

    private static func home(of scope: CouponScope, shardCount: Int) throws(ShopError) -> UInt16 {
        guard shardCount > 1 else { return 0 }
        let homes = Set(scope.products.map(\.shard))
        guard homes.count == 1, scope.category == nil, let only = homes.first else {
            throw .invalid("products", "must be named, and be in one shard, in a shop of several shards")
        }
        return only
    }

    // MARK: What the shop shares

    public func categories() async throws(ShopError) -> [Category] { try await home.categories() }

    public func create(_ draft: CategoryDraft, _ deed: OwnerDeed) async throws(ShopError) -> Category {
        try await home.create(draft, deed)
    }

    public func change(
        _ category: CategoryID, _ change: CategoryChange, _ deed: OwnerDeed
    ) async throws(ShopError) -> Category {
        try await home.change(category, change, deed)
    }

    public func remove(_ category: CategoryID, _ deed: OwnerDeed) async throws(ShopError) {
        if shards.count > 1 {
            let isUsed = try await listings().contains { $0.product.category == category }
            guard !isUsed else { throw ShopError(.wrongState, "products are shown under this category") }
        }
        try await home.remove(category, deed)
    }

    public func announcements() async throws(ShopError) -> [Announcement] { try await home.announcements() }

    public func store(
        announcement id: Int64?, title: String, text: String, window: SaleWindow, isPinned: Bool, _ deed: OwnerDeed
    ) async throws(ShopError) -> Announcement {
        try await home.store(announcement: id, title: title, text: text, window: window, isPinned: isPinned, deed)
    }

    public func remove(announcement id: Int64, _ deed: OwnerDeed) async throws(ShopError) {
        try await home.remove(announcement: id, deed)
    }

    public func settings() async throws(ShopError) -> ShopSettings { try await home.settings() }

    public func store(
        _ settings: ShopSettings, version: Int, _ deed: OwnerDeed
    ) async throws(ShopError) -> ShopSettings {
        try await home.store(settings, version: version, deed)
    }

    public func store(_ picture: Picture, _ deed: OwnerDeed) async throws(ShopError) {
        try await home.store(picture, deed)
    }

    public func picture(_ name: String) async throws(ShopError) -> Picture? { try await home.picture(name) }

    public func blocks(after: Int64?, limit: Int) async throws(ShopError) -> [Block] {
        try await home.blocks(after: after, limit: limit)
    }

    public func block(_ party: BlockedParty, _ deed: OwnerDeed) async throws(ShopError) -> Block {
        try await home.block(party, deed)
    }

    public func unblock(_ id: Int64, _ deed: OwnerDeed) async throws(ShopError) { try await home.unblock(id, deed) }

    public func channels() async throws(ShopError) -> [ChannelRecord] { try await home.channels() }

    public func store(
        _ channel: ChannelRecord, _ change: ChannelChange, _ deed: OwnerDeed
    ) async throws(ShopError) -> Bool {
        try await home.store(channel, change, deed)
    }

    public func wrappedKeys() async throws(ShopError) -> [WrappedKey] { try await home.wrappedKeys() }

    public func masterKeyFingerprint() async throws(ShopError) -> String? { try await home.masterKeyFingerprint() }

    public func store(_ keys: [WrappedKey], fingerprint: String) async throws(ShopError) {
        try await home.store(keys, fingerprint: fingerprint)
    }

    public func replaceKeys(_ keys: [WrappedKey], fingerprint: String) async throws(ShopError) {
        try await home.replaceKeys(keys, fingerprint: fingerprint)
    }
}

import Domain
import Shop

/// What `make run` sells: a few products of every kind, paid through the sandbox.
struct DemoCatalog {
    private let useCases: UseCases
    private let note = OwnerNote(actor: "owner", reason: "the demo")
    private let currency: Currency
    private let nextWeek: Timestamp

    /// Does nothing in a shop that has a product.
    static func fill(_ useCases: UseCases, _ ports: UseCases.Ports) async throws(ShopError) {
        guard ports.cache.products().isEmpty, let currency = Currency(code: "CNY") else { return }
        let nextWeek = ports.clock.now().advanced(seconds: 7 * 24 * 3600)
        try await DemoCatalog(useCases: useCases, currency: currency, nextWeek: nextWeek).fill()
    }

    private init(useCases: UseCases, currency: Currency, nextWeek: Timestamp) {
        self.nextWeek = nextWeek
        self.useCases = useCases
        self.currency = currency
    }

    private func fill() async throws(ShopError) {
        guard let channel = Slug("sandbox") else { return }
        // First what a second node would stumble over, so that only one goes on.
        try await sell("demo-card", "Demo card · 演示卡密", 1990, position: -1, text: Self.cardText)
        try await deal("demo-card", 1...1000)
        _ = try await useCases.configureChannel(
            name: channel, kind: "sandbox", settings: [:], isEnabled: true, by: note
        ) { _ throws(ShopError) in }
        try await describe()
        let games = try await category("games", "Games · 游戏", 1)
        let software = try await category("software", "Software · 软件", 2)
        let numbers = try await category("numbers", "Numbers · 靓号", 3)
        let tiers = [PriceTier(from: 3, amount: 4700), PriceTier(from: 5, amount: 4500)]
        try await sell("points-500", "500 game points · 游戏点数 500", 4900, in: games, tiers: tiers, shown: .band)
        try await deal("points-500", 1...60)
        try await sell("season-pass", "Season pass · 赛季通行证", 12800, in: games, shown: .exact)
        try await deal("season-pass", 1...6)
        try await sell("early-access", "Early access · 抢先体验", 8800, in: games, shown: .hidden, opensAt: nextWeek)
        try await deal("early-access", 1...20)
        let label = "Device name · 设备名称"
        let field = OrderField(name: "device", label: label, isOptional: false)
        try await sell("editor-licence", "Editor licence · 编辑器授权", 25900, in: software, fields: [field])
        try await deal("editor-licence", 1...250)
        try await sell("lucky-number", "Lucky number · 自选靓号", 990, in: numbers, isPickable: true)
        try await dealNumbers("lucky-number")
    }

    private func describe() async throws(ShopError) {
        let settings = ShopSettings(
            name: "Sluice Demo", tagline: "Digital keys, delivered at once · 数字卡密，付款即发", timeZone: "Asia/Shanghai",
            contact: "shop@example.com", terms: "This is a demonstration. No money moves.\n\n这是演示商店，不会产生真实扣款。",
            refunds: "Play money is not given back.\n\n演示款项不予退还。")
        _ = try await useCases.manageSettings.change(version: 0, to: settings, by: note)
        _ = try await useCases.manageAnnouncements.write(
            title: "Welcome · 欢迎", text: "Pay with the **test payment**: no money moves.\n\n请使用**测试支付**，不会产生真实扣款。",
            window: .always, isPinned: true, by: note)
    }

    private func category(_ slug: String, _ name: String, _ position: Int) async throws(ShopError) -> CategoryID? {
        guard let slug = Slug(slug) else { return nil }
        let draft = CategoryDraft(slug: slug, name: name, position: position, isHidden: false)
        return try await useCases.manageCategories.create(draft, by: note).id
    }

    private func sell(
        _ slug: String, _ title: String, _ amount: Int64, in category: CategoryID? = nil, tiers: [PriceTier] = [],
        shown: StockDisplay = .exact, fields: [OrderField] = [], isPickable: Bool = false, position: Int = 0,
        opensAt: Timestamp? = nil, text: String = ""
    ) async throws(ShopError) {
        guard let slug = Slug(slug), let price = Money(amount: amount, currency: currency),
            let limits = PurchaseLimits(perOrder: 5, perBuyer: 10)
        else { return }
        let page = ProductPage(
            description: text, instructions: "Keep the code to yourself. · 请妥善保管卡密。", stockDisplay: shown,
            position: position)
        _ = try await useCases.createProduct(
            ProductDraft(
                slug: slug, title: title, price: price, limits: limits, holdSeconds: 900,
                window: SaleWindow(opensAt: opensAt, closesAt: nil) ?? .always,
                fields: fields, tiers: tiers, category: category, isPickable: isPickable, page: page), by: note)
    }

    private func deal(_ slug: String, _ numbers: ClosedRange<Int>) async throws(ShopError) {
        try await deal(slug, numbers.map { "DEMO-\($0)-\(Self.code)" }, ImportOptions())
    }

    private func dealNumbers(_ slug: String) async throws(ShopError) {
        let numbers = ["8888", "6666", "1688", "5200", "1314", "9527", "2048", "4096", "3141", "2718"]
        let lines = numbers.enumerated().map { index, number in
            "No. \(number)\t\(index < 2 ? 8800 : index < 5 ? 1800 : 0)\t\(number)-\(Self.code)"
        }
        try await deal(slug, lines, ImportOptions(layout: .pickable))
    }

    private func deal(_ slug: String, _ lines: [String], _ options: ImportOptions) async throws(ShopError) {
        let text = AsyncStream { continuation in
            for line in lines { continuation.yield(Array("\(line)\n".utf8)) }
            continuation.finish()
        }
        _ = try await useCases.importCards(slug, from: text, options)
    }

    private static var code: String { String(UInt64.random(in: .min ... .max), radix: 36).uppercased() }

    private static let cardText = """
        A card of the demonstration. It is worth nothing and arrives at once. · 演示用卡密，付款后立即发货。

        | | |
        |---|---|
        | Region · 区域 | everywhere · 全球 |
        | Delivery · 发货 | automatic · 自动 |
        """
}

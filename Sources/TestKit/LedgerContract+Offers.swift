import Domain
import Shop

// What the owner says of products and categories, and whom the shop does not sell to.
extension LedgerContract {
    static var offerCases: [ContractCase<LedgerBench>] {
        [
            ContractCase("a product comes back as it was made, and as it was changed", productIsKept),
            ContractCase("two changes of one version: the second is told", changeOfOldVersion),
            ContractCase("a lower limit leaves the orders of before in peace", lowerLimit),
            ContractCase("categories are kept in order, changed, and removed when nothing is of them", categories),
            ContractCase("what was filled in stays sealed, and comes back with the order", sealedFields),
            ContractCase("a channel comes back as it was stored, with how it is offered", channelTerms),
            ContractCase("a change of the catalog stands in the owner's journal", catalogJournal),
        ]
    }

    @Sendable private static func productIsKept(_ bench: LedgerBench) async throws {
        let category = try await bench.catalog.create(
            CategoryDraft(slug: Fixtures.slug("games"), name: "游戏", position: 3, isHidden: false), bench.deed)
        let now = bench.clock.now()
        let draft = ProductDraft(
            slug: Fixtures.slug("game-key"), title: "Game key", price: Fixtures.price, limits: Fixtures.limits(),
            holdSeconds: 60, window: try unwrap(SaleWindow(opensAt: now, closesAt: now.advanced(seconds: 9))),
            fields: [
                OrderField(name: "account"), OrderField(name: "mail", label: "E-mail", kind: .email, isOptional: true),
                OrderField(name: "level", kind: .number, minimum: 1, maximum: 80),
                OrderField(name: "region", kind: .choice, choices: ["CN", "EU, US"]),
                OrderField(name: "tag", kind: .pattern, pattern: #"[A-Z]{2}\d+""#),
            ],
            tiers: [PriceTier(from: 5, amount: 1500), PriceTier(from: 10, amount: 1000)], category: category.id,
            isPickable: true,
            page: ProductPage(
                description: "# Hello\n<b>", instructions: "Redeem it.", picture: "/files/a.png", stockDisplay: .band,
                position: -2, isHidden: true))
        let made = try await bench.catalog.create(draft, bench.deed)
        try expect(made, is: draft.listing(id: made.product.id, version: 1))
        try expect(try await bench.catalog.listings(), is: [made])
        var changed = ProductDraft(made)
        try expect(changed, is: draft)
        changed.title = "Another"
        changed.price = Fixtures.money(2500)
        changed.category = nil
        changed.fields = []
        changed.page = .plain
        let after = try await bench.catalog.change(made.product.id, version: 1, to: changed, bench.deed)
        try expect(after, is: changed.listing(id: made.product.id, version: 2))
        try expect(try await bench.catalog.listings(), is: [after])
    }

    @Sendable private static func channelTerms(_ bench: LedgerBench) async throws {
        let (yuan, yen) = (Fixtures.money(1).currency, Fixtures.money(1, "JPY").currency)
        let terms = ChannelTerms(
            position: -7, label: "支付宝 \"x\" ',",
            amounts: [
                try unwrap(AmountBounds(currency: yen, minimum: nil, maximum: Money.maximumAmount)),
                try unwrap(AmountBounds(currency: yuan, minimum: 100, maximum: 5000)),
            ])
        func channel(_ name: String, _ isEnabled: Bool, _ terms: ChannelTerms) -> ChannelRecord {
            ChannelRecord(
                name: Fixtures.slug(name), kind: "epay", sealedSettings: [1, 2], isEnabled: isEnabled, terms: terms)
        }
        let change = ChannelChange(before: nil, after: JournalFacts())
        for (record, isNew) in [
            (channel("plain", true, .plain), true), (channel("alipay", true, .plain), true),
            (channel("alipay", false, terms), false),
        ] {
            try expect(try await bench.catalog.store(record, change, bench.deed), is: isNew)
        }
        try expect(
            try await bench.catalog.channels(),
            is: [channel("alipay", false, terms), channel("plain", true, .plain)])
        _ = try await bench.catalog.store(channel("alipay", true, .plain), change, bench.deed)
        try expect(try await bench.catalog.channels().first?.terms, is: .plain)
    }

    @Sendable private static func changeOfOldVersion(_ bench: LedgerBench) async throws {
        let product = try await bench.product()
        let draft = bench.draft(of: product) { $0.title = "First" }
        let winners = try await concurrently(10) { _ in
            let changed = try? await bench.catalog.change(product.id, version: 1, to: draft, bench.deed)
            return changed == nil ? 0 : 1
        }
        try expect(winners, is: 1)
        try await refuses(.wrongState) {
            try await bench.catalog.change(product.id, version: 1, to: draft, bench.deed)
        }
    }

    @Sendable private static func lowerLimit(_ bench: LedgerBench) async throws {
        let product = try await bench.product(cards: 9, limits: Fixtures.limits(perBuyer: 5))
        _ = try await bench.placed(bench.draft(product, buyer: 1, quantity: 5))
        let strict = try await bench.catalog.change(
            product.id, version: 1, to: bench.draft(of: product) { $0.limits = Fixtures.limits(perBuyer: 2) },
            bench.deed
        ).product
        try expect(try await bench.place(bench.draft(strict, buyer: 1)), is: .refused(.limitReached))
        try expect(try await bench.place(bench.draft(strict, buyer: 2, quantity: 3)), is: .refused(.limitReached))
        _ = try await bench.placed(bench.draft(strict, buyer: 2, quantity: 2))
        try await bench.audit()
    }

    @Sendable private static func categories(_ bench: LedgerBench) async throws {
        func make(_ slug: String, _ position: Int) async throws -> Category {
            try await bench.catalog.create(
                CategoryDraft(slug: Fixtures.slug(slug), name: slug, position: position, isHidden: false), bench.deed)
        }
        let (last, first) = (try await make("last", 9), try await make("first", 1))
        try expect(try await bench.catalog.categories(), is: [first, last])
        try await refuses(.alreadyExists) { try await make("last", 1) }
        _ = try await bench.catalog.change(last.id, CategoryChange(position: 0, isHidden: true), bench.deed)
        let changed = try await bench.catalog.change(last.id, CategoryChange(name: "Renamed"), bench.deed)
        try expect(try await bench.catalog.categories(), is: [changed, first])
        try expect(changed.isHidden && changed.name == "Renamed" && changed.position == 0, "in part")
        let product = try await bench.product()
        _ = try await bench.catalog.change(
            product.id, version: 1, to: bench.draft(of: product) { $0.category = first.id }, bench.deed)
        try await refuses(.wrongState) { try await bench.catalog.remove(first.id, bench.deed) }
        try await bench.catalog.remove(last.id, bench.deed)
        try await refuses(.notFound) { try await bench.catalog.remove(last.id, bench.deed) }
        try await refuses(.notFound) { try await bench.catalog.change(last.id, CategoryChange(), bench.deed) }
        try expect(try await bench.catalog.categories(), is: [first])
    }

    @Sendable private static func sealedFields(_ bench: LedgerBench) async throws {
        let product = try await bench.product(cards: 2)
        let order = try await bench.placed(bench.draft(product, buyer: 1, key: "key", sealedFields: [0, 1, 255, 0]))
        try expect(order.sealedFields, is: [0, 1, 255, 0])
        try expect(try await bench.ledger.order(order.id), is: order)
        try expect(try await bench.find(bench.draft(product, buyer: 1, key: "key")), is: .existing(order))
        let plain = try await bench.placed(bench.draft(product, buyer: 2))
        try expect(try await bench.ledger.order(plain.id)?.sealedFields, is: nil)
    }

    @Sendable private static func catalogJournal(_ bench: LedgerBench) async throws {
        let product = try await bench.product()
        _ = try await bench.catalog.change(
            product.id, version: 1, to: bench.draft(of: product) { $0.title = "New" }, bench.deed)
        let coupon = try await bench.coupon(Fixtures.terms())
        _ = try await bench.catalog.change(coupon.id, version: 1, to: Fixtures.terms(.percent(5)), bench.deed)
        let block = try await bench.catalog.block(.domain("example.org"), bench.deed)
        try await bench.catalog.unblock(block.id, bench.deed)
        let journal = try await bench.cards.ownerJournal(after: nil, limit: 9)
        try expect(journal.map(\.action), is: ["unblock", "block", "coupon", "coupon", "product", "product"])
        // Why somebody is blocked stands in the list, which can be cleared.
        try expect(journal[1].note, is: OwnerNote(actor: "owner", reason: nil))
        try expect(Set(journal.filter { $0.action != "block" }.map(\.note)), is: [bench.owner])
        try expect(journal.last?.subject, is: "game-key")
    }
}

// MARK: - What visitors are told, and who may not buy

extension LedgerContract {
    static var noticeCases: [ContractCase<LedgerBench>] {
        [
            ContractCase("announcements are written, replaced and removed", announcements),
            ContractCase("the blacklist holds contacts, domains and addresses, each once", blacklist),
        ]
    }

    @Sendable private static func announcements(_ bench: LedgerBench) async throws {
        let now = bench.clock.now()
        let window = try unwrap(SaleWindow(opensAt: now, closesAt: now.advanced(seconds: 5)))
        let first = try await bench.catalog.store(
            announcement: nil, title: "First", text: "**a**", window: window, isPinned: true, bench.deed)
        bench.clock.advance(seconds: 1)
        let second = try await bench.catalog.store(
            announcement: nil, title: "Second", text: "", window: .always, isPinned: false, bench.deed)
        try expect(try await bench.catalog.announcements(), is: [second, first])
        let again = try await bench.catalog.store(
            announcement: first.id, title: "Changed", text: "b", window: .always, isPinned: false, bench.deed)
        try expect(again.id == first.id && again.createdAt == now && again.title == "Changed", "replaced")
        try expect(try await bench.catalog.announcements(), is: [second, again])
        try await bench.catalog.remove(announcement: second.id, bench.deed)
        try await refuses(.notFound) { try await bench.catalog.remove(announcement: second.id, bench.deed) }
        try await refuses(.notFound) {
            try await bench.catalog.store(
                announcement: second.id, title: "x", text: "", window: .always, isPinned: false, bench.deed)
        }
        try expect(try await bench.catalog.announcements(), is: [again])
    }

    @Sendable private static func blacklist(_ bench: LedgerBench) async throws {
        let parties: [BlockedParty] = [
            .contact(Fixtures.buyer(1)), .domain("example.org"),
            .addresses(try unwrap(AddressRange(network: [192, 0, 2, 0], length: 24))),
            .addresses(try unwrap(AddressRange(network: [192, 0, 2, 0], length: 25))),
            .addresses(try unwrap(AddressRange(network: [0x20, 1] + Array(repeating: 0, count: 14), length: 32))),
        ]
        var blocks: [Block] = []
        for party in parties { blocks.append(try await bench.catalog.block(party, bench.deed)) }
        try expect(blocks.map(\.party), is: parties)
        try expect(try await bench.catalog.blocks(after: nil, limit: 9), is: blocks.reversed())
        for party in parties {
            try await refuses(.alreadyExists) { try await bench.catalog.block(party, bench.deed) }
        }
        try await bench.catalog.unblock(blocks[0].id, bench.deed)
        try await refuses(.notFound) { try await bench.catalog.unblock(blocks[0].id, bench.deed) }
        try expect(try await bench.catalog.blocks(after: nil, limit: 9), is: blocks.dropFirst().reversed())
        try expect(try await bench.catalog.blocks(after: blocks[3].id, limit: 1), is: [blocks[2]])
    }
}

import Domain
import Shop

// The journal's before and after, and figures.
extension LedgerContract {
    static var journalCases: [ContractCase<LedgerBench>] {
        [
            ContractCase(
                "the journal has a change's before and after, of everything that the owner changes", beforeAfter),
            ContractCase("the journal keeps at most 8 KiB of each, says that it was cut, and stays JSON", longFacts),
            ContractCase(
                "the journal has names of a channel's settings, and of a blacklist entry its kind", discretion),
        ]
    }

    static var figureCases: [ContractCase<LedgerBench>] {
        [
            ContractCase("figures count each order in the hour it was placed in, as it stands now", figures),
            ContractCase("figures of one product, of a day, and past the bound", figureSpans),
        ]
    }

    @Sendable private static func beforeAfter(_ bench: LedgerBench) async throws {
        let product = try await bench.product()
        _ = try await bench.catalog.change(
            product.id, version: 1, to: bench.draft(of: product) { $0.title = "New" }, bench.deed)
        let category = try await bench.catalog.create(
            CategoryDraft(slug: Fixtures.slug("games"), name: "Games", position: 1, isHidden: false), bench.deed)
        _ = try await bench.catalog.change(category.id, CategoryChange(position: 7), bench.deed)
        try await bench.catalog.remove(category.id, bench.deed)
        let coupon = try await bench.coupon(Fixtures.terms())
        _ = try await bench.catalog.change(coupon.id, version: 1, to: Fixtures.terms(.percent(5)), bench.deed)
        _ = try await bench.catalog.store(ShopSettings(name: "One"), version: 0, bench.deed)
        _ = try await bench.catalog.store(ShopSettings(name: "Two"), version: 1, bench.deed)
        let notice = try await bench.catalog.store(
            announcement: nil, title: "First", text: "", window: .always, isPinned: false, bench.deed)
        _ = try await bench.catalog.store(
            announcement: notice.id, title: "Second", text: "", window: .always, isPinned: true, bench.deed)
        try await bench.catalog.remove(announcement: notice.id, bench.deed)
        let journal = try await bench.cards.ownerJournal(after: nil, limit: 99).reversed()
        let shown: [(String, String?, String?)] = [
            ("product", nil, #""title":"Game key""#), ("product", #""title":"Game key""#, #""title":"New""#),
            ("category", nil, #""position":1"#), ("category", #""position":1"#, #""position":7"#),
            ("category", #""position":7"#, nil), ("coupon", nil, #""products":"""#),
            ("coupon", #""enabled":true"#, #""percent":5"#), ("settings", nil, #""name":"One""#),
            ("settings", #""name":"One""#, #""name":"Two""#), ("announcement", nil, #""title":"First""#),
            ("announcement", #""title":"First""#, #""title":"Second""#), ("announcement", #""pinned":true"#, nil),
        ]
        try expect(journal.map(\.action), is: shown.map(\.0))
        for (entry, (action, before, after)) in zip(journal, shown) {
            for (text, part) in [(entry.before, before), (entry.after, after)] {
                guard let part else {
                    try expect(text, is: nil, action)
                    continue
                }
                try expect(text?.contains(part) == true, "\(action): \(part) in \(text ?? "nothing")")
            }
        }
        // An entry of an older release, or of something without such a state.
        try await bench.cards.log("export", subject: "all", by: bench.owner, at: bench.clock.now())
        let last = try unwrap(try await bench.cards.ownerJournal(after: nil, limit: 1).first)
        try expect(last.before == nil && last.after == nil, "nothing to tell")
    }

    @Sendable private static func longFacts(_ bench: LedgerBench) async throws {
        let long = String(repeating: "\"两\u{1}", count: 5000)
        _ = try await bench.catalog.store(
            announcement: nil, title: "短", text: long, window: .always, isPinned: false, bench.deed)
        let after = try unwrap(try await bench.cards.ownerJournal(after: nil, limit: 1).first?.after)
        try expect((2000...Limits.journalBytes).contains(after.utf8.count), "\(after.utf8.count) bytes")
        try expect(after.contains(#"{"title":"短","text":"\"两\u0001"#), "the beginning: \(after.prefix(60))")
        try expect(after.contains(JournalFacts.mark + "\","), "the mark")
        try expect(after.hasSuffix("}"), "a whole object")
    }

    @Sendable private static func discretion(_ bench: LedgerBench) async throws {
        var facts = JournalFacts()
        facts.add("settings", "key,pid")
        let channel = ChannelRecord(
            name: Fixtures.slug("epay"), kind: "epay", sealedSettings: [1, 2], isEnabled: true)
        try expect(
            try await bench.catalog.store(channel, ChannelChange(before: nil, after: facts), bench.deed), is: true)
        try expect(
            try await bench.catalog.store(channel, ChannelChange(before: facts, after: facts), bench.deed), is: false)
        let block = try await bench.catalog.block(.contact(Fixtures.buyer(1)), bench.deed)
        try await bench.catalog.unblock(block.id, bench.deed)
        let journal = try await bench.cards.ownerJournal(after: nil, limit: 9)
        try expect(journal.map(\.action), is: ["unblock", "block", "channel", "channel"])
        try expect(journal.map(\.before), is: [#"{"kind":"contact"}"#, nil, #"{"settings":"key,pid"}"#, nil])
        try expect(
            journal.map(\.after),
            is: [nil, #"{"kind":"contact"}"#, #"{"settings":"key,pid"}"#, #"{"settings":"key,pid"}"#])
    }

    // MARK: Figures

    @Sendable private static func figures(_ bench: LedgerBench) async throws {
        let start = bench.clock.now()
        let product = try await bench.product(cards: 20, holdSeconds: 600)
        let price = Fixtures.price
        let first = try await bench.placed(bench.draft(product, buyer: 1, quantity: 2))
        _ = try await bench.placed(bench.draft(product, buyer: 2))
        _ = try await bench.pay(first.id)
        bench.clock.advance(seconds: 3599)
        _ = try await bench.ledger.expire(at: bench.clock.now(), limit: 9)
        let late = try await bench.placed(bench.draft(product, buyer: 3))
        bench.clock.advance(seconds: 1)
        _ = try await bench.placed(bench.draft(product, buyer: 4))
        _ = try await bench.pay(late.id)
        let refunded = try await bench.placed(bench.draft(product, buyer: 5))
        _ = try await bench.pay(refunded.id)
        _ = try await bench.ledger.requestRefund(refunded.id, by: bench.owner, at: bench.clock.now())
        let span = try FigureSpan(from: start, by: .hour, count: 3, limits: limits)
        try expect(
            try await bench.ledger.figures(span),
            is: [
                SalesFigures(
                    start: start, placed: 3, delivered: 2, expired: 1, takings: [price.currency: 3 * price.amount]),
                SalesFigures(start: start.advanced(seconds: 3600), placed: 2),
                SalesFigures(start: start.advanced(seconds: 7200)),
            ])
        let later = try FigureSpan(from: start.advanced(seconds: 1), by: .hour, count: 1, limits: limits)
        try expect(
            try await bench.ledger.figures(later).map(\.placed), is: [3], "what lies before the span is not in it")
    }

    @Sendable private static func figureSpans(_ bench: LedgerBench) async throws {
        let start = bench.clock.now()
        let euro = try unwrap(Money(amount: 5, currency: try unwrap(Currency(code: "EUR"))))
        let products = [
            try await bench.product("one", cards: 3), try await bench.product("two", cards: 3, price: euro),
        ]
        for product in products {
            _ = try await bench.pay(try await bench.placed(bench.draft(product, buyer: 1)).id)
        }
        bench.clock.advance(seconds: 86_400)
        _ = try await bench.placed(bench.draft(products[1], buyer: 2))
        let price = Fixtures.price
        let all = try FigureSpan(from: start, by: .day, count: 2, limits: limits)
        let days = try await bench.ledger.figures(all)
        try expect(days.map(\.placed), is: [2, 1])
        try expect(days[0].takings, is: [price.currency: price.amount, euro.currency: 5])
        let one = try FigureSpan(from: start, by: .day, count: 2, product: products[1].id, limits: limits)
        try expect(try await bench.ledger.figures(one).map(\.placed), is: [1, 1])
        try expect(try await bench.ledger.figures(one)[0].takings, is: [euro.currency: 5])
        for count in [0, -1, limits.figureBuckets + 1] {
            try await refuses(.invalidRequest) {
                try FigureSpan(from: start, by: .hour, count: count, limits: limits)
            }
        }
        let widest = try FigureSpan(
            from: Timestamp(milliseconds: 0), by: .day, count: limits.figureBuckets, limits: limits)
        try expect(try await bench.ledger.figures(widest).count, is: limits.figureBuckets)
    }
}

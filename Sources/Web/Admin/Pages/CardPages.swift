import Domain
import Hummingbird
import NIOCore
import PageSupport
import Shop
import WebSupport

// The cards of a product: how they come in, where they stand, and how they leave.
extension Admin {
    var cardRoutes: [Route] {
        [
            page("/products/{slug}/cards", .read) { visit, _, context in
                try await cardsPage(visit, try cardProduct(context))
            },
            form("/products/{slug}/cards", .importCards, importPaste),
            upload("/products/{slug}/cards/upload", .importCards, importFile),
            form("/products/{slug}/export", .seeSecrets, exportCards),
            form("/batches/{id}/undo", .importCards) { form, visit, _, context in
                _ = try await useCases.manageCards.undo(
                    try number(context), leavesSold: form["leave_sold"] == "yes", by: note(visit, form))
                return backToCards(form, done: "undone")
            },
            form("/cards/{id}/void", .importCards) { form, visit, _, context in
                _ = try await useCases.manageCards.void(try number(context), by: note(visit, form))
                return backToCards(form, done: "voided")
            },
            form("/cards/{id}/replace", .importCards) { form, visit, _, context in
                var filled = try FilledForm(form)
                let other = filled.optionalInteger("with", in: 1...Int64.max)
                guard filled.isFine else { throw ShopError.invalid("with", "must be a card's number") }
                _ = try await useCases.manageCards.replace(
                    try number(context), with: other, by: note(visit, form))
                return backToCards(form, done: "replaced")
            },
        ]
    }

    func cardProduct(_ context: ShopRequestContext) throws(ShopError) -> Product {
        let product = try useCases.manageCards.product(context.parameter("slug"))
        guard product.kind == .card else {
            throw ShopError(.wrongState, "a \(product.kind.name) product has no cards")
        }
        return product
    }

    /// To the cards of the form's product, whose batches are counted anew.
    private func backToCards(_ form: WebForm, done: String) -> Response {
        if let product = Slug(form["product"]).flatMap({ ports.cache.product($0) }) { batchesWatch.forget(product.id) }
        return Self.redirect(to: Self.cardsAddress(form), done: done)
    }

    private static func cardsAddress(_ form: WebForm) -> String {
        Slug(form["product"]).map { "/admin/products/\($0.text)/cards" } ?? "/admin/products"
    }

    // MARK: Export

    @Sendable private func exportCards(
        _ form: WebForm, _ visit: AdminVisit, _ request: Request, _ context: ShopRequestContext
    ) async throws -> Response {
        let product = try cardProduct(context)
        guard let state = CardState(rawValue: form["state"]), let layout = CardLayout(rawValue: form["layout"]) else {
            throw ShopError.invalid("state", "or layout is not one of the choices")
        }
        let manageCards = useCases.manageCards
        try await manageCards.beginExport(product, state: state, by: note(visit, form))
        let body = ResponseBody { writer in
            try await manageCards.export(product, state: state, layout: layout) { text in
                try await writer.write(ByteBuffer(string: text))
            }
            try await writer.finish(nil)
        }
        let isTable = layout == .csv
        let name = "\(product.slug.text)-\(state.rawValue).\(isTable ? "csv" : "txt")"
        return Response(
            status: .ok,
            headers: [
                .contentType: "text/\(isTable ? "csv" : "plain"); charset=utf-8", .cacheControl: "no-store",
                .xContentTypeOptions: "nosniff", .contentDisposition: "attachment; filename=\"\(name)\"",
            ], body: body)
    }

    // MARK: Pages

    private static let cardRows = 100
    static let batchRows = 50

    func cardsPage(
        _ visit: AdminVisit, _ product: Product, _ filled: FilledForm? = nil, report: ImportReport? = nil
    ) async throws -> Response {
        var sections = report.map { reportSections(visit, $0) } ?? []
        if visit.may(.importCards) { sections += importSections(visit, product, filled, report) }
        let batches = await batchesWatch.latest(product.id)
        sections.append(
            PageSection(
                heading: visit.word("cat_batches"), id: "batches",
                text: batches.map { countedText(visit, $0.at) } ?? visit.word("counting"),
                table: batches.map { batchTable(visit, product, $0.value) },
                data: batches == nil ? ("again", "2") : nil))
        sections += try await cardSections(visit, product)
        if visit.may(.seeSecrets) {
            let seek = findSection(visit, FilledForm(["product": product.slug.text]))
            sections += [seek, exportSection(visit, product)]
        }
        let crumbs = [
            Link(text: visit.word("menuProducts"), address: "/admin/products"),
            Link(text: product.title, address: "/admin/products/\(product.slug.text)"),
        ]
        let heading = "\(visit.word("cat_cards")) · \(visit.word("cat_inStock", stock(product, visit)))"
        return show(
            visit, heading, crumbs: crumbs, sections, alert: alert(filled, visit), status: status(filled))
    }

    func layoutField(_ field: FormFields, _ product: Product) -> FormField {
        let layouts = CardLayout.allCases.filter { $0 != .pickable || product.isPickable }
        return field.choice("layout", layouts.map(\.rawValue))
    }

    private func batchTable(_ visit: AdminVisit, _ product: Product, _ batches: [CardBatch]) -> DataTable {
        DataTable(
            columns: columns(
                visit, ["batch", "time", "imported", "available", "held", "sold", "voided", "undone", ""],
                numbers: [2, 3, 4, 5, 6, 7]),
            rows: batches.map { batch in
                let out = (batch.cards[.held] ?? 0) + (batch.cards[.sold] ?? 0)
                let left = batch.cards[.available] ?? 0
                var undo = DataTable.Cell(text: "")
                if visit.may(.importCards), left > 0 {
                    undo.action = DataTable.Action(
                        address: "/admin/batches/\(batch.id)/undo", button: visit.word("cat_undo"),
                        hidden: [("product", product.slug.text), ("leave_sold", out > 0 ? "yes" : "no")],
                        confirm: visit.word(out > 0 ? "cat_undoRest" : "cat_undoAll", "\(left)", "\(out)"),
                        isDangerous: true)
                }
                let counts = [CardState.available, .held, .sold, .voided].map { "\(batch.cards[$0] ?? 0)" }
                return [
                    DataTable.Cell(
                        text: "\(batch.id)",
                        link: "/admin/products/\(product.slug.text)/cards?batch=\(batch.id)#cards"),
                    DataTable.Cell(text: visit.time(batch.createdAt)), DataTable.Cell(text: "\(batch.imported)"),
                ] + counts.map { DataTable.Cell(text: $0) } + [DataTable.Cell(text: "\(batch.undone)"), undo]
            }, nothing: visit.word("cat_nothing"), label: visit.word("cat_batches"))
    }

    // MARK: Cards

    private func cardSections(_ visit: AdminVisit, _ product: Product) async throws -> [PageSection] {
        let asked = FilledForm(visit.query)
        let field = FormFields(visit, asked, "find")
        let base = "/admin/products/\(product.slug.text)/cards"
        let states = [("", visit.word("cat_any"))] + CardState.allCases.map { ($0.rawValue, visit.word("cat_\($0)")) }
        let search = FormSpec(
            action: base + "#cards",
            fields: [field("card"), field("state", .choice(states)), field("batch")],
            button: visit.word("cat_search"), isGet: true, isInline: true, isPlain: true)
        let cards = try await cards(visit, product)
        var links: [Link] = []
        if cards.count == Self.cardRows, let last = cards.last {
            let kept = ["state", "batch"].map { "&\($0)=\(FormText.encoded(asked[$0]))" }.joined()
            links.append(Link(text: visit.word("cat_more"), address: "\(base)?after=\(last.id)\(kept)#cards"))
        }
        return [
            PageSection(
                heading: visit.word("cat_cards"), id: "cards",
                text: visit.may(.seeSecrets) ? "" : visit.word("cat_findHint"), forms: [search]),
            PageSection(id: "card-list", table: cardTable(visit, product, cards), links: links),
        ]
    }

    /// One card by its number, or a page of those that are asked for.
    private func cards(_ visit: AdminVisit, _ product: Product) async throws -> [CardEntry] {
        if let text = visit.query["card"]?.trimmed, !text.isEmpty {
            // The number, or what buyers see of a card that they may pick.
            if let number = Int64(text), let card = try await ports.cards.card(number), card.product == product.id {
                return [card]
            }
            return try await previewed(text, product)
        }
        let filter = CardFilter(
            product: product.id, state: visit.query["state"].flatMap { CardState(rawValue: $0) },
            batch: visit.query["batch"].flatMap { Int64($0) }, after: visit.query["after"].flatMap { Int64($0) } ?? 0,
            limit: Self.cardRows)
        return try await ports.cards.cards(filter)
    }

    /// Looks through some thousands of cards: previews have no index of their own.
    private func previewed(_ text: String, _ product: Product) async throws -> [CardEntry] {
        guard product.isPickable else { return [] }
        var found: [CardEntry] = []
        var filter = CardFilter(product: product.id, pool: .picked, limit: ports.limits.pageRows)
        for _ in 0..<10 {
            let page = try await ports.cards.cards(filter)
            found += page.filter { $0.preview?.text.contains(text) ?? false }
            guard let last = page.last, page.count == filter.limit, found.count < Self.cardRows else { break }
            filter.after = last.id
        }
        return Array(found.prefix(Self.cardRows - 1))
    }

    private func cardTable(_ visit: AdminVisit, _ product: Product, _ cards: [CardEntry]) -> DataTable {
        let names = ["card", "batch", "state", "order", "preview", ""]
        return DataTable(
            columns: columns(visit, names),
            rows: cards.map { card in
                let order = card.order?.text ?? ""
                let preview = card.preview.map { preview in
                    preview.surcharge == 0
                        ? preview.text
                        : "\(preview.text) (+\(MoneyFormat(product.price.currency).text(preview.surcharge)))"
                }
                return [
                    DataTable.Cell(text: "\(card.id)"), DataTable.Cell(text: "\(card.batch)"),
                    DataTable.Cell(text: visit.word("cat_\(card.state)"), tone: Self.tone(card.state), isBadge: true),
                    DataTable.Cell(text: order, link: order.isEmpty ? "" : "/admin/orders/\(order)"),
                    DataTable.Cell(text: preview ?? ""),
                    DataTable.Cell(text: "", action: action(visit, product, card)),
                ]
            }, nothing: visit.word("cat_nothing"), label: visit.word("cat_cards"))
    }

    private func action(_ visit: AdminVisit, _ product: Product, _ card: CardEntry) -> DataTable.Action? {
        guard visit.may(.importCards) else { return nil }
        let base = "/admin/cards/\(card.id)"
        let hidden = [(name: "product", value: product.slug.text)]
        switch card.state {
        case .available:
            return DataTable.Action(
                address: "\(base)/void", button: visit.word("cat_void"), hidden: hidden,
                confirm: visit.word("cat_voidConfirm", "\(card.id)"), isDangerous: true)
        case .sold:
            return DataTable.Action(
                address: "\(base)/replace", button: visit.word("cat_replace"), hidden: hidden,
                confirm: visit.word("cat_replaceConfirm", "\(card.id)"))
        case .held, .voided: return nil
        }
    }

    private func exportSection(_ visit: AdminVisit, _ product: Product) -> PageSection {
        let field = FormFields(
            visit, FilledForm(["state": CardState.available.rawValue, "layout": CardLayout.plain.rawValue]))
        let states = CardState.allCases.map { ($0.rawValue, visit.word("cat_\($0)")) }
        var layout = layoutField(field, product)
        layout.hint = ""
        let form = FormSpec(
            action: "/admin/products/\(product.slug.text)/export",
            fields: [field("state", .choice(states)), layout, field.reason],
            button: visit.word("cat_export"), isInline: true, isPlain: true)
        return PageSection(heading: visit.word("cat_export"), text: visit.word("cat_exportHint"), forms: [form])
    }
}

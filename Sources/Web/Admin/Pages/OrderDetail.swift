import Domain
import Hummingbird
import PageSupport
import Shop
import WebSupport

// One order with all that is known of it.
extension Admin {
    func orderPage(
        _ visit: AdminVisit, _ id: OrderID, _ error: ShopError? = nil, _ form: WebForm? = nil
    ) async throws -> Response {
        guard let order = try await ports.ledger.order(id) else { throw ShopError(.notFound, "no such order") }
        let limit = ports.limits.pageRows
        let journal = try await ports.ledger.journal(of: id)
        let payments = try await ports.ledger.payments(PaymentFilter(order: id, limit: limit))
        let refunds = try await ports.ledger.refunds(RefundFilter(order: id, limit: limit))
        let cards = try await ports.cards.cards(CardFilter(product: order.product, order: id, limit: limit))
        let replacements = try await ports.cards.replacements(of: id)
        var sections = [
            PageSection(facts: facts(visit, order)),
            PageSection(heading: visit.word("timeline"), table: timeline(visit, journal)),
            priceSection(visit, order),
        ]
        sections += try await secretSections(visit, order)
        let forms = deedForms(visit, order, cards, error, form)
        if !forms.isEmpty { sections.append(PageSection(heading: visit.word("actions"), forms: forms)) }
        sections += [linkSection(visit, id)].compactMap { $0 }
        if !cards.isEmpty {
            sections.append(PageSection(heading: visit.word("cards"), table: cardTable(visit, cards)))
        }
        if !replacements.isEmpty {
            let table = replacementTable(visit, replacements)
            sections.append(PageSection(heading: visit.word("replacements"), table: table))
        }
        if !payments.isEmpty {
            let table = paymentTable(visit, payments, isOfOrder: true)
            sections.append(PageSection(heading: visit.word("menuPayments"), table: table))
        }
        if !refunds.isEmpty {
            sections.append(
                PageSection(
                    heading: visit.word("refunds"), table: refundTable(visit, refunds),
                    links: [Link(text: visit.word("allRefunds"), address: "/admin/refunds")]))
        }
        return show(
            visit, visit.word("orderOf", id.text),
            crumbs: [Link(text: visit.word("menuOrders"), address: "/admin/orders")], sections,
            alert: error.map { Self.explain($0, visit) } ?? "", status: error.map { Problem.answer($0).status } ?? .ok)
    }

    private func facts(_ visit: AdminVisit, _ order: Order) -> [Fact] {
        let contact = "/admin/orders?contact=\(FormText.encoded(order.buyer.contact))"
        var facts = [
            Fact(
                label: visit.word("filter_state"), value: visit.word("state_\(order.state.rawValue)"),
                tone: Self.tone(of: order.state)),
            Fact(label: visit.word("product"), value: "\(order.slug.text) × \(order.quantity)"),
            Fact(label: visit.word("amount"), value: MoneyFormat.text(order.total)),
            Fact(label: visit.word("contact"), value: order.buyer.contact, link: contact),
            Fact(label: visit.word("channel"), value: order.channel.text),
            Fact(label: visit.word("placedAt"), value: visit.time(order.createdAt)),
        ]
        if let end = order.expiresAt { facts.append(Fact(label: visit.word("holdEnds"), value: visit.time(end))) }
        return facts
    }

    private func priceSection(_ visit: AdminVisit, _ order: Order) -> PageSection {
        let format = MoneyFormat(order.total.currency)
        let rows = order.lines.map { line -> [DataTable.Cell] in
            let text =
                switch line.reason {
                case .goods(let quantity): visit.word("lineGoods", "\(quantity)")
                case .tier(let from): visit.word("lineTier", "\(from)")
                case .pick(let card): visit.word("linePick", "\(card)")
                case .coupon(let code): visit.word("lineCoupon", code.text)
                }
            return [.init(text: text), .init(text: format.text(line.amount))]
        }
        return PageSection(
            heading: visit.word("price"),
            table: DataTable(
                columns: [
                    .init(text: visit.word("priceLine")), .init(text: visit.word("amount"), isNumber: true),
                ], rows: rows, label: visit.word("price")))
    }

    /// What was filled in and what was delivered, for those who may see secrets; others hear that there is something.
    private func secretSections(_ visit: AdminVisit, _ order: Order) async throws -> [PageSection] {
        guard visit.may(.seeSecrets) else {
            let isThere = order.sealedFields != nil || order.state == .delivered
            return isThere ? [PageSection(heading: visit.word("secrets"), text: visit.word("secretsHidden"))] : []
        }
        let view = try await useCases.readOrder.view(of: order)
        var sections: [PageSection] = []
        if !view.fields.isEmpty {
            let asked = ports.cache.product(order.slug)?.fields ?? []
            let labels = Dictionary(asked.map { ($0.name, $0.label) }) { first, _ in first }
            let facts = view.fields.sorted { $0.key < $1.key }.map {
                Fact(label: labels[$0.key] ?? $0.key, value: $0.value)
            }
            sections.append(PageSection(heading: visit.word("filledIn"), facts: facts))
        }
        if !view.goods.isEmpty {
            let rows = view.goods.map { goods -> [DataTable.Cell] in
                [.init(text: goods.secret, small: goods.note ?? "", isCode: true)]
            }
            let table = DataTable(
                columns: [.init(text: visit.word("secret"))], rows: rows, label: visit.word("delivered"))
            sections.append(PageSection(heading: visit.word("delivered"), table: table))
        }
        return sections
    }

    private func cardTable(_ visit: AdminVisit, _ cards: [CardEntry]) -> DataTable {
        DataTable(
            columns: ["card", "batch", "filter_state", "preview"].map { .init(text: visit.word($0)) },
            rows: cards.map { card in
                let tone: Tone = card.state == .sold ? .good : card.state == .voided ? .bad : .plain
                return [
                    .init(text: "\(card.id)"), .init(text: "\(card.batch)"),
                    .init(text: visit.word("card_\(card.state.rawValue)"), tone: tone, isBadge: true),
                    .init(text: card.preview?.text ?? ""),
                ]
            }, label: visit.word("cards"))
    }

    private func replacementTable(_ visit: AdminVisit, _ replacements: [CardReplacement]) -> DataTable {
        DataTable(
            columns: ["card", "otherCard", "time", "who"].map { .init(text: visit.word($0)) },
            rows: replacements.map { entry in
                [
                    .init(text: "\(entry.card)"), .init(text: "\(entry.replacement)"),
                    .init(text: visit.time(entry.at)),
                    .init(text: entry.note.actor, small: entry.note.reason ?? ""),
                ]
            }, label: visit.word("replacements"))
    }

    private func timeline(_ visit: AdminVisit, _ journal: [JournalEntry]) -> DataTable {
        func state(_ text: String) -> String { visit.words["state_\(text)"] ?? text }
        return DataTable(
            columns: ["time", "event", "step", "who"].map { .init(text: visit.word($0)) },
            rows: journal.map { entry in
                let step = (entry.from.map { state($0) + " → " } ?? "") + state(entry.to)
                return [
                    .init(text: visit.exactTime(entry.at)),
                    .init(text: visit.words["event_\(entry.event)"] ?? entry.event), .init(text: step),
                    .init(text: entry.note?.actor ?? "", small: entry.note?.reason ?? ""),
                ]
            }, label: visit.word("timeline"))
    }
}

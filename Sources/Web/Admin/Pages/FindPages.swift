import Domain
import Hummingbird
import PageSupport
import Shop
import WebSupport

// A card found by its content, in one product or in all of them. What is looked for travels in the body of a form and
// in no address, and no page shows it again.
extension Admin {
    var findRoutes: [Route] {
        [
            page("/cards", .seeSecrets) { visit, _, _ in
                findPage(visit, FilledForm(["product": visit.query["product"] ?? ""]))
            },
            form("/cards", .seeSecrets) { form, visit, _, _ in
                var filled = FilledForm(["content": form["content"], "product": form["product"].trimmed])
                let slug = filled["product"]
                do throws(ShopError) {
                    let found = try await useCases.manageCards.find(
                        content: form["content"], in: slug.isEmpty ? nil : slug, by: note(visit, form))
                    return findPage(visit, FilledForm(["product": slug]), found)
                } catch {
                    filled.fail(error)
                    return findPage(visit, filled)
                }
            },
        ]
    }

    /// The form that looks for a content.
    ///
    /// - Parameter product: empty for all
    func findSection(_ visit: AdminVisit, _ filled: FilledForm) -> PageSection {
        let field = FormFields(visit, filled, "seek")
        // Not even what was just sent is written into the page.
        var content = field("content", isRequired: true)
        content.value = ""
        content.autocomplete = "off"
        var fields = [content]
        fields.append(.hidden("product", filled["product"]))
        let form = FormSpec(
            action: "/admin/cards", fields: fields, button: visit.word("cat_search"), isPlain: true)
        let hint = filled["product"].isEmpty ? "seekAll" : "seekOne"
        return PageSection(
            heading: visit.word("seek"), id: "seek", text: visit.word(hint, filled["product"]), forms: [form])
    }

    private func findPage(_ visit: AdminVisit, _ filled: FilledForm, _ found: [CardEntry]? = nil) -> Response {
        var sections = [findSection(visit, filled)]
        if let found {
            sections.insert(PageSection(heading: visit.word("seekFound"), table: foundTable(visit, found)), at: 0)
        }
        if !filled["product"].isEmpty {
            sections.append(PageSection(links: [Link(text: visit.word("seekEverywhere"), address: "/admin/cards")]))
        }
        return show(
            visit, visit.word("seek"), crumbs: [Link(text: visit.word("menuProducts"), address: "/admin/products")],
            sections, alert: alert(filled, visit), status: status(filled))
    }

    private func foundTable(_ visit: AdminVisit, _ found: [CardEntry]) -> DataTable {
        let products = Dictionary(ports.cache.products().map { ($0.id, $0) }) { first, _ in first }
        return DataTable(
            columns: columns(visit, ["product", "card", "state", "batch", "order"]),
            rows: found.map { card in
                let product = products[card.product]
                let cards = product.map { "/admin/products/\($0.slug.text)/cards" } ?? ""
                let order = card.order?.text ?? ""
                return [
                    .init(text: product?.title ?? "", small: product?.slug.text ?? "", link: cards),
                    .init(text: "\(card.id)", link: "\(cards)?card=\(card.id)#cards"),
                    .init(text: visit.word("cat_\(card.state)"), tone: Self.tone(card.state), isBadge: true),
                    .init(text: "\(card.batch)", link: "\(cards)?batch=\(card.batch)#cards"),
                    .init(text: order, link: order.isEmpty ? "" : "/admin/orders/\(order)"),
                ]
            }, nothing: visit.word("seekNothing"), label: visit.word("seekFound"))
    }

    static func tone(_ state: CardState) -> Tone {
        switch state {
        case .available: .good
        case .voided: .bad
        case .held, .sold: .plain
        }
    }
}

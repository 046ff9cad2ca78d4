import Domain
import Hummingbird
import PageSupport
import Shop
import WebSupport

// The order's link, for a buyer who has lost it: the shop sends no messages yet, so the owner passes it on.
extension Admin {
    var orderLinkRoutes: [Route] {
        [
            form("/orders/{id}/link", .seeSecrets) { form, visit, _, context in
                let id = try Self.orderNumber(context)
                guard let order = try await ports.ledger.order(id) else {
                    throw ShopError(.notFound, "no such order")
                }
                // Whoever has the link sees the cards, so it is written down who was shown it.
                try await ports.cards.log(
                    "order_link", subject: id.text, by: note(visit, form), at: ports.clock.now())
                let link = "\(settings.publicURL())/orders/\(id.text)/open?token=\(ports.keys.token(for: id))"
                return show(
                    visit, visit.word("orderOf", id.text),
                    crumbs: [
                        Link(text: visit.word("menuOrders"), address: "/admin/orders"),
                        Link(text: id.text, address: "/admin/orders/\(id.text)"),
                    ],
                    [
                        PageSection(
                            heading: visit.word("buyersLink"), text: visit.word("buyersLinkShown"),
                            facts: [
                                Fact(label: visit.word("contact"), value: order.buyer.contact),
                                Fact(label: visit.word("buyersLink"), value: link),
                            ])
                    ])
            }
        ]
    }

    func linkSection(_ visit: AdminVisit, _ id: OrderID) -> PageSection? {
        guard visit.may(.seeSecrets) else { return nil }
        let show = FormSpec(
            action: "/admin/orders/\(id.text)/link", fields: [], button: visit.word("buyersLinkShow"), isPlain: true)
        return PageSection(heading: visit.word("buyersLink"), text: visit.word("buyersLinkHint"), forms: [show])
    }
}

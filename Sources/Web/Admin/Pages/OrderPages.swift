import Domain
import Hummingbird
import PageSupport
import Shop
import WebSupport

// The list of orders, as a page and as a file.
extension Admin {
    var orderListRoutes: [Route] {
        [
            page("/orders", .read) { visit, _, _ in try await orderList(visit) },
            page("/orders.csv", .read) { visit, _, _ in
                let query = PageQuery(visit)
                if let id = try query.order("order") {
                    let order = try await ports.ledger.order(id)
                    return try await Self.csv("orders", columns: Self.orderColumns) { (_: OrderID?) in
                        (order.map { [Self.cells($0)] } ?? [], nil)
                    }
                }
                let filter = try Self.orderFilter(query, limit: min(PageQuery.fileRows, ports.limits.pageRows))
                return try await Self.csv("orders", columns: Self.orderColumns) { (after: OrderID?) in
                    var filter = filter
                    filter.after = after
                    let orders = try await ports.ledger.orders(filter)
                    return (orders.map(Self.cells), orders.count == filter.limit ? orders.last?.id : nil)
                }
            },
        ]
    }

    private static let orderFilters = ["state", "contact"]

    private static func orderFilter(_ query: PageQuery, limit: Int) throws(ShopError) -> OrderFilter {
        OrderFilter(
            state: try query.word("state", OrderState.self),
            buyer: try query.text("contact").map { text throws(ShopError) in try Buyer.parse(text) },
            after: try query.order("after"), limit: limit)
    }

    private func orderList(_ visit: AdminVisit) async throws -> Response {
        let query = PageQuery(visit)
        var orders: [Order] = []
        var failure: ShopError?
        do throws(ShopError) {
            if let id = try query.order("order") {
                if try await ports.ledger.order(id) != nil { return Self.redirect(to: "/admin/orders/\(id.text)") }
                throw ShopError(.notFound, "no order has that number")
            }
            orders = try await ports.ledger.orders(try Self.orderFilter(query, limit: PageQuery.rows))
        } catch {
            guard [.invalidRequest, .notFound].contains(error.code) else { throw error }
            failure = error
        }
        var links = [
            Link(
                text: visit.word("csv"), address: query.address("/admin/orders.csv", filters: Self.orderFilters),
                isDownload: true)
        ]
        if orders.count == PageQuery.rows, let last = orders.last {
            let next = query.address("/admin/orders", filters: Self.orderFilters, after: last.id.text)
            links.insert(Link(text: visit.word("next"), address: next, isPlain: false), at: 0)
        }
        return show(
            visit, visit.word("menuOrders"),
            [
                PageSection(forms: [orderSearch(visit, query)]),
                PageSection(table: orderTable(visit, orders), links: failure == nil ? links : []),
            ], alert: failure.map { Self.explain($0, visit) } ?? "",
            status: failure.map { Problem.answer($0).status } ?? .ok)
    }

    private func orderSearch(_ visit: AdminVisit, _ query: PageQuery) -> FormSpec {
        FormSpec(
            action: "/admin/orders",
            fields: [
                Self.filter("state", visit, query, OrderState.allCases.map { ($0.rawValue, "state_\($0.rawValue)") }),
                FormField(
                    name: "contact", label: visit.word("contact"), kind: .input("search"),
                    value: query.text("contact") ?? ""),
                FormField(
                    name: "order", label: visit.word("orderNumber"), kind: .input("search"),
                    value: query.text("order") ?? ""),
            ], button: visit.word("search"), isGet: true, isInline: true)
    }

    /// A choice of words to filter by, with one for all.
    static func filter(
        _ name: String, _ visit: AdminVisit, _ query: PageQuery, _ choices: [(value: String, word: String)]
    ) -> FormField {
        let all = [(value: "", text: visit.word("all"))]
        return FormField(
            name: name, label: visit.word("filter_\(name)"),
            kind: .choice(all + choices.map { ($0.value, visit.word($0.word)) }), value: query.text(name) ?? "")
    }

    private func orderTable(_ visit: AdminVisit, _ orders: [Order]) -> DataTable {
        DataTable(
            columns: [
                .init(text: visit.word("product")), .init(text: visit.word("amount"), isNumber: true),
                .init(text: visit.word("filter_state")), .init(text: visit.word("placedAt")),
                .init(text: visit.word("contact")), .init(text: visit.word("orderNumber")),
            ],
            // What a phone has room for comes first.
            rows: orders.map { order in
                let address = "/admin/orders/\(order.id.text)"
                return [
                    .init(text: "\(order.slug.text) × \(order.quantity)", link: address),
                    .init(text: MoneyFormat.text(order.total)), Self.badge(order.state, visit),
                    .init(text: visit.time(order.createdAt)), .init(text: order.buyer.contact),
                    .init(text: order.id.text, link: address),
                ]
            }, nothing: visit.word("noOrders"), label: visit.word("menuOrders"))
    }

    /// Where an order stands.
    static func badge(_ state: OrderState, _ visit: AdminVisit) -> DataTable.Cell {
        DataTable.Cell(text: visit.word("state_\(state.rawValue)"), tone: tone(of: state), isBadge: true)
    }

    static func tone(of state: OrderState) -> Tone {
        switch state {
        case .delivered: .good
        case .paid, .refundPending: .warn
        case .review: .bad
        case .queued, .awaitingPayment, .rejected, .expired, .cancelled, .refunded: .plain
        }
    }

    // MARK: The file

    private static let orderColumns = [
        "order", "status", "product", "kind", "quantity", "amount", "currency", "contact", "channel", "created_at",
        "expires_at",
    ]

    private static func cells(_ order: Order) -> [String] {
        [
            order.id.text, order.state.rawValue, order.slug.text, order.kind.name, "\(order.quantity)",
            number(order.total), order.total.currency.code, order.buyer.contact, order.channel.text,
            RFC3339.text(order.createdAt), order.expiresAt.map(RFC3339.text) ?? "",
        ]
    }

    /// An amount without its currency.
    static func number(_ money: Money) -> String {
        CSVText.number(money.amount, decimals: MoneyFormat(money.currency).decimals)
    }
}

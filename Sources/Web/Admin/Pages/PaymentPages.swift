import Domain
import Hummingbird
import PageSupport
import Shop
import WebSupport

// The payment inbox and the refund cases.
extension Admin {
    var paymentRoutes: [Route] {
        [
            page("/payments", .read) { visit, _, _ in try await paymentList(visit) },
            page("/payments.csv", .read) { visit, _, _ in
                let filter = try Self.paymentFilter(
                    PageQuery(visit), limit: min(PageQuery.fileRows, ports.limits.pageRows))
                await ports.forged.drain()
                return try await Self.csv("payments", columns: Self.paymentColumns) { (after: Int64?) in
                    var filter = filter
                    filter.after = after
                    let payments = try await ports.ledger.payments(filter)
                    return (payments.map(Self.cells), payments.count == filter.limit ? payments.last?.id : nil)
                }
            },
            form("/payments/{id}/replay", .changeOrders) { form, visit, _, context in
                let replay: PaymentReplay
                do {
                    let id = try Self.lineNumber(context.parameter("id"), "payment")
                    replay = try await useCases.replayPayment(id, by: note(visit, form))
                } catch let error as ShopError where error.code != .internalFault {
                    return try await paymentList(visit, error)
                }
                let order = form["from"] == "order" ? replay.entry.order : nil
                return Self.redirect(
                    to: order.map { "/admin/orders/\($0.text)" } ?? "/admin/payments",
                    done: replay.change?.changed == true ? "replayed" : "notReplayed")
            },
            page("/refunds", .read) { visit, _, _ in try await refundList(visit) },
            form("/refunds/settle", .refund) { form, visit, _, _ in
                let refund: RefundCase
                do {
                    let id = try Self.lineNumber(form["case"], "refund case")
                    refund = try await useCases.refundOrder(
                        case: id, isDone: form["done"] == "yes", by: note(visit, form))
                } catch let error as ShopError where error.code != .internalFault {
                    let status = Problem.answer(error).status
                    return try await refundList(visit, form, alert: Self.explain(error, visit), status: status)
                }
                guard refund.state == .done else {
                    return try await refundList(visit, form, alert: refund.outcome ?? visit.word("notRefunded"))
                }
                return Self.redirect(to: "/admin/refunds", done: "refunded")
            },
        ]
    }

    private static func lineNumber(_ text: String, _ what: String) throws(ShopError) -> Int64 {
        guard let id = Int64(text), id > 0, "\(id)" == text else { throw ShopError(.notFound, "no such \(what)") }
        return id
    }

    // MARK: Payments

    private static let paymentFilters = ["verdict", "resolution", "order"]

    private static func paymentFilter(_ query: PageQuery, limit: Int) throws(ShopError) -> PaymentFilter {
        PaymentFilter(
            verdict: try query.word("verdict", PaymentVerdict.self),
            resolution: try query.word("resolution", PaymentResolution.self), order: try query.order("order"),
            after: try query.line("after"), limit: limit)
    }

    private func paymentList(_ visit: AdminVisit, _ error: ShopError? = nil) async throws -> Response {
        let query = PageQuery(visit)
        var failure = error
        var payments: [PaymentEntry] = []
        do throws(ShopError) {
            let filter = try Self.paymentFilter(query, limit: PageQuery.rows)
            await ports.forged.drain()
            payments = try await ports.ledger.payments(filter)
        } catch {
            guard error.code == .invalidRequest else { throw error }
            failure = error
        }
        var links = [
            Link(
                text: visit.word("csv"), address: query.address("/admin/payments.csv", filters: Self.paymentFilters),
                isDownload: true), Link(text: visit.word("allRefunds"), address: "/admin/refunds"),
        ]
        if payments.count == PageQuery.rows, let last = payments.last {
            let next = query.address("/admin/payments", filters: Self.paymentFilters, after: "\(last.id)")
            links.insert(Link(text: visit.word("next"), address: next, isPlain: false), at: 0)
        }
        return show(
            visit, visit.word("menuPayments"),
            [
                PageSection(forms: [paymentSearch(visit, query)]),
                PageSection(table: paymentTable(visit, payments), links: links),
            ], alert: failure.map { Self.explain($0, visit) } ?? "",
            status: failure.map { Problem.answer($0).status } ?? .ok)
    }

    private func paymentSearch(_ visit: AdminVisit, _ query: PageQuery) -> FormSpec {
        let resolutions = [PaymentResolution.delivered, .pending, .review, .refunded, .confirmed]
        return FormSpec(
            action: "/admin/payments",
            fields: [
                Self.filter(
                    "verdict", visit, query, PaymentVerdict.allCases.map { ($0.rawValue, "verdict_\($0.rawValue)") }),
                Self.filter(
                    "resolution", visit, query, resolutions.map { ($0.rawValue, "resolution_\($0.rawValue)") }),
                FormField(
                    name: "order", label: visit.word("orderNumber"), kind: .input("search"),
                    value: query.text("order") ?? ""),
            ], button: visit.word("search"), isGet: true, isInline: true)
    }

    /// - Parameter isOfOrder: whether the page is that of the payments' order
    func paymentTable(_ visit: AdminVisit, _ payments: [PaymentEntry], isOfOrder: Bool = false) -> DataTable {
        DataTable(
            columns: [
                .init(text: visit.word("time")), .init(text: visit.word("amount"), isNumber: true),
                .init(text: visit.word("filter_verdict")), .init(text: visit.word("filter_resolution")),
                .init(text: ""), .init(text: visit.word("orderNumber")), .init(text: visit.word("channel")),
                .init(text: visit.word("providerEvent")),
            ],
            rows: payments.map { payment in
                let order = payment.order?.text
                var replay = DataTable.Cell(text: "")
                if payment.resolution == .review, visit.may(.changeOrders) {
                    replay.action = DataTable.Action(
                        address: "/admin/payments/\(payment.id)/replay", button: visit.word("replay"),
                        hidden: isOfOrder ? [("from", "order")] : [], confirm: visit.word("replayConfirm"))
                }
                return [
                    .init(text: visit.exactTime(payment.receivedAt), small: "#\(payment.id)"),
                    .init(text: payment.amount.map(MoneyFormat.text) ?? ""), Self.badge(payment.verdict, visit),
                    Self.badge(payment.resolution, visit), replay,
                    .init(text: order ?? "", link: order.map { "/admin/orders/\($0)" } ?? ""),
                    .init(text: payment.channel),
                    .init(text: payment.providerEvent ?? "", small: payment.attempt ?? ""),
                ]
            }, nothing: visit.word("noPayments"), label: visit.word("menuPayments"))
    }

    private static func badge(_ verdict: PaymentVerdict, _ visit: AdminVisit) -> DataTable.Cell {
        let tone: Tone =
            switch verdict {
            case .accepted: .good
            case .duplicate: .plain
            case .late: .warn
            case .forged, .mismatched, .unknownOrder: .bad
            }
        return DataTable.Cell(text: visit.word("verdict_\(verdict.rawValue)"), tone: tone, isBadge: true)
    }

    private static func badge(_ resolution: PaymentResolution?, _ visit: AdminVisit) -> DataTable.Cell {
        guard let resolution else { return DataTable.Cell(text: "") }
        let tone: Tone = resolution == .review ? .bad : resolution == .delivered ? .good : .plain
        return DataTable.Cell(text: visit.word("resolution_\(resolution.rawValue)"), tone: tone, isBadge: true)
    }

    private static let paymentColumns = [
        "id", "channel", "provider_event", "attempt", "order", "amount", "currency", "verdict", "resolution",
        "received_at",
    ]

    private static func cells(_ payment: PaymentEntry) -> [String] {
        [
            "\(payment.id)", payment.channel, payment.providerEvent ?? "", payment.attempt ?? "",
            payment.order?.text ?? "", payment.amount.map(number) ?? "", payment.amount?.currency.code ?? "",
            payment.verdict.rawValue, payment.resolution?.rawValue ?? "", RFC3339.text(payment.receivedAt),
        ]
    }

    // MARK: Refund cases

    private func refundList(
        _ visit: AdminVisit, _ form: WebForm? = nil, alert: String = "", status: HTTPResponse.Status = .ok
    ) async throws -> Response {
        let query = PageQuery(visit)
        let refunds = try await ports.ledger.refunds(
            RefundFilter(
                state: try query.word("state", RefundState.self), order: try query.order("order"),
                after: try query.line("after"), limit: PageQuery.rows))
        var links = [Link(text: visit.word("menuPayments"), address: "/admin/payments")]
        if refunds.count == PageQuery.rows, let last = refunds.last {
            let next = query.address("/admin/refunds", filters: ["state", "order"], after: "\(last.id)")
            links.insert(Link(text: visit.word("next"), address: next, isPlain: false), at: 0)
        }
        let search = FormSpec(
            action: "/admin/refunds",
            fields: [
                Self.filter("state", visit, query, RefundState.allCases.map { ($0.rawValue, "refund_\($0.rawValue)") })
            ], button: visit.word("search"), isGet: true, isInline: true)
        var sections = [PageSection(forms: [search]), PageSection(table: refundTable(visit, refunds), links: links)]
        let waiting = refunds.filter { $0.state != .done }
        if visit.may(.refund), !waiting.isEmpty {
            sections.append(PageSection(heading: visit.word("settle"), forms: [settleForm(visit, waiting, form)]))
        }
        return show(visit, visit.word("refunds"), sections, alert: alert, status: status)
    }

    private func settleForm(_ visit: AdminVisit, _ refunds: [RefundCase], _ form: WebForm?) -> FormSpec {
        let choices = refunds.map { refund in
            (value: "\(refund.id)", text: "#\(refund.id) · \(MoneyFormat.text(refund.amount)) · \(refund.order.text)")
        }
        return FormSpec(
            action: "/admin/refunds/settle",
            fields: [
                FormField(
                    name: "case", label: visit.word("refundCase"), kind: .choice(choices), value: form?["case"] ?? ""),
                FormField(name: "reason", label: visit.word("reason"), value: form?["reason"] ?? ""),
            ], button: visit.word("refundByProvider"), buttons: [("done", "yes", visit.word("refundByHand"))],
            isDangerous: true, confirm: visit.word("refundConfirm"))
    }

    func refundTable(_ visit: AdminVisit, _ refunds: [RefundCase]) -> DataTable {
        DataTable(
            columns: [
                .init(text: visit.word("refundCase")), .init(text: visit.word("orderNumber")),
                .init(text: visit.word("channel")), .init(text: visit.word("amount"), isNumber: true),
                .init(text: visit.word("filter_state")), .init(text: visit.word("outcome")),
                .init(text: visit.word("who")),
            ],
            rows: refunds.map { refund in
                let tone: Tone = refund.state == .done ? .good : refund.state == .open ? .bad : .warn
                return [
                    .init(text: "#\(refund.id)", small: visit.time(refund.createdAt)),
                    .init(text: refund.order.text, link: "/admin/orders/\(refund.order.text)"),
                    .init(text: refund.channel), .init(text: MoneyFormat.text(refund.amount)),
                    .init(text: visit.word("refund_\(refund.state.rawValue)"), tone: tone, isBadge: true),
                    .init(text: refund.outcome ?? "", small: visit.time(refund.changedAt)),
                    .init(text: refund.note?.actor ?? "", small: refund.note?.reason ?? ""),
                ]
            }, nothing: visit.word("noRefunds"), label: visit.word("refunds"))
    }
}

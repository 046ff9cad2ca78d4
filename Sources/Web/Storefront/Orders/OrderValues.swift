import Domain
import Markdown
import PageSupport
import Shop
import WebSupport

/// What the page of an order shows, but for what other parts of the shop must be asked.
struct OrderValues {
    let view: OrderView
    let visit: Visit
    /// Whether the visitor has shown the order's token. Others may pay, and learn neither who buys nor a card.
    let isHolder: Bool

    private var state: OrderState { view.state }

    var all: [String: Any] {
        var values: [String: Any] = [
            "order": view.id.text, "state": state.rawValue, "status": visit.word(state.rawValue),
            "next": visit.word("next_\(state.rawValue)"), "waits": !state.isSettled, "data": data,
            "hasSteps": step != nil, "steps": steps, "hasOrder": view.order != nil, "canPay": false,
            "hasCards": false, "hasFields": isHolder && !view.fields.isEmpty,
            "canCancel": isHolder && (state == .queued || state == .awaitingPayment), "orderPage": !isHolder,
        ]
        values.merge(money) { _, new in new }
        if isHolder { values.merge(delivered) { _, new in new } }
        return values.with("refresh", refresh).with("helpText", needsHelp ? visit.shop.contact : nil)
            .with("again", state.isSettled && state != .review ? view.order?.slug.text : nil)
    }

    private var money: [String: Any] {
        guard let order = view.order else { return [:] }
        let values: [String: Any] = [
            "amount": MoneyFormat.text(order.total), "placed": RFC3339.text(order.createdAt),
            "placedText": visit.time(order.createdAt),
        ]
        let expires = state == .awaitingPayment ? order.expiresAt : nil
        return values.with("contact", isHolder ? order.buyer.contact : nil)
            .with("expires", expires.map { RFC3339.text($0) }).with("expiresText", expires.map { visit.time($0) })
    }

    private var delivered: [String: Any] {
        guard state == .delivered else { return [:] }
        let cards = view.goods.map { goods in ["secret": goods.secret].with("note", goods.note) }
        let values: [String: Any] = [
            "hasCards": !cards.isEmpty, "cards": cards, "hasMany": cards.count > 1, "copy": visit.word("copy"),
        ]
        return values.with("instructions", Markdown.html(view.instructions))
    }

    // MARK: Progress

    /// How many of the three steps are done; nil for an order that went another way.
    private var step: Int? {
        switch state {
        case .queued, .awaitingPayment: 1
        case .paid: 2
        case .delivered: 3
        case .rejected, .expired, .cancelled, .review, .refundPending, .refunded: nil
        }
    }

    private var steps: [[String: Any]] {
        ["stepOrdered", "stepPaid", "stepDelivered"].enumerated().map { index, word in
            ["text": visit.word(word), "isDone": index < step ?? 0, "isCurrent": index + 1 == step]
        }
    }

    /// Seconds after which a browser without script looks again.
    private var refresh: String? {
        switch state {
        case .queued: "2"
        case .awaitingPayment: "15"
        case .paid, .refundPending: "30"
        case .rejected, .delivered, .expired, .cancelled, .review, .refunded: nil
        }
    }

    private var needsHelp: Bool {
        switch state {
        case .paid, .expired, .review, .refundPending, .refunded, .delivered: true
        case .queued, .awaitingPayment, .rejected, .cancelled: false
        }
    }

    var data: String {
        PageData.text(words: ["copied"], visit) { json in
            json.string("id", view.id.text)
            json.string("state", state.rawValue)
            json.bool("settled", state.isSettled)
            json.bool("watched", isHolder)
            json.time("now", visit.now)
        }
    }
}

import Domain
import PageSupport
import Shop
import WebSupport

/// What a buyer filled in, as it was sent.
struct FilledForm {
    var quantity = "1"
    var contact = ""
    var channel = ""
    var password = ""
    var coupon = ""
    var fields: [String: String] = [:]
    var cards: [String] = []

    init() {}

    init(_ form: WebForm) {
        quantity = form["quantity"].trimmed
        contact = form["contact"]
        channel = form["channel"]
        password = form["query_password"]
        coupon = form["coupon"].trimmed
        fields = form.below("fields.")
        cards = form.all("cards").filter { !$0.isEmpty }
    }

    /// As an order; what was left empty was not given.
    func request(_ slug: String, key: String?) -> PlaceOrderRequest {
        PlaceOrderRequest(
            product: slug, quantity: cards.isEmpty ? Int(quantity) ?? 0 : nil, contact: contact, channel: channel,
            queryPassword: password.isEmpty ? nil : password, fields: fields.filter { !$0.value.isEmpty },
            cards: cards, coupon: coupon.isEmpty ? nil : coupon, idempotencyKey: key)
    }

    /// Names and values, to be sent once more.
    var pairs: [(name: String, value: String)] {
        let known = [("quantity", quantity), ("contact", contact), ("channel", channel), ("query_password", password)]
        return known + [("coupon", coupon)] + cards.map { ("cards", $0) }
            + fields.sorted { $0.key < $1.key }.map { ("fields.\($0.key)", $0.value) }
    }
}

/// The form on a product's page.
struct OrderForm {
    let product: Product
    let channels: [ConfiguredChannel]
    var filled = FilledForm()
    /// The error of the field that is at fault, by name, or of the whole under the empty name.
    var error: ShopError?

    init(_ listing: Listing, channels: [ConfiguredChannel]) {
        product = listing.product
        self.channels = channels
        filled.channel = channels.first?.channel.name.text ?? ""
    }

    // MARK: Values of the template

    func values(_ visit: Visit, isSoldOut: Bool) -> [String: Any] {
        let window = product.window
        let isBefore = window.opensAt.map { visit.now < $0 } ?? false
        let isAfter = window.closesAt.map { visit.now >= $0 } ?? false
        let field = error?.field.flatMap { isOwn($0) ? $0 : nil }
        let errors = error.flatMap { error in field.map { [$0: text(of: $0, error, visit)] } } ?? [:]
        let word = isAfter || isBefore ? "notOpen" : isSoldOut ? "stockNone" : "review_order"
        var values: [String: Any] = [
            "data": data(visit, isSoldOut: isSoldOut), "perOrder": product.limits.perOrder, "errors": errors,
            "values": [
                "quantity": filled.quantity, "contact": filled.contact, "query_password": filled.password,
                "coupon": filled.coupon,
            ],
            "limitText": visit.word("perOrder", "\(product.limits.perOrder)"),
            "fields": product.fields.map { self.field($0, errors["fields.\($0.name)"], visit) },
            "hasChannels": !channels.isEmpty, "channels": Self.channelValues(channels, chosen: filled.channel, visit),
            "isSoldOut": isSoldOut && !isBefore && !isAfter,
            "sum": sum, "isClosed": isAfter || isBefore, "buttonText": visit.word(word),
        ]
        if isBefore, let opens = window.opensAt {
            values["opening"] = [
                "text": visit.word("opensAt", visit.time(opens)), "moment": RFC3339.text(opens),
            ]
        }
        return values.with("closed", isAfter ? visit.word("closed") : nil)
            .with("alert", field == nil ? error.map { visit.explain($0) } : nil)
    }

    private var sum: String {
        let quantity = min(max(1, Int(filled.quantity) ?? 1), product.limits.perOrder)
        let price = try? OrderPrice(product, quantity: quantity, picks: [], coupon: nil)
        return MoneyFormat.text(price?.total ?? product.price)
    }

    static func channelValues(_ channels: [ConfiguredChannel], chosen: String, _ visit: Visit) -> [[String: Any]] {
        let names = channels.map(\.channel.name.text)
        let known = names.contains(chosen) ? chosen : names.first
        return channels.map { configured -> [String: Any] in
            let name = configured.channel.name
            return ["channel": name.text, "label": visit.channel(name, configured), "isChosen": name.text == known]
        }
    }

    private func field(_ field: OrderField, _ error: String?, _ visit: Visit) -> [String: Any] {
        let value = filled.fields[field.name] ?? ""
        let values: [String: Any] = [
            "name": field.name, "label": field.label, "isOptional": field.isOptional,
            "optional": visit.word("optional"), "choose": visit.word("choose"), "isChoice": field.kind == .choice,
            "choices": field.choices.map { choice -> [String: Any] in ["text": choice, "isChosen": choice == value] },
            "type": field.kind == .email ? "email" : field.kind == .number ? "number" : "text", "value": value,
            "hint": Self.hint(field, visit),
        ]
        return values.with("error", error).with("range", Self.range(field))
    }

    /// Numbers only, so that they need no escaping.
    private static func range(_ field: OrderField) -> String? {
        guard field.kind == .number else { return nil }
        return (field.minimum.map { " min=\"\($0)\"" } ?? "") + (field.maximum.map { " max=\"\($0)\"" } ?? "")
            + " step=\"1\" inputmode=\"numeric\""
    }

    private static func hint(_ field: OrderField, _ visit: Visit) -> String {
        switch (field.minimum, field.maximum) {
        case (let minimum?, let maximum?): visit.word("range", "\(minimum)", "\(maximum)")
        case (let minimum?, nil): visit.word("atLeast", "\(minimum)")
        case (nil, let maximum?): visit.word("atMost", "\(maximum)")
        case (nil, nil): ""
        }
    }

    // MARK: Errors

    private func isOwn(_ field: String) -> Bool {
        let own = ["quantity", "contact", "query_password", "coupon", "channel"]
        return own.contains(field) || (field == "cards" && product.isPickable)
            || product.fields.contains { "fields.\($0.name)" == field }
    }

    /// What is wrong with a field, in the visitor's words. The script says the same.
    private func text(of field: String, _ error: ShopError, _ visit: Visit) -> String {
        if field.hasPrefix("fields.") {
            let isEmpty = filled.fields[String(field.dropFirst(7))]?.isEmpty ?? true
            return visit.word(isEmpty ? "bad_missing" : "bad_field")
        }
        return visit.word("bad_\(field)", "\(product.limits.perOrder)")
    }

    // MARK: The script's data

    private static let words =
        Storefront.stockWordNames + [
            "placeOrder", "placing", "notOpen", "notConfirmed", "pricesChecked", "picked", "lineGoods", "lineTier",
            "linePick", "lineCoupon", "retrying", "bad_contact", "bad_query_password", "bad_quantity", "bad_coupon",
            "bad_channel", "bad_cards", "bad_field", "bad_missing", "error_sold_out", "error_limit_reached",
            "error_not_on_sale", "error_card_taken", "error_coupon_used_up", "error_coupon_used", "error_blocked",
            "error_no_such_product", "error_rate_limited", "error_busy", "error_outcome_unknown", "error_other",
            "error_offline",
        ]

    private func data(_ visit: Visit, isSoldOut: Bool) -> String {
        let money = MoneyFormat(product.price.currency)
        return PageData.text(words: Self.words, visit) { json in
            json.string("slug", product.slug.text)
            json.string("title", product.title)
            json.integer("unit", product.price.amount)
            json.array("tiers", product.tiers.sorted { $0.from < $1.from }) { json, tier in
                json.object { json in
                    json.integer("from", tier.from)
                    json.integer("amount", tier.amount)
                }
            }
            json.integer("perOrder", product.limits.perOrder)
            json.object("money") { json in
                json.string("prefix", money.prefix)
                json.string("suffix", money.suffix)
                json.integer("decimals", money.decimals)
            }
            json.bool("open", product.window.contains(visit.now))
            json.bool("soldOut", isSoldOut)
            json.string("lang", visit.lang)
        }
    }
}

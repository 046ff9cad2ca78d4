import Domain
import Foundation
import GRDB
import Shop

// Reading stored values. What cannot be read is a damaged ledger, reported as *internal*, never guessed.

extension Identifier {
    var data: Data { Data(bytes) }
}

extension Row {
    func identifier(_ column: String) throws -> Identifier {
        guard let data = self[column] as Data?, let identifier = Identifier(bytes: data) else {
            throw Self.damaged(column)
        }
        return identifier
    }

    func slug(_ column: String) throws -> Slug {
        guard let slug = Slug(self[column] as String) else { throw Self.damaged(column) }
        return slug
    }

    func timestamp(_ column: String) -> Timestamp? {
        (self[column] as Int64?).map { Timestamp(milliseconds: $0) }
    }

    func money() throws -> Money {
        guard let currency = Currency(code: self["currency"]),
            let money = Money(amount: self["amount"], currency: currency)
        else { throw Self.damaged("amount") }
        return money
    }

    static func damaged(_ column: String) -> ShopError {
        ShopError(.internalFault, "the ledger holds a value that cannot be read", cause: column)
    }
}

extension Order {
    init(row: Row) throws {
        guard let state = OrderState(rawValue: row["state"]), let createdAt = row.timestamp("created_at"),
            let kind = ProductKind(rawValue: row["kind"])
        else { throw Row.damaged("state") }
        let (total, quantity) = (try row.money(), row["quantity"] as Int)
        let stored = row["price_lines"] as String?
        // Lines that cannot be read are none, and do not add up: money for such an order waits for the owner, and the
        // orders beside it do not.
        let lines =
            stored.map { PriceLine.lines($0) ?? [] } ?? [
                PriceLine(.goods(quantity: quantity), amount: total.amount)
            ]
        self.init(
            id: OrderID(try row.identifier("id")), product: ProductID(row["product_id"]), slug: try row.slug("slug"),
            quantity: quantity, buyer: Buyer(stored: row["contact"]), channel: try row.slug("channel"), total: total,
            lines: lines, coupon: (row["coupon_id"] as Int64?).map { CouponID($0) },
            sealedFields: (row["sealed_fields"] as Data?).map { Array($0) }, state: state, version: row["version"],
            createdAt: createdAt, expiresAt: row.timestamp("expires_at"), kind: kind)
    }
}

extension Attempt {
    init(row: Row) throws {
        guard let createdAt = row.timestamp("created_at") else { throw Row.damaged("created_at") }
        self.init(
            id: AttemptID(try row.identifier("id")), order: OrderID(try row.identifier("order_id")),
            channel: try row.slug("channel"), amount: try row.money(), createdAt: createdAt)
    }
}

extension Product {
    init(row: Row) throws {
        let limits = PurchaseLimits(
            perOrder: row["max_per_order"], perBuyer: row["max_per_buyer"], heldPerBuyer: row["max_held_per_buyer"])
        let window = SaleWindow(opensAt: row.timestamp("opens_at"), closesAt: row.timestamp("closes_at"))
        guard let limits, let window, let kind = ProductKind(rawValue: row["kind"]),
            let lateMoney = LateMoney(rawValue: row["late_money"])
        else { throw Row.damaged("limits") }
        let fields = try JSONDecoder().decode([OrderField].self, from: Data((row["fields"] as String).utf8))
        let tiers = try JSONDecoder().decode([PriceTier].self, from: Data((row["tiers"] as String).utf8))
        self.init(
            id: ProductID(row["id"]), slug: try row.slug("slug"), title: row["title"], price: try row.money(),
            limits: limits, holdSeconds: row["hold_seconds"], window: window, fields: fields, kind: kind,
            lateMoney: lateMoney, tiers: tiers, category: (row["category_id"] as Int64?).map { CategoryID($0) },
            isPickable: row["pickable"], version: row["version"])
    }
}

extension Listing {
    init(row: Row) throws {
        guard let stockDisplay = StockDisplay(rawValue: row["stock_display"]) else {
            throw Row.damaged("stock_display")
        }
        let page = ProductPage(
            description: row["description"], instructions: row["instructions"], picture: row["picture"],
            stockDisplay: stockDisplay, position: row["position"], isHidden: row["hidden"])
        self.init(product: try Product(row: row), page: page)
    }
}

extension PaymentEntry {
    init(row: Row) throws {
        guard let verdict = PaymentVerdict(rawValue: row["verdict"]), let receivedAt = row.timestamp("received_at")
        else { throw Row.damaged("verdict") }
        let order = (row["order_id"] as Data?).flatMap { Identifier(bytes: $0) }
        self.init(
            id: row["id"], channel: row["channel"], providerEvent: row["provider_event"], attempt: row["attempt"],
            order: order.map { OrderID($0) }, amount: (row["amount"] as Int64?) == nil ? nil : try row.money(),
            verdict: verdict, resolution: (row["resolution"] as String?).flatMap { PaymentResolution(rawValue: $0) },
            receivedAt: receivedAt)
    }
}

extension OwnerNote {
    /// Nil when nobody did it by hand.
    init?(row: Row) {
        guard let actor = row["actor"] as String? else { return nil }
        self.init(actor: actor, reason: row["reason"])
    }
}

extension RefundCase {
    init(row: Row) throws {
        guard let state = RefundState(rawValue: row["state"]), let createdAt = row.timestamp("created_at"),
            let changedAt = row.timestamp("changed_at")
        else { throw Row.damaged("state") }
        let isOnly = (row["payments_of_attempt"] as Int) == 1 && row["is_certain"]
        let attempt = isOnly ? (row["attempt"] as String?).flatMap { AttemptID(text: $0) } : nil
        self.init(
            id: row["id"], order: OrderID(try row.identifier("order_id")), payment: row["payment_id"],
            channel: row["channel"], attempt: attempt, amount: try row.money(), state: state,
            note: OwnerNote(row: row), outcome: row["outcome"], createdAt: createdAt, changedAt: changedAt)
    }
}

extension CardEntry {
    init(row: Row) throws {
        guard let state = CardState(rawValue: row["state"]) else { throw Row.damaged("state") }
        let order = (row["order_id"] as Data?).flatMap { Identifier(bytes: $0) }
        self.init(
            id: row["id"], product: ProductID(row["product_id"]), batch: row["batch_id"], state: state,
            order: order.map { OrderID($0) }, preview: try CardPreview(row: row))
    }
}

extension CardPreview {
    /// Nil for a card that is drawn.
    init?(row: Row) throws {
        guard let text = row["preview"] as String? else { return nil }
        guard let preview = CardPreview(text: text, surcharge: row["surcharge"]) else { throw Row.damaged("preview") }
        self = preview
    }
}

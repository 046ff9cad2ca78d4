package import Domain
import Foundation
package import Shop

// The models, as rows hold them.

extension Order {
    package init(row: SQLRow) throws {
        let (total, quantity) = (try row.money(), try row["quantity"] as Int)
        let stored = try row["price_lines"] as String?
        // Lines that cannot be read are none, and do not add up: money for such an order waits for the owner, and the
        // orders beside it do not.
        let lines =
            stored.map { PriceLine.lines($0) ?? [] } ?? [
                PriceLine(.goods(quantity: quantity), amount: total.amount)
            ]
        self.init(
            id: try row["id"], product: try row["product_id"], slug: try row["slug"],
            quantity: quantity, buyer: Buyer(stored: try row["contact"]), channel: try row["channel"], total: total,
            lines: lines, coupon: try row["coupon_id"],
            sealedFields: try row["sealed_fields"], state: try row["state"], version: try row["version"],
            createdAt: try row["created_at"], expiresAt: try row["expires_at"], kind: try row["kind"])
    }
}

extension Attempt {
    package init(row: SQLRow) throws {
        self.init(
            id: try row["id"], order: try row["order_id"],
            channel: try row["channel"], amount: try row.money(), createdAt: try row["created_at"])
    }
}

extension Product {
    package init(row: SQLRow) throws {
        let limits = PurchaseLimits(
            perOrder: try row["max_per_order"], perBuyer: try row["max_per_buyer"],
            heldPerBuyer: try row["max_held_per_buyer"])
        let window = SaleWindow(opensAt: try row["opens_at"], closesAt: try row["closes_at"])
        guard let limits, let window else { throw SQLRow.damaged("limits") }
        let fields = try JSONDecoder().decode([OrderField].self, from: Data((try row["fields"] as String).utf8))
        let tiers = try JSONDecoder().decode([PriceTier].self, from: Data((try row["tiers"] as String).utf8))
        self.init(
            id: try row["id"], slug: try row["slug"], title: try row["title"], price: try row.money(),
            limits: limits, holdSeconds: try row["hold_seconds"], window: window, fields: fields, kind: try row["kind"],
            lateMoney: try row["late_money"], tiers: tiers, category: try row["category_id"],
            isPickable: try row["pickable"], version: try row["version"])
    }
}

extension Listing {
    package init(row: SQLRow) throws {
        let page = ProductPage(
            description: try row["description"], instructions: try row["instructions"], picture: try row["picture"],
            stockDisplay: try row["stock_display"], position: try row["position"], isHidden: try row["hidden"])
        self.init(product: try Product(row: row), page: page)
    }
}

extension PaymentEntry {
    package init(row: SQLRow) throws {
        self.init(
            id: try row["id"], channel: try row["channel"], providerEvent: try row["provider_event"],
            attempt: try row["attempt"],
            order: try row.readable("order_id"), amount: (try row["amount"] as Int64?) == nil ? nil : try row.money(),
            verdict: try row["verdict"], resolution: try row.readable("resolution"),
            receivedAt: try row["received_at"])
    }
}

extension OwnerNote {
    /// Nil when nobody did it by hand.
    package init?(row: SQLRow) throws {
        guard let actor = try row["actor"] as String? else { return nil }
        self.init(actor: actor, reason: try row["reason"])
    }
}

extension RefundCase {
    package init(row: SQLRow) throws {
        let isOnly = try row["payments_of_attempt"] as Int == 1 && row["is_certain"]
        let attempt = isOnly ? (try row["attempt"] as String?).flatMap { AttemptID(text: $0) } : nil
        self.init(
            id: try row["id"], order: try row["order_id"], payment: try row["payment_id"],
            channel: try row["channel"], attempt: attempt, amount: try row.money(), state: try row["state"],
            note: try OwnerNote(row: row), outcome: try row["outcome"], createdAt: try row["created_at"],
            changedAt: try row["changed_at"])
    }
}

extension CardEntry {
    package init(row: SQLRow) throws {
        self.init(
            id: try row["id"], product: try row["product_id"], batch: try row["batch_id"], state: try row["state"],
            order: try row.readable("order_id"), preview: try CardPreview(row: row))
    }
}

extension CardPreview {
    /// Nil for a card that is drawn.
    package init?(row: SQLRow) throws {
        guard let text = try row["preview"] as String? else { return nil }
        guard let preview = CardPreview(text: text, surcharge: try row["surcharge"]) else {
            throw SQLRow.damaged("preview")
        }
        self = preview
    }
}
